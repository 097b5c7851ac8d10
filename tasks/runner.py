"""
Runs one task inside a Django-Q worker: claim, handler, outcome.

Django-Q calls `run`; what the handler does to the task goes through its RunningTask.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar, cast
from uuid import UUID

from django.db import connection
from django.utils import translation
from django.utils.translation import gettext as _
from django_q.exceptions import TimeoutException

from tasks import lifecycle, registry
from tasks.conf import get_conf
from tasks.exceptions import LeaseLost, TaskFailed, TransitionRefused
from tasks.lifecycle import Claim, Message
from tasks.models import TaskInfo, TaskMessage, TaskStep

logger = logging.getLogger(__name__)

Value = TypeVar("Value")


class RunningTask:
    """What a handler sees of the attempt it runs. Its methods raise LeaseLost when that is over."""

    def __init__(self, claim: Claim) -> None:
        self._claim = claim
        self._throttle = _Throttle()
        self._progress = 0
        self._unwritten: list[tuple[float, str, str]] = []
        self._kept = dict(
            TaskStep.objects.filter(task_id=claim.task_id).values_list("name", "value")
        )

    def report(
        self, progress: int = 0, message: str = "", *, level: str = TaskMessage.Level.INFO
    ) -> None:
        """
        Show progress (0-100, never falls) and a line for people.

        Call it as often as you like: what comes too fast is written with the next report,
        step or outcome, each line with the instant at which it was said.
        """
        self._note(progress, message, level)
        if self._throttle.lets_through():
            messages = self.take_unwritten()
            lifecycle.report(self._claim, progress=self._progress, messages=messages)

    def step(
        self,
        name: str,
        compute: Callable[[], Value],
        *,
        progress: int = 0,
        message: Callable[[Value], str] | None = None,
    ) -> Value:
        """
        Return what `compute` returns; in a later attempt, what it returned then.

        `name` is unique in the task. The value is JSON and always comes back as JSON
        holds it (tuples as lists, keys sorted), so that no attempt differs from another.
        `progress` and `message(value)` are shown when the step is done, once.
        """
        if name in self._kept:
            return cast(Value, _as_json(self._kept[name]))
        value = cast(Value, _as_json(compute()))
        self._note(progress, message(value) if message else "", TaskMessage.Level.INFO)
        messages = self.take_unwritten()
        lifecycle.keep_step(self._claim, name, value, progress=self._progress, messages=messages)
        self._kept[name] = value
        return value

    def take_unwritten(self) -> list[Message]:
        """Hand over the lines that are not in the database yet, oldest first."""
        now = time.monotonic()
        taken, self._unwritten = self._unwritten, []
        return [
            Message(text, level, age=timedelta(seconds=now - said)) for said, text, level in taken
        ]

    def _note(self, progress: int, message: str, level: str) -> None:
        self._progress = max(self._progress, progress)
        if message:
            self._unwritten.append((time.monotonic(), message, level))


class _Throttle:
    """A token bucket: `report_burst` at once, then one each `report_interval`."""

    def __init__(self) -> None:
        conf = get_conf()
        self._capacity = float(conf.report_burst)
        self._interval = conf.report_interval.total_seconds()
        self._tokens = self._capacity
        self._filled = time.monotonic()

    def lets_through(self) -> bool:
        now = time.monotonic()
        gained = (now - self._filled) / self._interval
        self._tokens = min(self._capacity, self._tokens + gained)
        self._filled = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


def run(task_id: str) -> None:
    """
    Run the next attempt of a task to its outcome; what Django-Q calls for a queue entry.

    A delivery that comes too late (the task ended, or another worker has it) does nothing.
    """
    try:
        claim = lifecycle.claim(UUID(task_id))
    except TransitionRefused as refusal:
        logger.info("task_not_claimed task=%s status=%s", task_id, refusal.status)
        _exhaust_if_dead(UUID(task_id))
        return
    try:
        _run_attempt(claim, TaskInfo.objects.get(pk=claim.task_id))
    except LeaseLost:
        logger.warning("lease_lost task=%s attempt=%d", claim.task_id, claim.attempt)


def _run_attempt(claim: Claim, task: TaskInfo) -> None:
    began = time.monotonic()
    with translation.override(task.language):
        task_failed = _outcome(claim, task)
    took = time.monotonic() - began
    logger.info(
        "task_ended task=%s kind=%s attempt=%d seconds=%.3f failed=%s",
        task.pk,
        task.kind,
        claim.attempt,
        took,
        task_failed,
    )


def _outcome(claim: Claim, task: TaskInfo) -> bool:
    """Run the handler and write how it ended; return whether it failed."""
    running = RunningTask(claim)
    try:
        running.report(0, _("Task started") if claim.attempt == 1 else _("Task started again"))
        result = registry.handler_of(task.kind).run(running, task.params)
        running.report(100, _("Task completed"))
        lifecycle.complete(claim, result, messages=running.take_unwritten())
        return False
    except LeaseLost:
        raise
    except TimeoutException:
        connection.close()  # interrupted anywhere, perhaps between a query and its answer
        error = _("The task took longer than it may (%(seconds)d seconds) and was stopped.") % {
            "seconds": registry.handler_of(task.kind).timeout.total_seconds()
        }
    except TaskFailed as failure:
        error = str(failure)
    except Exception as unexpected:
        logger.exception("task_raised task=%s kind=%s", task.pk, task.kind)
        error = _("Something went wrong in the server (%(error)s). Its log has the details.") % {
            "error": type(unexpected).__name__
        }
    said = [*running.take_unwritten(), Message(error, TaskMessage.Level.ERROR)]
    lifecycle.fail(claim, error, messages=said)
    return True


def _exhaust_if_dead(task_id: UUID) -> None:
    try:
        lifecycle.exhaust(task_id)
    except TransitionRefused:
        return  # it ended, or lives in another worker
    logger.error("task_exhausted task=%s", task_id)


def _as_json(value: Any) -> Any:
    # PostgreSQL's jsonb sorts keys its own way; an order of ours makes every attempt the same.
    return json.loads(json.dumps(value, sort_keys=True, allow_nan=False))
