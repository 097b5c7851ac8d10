"""The one PostgreSQL server of a run, a database for each subject, and what it counts."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import psutil
import psycopg

from reune import embedded_postgres

SETTINGS = ("server_version", "shared_buffers", "fsync", "synchronous_commit", "max_wal_size")


class Server:
    """Up until this process exits."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._host = str(embedded_postgres.start(folder)["HOST"])
        # Of another database than those measured, whose transactions are counted.
        self._connection = self.connect("postgres")

    def connect(self, database: str) -> psycopg.Connection[Any]:
        return psycopg.connect(self.url(database), autocommit=True)

    def url(self, database: str) -> str:
        return f"postgres://postgres:@/{database}?{urlencode({'host': self._host, 'port': 5432})}"

    def create(self, database: str, *, template: str = "template1") -> None:
        """Make an empty database, or a copy of another to which nobody is connected."""
        self.drop(database)
        self._connection.execute(f"CREATE DATABASE {database} TEMPLATE {template}")

    def drop(self, database: str) -> None:
        self._connection.execute(f"DROP DATABASE IF EXISTS {database} WITH (FORCE)")

    def transactions(self, database: str) -> int:
        """How many have ended in the database; each of its sessions tells once a second."""
        row = self._connection.execute(
            "SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = %s",
            [database],
        ).fetchone()
        assert row is not None
        return int(row[0])

    def processes(self) -> list[psutil.Process]:
        # The first line is the pid, by PostgreSQL's own promise.
        pid = (self._folder / "postgres" / "postmaster.pid").read_text().splitlines()[0]
        postmaster = psutil.Process(int(pid))
        return [postmaster, *postmaster.children()]

    def settings(self) -> dict[str, str]:
        rows = self._connection.execute(
            "SELECT name, current_setting(name) FROM pg_settings WHERE name = ANY(%s)",
            [list(SETTINGS)],
        ).fetchall()
        return dict(rows)
