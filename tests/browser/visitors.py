"""Those who look at the pages in the tests, and what their browsers complained of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.browser.browsers import DESKTOP
from tests.processes import Server

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page

#: A style or script that was refused and an error nobody caught are both written to the console.
_FAULTS = ("error", "warning")
_PATIENCE_MILLISECONDS = 10_000


class Visitors:
    """
    Each has a profile of their own: no cookies, nothing kept.

    `expected` are parts of what a browser complains of where a test means it to.
    """

    def __init__(self, browser: Browser, site: Server) -> None:
        self._browser = browser
        self._site = site
        self._contexts: list[BrowserContext] = []
        self._complaints: list[str] = []
        self.expected: list[str] = []

    def page(self, **options: Any) -> Page:
        """A new visitor with these options of a context, at no page yet."""
        settings = {**DESKTOP, "locale": "en", "base_url": self._site.url, **options}
        context = self._browser.new_context(**settings)
        context.set_default_timeout(_PATIENCE_MILLISECONDS)
        self._contexts.append(context)
        page = context.new_page()
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self._complaints.append(str(error)))
        return page

    def __call__(self, address: str, **options: Any) -> Page:
        """A new visitor at that page."""
        page = self.page(**options)
        page.goto(address)
        return page

    def leave(self) -> None:
        for context in self._contexts:
            context.close()

    def complaints(self) -> list[str]:
        """What no test expected."""
        return [
            text for text in self._complaints if not any(part in text for part in self.expected)
        ]

    def _heard(self, line: ConsoleMessage) -> None:
        if line.type in _FAULTS:
            self._complaints.append(line.text)
