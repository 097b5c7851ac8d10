"""
When tasks began: each writes a line into one file, whatever queue it came through.

A line costs some microseconds and no query. All processes and PostgreSQL are on one machine, so
the instants come from one clock, the one that PostgreSQL's clock_timestamp() reads.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path

VARIABLE = "BENCH_STAMPS"


def stamp(token: str) -> None:
    """Say that the task of this token begins now, in this process."""
    line = f"{token} {os.getpid()} {time.time_ns()}\n"
    os.write(_file(), line.encode())


@cache
def _file() -> int:
    # O_APPEND: lines of several processes do not overwrite each other.
    return os.open(os.environ[VARIABLE], os.O_WRONLY | os.O_APPEND)


@dataclass(frozen=True)
class Stamp:
    token: str
    pid: int
    at: float


class Stamps:
    """The reader's side. `path` is made anew."""

    def __init__(self, path: Path) -> None:
        path.write_text("")
        self.path = path
        self._file = path.open()
        self._rest = ""

    def new(self) -> list[Stamp]:
        """What was written since the last call."""
        *lines, self._rest = (self._rest + self._file.read()).split("\n")
        return [_parsed(line) for line in lines]

    def wait(self, count: int, *, seconds: float) -> list[Stamp]:
        """Return the next `count` stamps or more; TimeoutError after `seconds`."""
        deadline = time.monotonic() + seconds
        stamps = self.new()
        while len(stamps) < count:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{len(stamps)} of {count} tasks began in {seconds} s")
            time.sleep(0.005)
            stamps += self.new()
        return stamps


def _parsed(line: str) -> Stamp:
    token, pid, at = line.split(" ")
    return Stamp(token, int(pid), int(at) / 1e9)
