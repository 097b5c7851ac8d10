"""A finished path: the map, a step, its quiz and exercises, and what is kept of them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from tests.browser import scenes
from tests.browser.browsers import PHONE
from tests.browser.visitors import Visitors
from tests.processes import Worker

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

pytestmark = pytest.mark.django_db(transaction=True)


def open_path(visit: Visitors, document: dict[str, Any] | None = None, **options: Any) -> Page:
    page = visit(f"/paths/{scenes.finished(document=document).pk}", **options)
    expect(page.locator("#path")).to_be_visible()
    return page


def steps_of(document: dict[str, Any]) -> list[dict[str, Any]]:
    return sorted(document["nodes"].values(), key=lambda node: int(node["order"]))


def answer(page: Page, quiz: dict[str, Any], *, wrongly: int = 0) -> None:
    """Answer every question, the first `wrongly` of them wrong, and hand in."""
    for number, question in enumerate(quiz["questions"]):
        right = question["correctOptionIndex"]
        place = (right + 1) % len(question["options"]) if number < wrongly else right
        page.locator(f'.quiz input[name="{question["id"]}"]').nth(place).check()
    page.get_by_role("button", name="Check answers").click()


def panel(page: Page) -> Locator:
    return page.get_by_role("dialog")


def test_the_whole_way_from_the_form_to_a_taken_quiz(visit: Visitors, worker: Worker) -> None:
    page = visit("/")
    page.get_by_label("Topic", exact=True).fill("Python")
    page.get_by_label("Short").check()
    page.get_by_label("Your level").select_option("Beginner")
    page.get_by_label("Hours a week").fill("5")
    page.get_by_role("button", name="Make the path").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Learning path: Python")
    expect(page.locator(".map a.node")).to_have_count(10)
    page.get_by_role("link", name="Start").click()
    address = page.url.split("#")[0].replace("/paths/", "/tasks/")
    document = page.request.get(address).json()["result"]
    assert document["weekPlan"]["hoursPerWeek"] == 5
    assert document["request"]["level"] == "beginner"
    first = steps_of(document)[0]
    expect(panel(page).get_by_role("heading", level=2)).to_have_text(first["title"])

    answer(page, first["quiz"], wrongly=len(first["quiz"]["questions"]))
    expect(page.locator(".quiz .verdict")).to_contain_text("Read the explanations")
    expect(page.locator(".explanation.bad").first).to_contain_text(
        first["quiz"]["questions"][0]["explanation"]
    )
    page.get_by_role("button", name="Try again").click()
    answer(page, first["quiz"])
    expect(page.locator(".quiz .verdict")).to_contain_text("Passed")
    expect(page.get_by_text("1 of 10 steps done")).to_be_visible()
    expect(page.get_by_label("Mark as done")).to_be_checked()

    page.reload()
    expect(page.get_by_text("1 of 10 steps done")).to_be_visible()
    expect(page.locator(".quiz .verdict")).to_contain_text("Passed")


def test_a_quiz_is_not_taken_before_each_question_is_answered(visit: Visitors) -> None:
    page = open_path(visit)
    page.get_by_role("link", name="Start").click()
    page.locator(".quiz input").first.check()
    page.get_by_role("button", name="Check answers").click()
    expect(page.locator(".quiz .verdict")).to_contain_text("Missing: 2, 3")
    assert not page.locator(".quiz .explanation").count()


def test_hints_come_one_by_one(visit: Visitors) -> None:
    document = scenes.python_path()
    step, exercise = next(
        (step, one)
        for step in steps_of(document)
        for one in (step["exerciseSet"] or {"exercises": []})["exercises"]
        if len(one["hints"]) > 1
    )
    page = open_path(visit, document)
    page.goto(f"{page.url}#{step['id']}")
    box = page.get_by_role("article").filter(
        has=page.get_by_role("heading", name=exercise["title"], exact=True)
    )
    hints = box.locator(".hints li")
    expect(hints).to_have_count(0)
    count = len(exercise["hints"])
    box.get_by_role("button", name=f"Show hint 1 of {count}").click()
    expect(hints).to_have_text([f"Hint 1 of {count}{exercise['hints'][0]}"])
    box.get_by_role("button", name=f"Show hint 2 of {count}").click()
    expect(hints).to_have_count(2)


def test_resources_stand_by_type_with_their_time(visit: Visitors) -> None:
    document = scenes.python_path()
    step, resource, minutes = next(
        (step, one, minutes)
        for step in steps_of(document)
        for one in step["resources"]
        if (minutes := one.get("duration") or one.get("readTime")) < 60
    )
    page = open_path(visit, document)
    page.goto(f"{page.url}#{step['id']}")
    link = page.get_by_role("link", name=resource["title"])
    assert link.get_attribute("href") == resource["url"]
    assert link.get_attribute("rel") == "noopener noreferrer"
    box = page.locator(".resource").filter(has=link)
    expect(box).to_contain_text(f"{minutes} min")
    kind = page.locator(".resources").filter(has=link).get_by_role("heading")
    expect(kind).to_have_text(resource["type"].capitalize())


def test_the_map_is_walked_by_keyboard(visit: Visitors) -> None:
    document = scenes.python_path()
    root = document["rootNodeId"]
    children = [node for node in document["nodes"].values() if node["parentId"] == root]
    first = min(children, key=lambda node: float(node["visualPosition"]["x"]))
    page = open_path(visit, document)
    page.locator(f'a.node[data-id="{root}"]').focus()
    page.keyboard.press("ArrowDown")
    focused = page.locator("a.node:focus")
    expect(focused).to_have_attribute("data-id", first["id"])
    page.keyboard.press("ArrowUp")
    expect(focused).to_have_attribute("data-id", root)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=first["title"], level=2)).to_be_focused()
    page.keyboard.press("Escape")
    expect(panel(page)).to_be_hidden()
    expect(focused).to_have_attribute("data-id", first["id"])


def test_the_map_is_dragged_and_zoomed(visit: Visitors) -> None:
    page = open_path(visit)
    node = page.locator("a.node").first
    before = node.bounding_box()
    assert before
    page.mouse.move(before["x"] + 20, before["y"] + 20)
    page.mouse.down()
    page.mouse.move(before["x"] + 60, before["y"] + 50, steps=4)
    page.mouse.up()
    after = node.bounding_box()
    assert after
    assert after["x"] - before["x"] == pytest.approx(40, abs=8)
    assert panel(page).count() == 0 or not panel(page).is_visible()  # a drag is no click
    page.get_by_role("button", name="Zoom in").click()
    larger = node.bounding_box()
    assert larger
    assert larger["width"] == pytest.approx(after["width"] * 1.25, rel=0.02)


def test_every_step_of_a_path_of_thirty_can_be_read_on_the_map(visit: Visitors) -> None:
    """No two cover each other, none is cut off, and the letters are as high as footnotes."""
    page = open_path(visit, scenes.python_path(num_nodes=30))
    boxes = page.eval_on_selector_all(
        "a.node rect", "(all) => all.map((one) => one.getBoundingClientRect().toJSON())"
    )
    assert len(boxes) == 30
    frame = page.locator(".map").bounding_box()
    assert frame
    for number, one in enumerate(boxes):
        assert frame["x"] <= one["left"]
        assert one["right"] <= frame["x"] + frame["width"]
        assert one["bottom"] <= frame["y"] + frame["height"]
        for other in boxes[:number]:
            assert (
                one["right"] <= other["left"]
                or other["right"] <= one["left"]
                or one["bottom"] <= other["top"]
                or other["bottom"] <= one["top"]
            )
    heights = page.eval_on_selector_all(
        "a.node .title",
        "(all) => all.map((one) => 15 * one.getCTM().a)",
    )
    assert min(heights) >= 12


def test_on_a_phone_a_step_covers_the_page_and_back_leads_to_the_list(visit: Visitors) -> None:
    page = open_path(visit, **PHONE)
    expect(page.locator(".outline")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["viewport"]["width"]
    page.locator(".outline a").nth(1).tap()
    box = panel(page).bounding_box()
    assert box
    assert (box["width"], box["height"]) == (390, 844)
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["viewport"]["width"]
    page.go_back()
    expect(panel(page)).to_be_hidden()
    page.get_by_role("radio", name="Map").check()
    expect(page.locator("a.node.next")).to_be_in_viewport()


def test_what_is_done_is_kept_in_the_browser_and_nowhere_else(visit: Visitors) -> None:
    document = scenes.python_path()
    page = open_path(visit, document)
    page.get_by_role("link", name="Start").click()
    page.get_by_label("Mark as done").check()
    expect(page.get_by_text("1 of 15 steps done")).to_be_visible()
    root = page.locator(f'a.node[data-id="{document["rootNodeId"]}"]')
    expect(root).to_have_attribute("aria-label", re.compile(", done$"))
    other = visit(page.url)
    expect(other.get_by_text("0 of 15 steps done")).to_be_visible()


def test_a_plan_by_weeks_is_shown_where_there_is_one(visit: Visitors) -> None:
    document = scenes.python_path(hours_per_week=4)
    page = open_path(visit, document)
    page.get_by_role("radio", name="Weeks").check()
    weeks = document["weekPlan"]["weeks"]
    expect(page.locator(".weeks > li")).to_have_count(len(weeks))
    first = document["nodes"][weeks[0]["nodes"][0]["id"]]
    link = page.locator(".weeks a").first
    expect(link).to_contain_text(first["title"])
    link.click()
    page.get_by_label("Mark as done").check()
    expect(link).to_contain_text("done")
    page.keyboard.press("Escape")
    expect(link).to_be_focused()
    # Who comes back sees what was chosen last; a path without a plan has nothing to choose.
    page.reload()
    expect(page.get_by_role("radio", name="Weeks")).to_be_checked()
    assert not open_path(visit).get_by_role("radio", name="Weeks").count()


def test_a_path_is_saved_and_shared(visit: Visitors, tmp_path: Path) -> None:
    document = scenes.python_path()
    page = open_path(visit, document, permissions=["clipboard-read", "clipboard-write"])
    for name in ("JSON", "Markdown"):
        with page.expect_download() as download:
            page.get_by_label(f"Download: {name}").click()
        download.value.save_as(tmp_path / name)
    assert json.loads((tmp_path / "JSON").read_text()) == document
    assert page.request.get(f"{page.url}.html").ok
    text = (tmp_path / "Markdown").read_text()
    assert text.startswith("# Learning path: Python\n")
    for step in steps_of(document):
        assert step["title"] in text
    page.get_by_role("link", name="Start").click()
    page.get_by_role("button", name="Copy link").click()
    expect(page.locator("#toast")).to_have_text("Link copied")
    assert page.evaluate("navigator.clipboard.readText()") == page.url.split("#")[0]


def test_what_a_path_says_is_text_and_never_markup(visit: Visitors) -> None:
    evil = '<img src=x onerror="document.title=1">'
    document = json.loads(json.dumps(scenes.python_path()))
    document["title"] = document["description"] = evil
    root = document["nodes"][document["rootNodeId"]]
    root["title"] = root["description"] = evil
    root["resources"] = [
        {"id": "r", "title": "A script", "type": "article", "url": "javascript:alert(1)"}
        | {"description": evil, "source": evil, "language": "en", "readTime": 5}
    ]
    for question in root["quiz"]["questions"]:
        question["text"] = question["options"][0] = question["explanation"] = evil
    page = open_path(visit, document)
    page.get_by_role("link", name="Start").click()
    answer(page, root["quiz"])
    expect(page.get_by_role("heading", level=1)).to_have_text(evil)
    expect(page.get_by_text("A script")).to_be_visible()
    assert page.locator("#path img").count() == 0
    assert page.locator('a[href^="javascript"]').count() == 0


def test_a_path_whose_answer_broke_off_is_asked_for_again(visit: Visitors) -> None:
    task = scenes.finished()
    page = visit.page()
    cut = {"content_type": "application/json", "body": '{"id": "'}
    page.route(f"**/tasks/{task.pk}", lambda route: route.fulfill(**cut), times=1)
    page.goto(f"/paths/{task.pk}")
    expect(page.locator(".map a.node")).to_have_count(15)
