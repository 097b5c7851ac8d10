"""The processes that are measured, started for real; none is left behind."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import psutil

ROOT = Path(__file__).resolve().parent.parent
_PSS = re.compile(r"^Pss:\s+(\d+) kB", re.MULTILINE)


def python(*words: str) -> list[str]:
    return [sys.executable, *words]


def program(name: str, *words: str) -> list[str]:
    """One that is installed beside this Python."""
    return [str(Path(sys.executable).parent / name), *words]


def environment(variables: Mapping[str, str]) -> dict[str, str]:
    """A clean one: what the shell has set for Reune does not count."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return {**kept, "SECRET_KEY": "bench", "PYTHONPATH": str(ROOT), **variables}


def cpu_seconds(processes: Sequence[psutil.Process]) -> float:
    """Processor time of these and of the children they have seen end."""
    total = 0.0
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            total += times.user + times.system + times.children_user + times.children_system
    return total


def _pss_kb(pid: int) -> int:
    with contextlib.suppress(ProcessLookupError):
        found = _PSS.search(Path(f"/proc/{pid}/smaps_rollup").read_text())
        if found:
            return int(found[1])
    return 0  # it has ended meanwhile


class Group:
    """Processes started together; on exit they and all they have started are gone."""

    def __init__(
        self, commands: Sequence[Sequence[str]], variables: Mapping[str, str], log: Path
    ) -> None:
        self._log = log.open("a")
        self._started = [
            psutil.Popen(
                command,
                cwd=ROOT,
                env=environment(variables),
                stdout=self._log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            for command in commands
        ]

    def family(self) -> list[psutil.Process]:
        return [
            member
            for process in self._started
            for member in (process, *process.children(recursive=True))
        ]

    def memory_mb(self) -> float:
        """PSS: what is shared is counted once, in parts."""
        return sum(_pss_kb(member.pid) for member in self.family_if_any()) / 1024

    def stop(self) -> None:
        """Ask them to end in order, as an operator does."""
        for process in self._started:
            process.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End all of them at once, as a lost machine does."""
        for member in self.family_if_any():
            with contextlib.suppress(psutil.NoSuchProcess):
                member.kill()

    def wait(self, seconds: float) -> None:
        for process in self._started:
            process.wait(seconds)

    def family_if_any(self) -> list[psutil.Process]:
        with contextlib.suppress(psutil.NoSuchProcess):
            return self.family()
        return [process for process in self._started if process.is_running()]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        members = self.family_if_any()
        with contextlib.suppress(psutil.NoSuchProcess, psutil.TimeoutExpired):
            self.stop()
            self.wait(10)
        for member in members:
            with contextlib.suppress(psutil.NoSuchProcess):
                member.kill()
        self.wait(10)
        self._log.close()


class Child:
    """A process that answers each line it is given with one line."""

    def __init__(self, command: Sequence[str], variables: Mapping[str, str], log: Path) -> None:
        self._log = log.open("a")
        self._command = command
        self._process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment(variables),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
        )

    def ask(self, *words: Any) -> str:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(" ".join(map(str, words)) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError(f"{self._command} ended; see {self._log.name}")
        return answer.strip()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._process.communicate()  # closes its input, which ends it
        self._log.close()
