"""
The content sources on sockets of this machine.

Each service has a port of its own, as each has a host of its own in the world. It answers from the
corpus, or with the faults it was given.
"""

from __future__ import annotations

import contextlib
import gzip
import json
import threading
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

from tests.content import services
from tests.content.faults import Fault

HOST = "127.0.0.1"


@dataclass
class Seen:
    """A request as it came. `began` and `ended` are monotonic seconds."""

    service: str
    path: str
    query: str
    params: dict[str, str]
    headers: dict[str, str]
    began: float
    ended: float = 0.0


@dataclass
class ContentServer:
    """Use it as a context: inside, every service answers."""

    seen: list[Seen] = field(default_factory=list)
    stopping: threading.Event = field(default_factory=threading.Event)
    _faults: dict[str, deque[Fault | None]] = field(default_factory=dict)
    _always: dict[str, Fault] = field(default_factory=dict)
    _listeners: dict[str, _Listener] = field(default_factory=dict)

    @property
    def urls(self) -> dict[str, str]:
        """The base URL of each service, as the setting `source_urls` takes them."""
        return {
            name: f"http://{HOST}:{listener.server_port}{services.SERVICES[name].path}"
            for name, listener in self._listeners.items()
        }

    def fault(self, service: str, *faults: Fault | None) -> None:
        """Answer the next requests to a service with these, one each; None is a good answer."""
        self._faults.setdefault(service, deque()).extend(faults)

    def fail(self, service: str, fault: Fault) -> None:
        """Answer every further request to a service with this."""
        self._always[service] = fault

    def heal(self) -> None:
        self._faults.clear()
        self._always.clear()

    def asked(self, service: str) -> list[Seen]:
        return [one for one in self.seen if one.service == service]

    def next_fault(self, service: str) -> Fault | None:
        waiting = self._faults.get(service)
        return waiting.popleft() if waiting else self._always.get(service)

    def __enter__(self) -> Self:
        for name in services.SERVICES:
            listener = self._listeners[name] = _Listener(name, self)
            threading.Thread(target=listener.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self.stopping.set()
        closing = [
            threading.Thread(target=listener.shutdown) for listener in self._listeners.values()
        ]
        for thread in closing:
            thread.start()
        for thread in closing:
            thread.join()
        for listener in self._listeners.values():
            listener.server_close()


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, service: str, content: ContentServer) -> None:
        super().__init__((HOST, 0), Handler)
        self.service = service
        self.content = content

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that hang up are what half of the tests are about."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # or a kept connection waits 40 ms for each answer
    server: _Listener
    timeout = 30

    @property
    def content(self) -> ContentServer:
        return self.server.content

    def do_GET(self) -> None:  # the name is the base class's
        parts = urlsplit(self.path)
        seen = Seen(
            self.server.service,
            parts.path,
            parts.query,
            dict(parse_qsl(parts.query, keep_blank_values=True)),
            {name.lower(): value for name, value in self.headers.items()},
            time.monotonic(),
        )
        self.content.seen.append(seen)
        with contextlib.suppress(ConnectionError, TimeoutError):
            if fault := self.content.next_fault(self.server.service):
                fault(self)
            else:
                self._answer(seen)
        seen.ended = time.monotonic()

    def _answer(self, seen: Seen) -> None:
        service = services.SERVICES[seen.service]
        status, given = service.answer(seen.path, parse_qsl(urlsplit(self.path).query))
        body = json.dumps(given, ensure_ascii=False).encode()
        headers = {"Content-Type": "application/json; charset=utf-8", **service.headers}
        if headers.get("ETag") and self.headers.get("If-None-Match") == headers["ETag"]:
            self.head(304, {"ETag": headers["ETag"], "Content-Length": "0"})
            return
        if "gzip" in self.headers.get("Accept-Encoding", ""):
            body = gzip.compress(body)
            headers["Content-Encoding"] = "gzip"
        self.reply(status, body, headers)

    def head(self, status: int, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def reply(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        self.head(status, {**headers, "Content-Length": str(len(body))})
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: `seen` has it."""
