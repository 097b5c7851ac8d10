"""
Everything a source does instead of answering, as bytes on the wire.

A fault gets the handler of one request and does with the connection as it likes.
"""

from __future__ import annotations

import gzip
import json
import socket
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.content.server import Handler

Fault = Callable[["Handler"], None]

HTML = b"<!DOCTYPE html><html><title>Wikimedia Error</title><p>Please try again later.</p></html>"


def says(status: int, body: Any = HTML, *, headers: Mapping[str, str] | None = None) -> Fault:
    """A whole reply; a body that is no bytes is sent as JSON."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    kind = "text/html" if isinstance(body, bytes) else "application/json"

    def fault(handler: Handler) -> None:
        handler.reply(status, data, {"Content-Type": kind, **(headers or {})})

    return fault


def too_many(retry_after: str | None = None) -> Fault:
    return says(429, headers={"Retry-After": retry_after} if retry_after else {})


def http_date(seconds: float) -> str:
    return format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)


def never_answers(handler: Handler) -> None:
    """Hold the connection until the client has gone or the server stops."""
    handler.content.stopping.wait(30)


def slowly(seconds: float, fault: Fault) -> Fault:
    def later(handler: Handler) -> None:
        handler.content.stopping.wait(seconds)
        fault(handler)

    return later


def drips(handler: Handler) -> None:
    """Send a byte now and then, for six seconds: no wait is long, but the whole is."""
    handler.head(200, {"Content-Type": "application/json", "Content-Length": "1000"})
    for _byte in range(300):
        if handler.content.stopping.wait(0.02):
            return
        handler.wfile.write(b" ")
        handler.wfile.flush()
    handler.close_connection = True


def breaks_off(handler: Handler) -> None:
    """Promise more bytes than come."""
    handler.head(200, {"Content-Type": "application/json", "Content-Length": "1000"})
    handler.wfile.write(b'{"query": {"search": [{"title": "Pyth')
    handler.close_connection = True


def ends_early(handler: Handler) -> None:
    """Cut the JSON, and say nothing of it."""
    handler.reply(200, b'{"query": {"search": [', {"Content-Type": "application/json"})


def hangs_up(handler: Handler) -> None:
    """Reset the connection."""
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.close_connection = True
    handler.connection.close()


def speaks_no_http(handler: Handler) -> None:
    handler.wfile.write(b"220 mail.example.org ESMTP\r\n")
    handler.close_connection = True


def redirects_to_itself(handler: Handler) -> None:
    handler.reply(302, b"", {"Location": handler.path})


def redirects_to(url: str, status: int = 302) -> Fault:
    return lambda handler: handler.reply(status, b"", {"Location": url})


def never_ends(handler: Handler) -> None:
    """Send JSON without end, in chunks and with no length."""
    handler.head(200, {"Content-Type": "application/json", "Transfer-Encoding": "chunked"})
    chunk = b'["' + b"x" * 65_536
    while not handler.content.stopping.is_set():
        handler.wfile.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))


def unpacks_to_much(handler: Handler) -> None:
    """200 MB of spaces in 200 kB of gzip."""
    handler.reply(200, _bomb(), {"Content-Type": "application/json", "Content-Encoding": "gzip"})


@cache
def _bomb() -> bytes:
    return gzip.compress(b" " * 1_000_000) * 200  # the parts of a gzip file stand in a row


def nested_deeply(handler: Handler) -> None:
    handler.reply(200, b"[" * 200_000, {"Content-Type": "application/json"})


@dataclass(frozen=True)
class Shape:
    """How one service says that it will not answer, as seen in its clients."""

    service: str
    name: str
    fault: Fault
    reason: str


def _wiki_error(code: str, headers: Mapping[str, str] | None = None) -> Fault:
    body = {"error": {"code": code, "info": f"{code}!", "docref": "…"}, "servedby": "mw-api-ext"}
    return says(200, body, headers={"MediaWiki-API-Error": code, **(headers or {})})


def _throttled(status: int) -> Fault:
    """Stack Exchange tells how long only in prose."""
    message = "too many requests from this IP, more requests available in 33635 seconds"
    body = {"error_id": 502, "error_name": "throttle_violation", "error_message": message}
    return says(status, body)


_QUOTA = {
    "error": {
        "code": 403,
        "message": "The request cannot be completed because you have exceeded your quota.",
        "errors": [{"reason": "quotaExceeded", "domain": "youtube.quota", "message": "quota"}],
    }
}

_BLIND = {
    "query": "x",
    "results": [],
    "answers": [],
    "corrections": [],
    "infoboxes": [],
    "suggestions": [],
    "unresponsive_engines": [["brave", "Suspended: too many requests"]],
}
_BAD_KEY = {
    "error": {"code": 400, "message": "API key not valid.", "errors": [{"reason": "badRequest"}]}
}
_LATER = {"Retry-After": "60"}
_STACK_BAD = says(400, {"error_id": 400, "error_name": "bad_parameter", "error_message": "sort"})
_OPEN_LIBRARY_BUSY = {"status": 429, "message": "Too Many Requests. Consider using dumps."}

#: Of each service the errors that are its own. `reason` is what comes of it.
SHAPES = [
    *(
        Shape(project, name, _wiki_error(name, headers), reason)
        for project in ("wikipedia", "wikibooks", "wikiversity", "wikidata")
        for name, headers, reason in (
            ("maxlag", {"Retry-After": "60", "X-Database-Lag": "7"}, "throttled"),
            ("ratelimited", _LATER, "throttled"),
            ("badvalue", {}, "refused"),
        )
    ),
    *(
        Shape("stackexchange", f"throttled_{status}", _throttled(status), "throttled")
        for status in (400, 502, 200)
    ),
    Shape("stackexchange", "bad_parameter", _STACK_BAD, "refused"),
    Shape("openlibrary", "429", says(429, _OPEN_LIBRARY_BUSY, headers=_LATER), "throttled"),
    Shape("openlibrary", "422", says(422, {"detail": [{"loc": ["query", "q"]}]}), "refused"),
    Shape("mdn", "400", says(400, {"errors": {"q": [{"code": "invalid"}]}}), "refused"),
    Shape("mitlearn", "400", says(400, {"q": ["This field may not be blank."]}), "refused"),
    Shape("youtube", "quota", says(403, _QUOTA), "throttled"),
    Shape("youtube", "bad_key", says(400, _BAD_KEY), "refused"),
    Shape("searxng", "json_is_off", says(403), "refused"),
    Shape("searxng", "search_error", says(500), "down"),
    Shape("searxng", "limiter", says(429, headers=_LATER), "throttled"),
    Shape("searxng", "blind", says(200, _BLIND), "down"),
]
