"""Watches all tasks while a storm goes on, and notes what must never be seen."""

from __future__ import annotations

import threading
from collections import Counter, deque
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import Error, connection

from tasks.models import FINAL
from tests.chaos.plan import OWNERS

_LOOK = """
    SELECT id, owner_key, status, progress, version, attempt, completed_at,
        entry_id IS NOT NULL, md5(COALESCE(result::text, '') || error)
    FROM tasks_taskinfo
"""
# What was committed before the first position is on disk when the second has passed it.
_POSITIONS = "SELECT pg_current_wal_insert_lsn() - '0/0', pg_current_wal_flush_lsn() - '0/0'"
_INTERVAL_SECONDS = 0.1


@dataclass(frozen=True)
class Seen:
    task_id: UUID
    owner_key: str
    status: str
    progress: int
    version: int
    attempt: int
    completed_at: datetime | None
    has_entry: bool
    digest: str

    @property
    def shown(self) -> tuple[object, ...]:
        """What a client sees, who takes the version for the state."""
        return self.status, self.progress, self.attempt, self.digest

    @property
    def is_final(self) -> bool:
        return self.status in FINAL


Snapshot = dict[UUID, Seen]


class Sampler:
    """
    A thread that compares each state of the table with the one before.

    After a crash of PostgreSQL it goes on from the last state that is certain to have been on disk:
    what had not got there yet may be forgotten (docs/task-lifecycle.md, Durability).
    """

    def __init__(self) -> None:
        self.violations: list[str] = []
        self._last: Snapshot = {}
        self._durable: Snapshot = {}
        self._flushing: deque[tuple[int, Snapshot]] = deque()
        self._may_leave_the_end: set[UUID] = set()
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sampler")

    def __enter__(self) -> Sampler:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._is_over.set()
        self._thread.join()

    def expect_resume(self, task_id: UUID) -> None:
        """From now on this task may go from an end back to pending."""
        self._may_leave_the_end.add(task_id)

    def _run(self) -> None:
        while not self._is_over.wait(_INTERVAL_SECONDS):
            try:
                self._look()
            except Error:
                connection.close()
                self._last = self._durable
                self._flushing.clear()
        connection.close()

    def _look(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(_LOOK)
            now = {row[0]: Seen(*row) for row in cursor.fetchall()}
            cursor.execute(_POSITIONS)
            written, flushed = cursor.fetchone()
        self._flushing.append((written, now))
        while self._flushing and self._flushing[0][0] <= flushed:
            self._durable = self._flushing.popleft()[1]
        self._compare(now)
        self._check_limits(now)
        self._last = now

    def _compare(self, now: Snapshot) -> None:
        for task_id in self._last.keys() - now.keys():
            self.violations.append(f"task {task_id} was there and is not any more")
        for task_id, seen in now.items():
            if before := self._last.get(task_id):
                self._compare_task(before, seen)

    def _compare_task(self, before: Seen, after: Seen) -> None:
        for name in ("progress", "version", "attempt"):
            old, new = getattr(before, name), getattr(after, name)
            if new < old:
                self.violations.append(f"{name} of {after.task_id} fell from {old} to {new}")
        if before.shown != after.shown and before.version == after.version:
            self.violations.append(f"changed and kept its version: {before} → {after}")
        if before.is_final and before != after and after.task_id not in self._may_leave_the_end:
            self.violations.append(f"task had ended and changed: {before} → {after}")

    def _check_limits(self, now: Snapshot) -> None:
        # Whoever runs without an entry (somebody deleted it) has a slot all the same.
        in_line = Counter(
            seen.owner_key
            for seen in now.values()
            if not seen.is_final and (seen.has_entry or seen.status == "running")
        )
        for owner_key, limit in OWNERS.items():
            if limit is not None and in_line[owner_key] > limit:
                self.violations.append(f"{owner_key}: {in_line[owner_key]} in line, not {limit}")
