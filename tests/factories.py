"""Rows for tests: valid by default, keyword overrides only."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db.models.functions import Now
from django_q.models import OrmQ

from tasks import queue, runner
from tasks.claims import Claim
from tasks.conf import get_conf
from tasks.models import TaskInfo, TaskStatus
from tasks.owners import COMMAND_LINE, Owner
from tasks.queue import Delivery
from tasks.registry import Submission, task_handler
from tasks.runner import RunningTask

ECHO = "tests.echo"
#: Has no limits.
OPERATOR = COMMAND_LINE
ANYBODY = Owner("ip:somebody")


def _prepare(params: Any) -> Submission:
    return Submission(params=dict(params), description="Echo", language="en")


@task_handler(ECHO, prepare=_prepare, timeout=timedelta(seconds=30), max_attempts=2)
def echo(task: RunningTask, params: dict[str, Any]) -> dict[str, Any]:
    """A task that returns its parameters."""
    return params


def make_task(**overrides: Any) -> TaskInfo:
    """A pending task of an anonymous caller, in the queue."""
    fields: dict[str, Any] = {
        "kind": ECHO,
        "description": "Echo",
        "params": {},
        "language": "en",
        "owner_key": ANYBODY.key,
        "max_attempts": 2,
    }
    task = TaskInfo.objects.create(**fields | overrides)
    if task.status in ("pending", "running") and "entry" not in overrides:
        task.entry = queue.put_in_line(task.pk, 5)
        task.queued_at = Now()
        task.save(update_fields=["entry", "queued_at"])
    return TaskInfo.objects.get(pk=task.pk)


def deliver(task: TaskInfo) -> Delivery:
    """Take the task's entry as a broker does, whoever has it now."""
    entries = OrmQ.objects.filter(task_info=task.pk)
    assert entries.update(lock=Now() + get_conf().lease)
    entry = entries.get()
    return Delivery(task.pk, entry.pk, entry.lock)


def make_running_task(**overrides: Any) -> TaskInfo:
    """A task in its first attempt, which began just now and holds its lease."""
    task = make_task(
        **{"status": TaskStatus.RUNNING, "attempt": 1, "started_at": Now()} | overrides
    )
    OrmQ.objects.filter(task_info=task.pk).update(lock=Now() + get_conf().lease)
    return task


def call(delivery: Delivery) -> None:
    """Run the task as a worker of Django-Q does. Needs a transactional test: two connections."""
    arguments = delivery.entry_id, delivery.leased_until.isoformat()
    runner.run(str(delivery.task_id), *arguments)


def claim_of(task: TaskInfo, attempt: int | None = None) -> Claim:
    """The claim of the attempt that runs, or one that is like it but for the attempt's number."""
    started_at = task.started_at or datetime.now(UTC)
    return Claim(task.pk, attempt or task.attempt, started_at, task.owner_key)


def make_user(name: str = "ana", **overrides: Any) -> User:
    return User.objects.create_user(name, **overrides)
