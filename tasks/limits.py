"""
Who may submit and run how much.

An owner's tasks beyond `max_running` are pending without a queue entry; when one ends, the next is
admitted in the same commit. So nobody has more than a few entries in the queue, which is fair
sharing at no cost when work is taken.

All of it is serialized for each owner by an advisory lock. Whoever holds it never waits for the
row of a task, so it may be taken after such a row.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import connection
from django.db.models import Count, Min, Q, QuerySet
from django.db.models.functions import Coalesce, Now
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tasks import queue
from tasks.exceptions import LimitExceeded, PriorityRefused
from tasks.models import ANONYMOUS_PREFIX, USER_PREFIX, DeletedTask, TaskInfo, TaskLimit

DAY = timedelta(days=1)
#: How many tasks one transaction admits; it holds the owner's lock meanwhile.
ADMIT_AT_ONCE = 100
#: What a caller over `max_active` is told to wait: nobody knows when a task of theirs will end.
RETRY_ACTIVE = timedelta(seconds=10)


@dataclass(frozen=True)
class Limits:
    """None is no limit. `max_active` counts waiting and running, `max_per_day` the last day."""

    max_running: int | None
    max_active: int | None
    max_per_day: int | None
    max_priority: int


ANONYMOUS = Limits(max_running=1, max_active=5, max_per_day=50, max_priority=5)
USERS = Limits(max_running=3, max_active=20, max_per_day=500, max_priority=5)
UNLIMITED = Limits(max_running=None, max_active=None, max_per_day=None, max_priority=9)


def limits_of(owner_key: str) -> Limits:
    """The owner's own limits, else those for everybody of the sort; staff have none."""
    if owner_key.startswith(ANONYMOUS_PREFIX):
        return _stored(Q(applies_to=TaskLimit.AppliesTo.ANONYMOUS)) or ANONYMOUS
    if not owner_key.startswith(USER_PREFIX):
        return UNLIMITED
    user_id = int(owner_key.removeprefix(USER_PREFIX))
    if own := _stored(Q(user=user_id)):
        return own
    if User.objects.filter(pk=user_id, is_staff=True).exists():
        return UNLIMITED
    return _stored(Q(applies_to=TaskLimit.AppliesTo.USERS)) or USERS


def _stored(which: Q) -> Limits | None:
    row = TaskLimit.objects.filter(which).first()
    if row is None:
        return None
    return Limits(row.max_running, row.max_active, row.max_per_day, row.max_priority)


def lock(owner_key: str) -> None:
    """Have nobody else count or admit this owner's tasks until the end of the transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [owner_key])


def check_in(owner_key: str, priority: int, *, is_new: bool = True) -> bool:
    """
    Raise LimitExceeded if the owner may not have one more task; return whether it has a slot.

    The caller stores the task in the same transaction. One that is not new keeps the priority
    it has, which may be staff's doing.
    """
    limits = check_priority(owner_key, priority) if is_new else limits_of(owner_key)
    if limits == UNLIMITED:
        return True
    lock(owner_key)
    counts = _count(owner_key)
    if limits.max_active is not None and counts.active >= limits.max_active:
        text = ngettext(
            "You have %(count)d task waiting or running, as many as you may. Wait for its end.",
            "You have %(count)d tasks waiting or running, as many as you may. Wait for one to end.",
            counts.active,
        )
        message = text % {"count": counts.active}
        raise LimitExceeded(message, limit="max_active", retry_after=RETRY_ACTIVE)
    if is_new and limits.max_per_day is not None and counts.today >= limits.max_per_day:
        text = _("You have submitted %(count)d tasks in 24 hours, as many as you may.")
        message = text % {"count": counts.today}
        raise LimitExceeded(message, limit="max_per_day", retry_after=counts.until_one_leaves)
    return limits.max_running is None or counts.in_line < limits.max_running


def check_priority(owner_key: str, priority: int) -> Limits:
    """Raise PriorityRefused if the owner may not ask for this priority; return the limits."""
    limits = limits_of(owner_key)
    if priority > limits.max_priority:
        text = _("The highest priority you may ask for is %(highest)d.")
        raise PriorityRefused(text % {"highest": limits.max_priority})
    return limits


def may_wait(owner_key: str) -> bool:
    """Whether the owner is of a sort that has limits, and so may have tasks without a slot."""
    return owner_key.startswith((USER_PREFIX, ANONYMOUS_PREFIX))


def admit(owner_key: str) -> int:
    """Put the owner's next tasks in line, as many as there are slots; return how many."""
    lock(owner_key)
    waiting = TaskInfo.objects.of_owner(owner_key).waiting_for_a_slot()
    if not waiting.exists():
        return 0
    limits = limits_of(owner_key)
    free = ADMIT_AT_ONCE
    if limits.max_running is not None:
        free = min(free, max(0, limits.max_running - _count(owner_key).in_line))
    # What somebody else is changing at the moment (a cancel), is left to the next time.
    following = waiting.order_by("-priority", "created_at").select_for_update(skip_locked=True)
    tasks = list(following[:free])
    for task in tasks:
        entry = queue.put_in_line(task.pk, task.priority)
        TaskInfo.objects.filter(pk=task.pk).update(entry=entry, queued_at=Now())
    return len(tasks)


@dataclass(frozen=True)
class _Counts:
    """`in_line` counts queue entries, `until_one_leaves` is when the oldest is a day old."""

    active: int
    in_line: int
    today: int
    until_one_leaves: timedelta


def _count(owner_key: str) -> _Counts:
    tasks = TaskInfo.objects.of_owner(owner_key)
    counts = tasks.active().aggregate(active=Count("pk"), in_line=Count("entry"))
    there = _of_the_last_day(tasks)
    deleted = _of_the_last_day(DeletedTask.objects.filter(owner_key=owner_key))
    return _Counts(
        **counts,
        today=there["count"] + deleted["count"],
        until_one_leaves=min(there["until_one_leaves"], deleted["until_one_leaves"]),
    )


def _of_the_last_day(submitted: QuerySet[Any]) -> dict[str, Any]:
    return submitted.filter(created_at__gt=Now() - DAY).aggregate(
        count=Count("pk"), until_one_leaves=Coalesce(Min("created_at") + DAY - Now(), DAY)
    )
