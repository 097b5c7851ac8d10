"""
Runs one task inside a Django-Q worker: claim, handler, outcome.

Django-Q calls `run`; what the handler does to the task goes through its RunningTask.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, TypeVar, cast
from uuid import UUID

import psycopg
from django.db import DEFAULT_DB_ALIAS, DataError, InterfaceError, OperationalError, connections
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tasks import context, lifecycle, metrics, queue, registry, retry, wire
from tasks.claims import Claimed
from tasks.exceptions import LeaseLost, TaskFailed, TransitionRefused, UnknownKind
from tasks.lease import Attempt, Interrupted, Keeper, Reason, keeper
from tasks.messages import Message
from tasks.models import TaskMessage, TaskStep
from tasks.queue import Delivery
from tasks.registry import TaskHandler

logger = logging.getLogger(__name__)

Value = TypeVar("Value")

#: How long an outcome is held while the database does not answer.
OUTCOME_PATIENCE_SECONDS = 300
#: How long a task of an unknown kind waits for a worker that knows it.
UNKNOWN_KIND_DELAY = timedelta(seconds=30)


class RunningTask:
    """What a handler sees of the attempt it runs. An attempt that is over raises Interrupted."""

    def __init__(self, attempt: Attempt) -> None:
        self._attempt = attempt

    @cached_property
    def _kept(self) -> dict[tuple[str, int], Any]:
        """The values of earlier attempts' steps by name and version; read at the first step."""
        if self._attempt.claim.attempt == 1:
            return {}
        steps = TaskStep.objects.filter(task_id=self._attempt.claim.task_id)
        rows = steps.values_list("name", "version", "value")
        return {(name, version): value for name, version, value in rows}

    def report(
        self, progress: int = 0, message: str = "", *, level: str = TaskMessage.Level.INFO
    ) -> None:
        """
        Show progress (0-100, never falls) and a line for people.

        Call it as often as you like, it only takes note: the lease thread writes a few times a
        second, each line with the instant at which it was said, and the outcome takes the rest.
        """
        self._attempt.note(progress, message, level)

    def step(
        self,
        name: str,
        compute: Callable[[], Value],
        *,
        version: int = 1,
        progress: int = 0,
        message: Callable[[Value], str] | None = None,
    ) -> Value:
        """
        Return what `compute` returns; in a later attempt, what it returned then.

        `name` is unique in the task. Raise `version` when the code makes another sort of value:
        one of another version is computed again. The value is JSON and always comes back as
        JSON holds it (tuples as lists, keys sorted), so that no attempt differs from another.
        `progress` and `message(value)` are shown when the step is done, once.
        """
        if (name, version) in self._kept:
            return cast(Value, _as_json(self._kept[name, version]))
        value = cast(Value, _as_json(compute()))
        self.report(progress, message(value) if message else "")
        with self._attempt.uninterrupted(), self._attempt.unwritten() as lines:
            lifecycle.keep_step(
                self._attempt.claim,
                name,
                version,
                value,
                progress=self._attempt.progress,
                messages=lines,
            )
        self._kept[name, version] = value
        return value


def run(task_id: str, entry_id: int = 0, leased_until: str = "") -> None:
    """
    Run the next attempt of a task to its outcome; what Django-Q calls for a queue entry.

    A delivery that comes too late (the task has ended, or another worker has it) does nothing,
    and so does one without the particulars that our broker adds.
    """
    if not leased_until:
        logger.error("delivery_without_lease task=%s", task_id)
        return
    run_delivered(Delivery(UUID(task_id), entry_id, datetime.fromisoformat(leased_until)))


def run_delivered(delivery: Delivery) -> None:
    """The same for what our own cluster delivers, which is no call."""
    try:
        _run(delivery)
    finally:
        wire.tell_that_a_worker_is_free()


