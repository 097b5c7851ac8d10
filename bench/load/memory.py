"""What the processes of a load hold meanwhile: memory, threads, database connections."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from statistics import linear_regression
from typing import Any

import psutil

from bench.load.place import Place

EVERY_SECONDS = 1.0
#: A process grows while it imports, connects and fills its caches.
WARM_UP = 0.5


@dataclass
class Held:
    """One value a sample. `seconds` since the begin; memory is PSS in MB."""

    seconds: list[float] = field(default_factory=list)
    web: list[float] = field(default_factory=list)
    worker: list[float] = field(default_factory=list)
    threads: int = 0
    connections: int = 0

    @property
    def total(self) -> list[float]:
        return [sum(pair) for pair in zip(self.web, self.worker, strict=True)]

    @property
    def slope(self) -> float:
        """MB a minute, of the last half."""
        begin = int(len(self.seconds) * WARM_UP)
        seconds, total = self.seconds[begin:], self.total[begin:]
        return 60 * linear_regression(seconds, total).slope if len(seconds) > 1 else 0.0


class Sampler:
    """A thread that looks each second."""

    def __init__(self, place: Place) -> None:
        self.held = Held()
        self._place = place
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="memory")

    def __enter__(self) -> Held:
        self._thread.start()
        return self.held

    def __exit__(self, *error: object) -> None:
        self._is_over.set()
        self._thread.join()

    def _run(self) -> None:
        began = time.monotonic()
        with self._place.connect() as database:
            while not self._is_over.wait(EVERY_SECONDS):
                self._look(database)
                self.held.seconds.append(time.monotonic() - began)

    def _look(self, database: Any) -> None:
        groups = [[unit.group for unit in units] for units in self._units()]
        web, worker = (sum(group.memory_mb() for group in some if group) for some in groups)
        self.held.web.append(web)
        self.held.worker.append(worker)
        threads = sum(_threads(group.family_if_any()) for some in groups for group in some if group)
        self.held.threads = max(self.held.threads, threads)
        (connections,) = database.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        ).fetchone()
        self.held.connections = max(self.held.connections, connections)

    def _units(self) -> tuple[Any, Any]:
        return self._place.webs, self._place.workers


def _threads(family: list[psutil.Process]) -> int:
    total = 0
    for process in family:
        try:
            total += process.num_threads()
        except psutil.NoSuchProcess:
            continue
    return total
