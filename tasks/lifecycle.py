"""
Every change of a task's state: one function per verb, each one short transaction.

A transition is one guarded UPDATE; when it changes no row, somebody else was faster, and
that is an answer (TransitionRefused, LeaseLost). A worker speaks only through the Claim it
was given. `docs/task-lifecycle.md` has the diagram.

What a crash of PostgreSQL may forget (claims, progress, messages) commits without waiting
for the disk; a submission, a finished step and an end wait. Notifications follow the commit.

Where the ORM is not enough the statement is in `tasks.lifecycle_sql`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from django.db import IntegrityError, connection, transaction
from django.db.models import F, Q
from django.db.models.functions import Now

from tasks import context, limits, metrics, processes, queue, registry, wire
from tasks.claims import IS_CLAIMED, Claim, Claimed, lost, owned
from tasks.conf import get_conf
from tasks.exceptions import TransitionRefused
from tasks.idempotency import hash_of, submitted_with
from tasks.lifecycle_sql import CLAIM, END, EXTEND_LEASE, SETTLE, TOUCH
from tasks.messages import Message, append, columns
from tasks.models import ACTIVE, FINAL, DeletedTask, TaskInfo, TaskStatus, TaskStep
from tasks.owners import Owner
from tasks.queue import Delivery
from tasks.sql import fetch_one

DEFAULT_PRIORITY = 5
CANCEL_REASON_LENGTH = 200
DIED_EACH_TIME = (
    "The worker died each time it ran this task (killed, or out of memory), and no attempts are"
    " left. The worker's log may say more."
)


def submit(
    kind: str,
    params: Mapping[str, Any],
    *,
    owner: Owner,
    priority: int = DEFAULT_PRIORITY,
    idempotency_key: str | None = None,
) -> TaskInfo:
    """
    Accept a task: it and its queue entry are on disk when this returns.

    Over `max_running` it waits without an entry, until a task of the same owner ends. If the
    kind has the result already, it is born completed. With an idempotency key the owner has
    used before, the task of that time is returned. Raises UnknownKind, LimitExceeded,
    PriorityRefused, IdempotencyKeyReused, and what the kind's `prepare` raises about the
    parameters.
    """
    body_hash = hash_of(kind, params) if idempotency_key else ""
    if idempotency_key and (earlier := submitted_with(idempotency_key, body_hash, owner)):
        return earlier
    handler = registry.handler_of(kind, is_trusted=owner.is_trusted)
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
        priority=priority,
        idempotency_key=idempotency_key,
        body_hash=body_hash,
        request_id=context.request_id(),
    )
    try:
        if submission.result is None:
            _accept(task, owner)
        else:
            _give_birth_completed(task, submission)
    except IntegrityError:
        # Somebody was faster with the same key; without a key it is a fault of ours.
        earlier = submitted_with(idempotency_key, body_hash, owner)
        if earlier is None:
            raise
        return earlier
    return TaskInfo.objects.get(pk=task.pk)


@transaction.atomic
def _accept(task: TaskInfo, owner: Owner) -> None:
    has_slot = limits.check_in(owner.key, task.priority)
    if has_slot:
        task.entry = queue.put_in_line(task.pk, task.priority)
        task.queued_at = Now()
    task.save(force_insert=True)
    metrics.after_commit(lambda: metrics.SUBMITTED.add(task.kind))


@transaction.atomic
def _give_birth_completed(task: TaskInfo, submission: registry.Submission) -> None:
    task.status = TaskStatus.COMPLETED
    task.progress = 100
    task.result = submission.result
    task.completed_at = Now()
    task.save(force_insert=True)
    append(task.pk, [Message(submission.message)])
    metrics.after_commit(lambda: metrics.SUBMITTED.add(task.kind))
    metrics.after_commit(lambda: metrics.FINISHED.add(task.kind, str(task.status)))


def claim(delivery: Delivery) -> Claimed:
    """
    Begin the next attempt: of a waiting task, or of a running one whose worker is dead.

    The delivery must be the latest of the task's entry, and is used up: the lease begins anew
    here and with each heartbeat. Raises TransitionRefused if it is not, if no attempts are
    left, or if a cancel has been asked for.
    """
    row = fetch_one(
        CLAIM,
        {
            "task": delivery.task_id,
            "entry": delivery.entry_id,
            "leased_until": delivery.leased_until,
            "lease": get_conf().lease,
            "worker": here.id if (here := processes.here()) else None,
        },
    )
    if row is None:
        raise _refusal(delivery.task_id, "claim")
    wire.tell_changed(delivery.task_id)
    attempt, started_at, kind, params, language, max_attempts, owner_key, request_id, *rest = row
    was, waited, _ = rest
    measured = metrics.PICK_UP if was == TaskStatus.PENDING else metrics.RECOVERY
    metrics.after_commit(lambda: measured.observe(waited, kind))
    claim = Claim(delivery.task_id, attempt, started_at, owner_key)
    return Claimed(claim, kind, json.loads(params), language, max_attempts, request_id)


def extend_lease(claim: Claim) -> bool:
    """
    Hold the task's entry for another lease; return whether a cancel has been asked for.

    Raises LeaseLost if the attempt is over.
    """
    row = fetch_one(
        EXTEND_LEASE,
        {
            "lease": get_conf().lease,
            "id": claim.task_id,
            "attempt": claim.attempt,
            "started_at": claim.started_at,
        },
    )
    if row is None:
        raise lost(claim)
    return bool(row[0])


@transaction.atomic
def report(claim: Claim, *, progress: int = 0, messages: Sequence[Message] = ()) -> None:
    """
    Show how far the attempt is. `progress` is 0-100; less than before changes nothing.

    Raises LeaseLost if the attempt is over.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL synchronous_commit TO off")
    _touch(claim, progress, messages)


