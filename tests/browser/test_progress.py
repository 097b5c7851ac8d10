"""A task on its page, while it is on its way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tasks import lifecycle
from tasks.models import TaskInfo, TaskStatus
from tests.browser import scenes
from tests.browser.visitors import Visitors
from tests.factories import claim_of
from tests.processes import Server

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.django_db(transaction=True)


def address_of(task: TaskInfo) -> str:
    return f"/paths/{task.pk}"


def begin(task: TaskInfo) -> TaskInfo:
    """Run a waiting task, as a worker would; its page is to notice."""
    TaskInfo.objects.filter(pk=task.pk).delete()
    return scenes.running(id=task.pk)


def button(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def test_a_task_is_shown_from_its_place_in_line_to_its_path(visit: Visitors) -> None:
    scenes.waiting("Chess")
    task = scenes.waiting()
    page = visit(address_of(task))
    expect(page.get_by_role("heading", level=1)).to_have_text("Python")
    expect(page.locator("#phase")).to_have_text("Place 2 in line")
    task = begin(task)
    scenes.say(task, 20, "Topic found: Python")
    expect(page.locator("#phase")).to_have_text("Topic found: Python")
    expect(page.get_by_role("progressbar")).to_have_js_property("value", 20)
    scenes.say(task, 62, "Resources: 15 chosen")
    expect(page.locator("#messages li")).to_have_count(2)
    expect(page.locator("#percent")).to_have_text("62 %")
    scenes.finish(task)
    expect(page.get_by_role("heading", level=1)).to_have_text("Learning path: Python")
    assert page.title().startswith("✓ Python")


@pytest.mark.parametrize("how", ["refused", "held back", "unknown"])
def test_where_no_stream_gets_through_the_page_polls(visit: Visitors, how: str) -> None:
    visit.expected.append("503")
    task = scenes.running()
    page = visit.page()
    if how == "refused":
        page.route("**/events", lambda route: route.fulfill(status=503))
    elif how == "held back":
        page.clock.install()
        page.route("**/events", lambda route: None)
    else:
        page.add_init_script("delete window.EventSource")
    page.goto(address_of(task))
    if how == "held back":
        page.clock.fast_forward(6_000)
    scenes.say(task, 45, "Tree: 30 steps")
    if how == "held back":
        page.clock.fast_forward(2_000)
    expect(page.locator("#phase")).to_have_text("Tree: 30 steps")
    lifecycle.fail(claim_of(task), "No such topic.")
    if how == "held back":
        page.clock.fast_forward(2_000)
    expect(page.locator("#task-why")).to_have_text("No such topic.")


def test_a_page_goes_on_when_the_server_was_restarted_in_the_middle(
    browser: Browser, transactional_db: None
) -> None:
    task = scenes.running()
    with Server() as first:
        visit = Visitors(browser, first)
        page = visit(address_of(task))
        scenes.say(task, 20, "Before")
        expect(page.locator("#phase")).to_have_text("Before")
    expect(page.locator("#link-state")).to_be_visible()
    scenes.say(task, 45, "Meanwhile")
    with Server(port=first.port):
        expect(page.locator("#phase")).to_have_text("Meanwhile")
        expect(page.locator("#link-state")).to_be_hidden()
        scenes.finish(task)
        expect(page.get_by_role("heading", level=1)).to_have_text("Learning path: Python")
        # Each line once, though the stream was opened twice.
        assert page.locator("#messages span").all_text_contents() == ["Before", "Meanwhile", "Done"]
        visit.leave()


def test_a_waiting_task_is_canceled_and_resumed(visit: Visitors) -> None:
    task = scenes.waiting()
    page = visit(address_of(task))
    button(page, "Cancel")
    expect(page.locator("#task-over")).to_have_text("This path was canceled")
    assert TaskInfo.objects.get().status == TaskStatus.CANCELED
    button(page, "Resume")
    expect(page.locator("#phase")).to_have_text("Next in line")
    assert TaskInfo.objects.get().status == TaskStatus.PENDING


def test_a_running_task_is_canceled_as_soon_as_its_worker_lets_go(visit: Visitors) -> None:
    task = scenes.running()
    page = visit(address_of(task))
    button(page, "Cancel")
    expect(page.locator("#phase")).to_have_text("Canceling …")
    expect(page.get_by_role("button", name="Cancel", exact=True)).to_be_hidden()
    lifecycle.finish_cancel(claim_of(task))
    expect(page.locator("#task-over")).to_have_text("This path was canceled")


def test_a_failure_says_why_and_what_can_be_done(visit: Visitors) -> None:
    task = scenes.running("Pianos")
    scenes.say(task, 5, "Searching")
    page = visit(address_of(task))
    lifecycle.fail(claim_of(task), "Nothing was found on this topic.")
    expect(page.locator("#task-over")).to_have_text("This path could not be made")
    expect(page.locator("#task-why")).to_have_text("Nothing was found on this topic.")
    # What the page came with, the stream tells again.
    expect(page.locator("#messages span")).to_have_text(["Searching"])
    other = page.get_by_role("link", name="Try another topic")
    assert other.get_attribute("href") == "/?topic=Pianos"
    button(page, "Delete")
    assert TaskInfo.objects.count() == 1
    button(page, "Delete for good?")
    page.wait_for_url("**/")
    assert not TaskInfo.objects.exists()


def test_a_task_that_is_deleted_meanwhile_is_said_to_be_gone(visit: Visitors) -> None:
    visit.expected.append("404")
    task = scenes.waiting()
    page = visit(address_of(task))
    expect(page.locator("#phase")).to_have_text("Next in line")
    TaskInfo.objects.filter(pk=task.pk).delete()
    expect(page.locator("#task-why")).to_have_text("This path is no longer there.")
    expect(page.get_by_role("link", name="Try another topic")).to_be_visible()
    expect(page.get_by_role("button", name="Cancel", exact=True)).to_be_hidden()


def test_nothing_moves_while_progress_runs(visit: Visitors) -> None:
    task = scenes.running()
    page = visit.page()
    page.add_init_script(scenes.COUNT_SHIFTS)
    page.goto(address_of(task))
    for progress, text in scenes.STEPS:
        scenes.say(task, progress, text)
        expect(page.locator("#phase")).to_have_text(text)
    assert scenes.shifts(page) == 0
