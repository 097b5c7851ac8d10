"""
TasksError
├── UnknownKind         no handler runs this kind of task
├── InvalidParams       the kind cannot do anything with these parameters
├── TransitionRefused   the task is in a state that does not allow the verb
├── LimitExceeded       the owner has as many tasks as they may
├── PriorityRefused     the owner may not ask for so high a priority
├── IdempotencyKeyReused  the key came with another body before
├── LeaseLost           another attempt, or a final state, has overtaken this worker
├── NoWorkerFree        no worker took a task within the time it was given
├── StillRunning        the task has not ended within the time a caller waits
├── NoPlaceToWait       as many requests wait for tasks as the server has threads for
└── TaskFailed          raised by a handler: the work cannot be done
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from uuid import UUID


class TasksError(Exception):
    """Base of every error this app raises. `code` is stable; messages are not."""

    code = "tasks_error"


class UnknownKind(TasksError):
    """The message names the kinds there are."""

    code = "unknown_kind"

    def __init__(self, kind: str, known: Iterable[str]) -> None:
        super().__init__(f"no handler for kind {kind!r}; there are: {', '.join(sorted(known))}")


class InvalidParams(TasksError):
    """`field` is the parameter; the message says in the active language what it may be."""

    code = "invalid_request"

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class TransitionRefused(TasksError):
    """`status` is what the task was just after the refusal, or "unknown" if it is not there."""

    code = "transition_refused"

    def __init__(self, task_id: UUID, verb: str, status: str) -> None:
        super().__init__(f"cannot {verb} task {task_id}: it is {status}")
        self.task_id = task_id
        self.status = status


class LimitExceeded(TasksError):
    """
    `limit` names the field of TaskLimit, `retry_after` says when it may be worth another try.

    The message is a sentence for the owner, in the active language.
    """

    code = "limit_exceeded"

    def __init__(self, message: str, *, limit: str, retry_after: timedelta) -> None:
        super().__init__(message)
        self.limit = limit
        self.retry_after = retry_after


class PriorityRefused(TasksError):
    """The owner may not ask for so high a priority; the message says which is the highest."""

    code = "priority_refused"


class IdempotencyKeyReused(TasksError):
    """The owner has used the key for another body."""

    code = "idempotency_key_reused"


class LeaseLost(TasksError):
    """Whatever this worker still has to say about the task is no longer wanted."""

    code = "lease_lost"


class NoWorkerFree(TasksError):
    """None runs, or all are busy; the message tells which, for an operator."""

    code = "no_worker_free"


class StillRunning(TasksError):
    """For callers who want the result in the answer; the message says what to do instead."""

    code = "still_running"

    def __init__(self, task_id: UUID, message: str) -> None:
        super().__init__(message)
        self.task_id = task_id


class NoPlaceToWait(TasksError):
    """Each request that waits holds a thread of the web server, and others have to be served."""

    code = "no_place_to_wait"


class TaskFailed(TasksError):
    """
    What a handler raises when the work cannot be done.

    The message becomes the task's `error`: a sentence for people, in the task's language. If
    a later attempt may succeed it is `retryable`, not before `retry_after`.
    """

    code = "task_failed"

    def __init__(
        self, message: str, *, retryable: bool = False, retry_after: timedelta | None = None
    ) -> None:
        super().__init__(message)
        self.retryable = retryable
        self.retry_after = retry_after
