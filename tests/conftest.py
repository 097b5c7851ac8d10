"""Fixtures: factories for callers, and the real processes that tests start."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from tasks import lease, live
from tests.content.server import ContentServer
from tests.processes import Server, Worker


@pytest.fixture(autouse=True)
def _no_thread_is_left() -> Iterator[None]:
    yield
    lease.close_keeper()
    live.close_live()


@pytest.fixture
def client() -> APIClient:
    """An anonymous caller, with CSRF checks as in production."""
    return APIClient(enforce_csrf_checks=True)


@pytest.fixture
def client_of() -> Callable[[User], APIClient]:
    def of(user: User) -> APIClient:
        client = APIClient()
        client.force_authenticate(user)
        return client

    return of


@pytest.fixture
def server(transactional_db: None) -> Iterator[Server]:
    """The web server on the test database, as `make run` starts it."""
    with Server() as server:
        yield server


@pytest.fixture
def worker(transactional_db: None) -> Iterator[Worker]:
    """`manage.py worker` on the test database."""
    with Worker() as worker:
        yield worker


@pytest.fixture
def content() -> Iterator[ContentServer]:
    """The content sources on sockets of this machine."""
    with ContentServer() as content:
        yield content
