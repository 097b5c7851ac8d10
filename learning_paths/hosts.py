"""
How hosts are treated: one request at a time, and none while they rest.

Whose turn it is and who rests is known to all workers: by a lock of PostgreSQL, and by its cache.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass

from django.db import connection

from learning_paths import answers
from learning_paths.budget import Budget

#: A shorter rest is waited for, a longer one ends the question.
PATIENCE_SECONDS = 10.0
#: So many requests in a row that failed, each with its retries, and a host rests.
FAILURES_BEFORE_A_REST = 2
REST_SECONDS = 60.0
#: No host's word is taken for longer: one that asks for a year is asked again tomorrow.
LONGEST_REST_SECONDS = 86_400.0

# How often one who waits looks whether the holder of the turn is gone, here and in other workers.
_LOOK_SECONDS = 0.5
_LOOK_ELSEWHERE_SECONDS = 0.05

_changed = threading.Condition()
_turns: dict[str, _Turn] = {}
_failures: dict[str, int] = {}


class AtRest(Exception):
    """The host is to be left alone for `seconds`, longer than anyone here waits."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"{seconds:.0f} s")
        self.seconds = seconds


@dataclass(frozen=True, eq=False)
class _Turn:
    """
    One request's hold on a host, void when its job is over.

    A lock would not do: an interruption that comes just when it is taken leaves it taken.
    """

    budget: Budget


@contextmanager
def turn(host: str, budget: Budget, *, among_workers: bool = False) -> Iterator[None]:
    """
    Wait for the turn at `host`, then hold it, among all processes or in this one.

    Raises BudgetSpent and AtRest.
    """
    mine = _Turn(budget)
    try:
        with _changed:
            while (holder := _turns.get(host)) and not holder.budget.is_spent:
                _changed.wait(min(_LOOK_SECONDS, budget.remaining()))
            budget.remaining()
            _turns[host] = mine
        with _turn_among_workers(host, budget) if among_workers else nullcontext():
            wait_out_the_rest(host, budget)
            yield
    finally:
        with _changed:
            if _turns.get(host) is mine:
                del _turns[host]
                _changed.notify_all()


@contextmanager
def _turn_among_workers(host: str, budget: Budget) -> Iterator[None]:
    """
    Wait until no other process asks `host`, then have none ask it. Raises BudgetSpent.

    The lock is the database session's: it is free as soon as its process is dead. PgBouncer in
    transaction mode gives every statement a session of its own, so there this must not be used.
    """
    while not _of_lock("pg_try_advisory_lock", host):
        budget.pause(_LOOK_ELSEWHERE_SECONDS)
    try:
        yield
    finally:
        _of_lock("pg_advisory_unlock", host)


def _of_lock(function: str, host: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(hashtextextended(%s, 0))", [f"turn at {host}"])
        [done] = cursor.fetchone()
    return bool(done)


def wait_out_the_rest(host: str, budget: Budget) -> None:
    seconds = answers.rest_of(host)
    if seconds > PATIENCE_SECONDS:
        raise AtRest(seconds)
    if seconds:
        budget.pause(seconds)


def rest(host: str, seconds: float) -> None:
    answers.leave_alone(host, min(seconds, LONGEST_REST_SECONDS))


def has_answered(host: str) -> None:
    with _changed:
        _failures.pop(host, None)


def has_failed(host: str) -> None:
    """Count a failure; after its rest a host that fails once more rests again."""
    with _changed:
        _failures[host] = _failures.get(host, 0) + 1
        is_down = _failures[host] >= FAILURES_BEFORE_A_REST
    if is_down:
        rest(host, REST_SECONDS)
