"""
The entries of the queue: one row of Django-Q's table for each task that may be taken.

`lock` is the instant from which an entry may be taken, and the order in which entries are
taken. Whoever takes one moves it a lease ahead and so holds it. The entry of a task goes in
the commit that ends the task.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import DurationField, ExpressionWrapper, F, OuterRef, Subquery, Value
from django.db.models.functions import Now
from django.utils import timezone
from django_q.conf import Conf as QConf
from django_q.models import OrmQ
from django_q.signing import SignedPackage

from tasks import wire
from tasks.conf import get_conf
from tasks.models import TaskInfo


@dataclass(frozen=True)
class Delivery:
    """
    One taking of a task's entry.

    `leased_until` is the entry's lock as the taker wrote it: whoever takes the entry later
    writes another one, so a delivery that comes late is known by it.
    """

    task_id: UUID
    entry_id: int
    leased_until: datetime


def put_in_line(task_id: UUID, priority: int) -> OrmQ:
    """
    Make the entry of a task at the end of its priority's line. The caller commits, and writes
    the entry and `queued_at` to the task.

    Its place is this instant less a head start for the priority. It does not change while the
    task lives: a task that comes back stands where it stood.
    """
    lock = Now() - priority * get_conf().priority_head_start
    entry = OrmQ.objects.create(key=QConf.CLUSTER_NAME, payload=_package(task_id), lock=lock)
    wire.notify_on_commit(wire.QUEUE)
    return entry


def return_to_place(task_id: UUID) -> None:
    """Let a waiting task be taken again, at its place in line. The caller commits."""
    task = TaskInfo.objects.filter(entry=OuterRef("pk"))
    head_start = Value(get_conf().priority_head_start)
    earlier_by = ExpressionWrapper(F("priority") * head_start, DurationField())
    place = task.values(place=F("queued_at") - earlier_by)
    OrmQ.objects.filter(task_info=task_id).update(lock=Subquery(place))
    wire.notify_on_commit(wire.QUEUE)


def put_off(task_id: UUID, by: timedelta) -> None:
    """
    Let nobody take the task before. The caller commits.

    It gets another entry: the one that was taken counts as a busy worker while it is locked.
    """
    taken = OrmQ.objects.filter(task_info=task_id)
    entry_ids = list(taken.values_list("pk", flat=True))
    entry = OrmQ.objects.create(key=QConf.CLUSTER_NAME, payload=_package(task_id), lock=Now() + by)
    TaskInfo.objects.filter(pk=task_id).update(entry=entry)
    OrmQ.objects.filter(pk__in=entry_ids).delete()


def return_lapsed(within: timedelta | None) -> None:
    """
    Put the entries of dead workers, and retries that are due, at their tasks' places in line.

    Their lock has just run out, which would be the end of the line. Looks at what ran out
    `within` this long, or ever.
    """
    terms: dict[str, Any] = {
        "key": QConf.CLUSTER_NAME,
        "within": within,
        "head_start": get_conf().priority_head_start,
    }
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH lapsed AS (
                SELECT entry.id, task.queued_at - task.priority * %(head_start)s AS place
                FROM django_q_ormq AS entry JOIN tasks_taskinfo AS task ON task.entry_id = entry.id
                WHERE entry.key = %(key)s AND entry.lock <= now()
                    AND entry.lock > COALESCE(now() - %(within)s::interval, '-infinity')
                    AND entry.lock > task.queued_at - task.priority * %(head_start)s
                FOR UPDATE OF entry SKIP LOCKED
            )
            UPDATE django_q_ormq AS entry SET lock = lapsed.place
            FROM lapsed WHERE entry.id = lapsed.id
            """,
            terms,
        )


def put_back(delivery: Delivery) -> None:
    """Make an entry visible again that was taken but not begun, unless somebody else has it."""
    taken = OrmQ.objects.filter(pk=delivery.entry_id, lock=delivery.leased_until)
    if taken.update(lock=Now()):
        wire.notify(wire.QUEUE)


def package_of(delivery: Delivery) -> str:
    """What Django-Q hands to a worker: the call that runs the task for this delivery."""
    return _package(delivery.task_id, delivery.entry_id, delivery.leased_until.isoformat())


def _package(task_id: UUID, *delivery: Any) -> str:
    call = {
        "id": task_id.hex,
        "name": str(task_id),
        "func": "tasks.runner.run",
        "args": (str(task_id), *delivery),
        "kwargs": {},
        # The lease thread ends what takes too long, and says so in the task.
        "timeout": -1,
        "started": timezone.now(),
    }
    signed: str = SignedPackage.dumps(call)
    return signed
