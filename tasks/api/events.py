"""
A task's life as server-sent events (the HTML standard, 9.2).

Three kinds: `message` for each line the task says, `progress` and `status` when they change. An
event's id tells all that its reader has seen by then, so a reader who comes back with the last one
goes on without loss or repetition, whichever process answers.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Self
from uuid import UUID

from django.db import InterfaceError, OperationalError, connection
from django.utils.translation import gettext as _

from tasks import metrics
from tasks.body import Body
from tasks.exceptions import NoPlaceToWait
from tasks.live import Live

#: A comment this often keeps proxies from closing an idle stream, and finds out who has left.
HEARTBEAT_SECONDS = 5.0
#: How long a reader waits before it comes back.
COME_BACK_MILLISECONDS = 1000
#: … and how long the stream does, when the database does not answer.
DATABASE_AWAY_SECONDS = 1.0
STATUS_FIELDS = ("status", "attempt", "queue_position", "retry_at", "completed_at", "error")
_ID = re.compile(r"(\d{1,9})-(-1|\d{1,3})-([a-z]{0,10})-(\d{1,5})-(\d{1,5})", re.ASCII)


@dataclass(frozen=True)
class Seen:
    """The last line, the progress and the state that a reader has got."""

    seq: int = 0
    progress: int = -1
    status: str = ""
    attempt: int = 0
    place: int = 0

    @classmethod
    def from_id(cls, event_id: str) -> Self:
        """What an event's id says; nothing seen if it is none of ours."""
        match = _ID.fullmatch(event_id.strip())
        if match is None:
            return cls()
        seq, progress, status, attempt, place = match.groups()
        return cls(int(seq), int(progress), status, int(attempt), int(place))

    def to_id(self) -> str:
        return f"{self.seq}-{self.progress}-{self.status}-{self.attempt}-{self.place}"


@dataclass(frozen=True)
class Event:
    """`seen` is what the reader has got with this one."""

    kind: str
    data: dict[str, Any]
    seen: Seen

    def __bytes__(self) -> bytes:
        data = json.dumps(self.data, ensure_ascii=False)
        return f"event: {self.kind}\nid: {self.seen.to_id()}\ndata: {data}\n\n".encode()


def news(body: Body, seen: Seen) -> Iterator[Event]:
    """
    What `body` has that the reader has not seen.

    Lines first, the status last: who reads that a task has ended has read everything. With it
    comes the reader's place in line while the task waits.
    """
    fields = body.fields
    for message in fields["messages"]:
        if message["seq"] > seen.seq:
            seen = replace(seen, seq=message["seq"])
            yield Event("message", message, seen)
    if fields["progress"] != seen.progress:
        seen = replace(seen, progress=fields["progress"])
        yield Event("progress", {"progress": seen.progress}, seen)
    now = replace(
        seen, status=body.status, attempt=fields["attempt"], place=fields["queue_position"] or 0
    )
    if now != seen:
        data = {name: fields[name] for name in STATUS_FIELDS if name in fields}
        yield Event("status", data, now)


class EventStream:
    """
    The bytes of a stream, from what the reader has seen to the end of the task.

    Takes a place among those who wait and gives it back when closed; raises NoPlaceToWait. Holds
    no database connection between two events.
    """

    def __init__(self, task_id: UUID, seen: Seen, source: Live) -> None:
        if not source.take_place():
            raise NoPlaceToWait(
                _("As many streams are open as there may be. Poll the task, or try again later.")
            )
        self._task_id = task_id
        self._seen = seen
        self._source = source
        self._has_place = True
        metrics.STREAMS.change(+1)

    def close(self) -> None:
        """The server does it when the stream has ended or its reader has gone."""
        if self._has_place:
            self._has_place = False
            self._source.leave_place()
            metrics.STREAMS.change(-1)

    def __iter__(self) -> Iterator[bytes]:
        yield f"retry: {COME_BACK_MILLISECONDS}\n\n".encode()
        told_at = time.monotonic()
        with self._source.watching(self._task_id) as changed:
            while True:
                changed.clear()
                try:
                    body = self._look()
                except (OperationalError, InterfaceError):
                    # A stream that broke off would meet an error, and its reader not come back.
                    yield b": the database does not answer\n\n"
                    changed.wait(DATABASE_AWAY_SECONDS)
                    continue
                if body is None:
                    return  # deleted; who comes back is told
                for event in self._tell(body):
                    yield event
                    told_at = time.monotonic()
                if body.is_final:
                    return
                # A task in line is looked at each second, and mostly there is nothing to tell.
                changed.wait(max(0.0, told_at + HEARTBEAT_SECONDS - time.monotonic()))
                if time.monotonic() - told_at >= HEARTBEAT_SECONDS:
                    yield b": still there\n\n"
                    told_at = time.monotonic()

    def _look(self) -> Body | None:
        try:
            return self._source.body(self._task_id)
        finally:
            connection.close()

    def _tell(self, body: Body) -> Iterator[bytes]:
        for event in news(body, self._seen):
            self._seen = event.seen
            yield bytes(event)
