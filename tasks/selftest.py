"""
A kind of task that only takes steps and time, or misbehaves as it is told.

For operators, benchmarks and chaos runs: staff and commands may submit it.
"""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import timedelta
from enum import StrEnum
from typing import Any, Self

from django.db import connection
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from tasks.exceptions import InvalidParams, TaskFailed
from tasks.registry import Submission, task_handler
from tasks.runner import RunningTask

KIND = "tasks.selftest"
MOST_STEPS = 1000
MOST_SECONDS = 600
MOST_BYTES = 1_000_000
#: A task that takes the most seconds it may is to finish.
TIMEOUT = timedelta(seconds=MOST_SECONDS + 60)


class Behavior(StrEnum):
    """What a self-test does when its steps are done, instead of completing."""

    NONE = "none"
    #: Fails; with an error that may pass; together with its process, as for want of memory.
    FAIL = "fail"
    RETRY = "retry"
    CRASH = "crash"
    #: Takes too long: asleep, in a socket read, in a database query, in a loop of Python.
    TIMEOUT = "timeout"
    SOCKET = "socket"
    QUERY = "query"
    LOOP = "loop"
    #: Ignores its interruption, until its process is killed.
    DEAF = "deaf"


@dataclass(frozen=True)
class SelftestParams:
    """`seconds` are spread over the steps; `size` is how many bytes the result is made to have."""

    steps: int = 0
    seconds: float = 0
    behavior: Behavior = Behavior.NONE
    size: int = 0

    @classmethod
    def parse(cls, params: Mapping[str, Any]) -> Self:
        """Raises InvalidParams. What is left out has its default."""
        known = [field.name for field in fields(cls)]
        for name in params:
            if name not in known:
                text = _('Unknown parameter "%(name)s". The parameters are %(known)s.')
                raise InvalidParams(name, text % {"name": name, "known": ", ".join(known)})
        return cls(
            steps=_whole(params, "steps", MOST_STEPS),
            seconds=_number(params, "seconds", MOST_SECONDS),
            behavior=_behavior(params),
            size=_whole(params, "size", MOST_BYTES),
        )


def _whole(params: Mapping[str, Any], name: str, highest: int) -> int:
    value = params.get(name, 0)
    # True is an int to Python, but not to whoever sent it.
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= highest:
        return value
    text = _("%(name)s must be a whole number from %(lowest)s to %(highest)s.")
    raise InvalidParams(name, text % {"name": name, "lowest": 0, "highest": highest})


def _number(params: Mapping[str, Any], name: str, highest: int) -> float:
    value = params.get(name, 0)
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= highest:
        return value
    text = _("%(name)s must be a number from %(lowest)s to %(highest)s.")
    raise InvalidParams(name, text % {"name": name, "lowest": 0, "highest": highest})


def _behavior(params: Mapping[str, Any]) -> Behavior:
    value = params.get("behavior", Behavior.NONE)
    if isinstance(value, str) and value in list(Behavior):
        return Behavior(value)
    text = _("%(name)s must be one of %(known)s.")
    raise InvalidParams("behavior", text % {"name": "behavior", "known": ", ".join(Behavior)})


def prepare(params: Mapping[str, Any]) -> Submission:
    """Raises InvalidParams."""
    parsed = SelftestParams.parse(params)
    return Submission(
        params=asdict(parsed), description=_("Self-test"), language=get_language() or "en"
    )


@task_handler(KIND, prepare=prepare, timeout=TIMEOUT, max_attempts=3, is_internal=True)
def run(task: RunningTask, params: dict[str, Any]) -> dict[str, Any]:
    """Take the steps and the seconds, behave as told; what is left completes."""
    given = SelftestParams.parse(params)
    steps = [_step(task, number, given) for number in range(1, given.steps + 1)]
    if not steps:
        time.sleep(given.seconds)
    if given.behavior is not Behavior.NONE:
        _ACTS[given.behavior]()
    return {"steps": steps, "filler": "x" * given.size}


def _step(task: RunningTask, number: int, given: SelftestParams) -> int:
    def take() -> int:
        time.sleep(given.seconds / given.steps)
        return number

    text = _("Step %(number)d of %(count)d done") % {"number": number, "count": given.steps}
    return task.step(
        f"step-{number}",
        take,
        progress=99 * number // given.steps,
        message=lambda _number: text,
    )


def _fail() -> None:
    raise TaskFailed(_("The self-test failed, as it was told to."))


def _fail_for_now() -> None:
    raise TaskFailed(_("The self-test failed for now, as it was told to."), retryable=True)


def _crash() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _sleep() -> None:
    time.sleep(2 * TIMEOUT.total_seconds())


def _wait_in_a_socket() -> None:
    here, there = socket.socketpair()
    with here, there:
        here.recv(1)


def _wait_in_a_query() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(%s)", [2 * TIMEOUT.total_seconds()])


def _loop() -> None:
    while True:
        pass


def _ignore_everything() -> None:
    while True:
        try:
            _sleep()
        except BaseException:  # noqa: BLE001  # deaf to its interruption too
            continue


_ACTS: dict[Behavior, Callable[[], None]] = {
    Behavior.FAIL: _fail,
    Behavior.RETRY: _fail_for_now,
    Behavior.CRASH: _crash,
    Behavior.TIMEOUT: _sleep,
    Behavior.SOCKET: _wait_in_a_socket,
    Behavior.QUERY: _wait_in_a_query,
    Behavior.LOOP: _loop,
    Behavior.DEAF: _ignore_everything,
}
