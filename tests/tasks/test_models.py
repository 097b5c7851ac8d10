from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models.functions import Now
from django_q.models import OrmQ

from tasks.models import FINAL, TaskInfo, TaskInfoQuerySet, TaskMessage, TaskStatus, TaskStep
from tests.factories import make_running_task, make_task

pytestmark = pytest.mark.django_db

IMPOSSIBLE: dict[str, dict[str, Any]] = {
    "status_known": {"status": "happy"},
    "progress_0_to_100": {"progress": 101},
    "priority_0_to_9": {"priority": 10},
    "completed_at_iff_final": {"status": "completed", "entry": None},
    "completed_at_iff_final ": {"status": "pending", "completed_at": Now()},
    "no_entry_when_final": {"status": "failed", "completed_at": Now()},
    "attempt_within_max": {"attempt": 3},
}


@pytest.mark.parametrize("constraint", IMPOSSIBLE)
def test_the_database_refuses_an_impossible_task(constraint: str) -> None:
    task = make_task()
    with pytest.raises(IntegrityError, match=constraint.strip()), transaction.atomic():
        TaskInfo.objects.filter(pk=task.pk).update(**IMPOSSIBLE[constraint])


@pytest.mark.parametrize(
    ("tasks", "index"),
    [
        (TaskInfo.objects.active(), "unfinished"),
        (TaskInfo.objects.active().filter(status=TaskStatus.RUNNING), "unfinished"),
        (TaskInfo.objects.of_owner("user:1").active(), "unfinished"),
        (
            TaskInfo.objects.of_owner("user:1")
            .waiting_for_a_slot()
            .order_by("-priority", "created_at"),
            "without_slot",
        ),
        (TaskInfo.objects.ended_as(TaskStatus.COMPLETED).order_by("completed_at"), "ended_as"),
        (TaskInfo.objects.ended_as(TaskStatus.FAILED).order_by("completed_at"), "ended_as"),
        (TaskInfo.objects.filter(ended_as__in=FINAL, completed_at__gt=Now()), "ended_as"),
    ],
    ids=["active", "running", "of_owner", "waiting", "completed", "failed", "lately"],
)
def test_what_is_asked_for_has_an_index(tasks: TaskInfoQuerySet, index: str) -> None:
    with connection.cursor() as cursor:
        for way in ("seqscan", "bitmapscan", "sort"):
            cursor.execute(f"SET LOCAL enable_{way} TO off")
        # A plan for any value, as it is kept for what is asked often.
        cursor.execute("SET LOCAL plan_cache_mode TO force_generic_plan")
    assert f"tasks_taskinfo_{index}" in tasks.explain()


def test_a_message_number_stands_once_in_a_task() -> None:
    task = make_running_task()
    TaskMessage.objects.create(task=task, seq=1, time=Now(), message="a")
    with pytest.raises(IntegrityError, match="seq_once"), transaction.atomic():
        TaskMessage.objects.create(task=task, seq=1, time=Now(), message="b")


def test_a_step_stands_once_in_a_task() -> None:
    task = make_running_task()
    TaskStep.objects.create(task=task, name="outline", value=None)
    with pytest.raises(IntegrityError, match="name_once"), transaction.atomic():
        TaskStep.objects.create(task=task, name="outline", value=None)


def test_an_idempotency_key_stands_once_for_an_owner() -> None:
    make_task(idempotency_key="k", owner_key="user:1")
    make_task(idempotency_key="k", owner_key="user:2")
    make_task(idempotency_key=None, owner_key="user:1")
    with pytest.raises(IntegrityError, match="idempotency_key"), transaction.atomic():
        make_task(idempotency_key="k", owner_key="user:1")


def test_whoever_deletes_a_queue_entry_leaves_the_task() -> None:
    task = make_task()
    OrmQ.objects.all().delete()
    task.refresh_from_db()
    assert (task.status, task.entry) == ("pending", None)


def test_a_task_takes_its_messages_and_steps_along() -> None:
    task = make_running_task()
    TaskMessage.objects.create(task=task, seq=1, time=Now(), message="a")
    TaskStep.objects.create(task=task, name="outline", value=None)
    task.delete()
    assert not TaskMessage.objects.exists()
    assert not TaskStep.objects.exists()