def _run(delivery: Delivery) -> None:
    lease = keeper()
    if lease.is_stopping:
        queue.put_back(delivery)
        return
    try:
        claimed = _claim(delivery)
    except TransitionRefused as refusal:
        logger.info("task_not_claimed task=%s status=%s", delivery.task_id, refusal.status)
        _settle(delivery)
        return
    claim = claimed.claim
    with context.working_for(
        task=str(claim.task_id), attempt=claim.attempt, request=claimed.request_id
    ):
        _run_claimed(claimed, lease)


def _run_claimed(claimed: Claimed, lease: Keeper) -> None:
    claim = claimed.claim
    try:
        with translation.override(claimed.language):
            handler = registry.handler_of(claimed.kind)
            _run_attempt(claimed, handler, lease)
    except UnknownKind:
        _leave_to_another(claimed)
    except LeaseLost:
        metrics.LEASE_LOSSES.add(claimed.kind)
        logger.warning("lease_lost task=%s attempt=%d", claim.task_id, claim.attempt)


def _claim(delivery: Delivery) -> Claimed:
    """Claim, on a new connection if the old one died while the worker was idle."""
    try:
        return lifecycle.claim(delivery)
    except (OperationalError, InterfaceError):
        _drop_connection()
        return lifecycle.claim(delivery)


def _run_attempt(claimed: Claimed, handler: TaskHandler, lease: Keeper) -> None:
    began = time.monotonic()
    attempt = Attempt(
        claimed.claim,
        handler.timeout,
        give_up=lambda reason: _interruption(attempt, claimed, handler, reason)(),
    )
    with lease.holding(attempt):
        try:
            _persist(_outcome(attempt, claimed, handler))
        except DataError as error:  # a result that jsonb cannot hold: a NUL character
            _persist(_unforeseen(attempt, claimed, error))
    logger.info(
        "task_ended task=%s kind=%s attempt=%d seconds=%.3f",
        claimed.claim.task_id,
        claimed.kind,
        claimed.claim.attempt,
        time.monotonic() - began,
    )


def _leave_to_another(claimed: Claimed) -> None:
    """In a deploy an old worker may get a kind that only the new ones know."""
    logger.error("kind_unknown task=%s kind=%s", claimed.claim.task_id, claimed.kind)
    text = _("This worker does not know how to run “%(kind)s”.") % {"kind": claimed.kind}
    if claimed.claim.attempt < claimed.max_attempts:
        lifecycle.retry_later(claimed.claim, UNKNOWN_KIND_DELAY, messages=[Message(text)])
    else:
        lifecycle.fail(claimed.claim, text, messages=[Message(text, TaskMessage.Level.ERROR)])


def _outcome(attempt: Attempt, claimed: Claimed, handler: TaskHandler) -> Callable[[], None]:
    """Run the handler; return the write that tells how it ended. Interruptions end in here."""
    try:
        with attempt.interruptible():
            task = RunningTask(attempt)
            is_first = attempt.claim.attempt == 1
            task.report(0, _("Task started") if is_first else _("Task started again"))
            result = handler.run(task, claimed.params)
            json.dumps(result, allow_nan=False)
        last = Message(_("Task completed"))
        return lambda: _write(attempt, last, lifecycle.complete, result)
    except Interrupted as interruption:
        reason = interruption.reason
        logger.info("task_let_go task=%s reason=%s", attempt.claim.task_id, reason.value)
        _drop_connection()
        return _interruption(attempt, claimed, handler, reason)
    except LeaseLost:
        raise
    except TaskFailed as failure:
        return _failure(attempt, claimed, failure, str(failure))
    except Exception as error:  # noqa: BLE001  # the one place where all of them end; it logs
        return _unforeseen(attempt, claimed, error)


def _unforeseen(attempt: Attempt, claimed: Claimed, error: Exception) -> Callable[[], None]:
    """The write for an error that nobody foresaw: the caller gets its type, the log the rest."""
    logger.error("task_raised task=%s kind=%s", attempt.claim.task_id, claimed.kind, exc_info=error)
    text = _("Something went wrong in the server (%(error)s). Its log has the details.")
    return _failure(attempt, claimed, error, text % {"error": type(error).__name__})


