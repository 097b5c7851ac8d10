"""What there is to do, what is done and what ended lately. Queries only; cheap at any history."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

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
    ended = TaskInfo.objects.filter(status__in=FINAL, completed_at__gt=Now() - age)
    rows = ended.values_list("kind").annotate(
        completed=Count("pk", filter=Q(status=TaskStatus.COMPLETED)),
        failed=Count("pk", filter=Q(status=TaskStatus.FAILED)),
        canceled=Count("pk", filter=Q(status=TaskStatus.CANCELED)),
    )
    return [Ended(*row) for row in rows.order_by("kind")]
