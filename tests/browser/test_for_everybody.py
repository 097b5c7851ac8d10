"""What the pages owe to those without scripts, with a slow line, or with a screen reader."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tasks.models import TaskInfo, TaskStatus
from tests.browser import scenes
from tests.browser.browsers import PHONE
from tests.browser.visitors import Visitors

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.django_db(transaction=True)

#: In kB, compressed, with everything the page loads.
FIRST_PAGE_AT_MOST = 100
AXE = Axe()


def findings(page: Page, *, without: Sequence[str] = ()) -> list[str]:
    """
    What axe calls serious or critical, except below the selectors in `without`.

    Colours are judged when no transition is under way.
    """
    page.emulate_media(reduced_motion="reduce")
    context = {"exclude": [[selector] for selector in without]}
    # It would ask for what style sheets import at an address below the page's, where it is not.
    options = {"resultTypes": ["violations"], "preload": False}
    violations = AXE.run(page, context, options).response["violations"]
    return [
        f"{one['id']}: {node['html']}"
        for one in violations
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"]
    ]


@pytest.mark.parametrize("look", ["light", "dark"])
def test_axe_finds_nothing_serious(visit: Visitors, look: str) -> None:
    visit.expected.append("400")
    scenes.failed("Pianos")
    scenes.waiting("Cooking")
    running, path = scenes.running("Chess"), scenes.finished()
    scenes.say(running, 45, "Tree: 30 steps")
    page = visit("/", color_scheme=look)
    expect(page.get_by_role("button", name="Delete: Python")).to_be_visible()
    assert findings(page) == []
    page.get_by_text("More options").click()
    page.get_by_label("Topic", exact=True).fill("Chess")
    page.get_by_label("Category").fill("x" * 100)
    page.get_by_label("Levels, at least").fill("8")
    page.get_by_label("Levels, at most").fill("3")
    page.get_by_role("button", name="Make the path").click()
    expect(page.locator("[aria-invalid]").first).to_be_focused()
    assert findings(page) == []
    page.goto(f"/paths/{running.pk}")
    assert findings(page) == []
    page.goto(f"/paths/{path.pk}")
    expect(page.locator(".map a.node")).to_have_count(15)
    page.get_by_text("About this path").click()
    assert findings(page) == []
    page.get_by_role("link", name="Start").click()
    for question in page.locator(".quiz fieldset").all():
        question.locator("input").first.check()
    page.get_by_role("button", name="Check answers").click()
    for button in page.locator(".exercises button", has_text="Show hint 1").all():
        button.click()
    assert findings(page) == []
    page.locator("[value=outline]").check()
    assert findings(page) == []


def test_the_first_page_is_light(visit: Visitors) -> None:
    page = visit.page()
    network = page.context.new_cdp_session(page)
    network.send("Network.enable")
    sizes: list[float] = []
    network.on("Network.loadingFinished", lambda one: sizes.append(one["encodedDataLength"]))
    page.goto("/", wait_until="networkidle")
    assert len(sizes) >= 5
    assert sum(sizes) < FIRST_PAGE_AT_MOST * 1000


@pytest.mark.parametrize("address", ["/", "/login", "/paths/00000000-0000-0000-0000-000000000000"])
def test_a_page_has_one_heading_of_the_first_level_and_skips_none(
    visit: Visitors, address: str
) -> None:
    visit.expected.append("404")
    assert outline_of(visit(address))


def test_the_headings_of_a_path_skip_no_level(visit: Visitors) -> None:
    page = visit(f"/paths/{scenes.finished().pk}")
    page.get_by_text("About this path").click()
    page.get_by_role("link", name="Start").click()
    expect(page.get_by_role("heading", name="Quiz")).to_be_visible()
    assert outline_of(page)


def outline_of(page: Page) -> list[int]:
    """The levels of the headings that can be seen, in order; fails when one is skipped."""
    levels: list[int] = page.eval_on_selector_all(
        "h1, h2, h3, h4",
        "(all) => all.filter((one) => one.checkVisibility()).map((one) => Number(one.tagName[1]))",
    )
    assert levels.count(1) == 1
    assert levels[0] == 1
    for before, after in pairwise(levels):
        assert after <= before + 1, levels
    return levels


class TestWithoutJavaScript:
    OPTIONS: dict[str, Any] = {"java_script_enabled": False}

    def test_a_path_is_asked_for_watched_and_canceled(self, visit: Visitors) -> None:
        page = visit("/", **self.OPTIONS)
        page.fill("#topic", "Chess")
        page.click("#send")
        page.wait_for_url("**/paths/*")
        task = TaskInfo.objects.get()
        assert page.inner_text("h1") == "Chess"
        assert page.inner_text("#phase") == "Next in line"
        assert page.locator('meta[http-equiv="refresh"]').count() == 1
        page.click("button[value=cancel]")
        assert page.inner_text("#task-over") == "This path was canceled"
        assert TaskInfo.objects.get(pk=task.pk).status == TaskStatus.CANCELED
        page.click("button[value=resume]")
        assert page.inner_text("#phase") == "Next in line"

    def test_progress_is_seen_by_reloading(self, visit: Visitors) -> None:
        task = scenes.running()
        scenes.say(task, 45, "Topic found", "Tree: 30 steps")
        page = visit(f"/paths/{task.pk}", **self.OPTIONS)
        assert page.inner_text("#percent") == "45 %"
        assert page.locator("#messages li").all_inner_texts() == ["Topic found", "Tree: 30 steps"]

    def test_a_finished_path_is_read_as_a_list(self, visit: Visitors) -> None:
        page = visit(f"/paths/{scenes.finished().pk}", **self.OPTIONS)
        assert page.locator(".plain-path > li").count() == 15
        assert page.locator(".plain-path a").count() > 5

    def test_what_is_refused_stands_beside_its_field(self, visit: Visitors) -> None:
        visit.expected.append("400")
        page = visit("/", **self.OPTIONS)
        page.fill("#topic", "Chess")
        page.click("summary")
        page.fill("#max_width", "3")
        page.fill("#max_height", "3")
        page.locator("[name=num_nodes][value='30']").check()
        page.click("#send")
        assert page.locator("[aria-invalid], .error").count() > 0
        assert page.input_value("#topic") == "Chess"


@pytest.mark.parametrize("address", ["/", "waiting", "running", "failed"])
def test_nothing_is_wider_than_a_phone(visit: Visitors, address: str) -> None:
    topic = "Supercalifragilisticexpialidocious-and-other-words-nobody-has-ever-broken " * 2
    makers = {"waiting": scenes.waiting, "running": scenes.running, "failed": scenes.failed}
    task = makers.get(address, scenes.failed)(topic)
    page = visit("/" if address == "/" else f"/paths/{task.pk}", **PHONE)
    if address == "/":
        expect(page.get_by_role("button", name="Delete")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["viewport"]["width"]
