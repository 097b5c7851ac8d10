"""
Take the pictures of the documentation: real pages of a real server, on a database made for it.

    python -m tests.browser.screenshots [NAME …]

They go to docs/screenshots, all or those named, in few colours so that they stay small.
"""

from __future__ import annotations

import argparse
import atexit
import io
import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.browser.browsers import DESKTOP, PHONE

if TYPE_CHECKING:
    from playwright.sync_api import Page

FOLDER = Path(__file__).parents[2] / "docs" / "screenshots"
COLOURS = 128
DARK = {"color_scheme": "dark"}
#: Name → what opens and prepares the page, and how the visitor looks at it.
PICTURES: dict[str, tuple[Callable[[Page], None], dict[str, Any]]] = {}


def picture(name: str, **options: Any) -> Callable[[Callable[[Page], None]], Any]:
    def register(prepare: Callable[[Page], None]) -> Callable[[Page], None]:
        PICTURES[name] = (prepare, options)
        return prepare

    return register


@picture("start", **DESKTOP)
@picture("start-dark", **DESKTOP, **DARK)
@picture("start-phone", **PHONE)
def start(page: Page) -> None:
    from tests.browser import scenes

    scenes.failed("Restoring upright pianos of the nineteenth century", "Nothing was found.")
    scenes.finished("Chess")
    scenes.finished()
    scenes.say(scenes.running("Quantum computing"), 45, "Put in order")
    scenes.waiting("Baking", entry=None)
    page.goto("/")
    page.get_by_role("button", name="Cancel: Baking").wait_for()


@picture("waiting", **DESKTOP)
def waiting(page: Page) -> None:
    from tests.browser import scenes

    for topic in ("Chess", "Baking"):
        scenes.waiting(topic)
    page.goto(f"/paths/{scenes.waiting().pk}")
    page.get_by_text("Place 3 in line").wait_for()


@picture("running", **DESKTOP)
@picture("running-phone", **PHONE)
def running(page: Page) -> None:
    from tests.browser import scenes

    task = scenes.running()
    page.goto(f"/paths/{task.pk}")
    for progress, text in scenes.STEPS:
        scenes.say(task, progress, text)
    page.locator("#messages").get_by_text(scenes.STEPS[-1][1]).wait_for()


@picture("failed", **DESKTOP)
def failed(page: Page) -> None:
    from tests.browser import scenes

    task = scenes.failed("Pianos of glass", "No source knows this topic. Try a broader one.")
    page.goto(f"/paths/{task.pk}")


@picture("path", **DESKTOP)
@picture("path-dark", **DESKTOP, **DARK)
@picture("path-phone", **PHONE)
def path(page: Page) -> None:
    from tests.browser import scenes

    document = scenes.python_path(num_nodes=30)
    page.goto(f"/paths/{scenes.finished(document=document).pk}")
    page.locator("#path").wait_for()
    first = sorted(document["nodes"].values(), key=lambda node: int(node["order"]))[:7]
    done = {node["id"]: True for node in first}
    page.evaluate(
        "([id, done]) => localStorage.setItem(`reune.path.${id}`, JSON.stringify({ done }))",
        [document["id"], done],
    )
    page.reload()
    page.locator("#path").wait_for()


@picture("weeks", **DESKTOP)
def weeks(page: Page) -> None:
    from tests.browser import scenes

    document = scenes.python_path(hours_per_week=5)
    page.goto(f"/paths/{scenes.finished(document=document).pk}")
    page.get_by_role("radio", name="Weeks").check()


@picture("map", viewport={"width": 1280, "height": 1180})
def whole_map(page: Page) -> None:
    path(page)
    page.locator(".stage").scroll_into_view_if_needed()
    page.evaluate("document.querySelector('.stage').scrollIntoView()")


@picture("map-phone", **PHONE)
def phone_map(page: Page) -> None:
    path(page)
    page.get_by_role("radio", name="Map").check()
    page.evaluate("document.querySelector('.stage').scrollIntoView()")


