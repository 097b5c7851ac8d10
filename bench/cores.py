"""
Keeps what is measured and what measures it on cores of their own: `python -m bench.cores 0 ls -l`.

Web server, client and PostgreSQL share few cores. Left to the system they push each other about,
and the figures vary more; here a web process has one core for itself, and the client and
PostgreSQL have the others. On a machine with one core nothing is pinned.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Literal

import psutil

from bench.processes import python

Part = Literal["server", "client"]


def on_cores(part: Part, command: Sequence[str]) -> list[str]:
    """The command as it runs on the cores of its part."""
    return python("-m", "bench.cores", ",".join(map(str, _cores(part))), *command)


def describe() -> str:
    if _cores("server") == _cores("client"):
        return "not pinned: there is one core"
    return f"web server on 1 core, clients and PostgreSQL on {len(_cores('client'))}"


@contextmanager
def kept_from_server(processes: Sequence[psutil.Process]) -> Iterator[None]:
    """Have these, and what they start meanwhile, leave the server's core alone."""
    before = os.sched_getaffinity(0)
    _pin(processes, set(_cores("client")))
    try:
        yield
    finally:
        _pin(processes, before)


def _cores(part: Part) -> list[int]:
    first, *others = sorted(os.sched_getaffinity(0))
    if not others:
        return [first]
    return [first] if part == "server" else others


def _pin(processes: Sequence[psutil.Process], cores: set[int]) -> None:
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.cpu_affinity(sorted(cores))


def main(cores: str, *command: str) -> None:
    os.sched_setaffinity(0, {int(core) for core in cores.split(",")})
    os.execvp(command[0], command)


if __name__ == "__main__":
    main(*sys.argv[1:])
