"""From a task to what it made; the app that makes it registers the way there."""

from __future__ import annotations

from collections.abc import Callable

from tasks.models import TaskInfo

#: The address of what the task has made, or None if it is not there any more.
FindResult = Callable[[TaskInfo], str | None]

_finders: dict[str, FindResult] = {}


def link_result(kind: str, find: FindResult) -> None:
    """Have the admin ask `find` for the page of what a task of `kind` has made."""
    _finders[kind] = find


def result_url(task: TaskInfo) -> str | None:
    find = _finders.get(task.kind)
    return find(task) if find else None