@transaction.atomic
def keep_step(
    claim: Claim,
    name: str,
    version: int,
    value: Any,
    *,
    progress: int = 0,
    messages: Sequence[Message] = (),
) -> None:
    """Store what a step returned, for good, with what it says. Raises LeaseLost."""
    _touch(claim, progress, messages)
    TaskStep.objects.update_or_create(
        task_id=claim.task_id, name=name, defaults={"version": version, "value": value}
    )


def complete(
    claim: Claim, result: Any, *, progress: int = 100, messages: Sequence[Message] = ()
) -> None:
    """Finish the claimed attempt. Raises LeaseLost if another has it now."""
    text = json.dumps(result, allow_nan=False)
    _finish(claim, TaskStatus.COMPLETED, messages, progress=100, result=text)


def fail(claim: Claim, error: str, *, progress: int = 0, messages: Sequence[Message] = ()) -> None:
    """End the claimed attempt, and the task with it. Raises LeaseLost."""
    _finish(claim, TaskStatus.FAILED, messages, progress=progress, error=error)


def finish_cancel(claim: Claim, *, progress: int = 0, messages: Sequence[Message] = ()) -> None:
    """End the claimed attempt as its cancel was asked for. Raises LeaseLost."""
    where = f"{IS_CLAIMED} AND cancel_requested_at IS NOT NULL"
    _finish(claim, TaskStatus.CANCELED, messages, where=where, progress=progress)


@transaction.atomic
def cancel(task_id: UUID, *, reason: str) -> None:
    """
    End a waiting task, or have the worker of a running one end it.

    `reason` says who wants it and why; the first one is kept. What is canceled already stays
    so. Raises TransitionRefused if the task has ended otherwise, or is not there.
    """
    wanted = {"cancel_requested_at": Now(), "cancel_reason": reason[:CANCEL_REASON_LENGTH]}
    task = TaskInfo.objects.filter(pk=task_id)
    if task.filter(status=TaskStatus.PENDING).update(**wanted):
        # The row is ours until the commit, so nobody can have claimed it meanwhile.
        owner_key = _end("id = %s AND status = 'pending'", [task_id], TaskStatus.CANCELED)
        _admit_next(owner_key)
        return
    running = task.filter(status=TaskStatus.RUNNING)
    if running.filter(cancel_requested_at=None).update(
        **wanted, updated_at=Now(), version=F("version") + 1
    ):
        wire.notify_on_commit(wire.CANCEL, str(task_id))
        wire.tell_changed(task_id)
    elif not task.filter(
        Q(status=TaskStatus.CANCELED) | Q(cancel_requested_at__isnull=False, status__in=ACTIVE)
    ).exists():
        raise _refusal(task_id, "cancel")


@transaction.atomic
def settle(delivery: Delivery) -> str:
    """
    End a task whose worker died and that must not run again; return its final status.

    Canceled if that was asked for, failed if the dead attempt was the last. Raises
    TransitionRefused if the delivery is not the latest or the task may run.
    """
    row = fetch_one(SETTLE, [delivery.task_id, delivery.entry_id, delivery.leased_until])
    if row is None:
        raise _refusal(delivery.task_id, "settle")
    (is_canceled,) = row
    final = TaskStatus.CANCELED if is_canceled else TaskStatus.FAILED
    error = "" if is_canceled else DIED_EACH_TIME
    where = "id = %s AND status IN ('pending', 'running')"
    owner_key = _end(where, [delivery.task_id], final, error=error)
    _admit_next(owner_key)
    return str(final)


@transaction.atomic
def retry_later(
    claim: Claim, delay: timedelta, *, progress: int = 0, messages: Sequence[Message] = ()
) -> None:
    """Give the attempt up for an error that may pass; the next begins after `delay`. LeaseLost."""
    _hand_back(claim, progress, messages, retry_at=Now() + delay)
    queue.put_off(claim.task_id, delay)


@transaction.atomic
def release(claim: Claim, *, progress: int = 0, messages: Sequence[Message] = ()) -> None:
    """
    Hand the task back at its place in line, as in a deploy. Raises LeaseLost.

    The attempt does not count: there may be one more. Its number is not used again, so that
    nothing this worker still says can be taken for the next one's.
    """
    _hand_back(claim, progress, messages, max_attempts=F("max_attempts") + 1)
    queue.return_to_place(claim.task_id)


