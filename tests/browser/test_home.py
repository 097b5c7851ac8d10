"""The start page: the form, and the list of one's own paths."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from tasks.models import TaskInfo, TaskStatus
from tests.browser import scenes
from tests.browser.browsers import DESKTOP, PHONE
from tests.browser.visitors import Visitors

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_topic_of_the_catalogue_is_a_click_away(visit: Visitors) -> None:
    page = visit("/")
    page.get_by_role("link", name="Chess").click()
    expect(page.get_by_label("Topic", exact=True)).to_have_value("Chess")
    expect(page.get_by_label("Topic", exact=True)).to_be_focused()
    names = page.eval_on_selector_all("#topics option", "(all) => all.map((one) => one.value)")
    assert len(names) > 20


def test_what_is_refused_stands_beside_its_field(visit: Visitors) -> None:
    visit.expected.append("400")
    page = visit("/")
    page.get_by_label("Topic", exact=True).fill("Chess")
    page.get_by_text("More options").click()
    page.get_by_label("Levels, at least").fill("8")
    page.get_by_label("Levels, at most").fill("3")
    page.get_by_role("button", name="Make the path").click()
    field = page.locator("[aria-invalid]").first
    expect(field).to_be_focused()
    assert page.locator(f"#{field.get_attribute('aria-describedby')}").inner_text()
    expect(page.get_by_label("Topic", exact=True)).to_have_value("Chess")
    assert not TaskInfo.objects.exists()


def test_ones_own_paths_are_listed_and_changed(visit: Visitors) -> None:
    scenes.finished("Chess")
    scenes.failed("Pianos")
    scenes.waiting("Cooking")
    page = visit("/")
    rows = page.locator("#mine li")
    expect(rows).to_have_count(3)
    cooking = rows.filter(has_text="Cooking")
    expect(cooking).to_contain_text("Waiting")
    cooking.get_by_role("button", name="Cancel").click()
    expect(cooking).to_contain_text("Canceled")
    rows.filter(has_text="Pianos").get_by_role("button", name="Resume").click()
    expect(rows.filter(has_text="Pianos")).to_contain_text("Waiting")
    chess = rows.filter(has_text="Chess")
    chess.get_by_role("button", name="Delete").click()
    expect(page.locator("#toast")).to_have_text("Press again to delete it for good.")
    chess.get_by_role("button", name="Delete").click()
    expect(rows).to_have_count(2)
    statuses = TaskInfo.objects.values_list("status", flat=True)
    assert sorted(statuses) == [TaskStatus.CANCELED, TaskStatus.PENDING]


def test_who_comes_from_elsewhere_sees_nothing_of_it(visit: Visitors) -> None:
    scenes.finished("Chess")
    TaskInfo.objects.update(owner_key="ip:somebody else")
    page = visit("/")
    expect(page.locator("#mine-none")).to_be_visible()
    # But whoever has the address may look, and cannot change it.
    page.goto(f"/paths/{TaskInfo.objects.get().pk}")
    expect(page.locator("#path")).to_be_visible()


def test_the_list_follows_what_happens(visit: Visitors) -> None:
    task = scenes.running("Chess")
    page = visit.page()
    page.clock.install()
    page.goto("/")
    expect(page.locator("#mine li")).to_contain_text("Running")
    scenes.finish(task)
    page.clock.fast_forward(5_000)
    expect(page.locator("#mine li")).to_contain_text("Ready")


@pytest.mark.parametrize("status", [429, 503])
def test_the_list_goes_on_after_an_answer_that_came_at_a_bad_time(
    visit: Visitors, status: int
) -> None:
    visit.expected.append(str(status))
    scenes.running("Chess")
    page = visit.page()
    page.clock.install()
    page.route("**/tasks?*", lambda route: route.fulfill(status=status), times=1)
    with page.expect_response("**/tasks?*"):
        page.goto("/")
    page.clock.fast_forward(5_000)
    expect(page.get_by_role("button", name="Cancel: Chess")).to_be_visible()


@pytest.mark.parametrize("options", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_the_list_is_as_high_before_it_comes_alive(
    visit: Visitors, options: dict[str, Any]
) -> None:
    """Its rows get their buttons then, and what is below them stays where it is."""
    for topic in ("Chess", "Cooking", "A topic with a name that needs more than a line on a phone"):
        scenes.finished(topic)
    dead = visit("/", **options, java_script_enabled=False).locator("#mine").bounding_box()
    page = visit("/", **options)
    expect(page.get_by_role("button", name="Delete: Chess")).to_be_visible()
    alive = page.locator("#mine").bounding_box()
    assert dead
    assert alive
    assert alive["height"] == pytest.approx(dead["height"], abs=0.5)


def test_dark_mode_is_remembered_by_the_next_page(visit: Visitors) -> None:
    page = visit("/")
    button = page.get_by_role("button", name="Dark mode")
    assert button.get_attribute("aria-pressed") == "false"
    button.click()
    page.reload()
    expect(button).to_have_attribute("aria-pressed", "true")
    assert page.locator("html").get_attribute("data-theme") == "dark"


def test_the_page_speaks_the_browsers_language_or_the_chosen_one(visit: Visitors) -> None:
    page = visit("/", locale="pt-BR")
    assert page.locator("html").get_attribute("lang") == "pt"
    expect(page.locator("#path-language")).to_have_value("pt")
    page.get_by_role("button", name="Español").click()
    assert page.locator("html").get_attribute("lang") == "es"
    expect(page.get_by_role("heading", level=1)).to_contain_text("aprender")
