from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tasks import limits
from tests.factories import make_user

pytestmark = pytest.mark.django_db


def test_staff_set_the_limits_of_a_user() -> None:
    ana = make_user("ana")
    browser = Client()
    browser.force_login(User.objects.create_superuser("root"))
    form = {"applies_to": "user", "user": ana.pk, "max_running": 9, "max_priority": 7}
    response = browser.post("/admin/tasks/tasklimit/add/", form)
    assert response.status_code == 302, response.content
    assert limits.limits_of(f"user:{ana.pk}") == limits.Limits(9, None, None, 7)


def test_a_limit_for_nobody_is_refused_with_a_sentence() -> None:
    browser = Client()
    browser.force_login(User.objects.create_superuser("root"))
    form = {"applies_to": "user", "max_running": 9, "max_priority": 7}
    response = browser.post("/admin/tasks/tasklimit/add/", form)
    assert response.status_code == 200
    assert b"tasks_tasklimit_user_iff_for_one" in response.content
