"""What the tests of the HTTP client ask, and how."""

from __future__ import annotations

import itertools
from datetime import timedelta
from typing import Any

import pytest

from learning_paths.conf import Conf
from learning_paths.exceptions import Reason, SourceError
from learning_paths.http import HttpClient, Service
from tests.content.server import ContentServer

numbers = itertools.count()


def conf(**settings: Any) -> Conf:
    return Conf(**({"retry_pause": timedelta(seconds=0.01)} | settings))


def service(content: ContentServer, name: str = "mitlearn", **particulars: Any) -> Service:
    url = f"{content.urls[name]}/learning_resources_search/"
    return Service(title="The Source", url=url, **particulars)


def ask(client: HttpClient, where: Service, question: str = "") -> Any:
    """Ask something that nobody has asked before, or `question`."""
    words = question or f"queen {next(numbers)}"
    params = {"q": words, "resource_type": ["course"]}
    return client.ask(where, params, lambda answer: answer.json["results"])


def reason_of(client: HttpClient, where: Service, kind: type[SourceError]) -> Reason:
    with pytest.raises(SourceError) as caught:
        ask(client, where)
    assert type(caught.value) is kind
    assert caught.value.source == "The Source"
    return caught.value.reason


def host(content: ContentServer) -> str:
    return content.urls["mitlearn"].split("/")[2]