@transaction.atomic
def resume(task_id: UUID) -> None:
    """
    Have a failed or canceled task run again, from its last finished step.

    It gets as many attempts as a new one. A waiting or running task stays as it is. Raises
    TransitionRefused if the task is completed or not there, LimitExceeded.
    """
    task = TaskInfo.objects.filter(pk=task_id).select_for_update().first()
    if task is None or task.status == TaskStatus.COMPLETED:
        raise _refusal(task_id, "resume")
    if task.status in ACTIVE:
        return
    has_slot = limits.check_in(task.owner_key, task.priority, is_new=False)
    entry = queue.put_in_line(task.pk, task.priority) if has_slot else None
    TaskInfo.objects.filter(pk=task_id).update(
        status=TaskStatus.PENDING,
        entry=entry,
        queued_at=Now() if has_slot else None,
        max_attempts=F("attempt") + registry.handler_of(task.kind).max_attempts,
        completed_at=None,
        cancel_requested_at=None,
        cancel_reason="",
        error="",
        updated_at=Now(),
        version=F("version") + 1,
    )
    wire.tell_changed(task_id)


@transaction.atomic
def set_priority(task_id: UUID, priority: int, *, asked_by: str) -> None:
    """
    Move an active task forward or back in line. `priority` is 0-9, 9 first.

    How high it may be is a matter of the one who asks, by owner key. A task that runs keeps
    running and has its new place if it comes back. Raises TransitionRefused, PriorityRefused.
    """
    active = TaskInfo.objects.filter(pk=task_id).active()
    task = active.select_for_update().first()
    if task is None:
        raise _refusal(task_id, "reprioritize")
    limits.check_priority(asked_by, priority)
    active.update(priority=priority, updated_at=Now(), version=F("version") + 1)
    wire.tell_changed(task_id)
    if task.status == TaskStatus.PENDING and task.retry_at is None:
        queue.return_to_place(task_id)


@transaction.atomic
def delete(task_id: UUID) -> None:
    """
    Remove an ended task with all it has said and made. The limit a day goes on counting it.

    Raises TransitionRefused if it has not ended, or is not there.
    """
    task = TaskInfo.objects.filter(pk=task_id, status__in=FINAL).select_for_update().first()
    if task is None:
        raise _refusal(task_id, "delete")
    DeletedTask.objects.create(owner_key=task.owner_key, created_at=task.created_at)
    task.delete()
    wire.tell_changed(task_id)


@transaction.atomic
def _hand_back(claim: Claim, progress: int, messages: Sequence[Message], **changes: Any) -> None:
    _touch(claim, progress, messages)
    owned(claim).update(status=TaskStatus.PENDING, started_at=None, **changes)


def _finish(
    claim: Claim,
    status: TaskStatus,
    messages: Sequence[Message],
    *,
    where: str = IS_CLAIMED,
    **changes: Any,
) -> None:
    """One statement; for an owner with slots, with the admission of the next in one commit."""
    with transaction.atomic() if limits.may_wait(claim.owner_key) else nullcontext():
        if _end(where, claim.terms, status, messages, **changes) is None:
            raise lost(claim)
        _admit_next(claim.owner_key)


def _end(
    where: str,
    terms: Sequence[Any],
    after: TaskStatus,
    messages: Sequence[Message] = (),
    *,
    progress: int = 0,
    result: str | None = None,
    error: str = "",
) -> str | None:
    """
    Move the one task that is `where` to a final status and out of the queue, with its last words.

    Returns its owner's key, or None if no task is as said. `result` is JSON text.
    """
    count = len(messages)
    terms = [*terms, str(after), progress, result, error, count, count, *columns(messages)]
    row = fetch_one(END.format(where=where), terms)
    if row is None:
        return None
    task_id, owner_key, *measured = row
    wire.tell_changed(task_id)
    metrics.after_commit(lambda: _count_end(after, *measured))
    return str(owner_key)


def _count_end(
    status: TaskStatus,
    kind: str,
    total: timedelta,
    run: timedelta | None,
    cancel: timedelta | None,
) -> None:
    """`run` is None for a task that was not running, `cancel` for one that nobody canceled."""
    metrics.FINISHED.add(kind, str(status))
    metrics.TOTAL.observe(total, kind, str(status))
    if run is None:
        return
    metrics.RUN.observe(run, kind, str(status))
    if status == TaskStatus.CANCELED and cancel is not None:
        metrics.CANCEL.observe(cancel, kind)


def _admit_next(owner_key: str | None) -> None:
    """Give the slot that has come free to the owner's next task, in the same commit."""
    if owner_key and limits.may_wait(owner_key):
        limits.admit(owner_key)


def _touch(claim: Claim, progress: int, messages: Sequence[Message]) -> None:
    """Show progress and lines, and keep the row locked until the commit. Raises LeaseLost."""
    count = len(messages)
    row = fetch_one(TOUCH, [progress, count, *claim.terms, count, *columns(messages)])
    if row is None:
        raise lost(claim)
    wire.tell_changed(claim.task_id)


def _refusal(task_id: UUID, verb: str) -> TransitionRefused:
    status = TaskInfo.objects.filter(pk=task_id).values_list("status", flat=True).first()
    return TransitionRefused(task_id, verb, status or "unknown")
