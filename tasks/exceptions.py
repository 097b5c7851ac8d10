"""
TasksError
├── UnknownKind         no handler runs this kind of task
├── TransitionRefused   the task is in a state that does not allow the verb
├── LeaseLost           another attempt, or a final state, has overtaken this worker
└── TaskFailed          raised by a handler: the work cannot be done
"""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID


class TasksError(Exception):
    """Base of every error this app raises. `code` is stable; messages are not."""

    code = "tasks_error"


class UnknownKind(TasksError):
    """The message names the kinds there are."""

    code = "unknown_kind"

    def __init__(self, kind: str, known: Iterable[str]) -> None:
        super().__init__(f"no handler for kind {kind!r}; there are: {', '.join(sorted(known))}")


class TransitionRefused(TasksError):
    """`status` is what the task was just after the refusal, or "unknown" if it is not there."""

    code = "transition_refused"

    def __init__(self, task_id: UUID, verb: str, status: str) -> None:
        super().__init__(f"cannot {verb} task {task_id}: it is {status}")
        self.status = status


class LeaseLost(TasksError):
    """Whatever this worker still has to say about the task is no longer wanted."""

    code = "lease_lost"


class TaskFailed(TasksError):
    """
    What a handler raises when the work cannot be done.

    The message becomes the task's `error`: a sentence for people, in the task's language.
    """

    code = "task_failed"
