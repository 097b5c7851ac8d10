"""The admin in a browser: what our own templates and styles owe to those who use it."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from tests.browser import scenes
from tests.browser.test_for_everybody import findings
from tests.browser.visitors import Visitors
from tests.learning_paths.test_admin import PATHS, keep_path
from tests.staff import LIST

pytestmark = pytest.mark.django_db(transaction=True)

#: Of Django, and as it is in every admin: the label of a search field is a picture.
OF_DJANGO = ["#changelist-search"]
PASSWORD = "correct horse"


def signed_in(visit: Visitors, look: str) -> Page:
    User.objects.create_superuser("root", password=PASSWORD)
    page = visit("/admin/", color_scheme=look)
    assert findings(page) == []
    page.get_by_label("Username").fill("root")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    return page


@pytest.mark.parametrize("look", ["light", "dark"])
def test_axe_finds_nothing_serious(visit: Visitors, look: str) -> None:
    visit.expected.append("404")  # for the icon, which the admin has not
    scenes.failed("Pianos")
    scenes.waiting("Cooking")
    running, path = scenes.running("Chess"), keep_path()
    scenes.say(running, 45, "Tree: 30 steps")
    page = signed_in(visit, look)
    assert findings(page, without=OF_DJANGO) == []
    page.goto("/admin/tasks/queue/")
    page.get_by_text("The figures as a table").click()
    assert findings(page, without=OF_DJANGO) == []
    for address in (LIST, f"{LIST}{running.pk}/change/", "/admin/tasks/tasklimit/", PATHS):
        page.goto(address)
        assert findings(page, without=OF_DJANGO) == [], address
    page.goto(f"{PATHS}{path.pk}/change/")
    page.locator(".preview-node summary").first.click()
    assert findings(page, without=OF_DJANGO) == []
    page.goto(f"{LIST}{running.pk}/change/")
    page.get_by_role("button", name="Change the priority").click()
    expect(page.get_by_role("spinbutton", name="Priority")).to_be_visible()
    assert findings(page, without=OF_DJANGO) == []
