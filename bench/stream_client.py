"""
Reads many event streams at once, as told on stdin.

`open PORT ID…` opens a stream of each task, from its beginning, and answers when all have told the
task's state; `since` answers how many events have come since the last time it was asked, and how
long after they were said the lines among them came; `close` closes all and answers with the
numbers of the lines that each stream has brought, in their order. A line's own time is that of its
commit, within a millisecond, by the clock that all processes of this machine share.
"""

from __future__ import annotations

import json
import selectors
import socket
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

PATIENCE_SECONDS = 30
#: A server that has not yet noticed who has left has no place: the next try comes after this.
AGAIN_SECONDS = 0.5
_BUFFER_BYTES = 262_144


class Refused(Exception):
    """The server answered something else than a stream."""


@dataclass
class Stream:
    """One reader of a task's events, chunked as HTTP/1.1 sends what has no length."""

    task_id: str
    socket: socket.socket
    #: The numbers of the lines, as they came.
    seqs: list[int] = field(default_factory=list)
    is_up: bool = False
    _raw: bytes = b""
    _text: bytes = b""
    _has_head: bool = False

    @classmethod
    def open(cls, port: int, task_id: str) -> Stream:
        stream = cls(task_id, socket.create_connection(("127.0.0.1", port)))
        request = f"GET /tasks/{task_id}/events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
        stream.socket.sendall(request.encode())
        return stream

    def events(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Those that have come with what there is to read."""
        new = self.socket.recv(_BUFFER_BYTES)
        if not new:
            raise RuntimeError(f"the stream of task {self.task_id} ended")
        self._raw += new
        if not self._has_head and not self._take_head():
            return
        self._take_chunks()
        *whole, self._text = self._text.split(b"\n\n")
        for event in whole:
            lines = dict(line.split(b": ", 1) for line in event.split(b"\n"))
            if b"event" in lines:
                yield lines[b"event"].decode(), json.loads(lines[b"data"])

    def _take_head(self) -> bool:
        head, found, rest = self._raw.partition(b"\r\n\r\n")
        if not found:
            return False
        if b" 200 " not in head.split(b"\r\n", 1)[0]:
            raise Refused(head.decode(errors="replace"))
        self._raw, self._has_head = rest, True
        return True

    def _take_chunks(self) -> None:
        while True:
            size, found, rest = self._raw.partition(b"\r\n")
            length = int(size, 16) if found else 0
            if not found or len(rest) < length + 2:
                return
            self._text += rest[:length]
            self._raw = rest[length + 2 :]


class Reader:
    """All streams; reads while it waits for the next thing to do."""

    def __init__(self) -> None:
        self._streams: list[Stream] = []
        self._ready = selectors.DefaultSelector()
        self._events = 0
        self._delays: list[float] = []

    def run(self) -> None:
        self._ready.register(sys.stdin, selectors.EVENT_READ)
        while True:
            for key, _ in self._ready.select():
                if key.data is not None:
                    self._read(key.data)
                    continue
                verb, *words = sys.stdin.readline().split() or [""]
                if not verb:
                    return
                sys.stdout.write(f"{json.dumps(getattr(self, verb)(*words))}\n")
                sys.stdout.flush()

    def open(self, port: str, *task_ids: str) -> str:
        deadline = time.monotonic() + PATIENCE_SECONDS
        for task_id in task_ids:
            while True:
                try:
                    self._open(int(port), task_id)
                    break
                except Refused:
                    if time.monotonic() > deadline:
                        raise
                    time.sleep(AGAIN_SECONDS)
        self.since()
        return "open"

    def since(self) -> dict[str, Any]:
        found = {"events": self._events, "delays": self._delays}
        self._events, self._delays = 0, []
        return found

    def close(self) -> dict[str, Sequence[int]]:
        for stream in self._streams:
            self._ready.unregister(stream.socket)
            stream.socket.close()
        closed, self._streams = self._streams, []
        return {stream.task_id: stream.seqs for stream in closed}

    def _open(self, port: int, task_id: str) -> None:
        stream = Stream.open(port, task_id)
        try:
            while not stream.is_up:
                self._read(stream)
        except Refused:
            stream.socket.close()
            raise
        self._streams.append(stream)
        self._ready.register(stream.socket, selectors.EVENT_READ, stream)

    def _read(self, stream: Stream) -> None:
        now = time.time()
        for kind, data in stream.events():
            self._events += 1
            stream.is_up |= kind == "status"
            if kind == "message":
                stream.seqs.append(data["seq"])
                self._delays.append(now - data["time"])


if __name__ == "__main__":
    Reader().run()
