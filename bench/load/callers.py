"""The clients of a load: each is a thread with one kept connection, and does one thing."""

from __future__ import annotations

import http.client
import itertools
import json
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from random import Random
from typing import Any
from uuid import uuid4

from bench.load.ledger import Ledger

TIMEOUT_SECONDS = 30
#: How long a client goes on asking when its connections break, one after the other.
PATIENCE_SECONDS = 60
TOPICS = ("python", "photography", "astronomy", "chess", "artificial intelligence")
FINAL = ("completed", "failed", "canceled")


@dataclass(frozen=True)
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class Caller:
    """Asks one web process until the connection breaks, and then the next."""

    def __init__(self, ledger: Ledger, number: int) -> None:
        self.ledger = ledger
        self.random = Random(number)
        self._ports = itertools.cycle(ledger.ports[number % len(ledger.ports) :] + ledger.ports)
        self._connection: http.client.HTTPConnection | None = None

    def ask(
        self,
        call: str,
        method: str,
        path: str,
        *,
        body: Any = None,
        expected: tuple[int, ...] = (200,),
        **headers: str,
    ) -> Answer | None:
        """Note how long the answer took; None and an error for one that is not as expected."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if method == "POST":
            named["Idempotency-Key"] = str(uuid4())  # so that it may be sent again
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            began = time.perf_counter()
            try:
                answer = self._send(method, path, body, named)
            except (OSError, http.client.HTTPException):
                self.close()
                self.ledger.broke(call)
                time.sleep(0.05)
                continue
            self.ledger.took(call, time.perf_counter() - began)
            if answer.status in expected:
                return answer
            self.ledger.went_wrong(f"{answer.status} in {call}: {answer.body[:200]!r}")
            return None
        self.ledger.went_wrong(f"no answer in {call}")
        return None

    def _send(self, method: str, path: str, body: Any, headers: dict[str, str]) -> Answer:
        response = self.open(method, path, body, headers)
        return Answer(response.status, response.headers, response.read())

    def open(
        self, method: str, path: str, body: Any, headers: dict[str, str]
    ) -> http.client.HTTPResponse:
        if self._connection is None:
            port = next(self._ports)
            self._connection = http.client.HTTPConnection("127.0.0.1", port, TIMEOUT_SECONDS)
        content = None
        headers = {"Authorization": f"Bearer {self.ledger.token}", **headers}
        if body is not None:
            content = json.dumps(body)
            headers["Content-Type"] = "application/json"
        self._connection.request(method, path, content, headers)
        return self._connection.getresponse()

    def close(self) -> None:
        if self._connection:
            self._connection.close()
        self._connection = None

    def submit(self, ends: str, **params: Any) -> str | None:
        body = {"kind": "tasks.selftest", "params": params}
        answer = self.ask("POST /tasks", "POST", "/tasks", body=body, expected=(202,))
        return self._promised(answer, "id", ends)

    def generate(self, number: int) -> str | None:
        """A path with parameters that no path before had, so that none is reused."""
        topic = TOPICS[number % len(TOPICS)].replace(" ", "+")
        query = f"topic={topic}&language=en&num_nodes={10 + number % 21}"
        query += f"&similarity_threshold={number % 3000 / 10_000:.4f}"
        call = "POST /generate_mcp_async"
        answer = self.ask(call, "POST", f"/generate_mcp_async?{query}")
        return self._promised(answer, "task_id", "completed")

    def _promised(self, answer: Answer | None, name: str, ends: str) -> str | None:
        if answer is None:
            return None
        task_id = str(answer.json()[name])
        self.ledger.accepted(task_id, ends=ends)
        return task_id

    def status_of(self, task_id: str) -> str:
        answer = self.ask("GET /status/{id}", "GET", f"/status/{task_id}")
        return str(answer.json()["status"]) if answer else "unknown"


def generate(caller: Caller) -> None:
    """Ask for a path and poll it, as the app does, until it is there."""
    for number in itertools.count(caller.random.randrange(1000)):
        task_id = caller.generate(number)
        while task_id and caller.status_of(task_id) not in FINAL:
            if not caller.ledger.pause(0.3):
                return
        if not caller.ledger.pause(1):
            return


def submit(caller: Caller) -> None:
    while caller.ledger.pause(0.5):
        caller.submit("completed", steps=3, seconds=0.2)


def poll(caller: Caller) -> None:
    """Look at what others wait for, half of the time with what one has seen already."""
    etags: dict[str, str] = {}
    while caller.ledger.pause(0.05):
        task_id = caller.ledger.newest(caller.random.randint(1, 20))
        if task_id is None:
            continue
        path = f"/tasks/{task_id}"
        if etag := etags.pop(task_id, None):
            caller.ask("GET with ETag", "GET", path, expected=(200, 304), If_None_Match=etag)
        elif answer := caller.ask("GET /tasks/{id}", "GET", path):
            etags[task_id] = answer.headers["ETag"]


def cancel(caller: Caller) -> None:
    """Have a task begin, and end it."""
    while caller.ledger.pause(1):
        task_id = caller.submit("canceled", seconds=60)
        if task_id is None:
            continue
        while caller.status_of(task_id) == "pending" and caller.ledger.pause(0.05):
            pass
        caller.ask("POST …/cancel", "POST", f"/tasks/{task_id}/cancel")


def browse(caller: Caller) -> None:
    """The list and its second page, and the messages of a task."""
    while caller.ledger.pause(0.5):
        answer = caller.ask("GET /tasks", "GET", "/tasks?limit=30")
        if answer and (link := answer.headers["Link"]):
            path = "/tasks" + link.split("/tasks", 1)[1].split(">")[0]
            caller.ask("GET /tasks, next page", "GET", path)
        if task_id := caller.ledger.newest():
            caller.ask("GET …/messages", "GET", f"/tasks/{task_id}/messages")


@dataclass
class Followed:
    """What came of a task's stream, over all connections."""

    lines: list[int]
    last_id: str = ""
    is_over: bool = False


