"""Rows for tests: valid by default, keyword overrides only."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db.models.functions import Now

from tasks import broker
from tasks.models import TaskInfo, TaskStatus
from tasks.owners import Owner
from tasks.registry import Submission, task_handler
from tasks.runner import RunningTask

ECHO = "tests.echo"
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
        task.entry = broker.enqueue(
            task.pk, ECHO, timeout=timedelta(seconds=30), delay=timedelta(0)
        )
        task.save(update_fields=["entry"])
    return TaskInfo.objects.get(pk=task.pk)


def make_running_task(**overrides: Any) -> TaskInfo:
    """A task in its first attempt, which began just now."""
    return make_task(
        **{"status": TaskStatus.RUNNING, "attempt": 1, "started_at": Now()} | overrides
    )


def make_user(name: str = "ana", **overrides: Any) -> User:
    return User.objects.create_user(name, **overrides)
