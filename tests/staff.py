"""People with rights in the admin, and what they see there."""

from __future__ import annotations

import re
from typing import Any

from django.contrib.auth.models import Permission, User
from django.test import Client

from tests.factories import make_user

LIST = "/admin/tasks/taskinfo/"


def browser_of(user: User) -> Client:
    browser = Client()
    browser.force_login(user)
    return browser


def make_staff(*permissions: str, name: str = "bia") -> User:
    """Staff with the permissions that are named by their code: view_taskinfo."""
    user = make_user(name, is_staff=True)
    found = Permission.objects.filter(codename__in=permissions)
    assert len(found) == len(permissions)
    user.user_permissions.set(found)
    return user


def page(browser: Client, url: str, **query: Any) -> str:
    response = browser.get(url, query)
    assert response.status_code == 200, (response.status_code, response.content[:500])
    return response.content.decode()


def listed(html: str) -> list[str]:
    """The ids in the list, in its order."""
    return re.findall(r'name="_selected_action" value="([0-9a-f-]{36})"', html)


def texts_of_messages(html: str) -> list[str]:
    return re.findall(r'<li class="(?:success|warning|error)">(.*?)</li>', html, re.DOTALL)
