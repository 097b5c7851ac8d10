"""
The queue: one row of Django-Q's table for each task that may be taken.

Django-Q delivers an entry by calling `runner.run`. The entry of a task goes in the commit that
ends the task, never because a delivery returned.
"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils import timezone
from django_q.brokers.orm import ORM
from django_q.conf import Conf as QConf
from django_q.models import OrmQ
from django_q.signing import SignedPackage

from tasks.models import TaskInfo


class PostgresBroker(ORM):  # type: ignore[misc]  # django-q2 has no types
    """Django-Q's ORM broker, except that an acknowledgement leaves the entries of tasks alone."""

    def delete(self, entry_id: int) -> None:
        # A late delivery, refused by `claim`, would else take the entry from the live attempt.
        self.get_connection().filter(pk=entry_id, task_info=None).delete()


def enqueue(task_id: UUID, kind: str, *, timeout: timedelta, delay: timedelta) -> OrmQ:
    """Make the entry from which a worker takes the task, after `delay`. The caller commits."""
    package = {
        "id": task_id.hex,
        "name": str(task_id),
        "group": kind,
        "func": "tasks.runner.run",
        "args": (str(task_id),),
        "kwargs": {},
        "timeout": int(timeout.total_seconds()),
        "ack_failure": True,
        "started": timezone.now(),
    }
    return OrmQ.objects.create(
        key=QConf.CLUSTER_NAME, payload=SignedPackage.dumps(package), lock=Now() + delay
    )


def remove_entries(tasks: QuerySet[TaskInfo]) -> None:
    """Take the entries of `tasks` out of the queue; the foreign key empties their `entry`."""
    OrmQ.objects.filter(pk__in=tasks.values("entry")).delete()
