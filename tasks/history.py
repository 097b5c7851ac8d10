"""The attempts of a task, as its messages tell of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.utils import translation
from django.utils.translation import gettext as _

from tasks.models import TaskInfo, TaskMessage, TaskStatus


@dataclass(frozen=True)
class Attempt:
    """`end` is what ended it, in the active language; None while it runs."""

    began_at: datetime
    ended_at: datetime | None
    end: str | None


def attempts_of(task: TaskInfo, messages: Iterable[TaskMessage]) -> list[Attempt]:
    """
    In their order. `messages` are all of the task's, by seq.

    One that ended without a word was killed, with its worker: its end is when it last said
    something. An attempt that was killed in its first moments may not have said even that it
    began, and is not here.
    """
    with translation.override(task.language):
        beginnings = {_("Task started"), _("Task started again")}
        ends = {
            _("Task completed"),
            _("Task canceled"),
            _("The worker restarts; the task goes on from its last finished step"),
        }
    runs: list[list[TaskMessage]] = []
    for message in messages:
        if message.message in beginnings:
            runs.append([])
        if runs:
            runs[-1].append(message)
    attempts = [_attempt(task, run, ends, is_last=run is runs[-1]) for run in runs]
    if task.status == TaskStatus.RUNNING and task.started_at and not _is_running(attempts):
        attempts.append(Attempt(task.started_at, None, None))
    return attempts


def _attempt(task: TaskInfo, run: list[TaskMessage], ends: set[str], *, is_last: bool) -> Attempt:
    began, said = run[0], run[-1]
    is_now = is_last and task.started_at is not None and began.time >= task.started_at
    if is_now and task.status == TaskStatus.RUNNING:
        return Attempt(began.time, None, None)
    if said.message in ends or said.level != TaskMessage.Level.INFO:
        return Attempt(began.time, said.time, said.message)
    if is_last and task.error:
        return Attempt(began.time, task.completed_at, task.error)
    return Attempt(began.time, said.time, _("Its worker died."))


def _is_running(attempts: list[Attempt]) -> bool:
    return bool(attempts) and attempts[-1].ended_at is None