def _failure(attempt: Attempt, claimed: Claimed, error: Exception, text: str) -> Callable[[], None]:
    """The write for an attempt that failed: tried again later, if that may help, else failed."""
    number = attempt.claim.attempt
    if retry.is_retryable(error) and number < claimed.max_attempts:
        delay = retry.delay_after(number, error)
        seconds = max(1, round(delay.total_seconds()))
        last = Message(f"{text} {_trying_again(seconds)}", TaskMessage.Level.WARNING)
        return lambda: _write_retry(attempt, claimed.kind, last, delay)
    last = Message(text, TaskMessage.Level.ERROR)
    return lambda: _write(attempt, last, lifecycle.fail, text)


def _trying_again(seconds: int) -> str:
    return ngettext(
        "Trying again in %(count)d second.", "Trying again in %(count)d seconds.", seconds
    ) % {"count": seconds}


def _interruption(
    attempt: Attempt, claimed: Claimed, handler: TaskHandler, reason: Reason
) -> Callable[[], None]:
    """The write for an attempt that was interrupted. The lease thread asks for it if it must."""
    with translation.override(claimed.language):
        if reason is Reason.CANCELED:
            last = Message(_("Task canceled"))
            return lambda: _write(attempt, last, lifecycle.finish_cancel)
        if reason is Reason.SHUTTING_DOWN:
            text = _("The worker restarts; the task goes on from its last finished step")
            return lambda: _write(attempt, Message(text), lifecycle.release)
        if reason is Reason.TIMED_OUT:
            text = _("The task took longer than it may (%(seconds)d seconds) and was stopped.")
            text %= {"seconds": handler.timeout.total_seconds()}
            error = TaskFailed(text, retryable=handler.retries_timeouts)
            return _failure(attempt, claimed, error, text)
    raise LeaseLost(f"task {attempt.claim.task_id} attempt {attempt.claim.attempt}")


def _write(attempt: Attempt, last: Message, verb: Callable[..., None], *particulars: Any) -> None:
    """Write an outcome. Its own line comes with it, and is not said before."""
    with attempt.unwritten() as lines:
        verb(attempt.claim, *particulars, progress=attempt.progress, messages=[*lines, last])


def _write_retry(attempt: Attempt, kind: str, last: Message, delay: timedelta) -> None:
    _write(attempt, last, lifecycle.retry_later, delay)
    metrics.RETRIED.add(kind)


def _persist(outcome: Callable[[], None]) -> None:
    """Write the outcome; without a database wait for it, as the work is done already."""
    deadline = time.monotonic() + OUTCOME_PATIENCE_SECONDS
    while True:
        try:
            outcome()
            return
        except (OperationalError, InterfaceError):
            if time.monotonic() > deadline:
                raise
            logger.warning("outcome_waits_for_the_database")
            _drop_connection()
            time.sleep(1)


def _settle(delivery: Delivery) -> None:
    """End the task of a refused delivery, if it is one that must not run again."""
    try:
        status = lifecycle.settle(delivery)
    except TransitionRefused:
        return  # it has ended, or lives in another worker
    logger.error("task_settled task=%s status=%s", delivery.task_id, status)


def _drop_connection() -> None:
    """
    Forget this thread's connection: interrupted anywhere, it may be between two states.

    A query that runs in the server is canceled, or it would run on without anybody to answer.
    """
    raw = connections[DEFAULT_DB_ALIAS].connection
    del connections[DEFAULT_DB_ALIAS]
    if raw is None:
        return
    try:
        raw.cancel_safe(timeout=1)
    except psycopg.Error:
        logger.info("connection_was_gone")
    raw.close()


def _as_json(value: Any) -> Any:
    # PostgreSQL's jsonb sorts keys its own way; an order of ours makes every attempt the same.
    return json.loads(json.dumps(value, sort_keys=True, allow_nan=False))
