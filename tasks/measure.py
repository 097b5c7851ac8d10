"""
How fast the running installation is, measured with self-test tasks that are removed afterwards.

All instants are the database's. What else runs meanwhile counts into the figures.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Max, QuerySet

from tasks import lifecycle, selftest, stats
from tasks.exceptions import NoWorkerFree, TransitionRefused
from tasks.models import FINAL, TaskInfo, TaskStatus
from tasks.owners import COMMAND_LINE
from tasks.selftest import Behavior

#: How long nothing may happen to our tasks until the workers count as not there.
PATIENCE_SECONDS = 10
#: Looking takes time from the workers on a small machine: rarely enough while they are measured.
POLL_SECONDS = 0.02
POLL_BURST_SECONDS = 0.2
PICK_UPS = 30
#: What a task does when it is canceled, in turn.
BUSY = (Behavior.TIMEOUT, Behavior.SOCKET, Behavior.QUERY, Behavior.LOOP)
CANCELS = 2 * len(BUSY)
#: A probe asks for a free worker; a burst lets everybody else go first.
FIRST, LAST = 9, 0
REASON = "tasks_selftest"


@dataclass(frozen=True)
class Spread:
    """Of some durations, in milliseconds."""

    p50_ms: float
    p99_ms: float
    worst_ms: float
    count: int

    @classmethod
    def of(cls, durations: Sequence[timedelta]) -> Spread:
        """`durations` has one at least."""
        ordered = sorted(round(one / timedelta(milliseconds=1), 2) for one in durations)
        last = len(ordered) - 1
        return cls(ordered[last // 2], ordered[round(0.99 * last)], ordered[last], len(ordered))


@dataclass(frozen=True)
class Report:
    """
    `pick_up` is from the commit of a submission to the start of the task, `cancel` from the cancel
    of a running task to its end, the rate that of tasks which do nothing, submitted at once.
    """

    pick_up: Spread
    cancel: Spread
    tasks_per_second: float


def steps_of(burst: int) -> int:
    """How many tasks `measure` takes, and so how often `on_done` is called in all."""
    return PICK_UPS + CANCELS + burst


def measure(burst: int, *, on_done: Callable[[int], object] = lambda count: None) -> Report:
    """
    Run single tasks, then cancels, then `burst` tasks at once; leave nothing behind.

    `on_done` hears how many tasks have ended since the last time. Raises NoWorkerFree.
    """
    probe = _Probe(on_done)
    try:
        return Report(
            pick_up=Spread.of([probe.pick_up() for _ in range(PICK_UPS)]),
            cancel=Spread.of([probe.cancel(BUSY[n % len(BUSY)]) for n in range(CANCELS)]),
            tasks_per_second=probe.tasks_per_second(burst),
        )
    finally:
        probe.remove_tasks()


class _Probe:
    def __init__(self, on_done: Callable[[int], object]) -> None:
        self._on_done = on_done
        self._made: list[UUID] = []

    def pick_up(self) -> timedelta:
        task_ids, committed_at = self._submit(1, {}, priority=FIRST)
        task = self._wait_until_over(task_ids).get()
        assert task.started_at is not None
        return task.started_at - committed_at

    def cancel(self, behavior: Behavior) -> timedelta:
        task_ids, _ = self._submit(1, {"behavior": behavior}, priority=FIRST)
        running = TaskInfo.objects.filter(pk__in=task_ids, status=TaskStatus.RUNNING)
        _wait_for(running.exists)
        lifecycle.cancel(task_ids[0], reason=REASON)
        task = self._wait_until_over(task_ids).get()
        assert task.completed_at is not None
        assert task.cancel_requested_at is not None
        return task.completed_at - task.cancel_requested_at

    def tasks_per_second(self, count: int) -> float:
        task_ids, committed_at = self._submit(count, {}, priority=LAST)
        tasks = self._wait_until_over(task_ids)
        took: timedelta = tasks.aggregate(at=Max("completed_at"))["at"] - committed_at
        return round(count / took.total_seconds(), 1)

    def _submit(
        self, count: int, params: dict[str, Any], *, priority: int
    ) -> tuple[list[UUID], datetime]:
        """Submit in one commit; return the tasks and the instant from which they could be taken."""
        committed_at: list[datetime] = []
        with transaction.atomic():
            # Registered first and so called first: before any worker is told that there is work.
            transaction.on_commit(lambda: committed_at.append(_now()))
            task_ids = [
                lifecycle.submit(selftest.KIND, params, owner=COMMAND_LINE, priority=priority).pk
                for _ in range(count)
            ]
            self._made += task_ids
        return task_ids, committed_at[0]

    def _wait_until_over(self, task_ids: list[UUID]) -> QuerySet[TaskInfo]:
        tasks = TaskInfo.objects.filter(pk__in=task_ids)
        done = 0
        while done < len(task_ids):
            before = done
            done = _wait_for(lambda: tasks.filter(status__in=FINAL).count(), more_than=before)
            if len(task_ids) > done:
                time.sleep(POLL_BURST_SECONDS)
            self._on_done(done - before)
        return tasks

    def remove_tasks(self) -> None:
        """Those that no worker lets go of in time are left to the daily cleanup."""
        ours = TaskInfo.objects.filter(pk__in=self._made)
        for task_id in ours.active().values_list("pk", flat=True):
            with suppress(TransitionRefused):  # it has just ended
                lifecycle.cancel(task_id, reason=REASON)
        with suppress(NoWorkerFree):
            _wait_for(lambda: not ours.active().exists())
        ours.filter(status__in=FINAL).delete()


def _wait_for(value: Callable[[], int], *, more_than: int = 0) -> int:
    """Return the first value over `more_than`. Raises NoWorkerFree if there is none in time."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (now := value()) <= more_than:
        if time.monotonic() > deadline:
            raise NoWorkerFree(_what_is_wrong())
        time.sleep(POLL_SECONDS)
    return now


def _what_is_wrong() -> str:
    active = stats.active()
    return (
        f"No worker took or ended a self-test task within {PATIENCE_SECONDS} seconds (running:"
        f" {active.running}, waiting for a worker: {active.in_line}). Start one with `manage.py"
        " worker`, or try again when there is less to do."
    )


def _now() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        (now,) = cursor.fetchone()
        assert isinstance(now, datetime)
        return now