@picture("quiz", **DESKTOP)
@picture("quiz-dark", **DESKTOP, **DARK)
@picture("quiz-phone", **PHONE)
def quiz(page: Page) -> None:
    path(page)
    page.get_by_role("link", name="Continue").click()
    page.locator(".quiz").wait_for()
    for number, question in enumerate(page.locator(".quiz fieldset").all()):
        question.locator("input").nth(3 - number).check()
    page.get_by_role("button", name="Check answers").click()
    page.evaluate("document.querySelector('.quiz').scrollIntoView()")


@picture("step-phone", **PHONE)
def step(page: Page) -> None:
    path(page)
    page.get_by_role("link", name="Continue").click()


@picture("admin-queue", **DESKTOP)
def admin_queue(page: Page) -> None:
    _busy_place(page)
    page.goto("/admin/tasks/queue/")


@picture("admin-tasks", viewport={"width": 1440, "height": 860})
def admin_tasks(page: Page) -> None:
    _busy_place(page)
    page.goto("/admin/tasks/taskinfo/")


def _busy_place(page: Page) -> None:
    """Sign in where there has been a day's work."""
    from django.contrib.auth.models import User

    from tasks.models import Process
    from tests.browser import scenes

    web = Process.objects.filter(role="web").latest("started_at")
    worker = Process.objects.create(
        role="worker", host=web.host, pid=web.pid + 7, release=web.release
    )
    scenes.a_day()
    for topic in ("Gardening", "Data science"):
        scenes.waiting(topic)
    task = scenes.running("Python", worker=worker.pk)
    for progress, text in scenes.STEPS:
        scenes.say(task, progress, text)
    if not User.objects.exists():
        User.objects.create_superuser("ana", password="ana")
    page.goto("/admin/")
    page.get_by_label("Username").fill("ana")
    page.get_by_label("Password").fill("ana")
    page.get_by_role("button", name="Log in").click()


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(PICTURES))
    names = parser.parse_args().names or list(PICTURES)
    folder = Path(tempfile.mkdtemp(prefix="reune-screenshots-"))
    # Before the database registers itself, so that it has stopped when its folder goes.
    atexit.register(shutil.rmtree, folder)
    _set_up(folder)
    _take(names)
    return 0


def _set_up(folder: Path) -> None:
    """A database of this run's own. What Django has to be ready for is imported after it."""
    os.environ.pop("DATABASE_URL", None)
    os.environ |= {
        "DATA_DIR": str(folder),
        "DJANGO_SETTINGS_MODULE": "reune.settings",
        # Playwright's loop runs in this thread, and Django takes what is called here for async.
        "DJANGO_ALLOW_ASYNC_UNSAFE": "true",
    }
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)


def _take(names: list[str]) -> None:
    from tasks.models import Process, TaskInfo
    from tests.browser.browsers import chromium
    from tests.browser.visitors import Visitors
    from tests.processes import Server

    FOLDER.mkdir(exist_ok=True)
    with Server() as server, chromium() as browser:
        for name in names:
            prepare, options = PICTURES[name]
            TaskInfo.objects.all().delete()
            Process.objects.filter(role="worker").delete()
            visitors = Visitors(browser, server)
            # What would move is at its end at once.
            options = {"timezone_id": "America/Sao_Paulo", "reduced_motion": "reduce"} | options
            page = visitors.page(**options)
            prepare(page)
            size = _save(page.screenshot(), FOLDER / f"{name}.png")
            visitors.leave()
            sys.stdout.write(f"{name}.png: {size / 1000:.0f} kB\n")


def _save(taken: bytes, path: Path) -> int:
    from PIL import Image

    image = Image.open(io.BytesIO(taken)).convert("RGB")
    image.quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)
    return path.stat().st_size


if __name__ == "__main__":
    sys.exit(main())
