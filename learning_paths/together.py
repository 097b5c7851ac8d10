"""Asking independent sources at the same time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from queue import Empty, SimpleQueue
from typing import TypeVar

from django.db import connections

from learning_paths.budget import Budget, BudgetSpent
from learning_paths.exceptions import Reason, SourceError, SourceUnavailable

Value = TypeVar("Value")

# A request that ends with the budget still has to be given up and noted.
_GRACE_SECONDS = 1.0


def ask_together(
    calls: Mapping[str, Callable[[], Value]], budget: Budget
) -> dict[str, Value | SourceError]:
    """
    Run every call in a thread; return what each made, or the SourceError it ended with.

    `calls` go by the sources' titles; the answers are in their order, whatever came first. A call
    that is not back when the budget is spent counts as unavailable. If the caller is interrupted
    the budget ends, and the threads stop at their next step; nothing waits for them. Any other
    error of a call is raised.
    """
    done: SimpleQueue[tuple[str, Value | Exception]] = SimpleQueue()
    for name, call in calls.items():
        threading.Thread(target=_run, args=(name, call, done), daemon=True).start()
    try:
        results = dict(_collected(len(calls), done, budget))
    except BaseException:
        budget.end()
        raise
    return {
        name: _value(results.get(name, SourceUnavailable(name, Reason.BUDGET))) for name in calls
    }


def _run(
    name: str, call: Callable[[], Value], done: SimpleQueue[tuple[str, Value | Exception]]
) -> None:
    try:
        done.put((name, call()))
    except Exception as error:  # noqa: BLE001  # handed to the caller, who raises it
        done.put((name, error))
    finally:
        connections.close_all()  # the connection of this thread alone


def _collected(
    count: int, done: SimpleQueue[tuple[str, Value | Exception]], budget: Budget
) -> list[tuple[str, Value | Exception]]:
    found: list[tuple[str, Value | Exception]] = []
    while len(found) < count:
        try:
            found.append(done.get(timeout=_patience(budget)))
        except Empty:
            break
    return found


def _patience(budget: Budget) -> float:
    try:
        return budget.remaining() + _GRACE_SECONDS
    except BudgetSpent:
        return _GRACE_SECONDS


def _value(result: Value | Exception) -> Value | SourceError:
    if isinstance(result, Exception) and not isinstance(result, SourceError):
        raise result
    return result
