"""
One browser, one web server and no worker for all tests of this folder.

A test that wants tasks to be worked on asks for `worker`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from pytest_django.plugin import DjangoDbBlocker

from tests.browser import browsers
from tests.browser.visitors import Visitors
from tests.processes import Server

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if browsers.executable() is None:
        pytest.skip(browsers.MISSING)
    # Playwright's loop runs in this thread, and Django takes what is called here for async code.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with browsers.chromium() as browser:
        yield browser
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture(scope="session")
def site(
    browser: Browser, django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[Server]:
    """The web server on the test database; each test finds its tables empty."""
    with django_db_blocker.unblock(), Server() as server:
        yield server


@pytest.fixture
def visit(browser: Browser, site: Server, transactional_db: None) -> Iterator[Visitors]:
    """`visit("/")` opens a page; fails the test if a browser complained of one."""
    visitors = Visitors(browser, site)
    yield visitors
    visitors.leave()
    assert visitors.complaints() == []
