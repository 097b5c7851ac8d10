"""The libraries' models in the admin: what staff need of them, and no more."""

from __future__ import annotations

from io import StringIO

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client
from django.utils import timezone
from django_q.models import Schedule, Task
from knox.models import AuthToken
from rest_framework.test import APIClient

from tests.factories import make_user
from tests.staff import browser_of, make_staff, page

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser() -> Client:
    return browser_of(User.objects.create_superuser("root"))


def test_the_index_has_what_staff_come_for_first(browser: Client) -> None:
    html = page(browser, "/admin/")
    places = [
        html.index(f'href="/admin/{one}/')
        for one in (
            "tasks/queue",
            "tasks/taskinfo",
            "tasks/tasklimit",
            "learning_paths/learningpath",
            "knox/authtoken",
        )
    ]
    assert places == sorted(places)
    assert "Failed tasks" not in html


def test_every_list_and_form_of_the_admin_opens(browser: Client) -> None:
    for model in admin.site._registry:
        url = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
        assert browser.get(url).status_code == 200, url
        assert browser.get(f"{url}add/").status_code in (200, 403), url


def test_the_queue_s_own_tables_are_not_there() -> None:
    assert {"ormq", "success"}.isdisjoint(
        str(model._meta.model_name) for model in admin.site._registry
    )


class TestTokens:
    def test_they_are_listed_by_their_beginning_and_never_made_here(self, browser: Client) -> None:
        make_user("ana")
        out = StringIO()
        call_command("create_token", "ana", stdout=out, stderr=StringIO())
        token = out.getvalue().strip()
        html = page(browser, "/admin/knox/authtoken/")
        stored = AuthToken.objects.get()
        assert f"{stored.token_key}…" in html
        assert token not in html
        assert browser.get("/admin/knox/authtoken/add/").status_code == 403

    def test_revoking_one_asks_and_has_it_refused(self, browser: Client) -> None:
        ana = make_user("ana")
        stored, token = AuthToken.objects.create(ana)
        caller = APIClient(HTTP_AUTHORIZATION=f"Bearer {token}")
        url = "/admin/knox/authtoken/"
        assert "Revoke the chosen tokens" in page(browser, url)
        form = {"action": "delete_selected", "_selected_action": stored.pk}
        assert browser.post(url, form).status_code == 200
        assert AuthToken.objects.exists()
        browser.post(url, form | {"post": "yes"})
        assert not AuthToken.objects.exists()
        assert caller.get("/tasks").status_code == 401

    def test_staff_who_may_look_cannot_revoke(self) -> None:
        AuthToken.objects.create(make_user("ana"))
        html = page(browser_of(make_staff("view_authtoken")), "/admin/knox/authtoken/")
        assert "ana" in html
        assert "Revoke" not in html


class TestSchedules:
    def test_staff_change_when_and_not_what(self, browser: Client) -> None:
        schedule = Schedule.objects.get()
        form = {
            "func": "os.abort",
            "name": "other",
            "schedule_type": "H",
            "next_run_0": "2030-01-01",
            "next_run_1": "00:00:00",
        }
        url = f"/admin/django_q/schedule/{schedule.pk}/change/"
        assert browser.post(url, form).status_code == 302
        schedule.refresh_from_db()
        assert (schedule.func, schedule.schedule_type) == ("tasks.maintenance.cleanup", "H")
        assert schedule.name == "reune: daily cleanup"
        assert browser.get("/admin/django_q/schedule/add/").status_code == 403

    def test_what_a_failed_call_said_is_text(self, browser: Client) -> None:
        now = timezone.now()
        Task.objects.create(
            id="a" * 32,
            name="call",
            func="tasks.maintenance.cleanup",
            started=now,
            stopped=now,
            success=False,
            result="<script>alert(1)</script>\nsecond line",
        )
        html = page(browser, "/admin/django_q/failure/")
        assert "&lt;script&gt;alert(1)" in html
        assert "<script>alert" not in html
        assert "second line" not in html
        assert "second line" in page(browser, f"/admin/django_q/failure/{'a' * 32}/change/")


@pytest.mark.parametrize("language", ["pt", "es"])
def test_the_admin_speaks_the_language_of_its_reader(browser: Client, language: str) -> None:
    response = browser.get("/admin/tasks/queue/", headers={"accept-language": language})
    title = {"pt": "Fila", "es": "Cola"}[language]
    assert f"<h1>{title}</h1>" in response.content.decode()
