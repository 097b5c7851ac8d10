"""What open event streams cost, and whether they bring everything: one web process of Reune."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

from bench.cores import kept_from_server, on_cores
from bench.engines import REUNE
from bench.lab import Lab
from bench.plan import Plan
from bench.poll_lab import PolledTasks, django_web, poll_client, polled_tasks
from bench.processes import Child, python
from bench.progress import say
from bench.web import Web

STREAMS = 100
#: Streams get half of them.
THREADS = 240
#: Of each task: a line, and its progress with it.
CHANGES_A_SECOND = 1
WARM_UP_SECONDS = 0.5
PATIENCE_SECONDS = 15
#: Without an event for so long nothing is on its way: what was missed is looked for each second.
SILENCE_SECONDS = 2

QUIET = "no streams, nothing changes"
CHANGING = f"no streams, {STREAMS} tasks change"
POLLED = f"{STREAMS} streams, {STREAMS} tasks change, polled"
UNPOLLED = f"{STREAMS} streams, {STREAMS} tasks change, not polled"
STATES = (QUIET, CHANGING, POLLED, UNPOLLED)


@dataclass
class Measured:
    """
    One value a round, times in seconds; what does not take place in a state stays empty.

    `delays` are of all lines: from their commit until the reader had them.
    """

    polls: list[float] = field(default_factory=list)
    p99: list[float] = field(default_factory=list)
    changes: list[float] = field(default_factory=list)
    events: list[float] = field(default_factory=list)
    delays: list[float] = field(default_factory=list)
    memory_mb: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class Streamed:
    """`lines` is how many the tasks said; `lost` and `repeated` what the streams made of them."""

    states: Mapping[str, Measured]
    lines: int
    lost: int
    repeated: int


def measure(lab: Lab, plan: Plan) -> Streamed:
    with polled_tasks(lab) as tasks, ExitStack() as stack:
        server = stack.enter_context(django_web(lab, "reune", WEB_THREADS=str(THREADS)))
        client = stack.enter_context(poll_client(lab))
        reader = stack.enter_context(_stream_client(lab))
        stack.enter_context(kept_from_server(lab.server.processes()))
        return Bench(lab, plan, tasks, server, client, reader).run()


@contextmanager
def _stream_client(lab: Lab) -> Iterator[Child]:
    command = on_cores("client", python("-m", "bench.stream_client"))
    with Child(command, {}, lab.log_of(REUNE)) as child:
        yield child


class Bench:
    def __init__(
        self, lab: Lab, plan: Plan, tasks: PolledTasks, server: Web, client: Child, reader: Child
    ) -> None:
        self._lab = lab
        self._plan = plan
        self._tasks = tasks
        self._server = server
        self._client = client
        self._reader = reader
        self._found = {state: Measured() for state in STATES}
        self._lines = self._lost = self._repeated = 0

    def run(self) -> Streamed:
        self._poll(WARM_UP_SECONDS)
        for number in range(self._plan.stream_rounds):
            self._round()
            rates = ", ".join(f"{self._found[state].polls[-1]:.0f}" for state in STATES[:3])
            say(
                f"round {number + 1}/{self._plan.stream_rounds} streams: {rates} polls/s,"
                f" {self._found[POLLED].events[-1]:.0f} events/s,"
                f" {self._lost} lost of {self._lines}"
            )
        return Streamed(self._found, self._lines, self._lost, self._repeated)

    def _round(self) -> None:
        streamed = self._tasks.running(STREAMS)
        self._measure(QUIET, polls=True, streams=False)
        self._tasks.change(CHANGES_A_SECOND, streamed)
        self._measure(CHANGING, polls=True, streams=False)
        self._reader.ask("open", self._server.port, *streamed)
        self._measure(POLLED, polls=True, streams=True)
        self._measure(UNPOLLED, polls=False, streams=True)
        rate = self._tasks.stop_changing()
        for state in (CHANGING, POLLED, UNPOLLED):
            self._found[state].changes.append(rate)
        self._check(streamed)

    def _measure(self, state: str, *, polls: bool, streams: bool) -> None:
        found = self._found[state]
        if streams:
            self._events()
        began = time.monotonic()
        if polls:
            polled = self._poll(self._plan.stream_seconds)
            found.polls.append(polled["count"] / polled["seconds"])
            found.p99.append(polled["p99"])
        else:
            time.sleep(self._plan.stream_seconds)
        if streams:
            came = self._events()
            found.events.append(came["events"] / (time.monotonic() - began))
            found.delays += came["delays"]
        found.memory_mb.append(self._server.processes.memory_mb())

    def _events(self) -> dict[str, Any]:
        """What has come since the last time."""
        came: dict[str, Any] = json.loads(self._reader.ask("since"))
        return came

    def _poll(self, seconds: float) -> dict[str, float]:
        path = f"/status/{self._tasks.unchanged}"
        found: dict[str, float] = json.loads(
            self._client.ask(self._server.port, path, "-", seconds)
        )
        return found

    def _check(self, streamed: Sequence[str]) -> None:
        """Close the streams when nothing comes any more, and compare with what was said."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        self._events()
        time.sleep(SILENCE_SECONDS)
        while self._events()["events"] and time.monotonic() < deadline:
            time.sleep(SILENCE_SECONDS)
        came = json.loads(self._reader.ask("close"))
        with self._lab.connect(REUNE) as database:
            said = dict(
                database.execute(
                    "SELECT id::text, message_count FROM tasks_taskinfo WHERE id::text = ANY(%s)",
                    [list(streamed)],
                ).fetchall()
            )
        for task_id in streamed:
            seqs = came[task_id]
            self._lines += said[task_id]
            self._lost += len(set(range(1, said[task_id] + 1)) - set(seqs))
            self._repeated += len(seqs) - len(set(seqs))
