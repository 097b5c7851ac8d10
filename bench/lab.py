"""Where a run takes place: server, databases, logs, and the processes of the engines."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import psycopg

from bench import stamps
from bench.engines import Engine
from bench.postgres import Server
from bench.processes import Child, Group, environment, python
from bench.stamps import Stamps
from bench.waiting import wait_until as wait_until


class Lab:
    """`folder` gets the server's data, a log of each engine, and the stamps."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.server = Server(folder)

    def set_up(self, engine: Engine) -> None:
        """Make the engine's database, empty."""
        self.server.create(engine.database)
        self.log_of(engine).write_text("")
        with self.log_of(engine).open("a") as log:
            subprocess.run(
                engine.migrate,
                env=environment(self.variables_of(engine)),
                stdout=log,
                stderr=log,
                check=True,
            )

    def new_stamps(self) -> Stamps:
        return Stamps(self.folder / "stamps")

    def connect(self, engine: Engine) -> psycopg.Connection[Any]:
        return self.server.connect(engine.database)

    def workers(self, engine: Engine, count: int, **variables: str) -> Group:
        return Group(
            engine.workers(count), self.variables_of(engine) | variables, self.log_of(engine)
        )

    def submitter(self, engine: Engine) -> Child:
        command = python("-m", "bench.submitter", engine.name)
        return Child(command, self.variables_of(engine), self.log_of(engine))

    def variables(self, engine: Engine, database: str) -> dict[str, str]:
        """Under which a process of the engine uses this database."""
        return {
            **engine.environment(self.server.url(database)),
            stamps.VARIABLE: str(self.folder / "stamps"),
        }

    def variables_of(self, engine: Engine) -> dict[str, str]:
        return self.variables(engine, engine.database)

    def log_of(self, engine: Engine) -> Path:
        return self.folder / f"{engine.name}.log"
