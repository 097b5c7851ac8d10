"""
Polls a task inside one process and answers a line on stdin with where the time of a poll goes:
`python -m bench.poll_profile ID`.

The answer is the processor time of a poll in seconds, without the profiler, and the parts of it by
what the profiler saw. The profiler makes functions seem slower that call many others, so the parts
are good for their order and not for their last digit.
"""

from __future__ import annotations

import cProfile
import io
import json
import pstats
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any

from bench.processes import ROOT

CALLS = 2000
BATCHES = 7
#: The first that fits where a function's module is. What fits none, the standard library for
#: example, counts for whoever called it.
PARTS = {
    "Django REST framework": ("rest_framework/", "knox/"),
    "Reune": ("tasks/", "reune/", "learning_paths/"),
    "URL patterns": ("django/urls/",),
    "middleware": (
        *("django/middleware/", "django/contrib/", "django/utils/translation/"),
        *("django/utils/deprecation", "corsheaders/", "whitenoise/"),
    ),
    "database connections": ("django/db/", "psycopg"),
    "request, response, signals": ("django/",),
}
OTHER = "the rest"
#: From a function up to the callers that have a part.
_STEPS = 6

Function = tuple[str, int, str]


def poll(application: Callable[..., Any], path: str) -> None:
    """As a server calls it."""
    environ = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "REMOTE_ADDR": "127.0.0.1",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "127.0.0.1",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": sys.stderr,
    }
    statuses: list[str] = []
    response = application(environ, lambda status, headers: statuses.append(status))
    b"".join(response)
    response.close()
    if not statuses[0].startswith("200"):
        raise RuntimeError(statuses[0])


def cpu_seconds(call: Callable[[], None]) -> float:
    """Of one call: the best of some batches, since whatever disturbs can only add."""
    found = []
    for _ in range(BATCHES):
        began = time.thread_time()
        for _ in range(CALLS // BATCHES):
            call()
        found.append((time.thread_time() - began) / (CALLS // BATCHES))
    return min(found)


def parts(call: Callable[[], None]) -> Mapping[str, float]:
    """How much of a call each part takes; they add up to 1."""
    profile = cProfile.Profile()
    with profile:
        for _ in range(CALLS):
            call()
    stats: Any = vars(pstats.Stats(profile))["stats"]
    took: defaultdict[str, float] = defaultdict(float)
    for function, (_, _, seconds, _, _) in stats.items():
        _charge(took, stats, function, seconds, _STEPS)
    whole = sum(took.values())
    return {name: seconds / whole for name, seconds in took.items()}


def _charge(
    took: dict[str, float], stats: Any, function: Function, seconds: float, steps: int
) -> None:
    part = _part_of(function)
    callers = stats[function][4]
    own = sum(time for _, _, time, _ in callers.values())
    if part or not steps or not own:
        took[part or OTHER] += seconds
        return
    for caller, (_, _, time_of_caller, _) in callers.items():
        _charge(took, stats, caller, seconds * time_of_caller / own, steps - 1)


def _part_of(function: Function) -> str | None:
    module = function[0].rpartition("/site-packages/")[2].removeprefix(f"{ROOT}/")
    return next((part for part, places in PARTS.items() if module.startswith(places)), None)


def main(task_id: str) -> None:
    from reune.wsgi import application

    def call() -> None:
        poll(application, f"/status/{task_id}")

    for _line in sys.stdin:
        found = {"seconds": cpu_seconds(call), "parts": parts(call)}
        sys.stdout.write(f"{json.dumps(found)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1])
