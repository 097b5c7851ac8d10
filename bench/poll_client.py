"""
Polls as told on stdin, over many connections that stay open, and answers with what it found.

`PORT PATH ETAG SECONDS` has every connection send the next GET as soon as it has the answer to the
last one; an ETAG other than `-` goes along as If-None-Match, and every answer must be a 304 then.
Requests are written in advance, and no more of an answer is read than its status and its length:
30 µs a poll, about what wrk takes, so that the server is what is measured. (At 32 connections wrk
and this find the same rate.)
"""

from __future__ import annotations

import json
import select
import socket
import sys
import time
from dataclasses import dataclass, field

#: More than a process with one core has any use for; each gets its turn.
CONNECTIONS = 32
_BUFFER_BYTES = 262_144


@dataclass
class Tally:
    """Seconds of each poll, and the lengths that bodies had: one that grows is seen to."""

    seconds: list[float] = field(default_factory=list)
    lengths: set[int] = field(default_factory=set)


class Connection:
    """One poll at a time."""

    def __init__(self, port: int, request: bytes, status: bytes) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._request = request
        self._status = status
        self._got = b""
        self._began = 0.0

    def send(self) -> None:
        self._began = time.perf_counter()
        self.socket.sendall(self._request)

    def receive(self, tally: Tally) -> bool:
        """Take in what has come; say whether that was the rest of the answer."""
        new = self.socket.recv(_BUFFER_BYTES)
        if not new:
            raise RuntimeError("the server closed the connection")
        self._got = self._got + new if self._got else new
        length = _body_length(self._got, self._status)
        if length is None:
            return False
        self._got = b""
        tally.seconds.append(time.perf_counter() - self._began)
        tally.lengths.add(length)
        return True


def _body_length(answer: bytes, status: bytes) -> int | None:
    """How long the body is, if all of it is there. Raises RuntimeError for another status."""
    end = answer.find(b"\r\n\r\n")
    if end < 0:
        return None
    if answer[9:12] != status:
        raise RuntimeError(answer[:1000].decode(errors="replace"))
    head = answer[:end].lower()
    at = head.find(b"\r\ncontent-length:")
    length = int(head[at + 17 :].split(b"\r\n", 1)[0]) if at > 0 else 0
    return length if len(answer) >= end + 4 + length else None


def poll(port: int, path: str, etag: str, seconds: float) -> Tally:
    known = "" if etag == "-" else f"If-None-Match: {etag}\r\n"
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{known}\r\n".encode()
    made = [Connection(port, request, b"304" if known else b"200") for _ in range(CONNECTIONS)]
    connections = {connection.socket.fileno(): connection for connection in made}
    tally = Tally()
    with select.epoll() as ready:
        for number, connection in connections.items():
            ready.register(number, select.EPOLLIN)
            connection.send()
        deadline = time.perf_counter() + seconds
        while time.perf_counter() < deadline:
            for number, _event in ready.poll(1):
                if connections[number].receive(tally):
                    connections[number].send()
    for connection in made:
        connection.socket.close()
    return tally


def main() -> None:
    for line in sys.stdin:
        port, path, etag, seconds = line.split(" ")
        began = time.perf_counter()
        tally = poll(int(port), path, etag, float(seconds))
        ordered = sorted(tally.seconds)
        found = {
            "count": len(ordered),
            "seconds": time.perf_counter() - began,
            "p50": ordered[len(ordered) // 2],
            "p99": ordered[int(0.99 * len(ordered))],
            "lengths": sorted(tally.lengths),
        }
        sys.stdout.write(f"{json.dumps(found)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
