"""
Every change of a task's state: one function per verb, each one short transaction.

A transition is one guarded UPDATE; when it changes no row, somebody else was faster, and
that is an answer (TransitionRefused, LeaseLost). A worker speaks only through the Claim it
was given. `docs/task-lifecycle.md` has the diagram.

What a crash of PostgreSQL may forget (claims, progress, messages) commits without waiting
for the disk; a submission, a finished step and an end wait.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from django.db import connection, transaction
from django.db.models import F, Max, QuerySet
from django.db.models.functions import Greatest, Now

from tasks import broker, registry
from tasks.conf import get_conf
from tasks.exceptions import LeaseLost, TransitionRefused
from tasks.models import TaskInfo, TaskMessage, TaskStatus, TaskStep
from tasks.owners import Owner

NOW = timedelta(0)


@dataclass(frozen=True)
class Claim:
    """Proof that a worker owns one attempt of one task."""

    task_id: UUID
    attempt: int


@dataclass(frozen=True)
class Message:
    """One line for people, in the task's language, said `age` ago."""

    text: str
    level: str = TaskMessage.Level.INFO
    age: timedelta = NOW


def submit(
    kind: str, params: Mapping[str, Any], *, owner: Owner, priority: int | None = None
) -> TaskInfo:
    """
    Accept a task: it and its queue entry are on disk when this returns.

    If the kind has the result already, the task is born completed. Raises UnknownKind,
    and what the kind's `prepare` raises about the parameters.
    """
    handler = registry.handler_of(kind)
    submission = handler.prepare(params)
    task = TaskInfo(
        id=uuid4(),
        kind=kind,
        description=submission.description,
        params=submission.params,
        language=submission.language,
        owner=owner.user,
        owner_key=owner.key,
        max_attempts=handler.max_attempts,
    )
    if priority is not None:
        task.priority = priority
    if submission.result is None:
        _put_in_line(task, handler)
    else:
        _give_birth_completed(task, submission)
    return TaskInfo.objects.get(pk=task.pk)


@transaction.atomic
def _put_in_line(task: TaskInfo, handler: registry.TaskHandler) -> None:
    task.entry = broker.enqueue(task.pk, task.kind, timeout=handler.timeout, delay=NOW)
    task.save(force_insert=True)


@transaction.atomic
def _give_birth_completed(task: TaskInfo, submission: registry.Submission) -> None:
    task.status = TaskStatus.COMPLETED
    task.progress = 100
    task.result = submission.result
    task.completed_at = Now()
    task.save(force_insert=True)
    _append(task.pk, [Message(submission.message)])


@transaction.atomic
def claim(task_id: UUID) -> Claim:
    """
    Begin the next attempt: of a waiting task, or of a running one whose worker is dead.

    Raises TransitionRefused if it is neither or if no attempts are left.
    """
    _need_not_reach_the_disk()
    task = TaskInfo.objects.filter(pk=task_id)
    claimed = task.claimable(get_conf().lease).update(
        status=TaskStatus.RUNNING,
        attempt=F("attempt") + 1,
        started_at=Now(),
        updated_at=Now(),
        version=F("version") + 1,
    )
    if not claimed:
        raise _refusal(task_id, "claim")
    # The row is locked by our UPDATE until the commit: this reads what it wrote.
    return Claim(task_id, task.values_list("attempt", flat=True).get())


@transaction.atomic
def exhaust(task_id: UUID) -> None:
    """Fail a task whose last attempt died with its worker. TransitionRefused if it did not."""
    dead = TaskInfo.objects.filter(pk=task_id).exhausted(get_conf().lease)
    error = (
        "The worker died each time it ran this task (killed, or out of memory), and no attempts"
        " are left. The worker's log may say more."
    )
    if not _end(dead, TaskStatus.FAILED, error=error):
        raise _refusal(task_id, "exhaust")


@transaction.atomic
def report(claim: Claim, *, progress: int | None = None, messages: Sequence[Message] = ()) -> None:
    """
    Show how far the attempt is. `progress` is 0-100; less than before changes nothing.

    Raises LeaseLost if the attempt is over.
    """
    _need_not_reach_the_disk()
    _touch(claim, progress)
    _append(claim.task_id, messages)


@transaction.atomic
def keep_step(
    claim: Claim,
    name: str,
    value: Any,
    *,
    progress: int | None = None,
    messages: Sequence[Message] = (),
) -> None:
    """Store what a step returned, for good, with what it says. Raises LeaseLost."""
    _touch(claim, progress)
    TaskStep.objects.create(task_id=claim.task_id, name=name, value=value)
    _append(claim.task_id, messages)


