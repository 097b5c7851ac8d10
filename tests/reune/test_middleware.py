from __future__ import annotations

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import Settings

from tests.factories import make_task, make_user

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("path", ["/status/{}", "/tasks/{}", "/tasks/{}/messages"])
def test_a_session_counts_for_polls_as_everywhere(path: str) -> None:
    ana: User = make_user()
    task = make_task(owner=ana, owner_key=f"user:{ana.pk}")
    client = Client()
    assert client.get(path.format(task.pk)).status_code == 404
    client.force_login(ana)
    assert client.get(path.format(task.pk)).status_code == 200


def test_changing_by_session_needs_the_csrf_token() -> None:
    ana = make_user()
    task = make_task(owner=ana, owner_key=f"user:{ana.pk}")
    client = Client(enforce_csrf_checks=True)
    client.force_login(ana)
    assert client.post(f"/tasks/{task.pk}/cancel").status_code == 403
    task.refresh_from_db()
    assert task.status == "pending"


def test_a_poll_without_a_cookie_gets_none() -> None:
    response = Client().get(f"/status/{make_task().pk}")
    assert not response.cookies
    assert "Cookie" not in response["Vary"]


def test_a_poll_is_answered_in_the_language_it_asks_for() -> None:
    """And is none the wiser for what the last one in its thread asked for."""
    client, path = Client(), f"/status/{make_task().pk}x"
    asked = client.get(path, headers={"Accept-Language": "es"})
    assert asked["Content-Language"] == "es"
    bare = client.get(path)
    assert bare["Content-Language"] == settings.LANGUAGE_CODE
    assert bare.json()["detail"] != asked.json()["detail"]
    for response in (asked, bare):
        assert "Accept-Language" in response["Vary"]


def test_a_task_varies_by_no_language() -> None:
    response = Client().get(f"/status/{make_task().pk}")
    assert "Accept-Language" not in response["Vary"]


def test_health_answers_whatever_the_host_and_nothing_else_does(settings: Settings) -> None:
    settings.ALLOWED_HOSTS = ["reune.example"]
    client = Client(headers={"host": "10.0.0.7:10000"})
    assert client.get("/health").json() == {"status": "ok"}
    for path in ("/tasks", "/status/0", "/docs", "/admin/login/", "/healthy"):
        answer = client.get(path)
        assert (answer.status_code, answer.json()["code"]) == (400, "bad_request"), path
    assert Client(headers={"host": "reune.example"}).get("/tasks").status_code == 200
