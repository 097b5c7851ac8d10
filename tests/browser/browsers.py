"""A real browser for tests and for the pictures in the documentation."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Browser

#: Debian's and Ubuntu's names, then those of others. Playwright's own download is not needed.
_NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome")
MISSING = "no Chromium found: install the package chromium, as .ci/run does"
DESKTOP: dict[str, Any] = {"viewport": {"width": 1280, "height": 860}}
#: A common phone, upright.
PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "is_mobile": True,
    "has_touch": True,
}


def executable() -> str | None:
    """Where the browser is, if this machine has one."""
    return next(filter(None, map(shutil.which, _NAMES)), None)


@contextmanager
def chromium() -> Iterator[Browser]:
    from playwright.sync_api import sync_playwright

    path = executable()
    assert path, MISSING
    with sync_playwright() as playwright:
        # Without its sandbox, which containers and root cannot have; it opens our own pages only.
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()
