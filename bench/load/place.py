"""Where a load takes place: a database, and web and worker processes in groups of their own."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from bench.processes import Group, environment, python
from bench.waiting import wait_until
from bench.web import answers, free_port, procfile_web

USER = "load"
DATABASE = "bench_load"
START_SECONDS = 60


@dataclass
class Unit:
    """One web process or one worker command, that can be killed and started again."""

    name: str
    command: list[str]
    variables: Mapping[str, str]
    log: Path
    port: int = 0
    group: Group | None = None

    def start(self) -> None:
        self.group = Group([self.command], self.variables, self.log)
        if self.port:
            wait_until(lambda: answers(self.port), seconds=START_SECONDS, every=0.05)

    def kill(self) -> None:
        """All of its processes at once, as a lost machine does."""
        assert self.group
        self.group.kill()
        self.group.wait(10)

    def stop(self) -> None:
        if self.group:
            self.group.__exit__()


class Place:
    def __init__(self, url: str, folder: Path, *, webs: int, workers: int, lease: float) -> None:
        self.url = url
        self.variables = {
            "DATABASE_URL": url,
            "DJANGO_SETTINGS_MODULE": "reune.settings",
            "DATA_DIR": str(folder),
            "CONTENT_SOURCES": "none",
            "LOG_LEVEL": "WARNING",
            "TASK_LEASE_SECONDS": str(lease),
            "TASK_HEARTBEAT_SECONDS": str(lease / 3),
        }
        self.folder = folder
        self.webs = [self._web(number) for number in range(webs)]
        self.workers = [self._worker(number) for number in range(workers)]

    def _web(self, number: int) -> Unit:
        port = free_port()
        command, variables = procfile_web()
        words = [word.replace("$PORT", str(port)) for word in command]
        name = f"web {number + 1}"
        return Unit(name, words, self.variables | variables, self._log(name), port)

    def _worker(self, number: int) -> Unit:
        name = f"worker {number + 1}"
        return Unit(name, python("manage.py", "worker"), self.variables, self._log(name))

    def _log(self, name: str) -> Path:
        path = self.folder / f"load-{name.replace(' ', '-')}.log"
        path.write_text("")
        return path

    @property
    def units(self) -> list[Unit]:
        return [*self.webs, *self.workers]

    @contextmanager
    def up(self) -> Iterator[None]:
        with ExitStack() as stack:
            for unit in self.units:
                stack.callback(unit.stop)
                unit.start()
            yield

    def manage(self, *words: str) -> str:
        done = subprocess.run(
            python("manage.py", *words),
            env=environment(self.variables),
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        return done.stdout.strip()

    def prepare(self) -> str:
        """Migrate, and return the token of a member of staff: limits are not the subject."""
        self.manage("migrate", "--verbosity", "0")
        token = self.manage("create_token", USER, "--create-user")
        with self.connect() as database:
            database.execute("UPDATE auth_user SET is_staff = true WHERE username = %s", [USER])
        return token

    def connect(self) -> psycopg.Connection[Any]:
        return psycopg.connect(self.url, autocommit=True)
