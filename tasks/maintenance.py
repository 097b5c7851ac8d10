"""Consistency (`heal`) and retention (`cleanup`)."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Count
from django.db.models.functions import Now
from django_q.models import Task as Call

from tasks import limits, processes, queue
from tasks.conf import get_conf
from tasks.models import DeletedTask, TaskInfo, TaskStatus

logger = logging.getLogger(__name__)

_HEAL_LOCK = 0x5245554E45  # "REUNE"
#: How many owners and tasks one call looks at; the rest is for the next.
_AT_ONCE = 200


@dataclass(frozen=True)
class Healed:
    """How many tasks got an entry: waiting ones a slot, running ones back the one they had."""

    admitted: int = 0
    entries_restored: int = 0


@transaction.atomic
def heal() -> Healed:
    """
    Give every active task its due: whoever has a free slot is admitted, whoever runs has an entry.

    Finds nothing to do unless something went wrong or a limit was raised. One process at a
    time; the others return at once.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_HEAL_LOCK])
        (is_ours,) = cursor.fetchone()
    if not is_ours:
        return Healed()
    healed = Healed(_admit_waiting(), _restore_entries())
    processes.fold()
    if healed != Healed():
        logger.warning("healed admitted=%d restored=%d", healed.admitted, healed.entries_restored)
    return healed


def _admit_waiting() -> int:
    """In random order, so that those who wait with full slots do not hide the others for ever."""
    waiting = TaskInfo.objects.waiting_for_a_slot().values("owner_key").annotate(Count("pk"))
    owners = [row["owner_key"] for row in waiting.order_by("?")[:_AT_ONCE]]
    return sum(limits.admit(owner_key) for owner_key in owners)


def _restore_entries() -> int:
    """An entry that somebody deleted comes back a lease ahead: the worker may be alive."""
    lost = TaskInfo.objects.active().filter(status=TaskStatus.RUNNING, entry=None)
    tasks = list(lost.select_for_update(skip_locked=True)[:_AT_ONCE])
    for task in tasks:
        queue.put_off(task.pk, get_conf().lease)
    return len(tasks)


#: How many tasks one commit deletes, with all that belongs to them.
_BATCH = 1000

# An active task has no completed_at, so it is never old. SKIP LOCKED: what somebody resumes at this
# moment stays, and two cleanups share the work. SQL, because the ORM would load each task with its
# result to delete it.
_DELETE_BATCH = """
    WITH old AS (
        SELECT id FROM tasks_taskinfo
        WHERE ended_as = %(status)s AND completed_at < statement_timestamp() - %(age)s
        ORDER BY completed_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED
    ), messages AS (
        DELETE FROM tasks_taskmessage AS message USING old WHERE message.task_id = old.id
    ), steps AS (
        DELETE FROM tasks_taskstep AS step USING old WHERE step.task_id = old.id
    )
    DELETE FROM tasks_taskinfo AS task USING old WHERE task.id = old.id
"""


def cleanup(
    *,
    ages: Mapping[TaskStatus, timedelta] | None = None,
    dry_run: bool = False,
    on_batch: Callable[[int], object] = lambda count: None,
) -> dict[str, int]:
    """
    Delete what ended longer ago than its status is kept; return how many, by status.

    `ages` names the final statuses to look at, all with their configured ages unless given. The
    calls that Django-Q recorded itself (failed schedules) go with the failed tasks, as "calls".
    What the limit a day need not count any more goes always, and is not counted here either.
    Each batch is a commit of its own, so that stopping halfway is harmless; `on_batch` hears how
    many it was.
    """
    ages = configured_ages() if ages is None else ages
    counts = {
        status.value: _count(status, age) if dry_run else _delete(status, age, on_batch)
        for status, age in ages.items()
    }
    if TaskStatus.FAILED in ages:
        calls = Call.objects.filter(stopped__lt=Now() - ages[TaskStatus.FAILED])
        counts["calls"] = calls.count() if dry_run else calls.delete()[0]
    if not dry_run:
        DeletedTask.objects.filter(created_at__lt=Now() - limits.DAY).delete()
        logger.info("cleaned_up %s", " ".join(f"{name}={counts[name]}" for name in counts))
    return counts


def configured_ages() -> dict[TaskStatus, timedelta]:
    conf = get_conf()
    return {
        TaskStatus.COMPLETED: conf.keep_completed,
        TaskStatus.FAILED: conf.keep_failed,
        TaskStatus.CANCELED: conf.keep_canceled,
    }


def _count(status: TaskStatus, age: timedelta) -> int:
    return TaskInfo.objects.ended_as(status).filter(completed_at__lt=Now() - age).count()


def _delete(status: TaskStatus, age: timedelta, on_batch: Callable[[int], object]) -> int:
    """Delete batch by batch until one is not full."""
    terms: dict[str, Any] = {"status": status.value, "age": age, "limit": _BATCH}
    total, deleted = 0, _BATCH
    while deleted == _BATCH:
        with connection.cursor() as cursor:
            cursor.execute(_DELETE_BATCH, terms)
            deleted = cursor.rowcount
        total += deleted
        on_batch(deleted)
    return total
