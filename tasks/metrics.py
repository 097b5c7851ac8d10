"""
What happens in this process, counted: how often, and how long it took.

The counts of a process are in its memory. `tasks.processes` writes them to the process's row, and
`tasks.scrape` adds up all rows, so it does not matter which process is asked, and the counts
outlive their processes (docs/decisions/0009-metrics.md). Names are Prometheus's way: seconds, and
`_total` for what only grows.
"""

from __future__ import annotations

import os
import threading
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import ClassVar

from django.db import transaction

#: What is counted, by the metric's name, the values of its labels, and the part of the metric:
#: "value", or of a histogram "sum" and the upper bound of each bucket that has anything.
Figures = Counter[tuple[str, tuple[str, ...], str]]

VALUE, SUM, BEYOND = "value", "sum", "+Inf"
#: Seconds; from a free worker's pick-up to the longest that a task of ours may take.
BOUNDS = (
    *(0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5),
    *(5.0, 10.0, 20.0, 30.0, 45.0, 60.0, 120.0, 300.0, 600.0, 1800.0),
)
_BUCKETS = (*map(str, BOUNDS), BEYOND)

_figures: Figures = Counter()
_lock = threading.Lock()
#: Every metric by its name, in the order of the exposition.
known: dict[str, Metric] = {}


@dataclass(frozen=True)
class Metric:
    """`labels` are names; their values come with each event, and there must be few of them."""

    name: str
    help: str
    labels: tuple[str, ...] = field(default=())
    type: ClassVar[str]

    def __post_init__(self) -> None:
        if self.name in known:
            raise ValueError(f"there is a metric {self.name} already")
        known[self.name] = self

    def _add(self, labels: tuple[str, ...], part: str, by: float) -> None:
        if len(labels) != len(self.labels):
            raise ValueError(f"{self.name} has the labels {self.labels}, not {labels}")
        _figures[self.name, labels, part] += by  # type: ignore[assignment]  # floats as well


class Count(Metric):
    """Of what has happened; never falls."""

    type = "counter"

    def add(self, *labels: str, by: float = 1) -> None:
        with _lock:
            self._add(labels, VALUE, by)


class Level(Metric):
    """How much of something there is now, in all living processes together."""

    type = "gauge"

    def change(self, by: float, *labels: str) -> None:
        with _lock:
            self._add(labels, VALUE, by)


class Durations(Metric):
    type = "histogram"

    def observe(self, duration: timedelta, *labels: str) -> None:
        """One below zero (the clock was set) counts as none."""
        seconds = max(0.0, duration.total_seconds())
        with _lock:
            self._add(labels, _BUCKETS[bisect_left(BOUNDS, seconds)], 1)
            self._add(labels, SUM, seconds)


def figures() -> Figures:
    """A copy of what this process has counted."""
    with _lock:
        return _figures.copy()


def take_away(counted: Figures) -> None:
    """Forget what somebody else has taken over."""
    with _lock:
        _figures.subtract(counted)


def after_commit(record: Callable[[], None]) -> None:
    """Count what the transaction does once it is done."""
    transaction.on_commit(record, robust=True)


def _begin_anew() -> None:
    """A fork counts for itself; another thread of its parent may have held the lock."""
    global _lock
    _lock = threading.Lock()
    _figures.clear()


os.register_at_fork(after_in_child=_begin_anew)

SUBMITTED = Count("reune_tasks_submitted_total", "Tasks accepted.", ("kind",))
FINISHED = Count(
    "reune_tasks_finished_total", "Tasks that reached an end, by the end.", ("kind", "status")
)
RETRIED = Count(
    "reune_task_retries_total", "Attempts that failed and are to be made again.", ("kind",)
)
LEASE_LOSSES = Count(
    "reune_task_lease_losses_total",
    "Attempts that found out that another worker has their task.",
    ("kind",),
)
PICK_UP = Durations(
    "reune_task_pickup_seconds",
    "From when a task may be taken until a worker begins it.",
    ("kind",),
)
RUN = Durations(
    "reune_task_run_seconds", "From the begin of the last attempt to the end.", ("kind", "status")
)
TOTAL = Durations(
    "reune_task_total_seconds", "From the submission of a task to its end.", ("kind", "status")
)
CANCEL = Durations(
    "reune_task_cancel_seconds", "From the cancel of a running task to its end.", ("kind",)
)
RECOVERY = Durations(
    "reune_task_recovery_seconds",
    "From the last sign of life of a worker that died to the next attempt of its task.",
    ("kind",),
)
POLLS = Count(
    "reune_poll_cache_requests_total",
    "Reads of a task: hit from memory, checked by its version, read from the database.",
    ("result",),
)
STREAMS = Level("reune_streams_open", "Event streams that are open.")