def complete(claim: Claim, result: Any, *, messages: Sequence[Message] = ()) -> None:
    """Finish the claimed attempt. Raises LeaseLost if another has it now."""
    _finish(claim, TaskStatus.COMPLETED, messages, result=result, progress=100)


def fail(claim: Claim, error: str, *, messages: Sequence[Message] = ()) -> None:
    """End the claimed attempt, and the task with it. Raises LeaseLost."""
    _finish(claim, TaskStatus.FAILED, messages, error=error)


@transaction.atomic
def cancel(task_id: UUID, *, reason: str) -> None:
    """End a waiting task. `reason` says who wanted it and why. Raises TransitionRefused."""
    waiting = TaskInfo.objects.filter(pk=task_id, status=TaskStatus.PENDING)
    if not _end(waiting, TaskStatus.CANCELED, cancel_requested_at=Now(), cancel_reason=reason):
        raise _refusal(task_id, "cancel")


def retry_later(claim: Claim, delay: timedelta, *, messages: Sequence[Message] = ()) -> None:
    """Give the attempt up for an error that may pass; the next begins after `delay`. LeaseLost."""
    _hand_back(claim, messages, delay=delay)


def release(claim: Claim, *, messages: Sequence[Message] = ()) -> None:
    """Hand the task back unharmed, as in a deploy: the attempt does not count. LeaseLost."""
    _hand_back(claim, messages, delay=NOW, attempt=F("attempt") - 1)


@transaction.atomic
def _hand_back(
    claim: Claim, messages: Sequence[Message], *, delay: timedelta, **changes: Any
) -> None:
    _touch(claim)
    task = _owned(claim).get()
    # A new entry: Django-Q removes the one it delivered as soon as the worker returns.
    broker.remove_entries(_owned(claim))
    timeout = registry.handler_of(task.kind).timeout
    entry = broker.enqueue(task.pk, task.kind, timeout=timeout, delay=delay)
    _append(task.pk, messages)
    _owned(claim).update(status=TaskStatus.PENDING, entry=entry, started_at=None, **changes)


@transaction.atomic
def _finish(claim: Claim, status: TaskStatus, messages: Sequence[Message], **changes: Any) -> None:
    if not _end(_owned(claim), status, **changes):
        raise _lost(claim)
    _append(claim.task_id, messages)


def _end(tasks: QuerySet[TaskInfo], status: TaskStatus, **changes: Any) -> int:
    """
    Move what `tasks` still matches to a final status and out of the queue; return how many.

    The caller rolls back when that is none, and with it the removal.
    """
    broker.remove_entries(tasks)
    return tasks.update(
        status=status,
        entry=None,
        completed_at=Now(),
        updated_at=Now(),
        version=F("version") + 1,
        **changes,
    )


def _owned(claim: Claim) -> QuerySet[TaskInfo]:
    return TaskInfo.objects.filter(
        pk=claim.task_id, status=TaskStatus.RUNNING, attempt=claim.attempt
    )


def _touch(claim: Claim, progress: int | None = None) -> None:
    """Mark a visible change and keep the row locked until the commit. Raises LeaseLost."""
    touched = _owned(claim).update(
        progress=Greatest(F("progress"), progress or 0), version=F("version") + 1, updated_at=Now()
    )
    if not touched:
        raise _lost(claim)


def _append(task_id: UUID, messages: Sequence[Message]) -> None:
    """Add `messages` after those there are; the task's row lock, which the caller has, orders."""
    if not messages:
        return
    last = TaskMessage.objects.filter(task_id=task_id).aggregate(last=Max("seq"))["last"] or 0
    TaskMessage.objects.bulk_create(
        TaskMessage(
            task_id=task_id,
            seq=seq,
            time=Now() - message.age,
            level=message.level,
            message=message.text,
        )
        for seq, message in enumerate(messages, start=last + 1)
    )


def _lost(claim: Claim) -> LeaseLost:
    return LeaseLost(f"task {claim.task_id} attempt {claim.attempt} is not this worker's any more")


def _refusal(task_id: UUID, verb: str) -> TransitionRefused:
    status = TaskInfo.objects.filter(pk=task_id).values_list("status", flat=True).first()
    return TransitionRefused(task_id, verb, status or "unknown")


def _need_not_reach_the_disk() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL synchronous_commit TO off")
