from __future__ import annotations

from collections.abc import Iterator

import pytest

from learning_paths.http import HttpClient
from tests.learning_paths.http.asking import conf


@pytest.fixture
def client() -> Iterator[HttpClient]:
    with HttpClient(conf()) as client:
        yield client
