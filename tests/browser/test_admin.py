"""The admin in a browser: what our own templates and styles owe to those who use it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Browser, Page, expect

from learning_paths.handlers import KIND
from tasks import lifecycle
from tasks.exceptions import LimitExceeded
from tasks.owners import Owner
from tests.browser import scenes
from tests.browser.test_for_everybody import findings
from tests.browser.visitors import Visitors
from tests.factories import make_user
from tests.learning_paths.test_admin import PATHS, keep_path
from tests.processes import Server
from tests.staff import LIST

pytestmark = pytest.mark.django_db(transaction=True)

#: Of Django, and as it is in every admin: the label of a search field is a picture.
OF_DJANGO = ["#changelist-search"]
PASSWORD = "correct horse"


def signed_in(visit: Visitors, look: Literal["light", "dark"] = "light") -> Page:
    visit.expected.append("404")  # for the icon, which the admin has not
    User.objects.create_superuser("root", password=PASSWORD)
    page = visit("/admin/", color_scheme=look)
    assert findings(page) == []
    page.get_by_label("Username").fill("root")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    return page


@pytest.mark.parametrize("look", ["light", "dark"])
def test_axe_finds_nothing_serious(visit: Visitors, look: Literal["light", "dark"]) -> None:
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


@pytest.fixture
def visit_anew(browser: Browser, server: Server) -> Iterator[Visitors]:
    """To a server that began after the tables were emptied: Django keeps the ids it logs with."""
    visitors = Visitors(browser, server)
    yield visitors
    visitors.leave()
    assert visitors.complaints() == []


def test_staff_cancel_from_the_list_and_are_told_what_was_refused(visit_anew: Visitors) -> None:
    waiting, ended = scenes.waiting("Cooking"), scenes.finished("Chess")
    page = signed_in(visit_anew)
    page.goto(LIST)
    for task in (waiting, ended):
        page.locator(f'input[value="{task.pk}"]').check()
    page.locator('select[name="action"]').select_option("cancel_tasks")
    page.get_by_role("button", name="Go").click()
    page.get_by_label("Reason").fill("wrong topic")
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("1 task is canceled or stopping.")).to_be_visible()
    expect(page.locator(".messagelist .warning")).to_contain_text("1")
    waiting.refresh_from_db()
    assert waiting.status == "canceled"
    assert waiting.cancel_reason == "root, in the admin: wrong topic"


def test_staff_change_the_limit_of_a_user_on_the_users_page(visit_anew: Visitors) -> None:
    user = make_user("ana")
    page = signed_in(visit_anew)
    page.goto(f"/admin/auth/user/{user.pk}/change/")
    page.get_by_role("button", name="Add another Task limit of their own").click()
    page.get_by_role("spinbutton", name="Waiting and running").fill("1")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".messagelist .success")).to_be_visible()
    ana = Owner(f"user:{user.pk}", user)
    lifecycle.submit(KIND, {"topic": "Chess"}, owner=ana)
    with pytest.raises(LimitExceeded):
        lifecycle.submit(KIND, {"topic": "Cooking"}, owner=ana)
