"""The web servers that are measured, each on a port of its own."""

from __future__ import annotations

import http.client
import os
import socket
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from bench.processes import ROOT, Group
from bench.waiting import wait_until

START_SECONDS = 30


@dataclass(frozen=True)
class Web:
    """A server that answers, and its processes."""

    port: int
    processes: Group


@contextmanager
def serving(command: Sequence[str], variables: Mapping[str, str], log: Path) -> Iterator[Web]:
    """Run a command in which `$PORT` stands for the port, from when it answers."""
    port = free_port()
    words = [word.replace("$PORT", str(port)) for word in command]
    with Group([words], variables, log) as processes:
        wait_until(lambda: answers(port), seconds=START_SECONDS, every=0.05)
        yield Web(port, processes)


def procfile_web() -> tuple[list[str], dict[str, str]]:
    """The Procfile's command as a shell runs it, on loopback, and the variables that it needs."""
    lines = (ROOT / "Procfile").read_text().splitlines()
    (line,) = (line for line in lines if line.startswith("web: "))
    command = line.removeprefix("web: ").replace("0.0.0.0", "127.0.0.1")
    programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    # A client of the benchmark is one address, and all it does is a flood.
    variables = {"PATH": programs, "ALLOWED_HOSTS": "127.0.0.1", "THROTTLE_PER_SECOND": "0"}
    return ["sh", "-c", command], variables


def get(port: int, path: str) -> tuple[http.client.HTTPResponse, bytes]:
    """One answer, over a connection of its own."""
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        client.request("GET", path)
        response = client.getresponse()
        return response, response.read()
    finally:
        client.close()


def answers(port: int) -> bool:
    """Whatever: not every server has /health."""
    with suppress(OSError):
        get(port, "/health")
        return True
    return False


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