def follow(caller: Caller) -> None:
    """Follow the newest task to its end; its lines have to come without gap or repetition."""
    while caller.ledger.pause(0.2):
        if (task_id := caller.ledger.newest()) is None:
            continue
        began, followed = time.perf_counter(), Followed([])
        while not followed.is_over and not caller.ledger.is_over.is_set():
            try:
                _read_stream(caller, task_id, followed)
            except (OSError, http.client.HTTPException):
                caller.ledger.broke("GET …/events")
                time.sleep(0.05)
            caller.close()
        if followed.lines != list(range(1, len(followed.lines) + 1)):
            caller.ledger.went_wrong(f"stream of {task_id} had the lines {followed.lines}")
        if followed.is_over:
            caller.ledger.took("GET …/events, to the end", time.perf_counter() - began)


def _read_stream(caller: Caller, task_id: str, followed: Followed) -> None:
    for name, seq, event_id in _events(caller, task_id, followed.last_id):
        followed.last_id = event_id
        if name == "message":
            followed.lines.append(seq)
        followed.is_over = name == "over"
        if caller.ledger.is_over.is_set():
            return


def _events(caller: Caller, task_id: str, last_id: str) -> Iterator[tuple[str, int, str]]:
    """Name, line number if any, and id of each event; "over" when there will be no more."""
    headers = {"Last-Event-ID": last_id} if last_id else {}
    response = caller.open("GET", f"/tasks/{task_id}/events", None, headers)
    if response.status == 204:
        yield "over", 0, last_id
        return
    if response.status != 200:
        raise http.client.HTTPException(f"{response.status} in a stream")
    fields: dict[str, str] = {}
    for line in response:
        name, _, value = line.decode().rstrip("\n").partition(": ")
        if name:
            fields[name] = value
        elif "data" in fields:
            data = json.loads(fields["data"])
            yield fields["event"], data.get("seq", 0), fields["id"]
            if data.get("status") in FINAL:
                yield "over", 0, fields["id"]
                return
            fields = {}


#: Who is there, and how many of each.
CROWD: tuple[tuple[Callable[[Caller], None], int], ...] = (
    (generate, 2),
    (submit, 2),
    (poll, 4),
    (cancel, 1),
    (browse, 1),
    (follow, 6),
)


def run(caller: Caller, act: Callable[[Caller], None]) -> None:
    """Do it until the end; what it raises is an error of the load."""
    try:
        act(caller)
    except Exception as error:
        caller.ledger.went_wrong(f"{act.__name__}: {error!r}")
        raise
    finally:
        with suppress(OSError):
            caller.close()
