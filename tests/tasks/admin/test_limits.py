from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tasks import limits
from tasks.models import TaskLimit
from tests.factories import make_user
from tests.staff import browser_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser() -> Client:
    return browser_of(User.objects.create_superuser("root"))


def test_staff_set_the_limits_of_a_user(browser: Client) -> None:
    ana = make_user("ana")
    form = {"applies_to": "user", "user": ana.pk, "max_running": 9, "max_priority": 7}
    response = browser.post("/admin/tasks/tasklimit/add/", form)
    assert response.status_code == 302, response.content
    assert limits.limits_of(f"user:{ana.pk}") == limits.Limits(9, None, None, 7)


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({"applies_to": "user"}, "Say for which user"),
        ({"applies_to": "anonymous", "user": "ana"}, "Leave this empty"),
        ({"applies_to": "anonymous", "max_priority": 10}, "priority"),
    ],
)
def test_a_limit_that_cannot_be_meant_is_refused_with_a_sentence(
    browser: Client, form: dict[str, Any], sentence: str
) -> None:
    ana = make_user("ana")
    if "user" in form:
        form = form | {"user": ana.pk}
    response = browser.post("/admin/tasks/tasklimit/add/", {"max_priority": 7} | form)
    assert response.status_code == 200
    assert sentence in response.content.decode()
    assert not TaskLimit.objects.exists()


def user_form(user: User, **limit: Any) -> dict[str, Any]:
    """What the page of the user posts; with the fields of one limit, or none."""
    names = {
        f"task_limit-0-{name}": value
        for name, value in ({"user": user.pk} | limit if limit else {}).items()
    }
    return {
        "username": user.username,
        "is_active": "on",
        "date_joined_0": "2026-01-01",
        "date_joined_1": "00:00:00",
        "task_limit-TOTAL_FORMS": 1 if limit else 0,
        "task_limit-INITIAL_FORMS": 1 if "id" in limit else 0,
        **names,
    }


def test_limits_are_edited_on_the_page_of_their_user(browser: Client) -> None:
    ana = make_user("ana")
    url = f"/admin/auth/user/{ana.pk}/change/"
    form = user_form(ana, max_running=7, max_priority=6)
    assert browser.post(url, form).status_code == 302
    assert limits.limits_of(f"user:{ana.pk}") == limits.Limits(7, None, None, 6)
    own = TaskLimit.objects.get()
    assert browser.post(url, user_form(ana, id=own.pk, max_priority=5)).status_code == 302
    assert limits.limits_of(f"user:{ana.pk}") == limits.Limits(None, None, None, 5)
    assert browser.post(url, user_form(ana, id=own.pk, DELETE="on")).status_code == 302
    assert limits.limits_of(f"user:{ana.pk}") == limits.USERS


def test_empty_limits_that_were_added_are_no_limits(browser: Client) -> None:
    """As a form that nobody has touched would be, if it had been there all the time."""
    ana = make_user("ana")
    form = user_form(ana, max_running="", max_priority=5)
    assert browser.post(f"/admin/auth/user/{ana.pk}/change/", form).status_code == 302
    assert limits.limits_of(f"user:{ana.pk}") == limits.Limits(None, None, None, 5)


def test_a_user_without_limits_gets_none_by_being_saved(browser: Client) -> None:
    ana = make_user("ana")
    assert browser.post(f"/admin/auth/user/{ana.pk}/change/", user_form(ana)).status_code == 302
    assert not TaskLimit.objects.exists()
