from __future__ import annotations

import socket
from typing import Any

import pytest

from learning_paths.exceptions import Reason, SourceError, SourceRejected, SourceUnavailable
from learning_paths.http import HttpClient
from tests.content import faults
from tests.content.server import ContentServer
from tests.learning_paths.http.asking import ask, reason_of, service

pytestmark = pytest.mark.django_db


def test_a_redirect_within_the_host_is_followed(client: HttpClient, content: ContentServer) -> None:
    content.fault("mitlearn", faults.redirects_to("/elsewhere/?q=queen&resource_type=course"))
    assert ask(client, service(content))
    assert content.seen[1].path == "/elsewhere/"


def test_redirects_without_end_are_left(client: HttpClient, content: ContentServer) -> None:
    content.fail("mitlearn", faults.redirects_to_itself)
    assert reason_of(client, service(content), SourceUnavailable) == Reason.DOWN
    assert len(content.seen) == 5


@pytest.mark.parametrize("target", ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "0.0.0.0"])
def test_a_redirect_does_not_lead_into_the_own_network(
    client: HttpClient, content: ContentServer, target: str
) -> None:
    """`localhost` is a name that is resolved; 127.0.0.1 is another port of the trusted address."""
    port = content.urls["mdn"].split(":")[2].split("/")[0]
    content.fault("mitlearn", faults.redirects_to(f"http://{target}:{port}/api/v1/search?q=css"))
    assert reason_of(client, service(content), SourceRejected) == Reason.UNSAFE
    assert not content.asked("mdn")


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://example.org/", "https:///nothing"])
def test_a_redirect_stays_on_the_web(
    client: HttpClient, content: ContentServer, target: str
) -> None:
    content.fault("mitlearn", faults.redirects_to(target))
    assert reason_of(client, service(content), SourceRejected) == Reason.UNSAFE


@pytest.mark.parametrize(
    "target",
    ["http://[bad", f"http://{'a' * 70}.example/", "http://x:99999/", "http://..", "http://a b/"],
)
def test_a_redirect_to_what_is_no_address_is_a_failure_of_the_source(
    client: HttpClient, content: ContentServer, target: str
) -> None:
    content.fail("mitlearn", faults.redirects_to(target))
    with pytest.raises(SourceError):
        ask(client, service(content))


def test_a_connection_is_made_to_the_address_that_was_checked(
    client: HttpClient, content: ContentServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The name server says something public first and this machine from then on."""
    real, said = socket.getaddrinfo, iter(["93.184.216.34"])
    tried: list[Any] = []

    def lookup(host: str, port: int, *args: Any, **options: Any) -> Any:
        is_theirs = host == "rebinding.example"
        return real(next(said, "127.0.0.1") if is_theirs else host, port, *args, **options)

    def connect(address: Any, *args: Any, **options: Any) -> Any:
        if address[0] != "127.0.0.1":
            tried.append(address)
            raise OSError("no network in tests")
        return socket.create_connection(address, 1)

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    monkeypatch.setattr("urllib3.util.connection.create_connection", connect)
    content.fault("mitlearn", faults.redirects_to("http://rebinding.example:8080/"))
    content.fail("mitlearn", faults.says(404))
    reason_of(client, service(content), SourceRejected)
    assert tried == [("93.184.216.34", 8080)]
