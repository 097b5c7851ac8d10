"""
Whose work this thread does: what every log line of it says, and what a submission keeps.

The project's middleware sets `request`, the runner `task`, `attempt` and the `request` that
submitted the task. Threads that a handler starts itself say nothing, unless they copy the context.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType

Particulars = Mapping[str, str | int]

_NOBODY: Particulars = MappingProxyType({})
_current: ContextVar[Particulars] = ContextVar("tasks_context", default=_NOBODY)


@contextmanager
def working_for(**particulars: str | int) -> Iterator[None]:
    """Add these meanwhile. An empty string says nothing, and hides what was there."""
    token = _current.set({**_current.get(), **particulars})
    try:
        yield
    finally:
        _current.reset(token)


def particulars() -> dict[str, str | int]:
    """What there is to say, in the order in which it was added."""
    return {name: value for name, value in _current.get().items() if value != ""}


def request_id() -> str:
    """The id of the request that is served; empty if there is none."""
    return str(_current.get().get("request", ""))
