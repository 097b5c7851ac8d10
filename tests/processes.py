"""The project's own processes, started for real on the test database."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self, TypeVar
from urllib.parse import quote, urlencode

import psutil
import requests
from django.conf import settings
from django.db import connection

ROOT = Path(settings.BASE_DIR)
Value = TypeVar("Value")


def wait_for(condition: Callable[[], Value], *, seconds: float = 30.0) -> Value:
    """Return the first truthy value of `condition`; fail with its last one after `seconds`."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, f"still {value!r} after {seconds} s"
        time.sleep(0.02)
    return value


def environment(**extra: str) -> dict[str, str]:
    """The variables under which a process uses this test's database."""
    database = connection.settings_dict
    host = database["HOST"] or database["OPTIONS"].get("host", "")
    query = urlencode({"host": host, "port": database["PORT"] or 5432})
    login = f"{quote(database['USER'])}:{quote(database['PASSWORD'] or '', safe='')}"
    return {
        **{name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
        "DATABASE_URL": f"postgres://{login}@/{database['NAME']}?{query}",
        "SECRET_KEY": settings.SECRET_KEY,
        "ALLOWED_HOSTS": "127.0.0.1",
        "HTTPS": "false",
        "DATA_DIR": str(settings.DATA_DIR),
        **extra,
    }


class Process:
    """A process in a group of its own; on exit nothing of it is left."""

    def __init__(self, *command: str, **extra_environment: str) -> None:
        self._log = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment(**extra_environment),
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def output(self) -> str:
        self._log.seek(0)
        return self._log.read()

    def family(self) -> list[psutil.Process]:
        """The process and all it has started."""
        parent = psutil.Process(self.process.pid)
        return [parent, *parent.children(recursive=True)]

    def stop(self, number: int = signal.SIGTERM, *, seconds: float = 30.0) -> int:
        """Signal the process alone and return its exit code."""
        self.process.send_signal(number)
        return self.process.wait(seconds)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        with contextlib.suppress(psutil.NoSuchProcess):
            for member in self.family():
                with contextlib.suppress(psutil.NoSuchProcess):
                    member.kill()
        self.process.wait(10)
        self._log.close()


class Worker(Process):
    def __init__(self, **extra_environment: str) -> None:
        super().__init__(
            sys.executable, "manage.py", "worker", "--workers", "1", **extra_environment
        )


class Server(Process):
    """granian, with the options of the Procfile; ready when the constructor returns."""

    def __init__(self, *, port: int | None = None, **extra_environment: str) -> None:
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        threads = extra_environment.get("WEB_THREADS", "64")
        line = procfile()["web"].replace("$PORT", str(self.port))
        command = line.replace("${WEB_THREADS:-64}", threads).split()
        super().__init__(*_in_this_venv(command), DATABASE_POOL_SIZE="4", **extra_environment)
        wait_for(self._answers)

    def _answers(self) -> bool:
        assert self.process.poll() is None, self.output()
        with contextlib.suppress(requests.ConnectionError):
            return self.get("/health").ok
        return False

    def get(self, path: str, **options: Any) -> requests.Response:
        return requests.get(self.url + path, timeout=30, **options)

    def post(self, path: str, **options: Any) -> requests.Response:
        return requests.post(self.url + path, timeout=30, **options)


def procfile() -> dict[str, str]:
    lines = (ROOT / "Procfile").read_text().splitlines()
    return dict(line.split(": ", 1) for line in lines if ": " in line)


def _in_this_venv(command: list[str]) -> list[str]:
    """Do what the shell would, with the defaults, and run the program beside this Python."""
    program, *words = command[command.index("exec") + 1 :]
    return [str(Path(sys.executable).parent / program), *words]


def stop_postgres(folder: Path) -> None:
    """Stop the embedded server in `folder` as a crash of its host would."""
    pid_file = folder / "postgres" / "postmaster.pid"
    server = psutil.Process(int(pid_file.read_text().split()[0]))
    server.send_signal(signal.SIGQUIT)  # PostgreSQL's immediate shutdown
    wait_for(lambda: not pid_file.exists())


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
