"""Tasks in the states that the page shows, for tests and for the pictures in the documentation."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.contrib.auth.models import AnonymousUser
from django.test import RequestFactory

from learning_paths.catalogue.loader import load_topic
from learning_paths.handlers import KIND
from tasks import lifecycle
from tasks.messages import Message
from tasks.models import TaskInfo
from tasks.owners import Owner, owner_of
from tests.factories import claim_of, make_running_task, make_task
from tests.learning_paths.paths import make_path, real_path

if TYPE_CHECKING:
    from playwright.sync_api import Page

#: For a page to begin with: adds up what the browser calls a layout shift.
COUNT_SHIFTS = """
    window.shifts = 0;
    new PerformanceObserver((list) => {
        for (const one of list.getEntries()) window.shifts += one.value;
    }).observe({ type: "layout-shift", buffered: true });
"""
#: How many tasks were submitted so many hours ago.
_A_DAY = (3, 9, 14, 17, 12, 8, 9, 15, 18, 13, 7, 4, 2, 1, 0, 0, 1, 0, 2, 3, 6, 8, 11, 9)
STEPS = (
    (5, "Topic found: Python"),
    (20, "Chose 29 concepts in 7 chapters"),
    (30, "Put in order: what comes before what"),
    (40, "Drew a tree of 30 nodes on 8 levels"),
    (62, "Found 15 resources for the topic: Python"),
)


def visitor() -> Owner:
    """Who comes from this machine without having signed in, as the browsers of the tests do."""
    request = RequestFactory().get("/", REMOTE_ADDR="127.0.0.1")
    request.user = AnonymousUser()
    return owner_of(request)


def waiting(topic: str = "Python", **overrides: Any) -> TaskInfo:
    return make_task(**_of(topic) | overrides)


def running(topic: str = "Python", **overrides: Any) -> TaskInfo:
    return make_running_task(**_of(topic) | overrides)


def say(task: TaskInfo, progress: int, *texts: str) -> None:
    lifecycle.report(claim_of(task), progress=progress, messages=[Message(text) for text in texts])


def finish(task: TaskInfo, document: dict[str, Any] | None = None) -> None:
    lifecycle.complete(claim_of(task), document or python_path(), messages=[Message("Done")])


def finished(topic: str = "Python", document: dict[str, Any] | None = None) -> TaskInfo:
    task = running(topic)
    finish(task, document)
    return task


def failed(topic: str = "Python", error: str = "Nothing was found on this topic.") -> TaskInfo:
    task = running(topic)
    lifecycle.fail(claim_of(task), error)
    return task


def a_day() -> None:
    """What a small place sees in a day: a quiet night, a busy afternoon, a failure now and then."""
    topics = ("Chess", "Python", "Baking", "Statistics", "Photography", "Astronomy", "Git")
    now = datetime.now(UTC)
    for number, hour in enumerate(ago for ago in range(23, -1, -1) for _ in range(_A_DAY[ago])):
        begun = now - timedelta(hours=hour, minutes=7 * number % 60)
        status = "failed" if number % 17 == 5 else "canceled" if number % 23 == 9 else "completed"
        make_task(
            **_of(topics[number % len(topics)]),
            status=status,
            progress=100 if status == "completed" else 40,
            attempt=1,
            error="Nothing was found on this topic." if status == "failed" else "",
            created_at=begun,
            queued_at=begun,
            started_at=begun + timedelta(seconds=0.02 + number % 5),
            completed_at=begun + timedelta(seconds=4 + number % 9),
        )


def python_path(**params: Any) -> dict[str, Any]:
    """The one by the default parameters is made once."""
    if not params:
        return dict(real_path("python", "en").document)
    return dict(make_path(load_topic("python"), language="en", **params).document)


def shifts(page: Page) -> float:
    """How much has moved on the page so far; see COUNT_SHIFTS."""
    # What was drawn last is reported after the next frame.
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 50)))")
    value: float = page.evaluate("window.shifts")
    return value


def _of(topic: str) -> dict[str, Any]:
    """As the API would have it; see learning_paths.handlers."""
    return {
        "kind": KIND,
        "description": f"Generate MCP for topic: {topic}",
        "params": {"topic": topic, "language": "en"},
        "owner_key": visitor().key,
        "max_attempts": 3,
    }
