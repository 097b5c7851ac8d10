"""Which function runs which kind of task. Apps register theirs in a module `handlers`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from tasks.exceptions import UnknownKind

if TYPE_CHECKING:
    from tasks.runner import RunningTask

Run = Callable[["RunningTask", dict[str, Any]], dict[str, Any]]


@dataclass(frozen=True)
class Submission:
    """
    What a kind makes of the parameters it was asked with.

    `params` is JSON, complete and normalized. With a `result` the work has been done
    before: the task is born completed and says `message`.
    """

    params: dict[str, Any]
    description: str
    language: str = "en"
    result: dict[str, Any] | None = None
    message: str = ""


Prepare = Callable[[Mapping[str, Any]], Submission]


@dataclass(frozen=True)
class TaskHandler:
    """`timeout` is for one attempt; `max_attempts` includes the first."""

    kind: str
    run: Run
    prepare: Prepare
    timeout: timedelta
    max_attempts: int
    retries_timeouts: bool
    is_internal: bool
    preload: Callable[[], None] | None


_handlers: dict[str, TaskHandler] = {}


def task_handler(
    kind: str,
    *,
    prepare: Prepare,
    timeout: timedelta,
    max_attempts: int = 3,
    retries_timeouts: bool = False,
    is_internal: bool = False,
    preload: Callable[[], None] | None = None,
) -> Callable[[Run], Run]:
    """
    Register the decorated function as what runs tasks of `kind`.

    `prepare` checks parameters at submission, before anything is stored: whatever it
    raises, the caller gets. An attempt that takes longer than `timeout` fails, unless a later one
    may be faster (`retries_timeouts`). Only staff and commands may submit what `is_internal`.
    `preload` makes what the workers of a cluster can share, before there are any. The function
    gets the Submission's params and returns JSON.
    """

    def register(run: Run) -> Run:
        if kind in _handlers:
            raise ValueError(f"two handlers for kind {kind!r}")
        _handlers[kind] = TaskHandler(
            kind, run, prepare, timeout, max_attempts, retries_timeouts, is_internal, preload
        )
        return run

    return register


def handler_of(kind: str, *, is_trusted: bool = True) -> TaskHandler:
    """Raises UnknownKind, also for an internal kind if the one who asks is not trusted."""
    handler = _handlers.get(kind)
    if handler is None or (handler.is_internal and not is_trusted):
        raise UnknownKind(kind, kinds())
    return handler


def preload() -> None:
    """Have this process hold what its children would each make for themselves."""
    for handler in _handlers.values():
        if handler.preload:
            handler.preload()


def kinds() -> list[str]:
    """What everybody may submit."""
    return sorted(kind for kind, handler in _handlers.items() if not handler.is_internal)


def all_kinds() -> list[str]:
    """The internal ones too."""
    return sorted(_handlers)
