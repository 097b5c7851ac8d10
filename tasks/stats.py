"""What there is to do, what is done and what ended lately. Queries only; cheap at any history."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import Count, Min, Q
from django.db.models.functions import Coalesce, Greatest, Now

from tasks.models import FINAL, TaskInfo, TaskStatus

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Active:
    """
    The tasks that are not over, at one instant.

    `in_line` wait for a worker, the longest of them for `oldest_wait`; `without_slot` wait for
    another task of their owner to end, `to_be_retried` for their retry_at. Of the `running` those
    that are `abandoned` run on paper only: their worker's lease is over, and the next free worker
    takes them.
    """

    in_line: int
    oldest_wait: timedelta
    without_slot: int
    to_be_retried: int
    running: int
    abandoned: int


@dataclass(frozen=True)
class Ended:
    """How many tasks of a kind ended how."""

    kind: str
    completed: int
    failed: int
    canceled: int


@dataclass(frozen=True)
class Hour:
    """
    An hour of the clock (UTC): what waited and ran at its end, or does now, and what ended in it.

    As far as the tasks tell that are still there, and each of its last attempt.
    """

    begins_at: datetime
    waiting: int
    running: int
    completed: int
    failed: int
    canceled: int


def active() -> Active:
    running = Q(status=TaskStatus.RUNNING)
    to_be_retried = Q(status=TaskStatus.PENDING, retry_at__gt=Now())
    in_line = Q(status=TaskStatus.PENDING, entry__isnull=False) & ~to_be_retried
    # A task that was resumed or handed back waits since then; one to be retried, since it may run.
    waits_since = Greatest("updated_at", Coalesce("retry_at", "updated_at"))
    counts = TaskInfo.objects.active().aggregate(
        in_line=Count("pk", filter=in_line),
        oldest_wait=Coalesce(Now() - Min(waits_since, filter=in_line), timedelta(0)),
        without_slot=Count("pk", filter=Q(status=TaskStatus.PENDING, entry__isnull=True)),
        to_be_retried=Count("pk", filter=to_be_retried),
        running=Count("pk", filter=running),
        abandoned=Count("pk", filter=running & Q(entry__lock__lte=Now())),
    )
    return Active(**counts)


def ended_within(age: timedelta) -> list[Ended]:
    """By kind, in alphabetical order; a kind of which nothing ended is not there."""
    ended = TaskInfo.objects.filter(ended_as__in=FINAL, completed_at__gt=Now() - age)
    rows = ended.values_list("kind").annotate(
        completed=Count("pk", filter=Q(status=TaskStatus.COMPLETED)),
        failed=Count("pk", filter=Q(status=TaskStatus.FAILED)),
        canceled=Count("pk", filter=Q(status=TaskStatus.CANCELED)),
    )
    return [Ended(*row) for row in rows.order_by("kind")]


def hours(count: int = 24) -> list[Hour]:
    """The last ones, in their order; the one that is not over is the last."""
    with connection.cursor() as cursor:
        cursor.execute(_HOURS, {"count": count})
        return [Hour(*row) for row in cursor.fetchall()]


# Every task that waited or ran in these hours is active or has ended in them, and both are indexed.
# So what waited at an instant is what had come to wait less what had left, and one pass over the
# tasks does for all hours. What came before them all counts as their beginning, an hour before the
# first. A task that waits again, after an attempt, waits since then. The ORM has no LATERAL.
_HOURS = """
    WITH clock AS (
        SELECT date_bin('1 hour', now(), 'epoch') AS last,
            date_bin('1 hour', now(), 'epoch') - %(count)s * interval '1 hour' AS beginning
    ), seen AS (
        SELECT status, CASE WHEN attempt > 0 THEN updated_at ELSE created_at END AS came_at,
            NULL::timestamptz AS started_at, NULL::timestamptz AS completed_at
        FROM tasks_taskinfo WHERE completed_at IS NULL AND status = 'pending'
        UNION ALL
        SELECT status, created_at, started_at, NULL FROM tasks_taskinfo
        WHERE completed_at IS NULL AND status = 'running'
        UNION ALL
        SELECT status, created_at, started_at, completed_at FROM tasks_taskinfo
        WHERE ended_as IN ('completed', 'failed', 'canceled') AND completed_at
            >= date_bin('1 hour', now(), 'epoch') - (%(count)s - 1) * interval '1 hour'
    ), alike AS (
        SELECT status, started_at IS NOT NULL AS has_run, count(*) AS tasks,
            date_bin('1 hour', came_at, 'epoch') AS came_in,
            date_bin('1 hour', COALESCE(started_at, completed_at), 'epoch') AS left_in,
            date_bin('1 hour', completed_at, 'epoch') AS ended_in
        FROM seen GROUP BY 1, 2, 4, 5, 6
    ), changes AS (
        SELECT GREATEST(hour, clock.beginning) AS hour, sum(waits * tasks) AS waits,
            sum(CASE WHEN has_run THEN runs * tasks ELSE 0 END) AS runs,
            sum(tasks) FILTER (WHERE ends_as = 'completed') AS completed,
            sum(tasks) FILTER (WHERE ends_as = 'failed') AS failed,
            sum(tasks) FILTER (WHERE ends_as = 'canceled') AS canceled
        FROM clock, alike, LATERAL (VALUES
            (came_in, 1, 0, NULL), (left_in, -1, 1, NULL), (ended_in, 0, -1, status)
        ) AS change (hour, waits, runs, ends_as)
        WHERE hour IS NOT NULL
        GROUP BY 1
    ), counted AS (
        SELECT hour, COALESCE(sum(waits) OVER so_far, 0)::int AS waiting,
            COALESCE(sum(runs) OVER so_far, 0)::int AS running,
            COALESCE(completed, 0)::int, COALESCE(failed, 0)::int, COALESCE(canceled, 0)::int
        FROM clock, generate_series(clock.beginning, clock.last, interval '1 hour') AS hour
            LEFT JOIN changes USING (hour)
        WINDOW so_far AS (ORDER BY hour)
    )
    SELECT counted.* FROM counted, clock WHERE hour > clock.beginning ORDER BY hour
"""
