"""What Reune is measured with: a task that does nothing, and one that never ends by itself."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from bench.stamps import stamp
from tasks.registry import Submission, task_handler
from tasks.runner import RunningTask

NOOP = "bench.noop"
SLEEP = "bench.sleep"


def _prepare(params: Mapping[str, Any]) -> Submission:
    return Submission(params=dict(params), description="Benchmark")


@task_handler(NOOP, prepare=_prepare, timeout=timedelta(minutes=1))
def noop(task: RunningTask, params: dict[str, Any]) -> dict[str, Any]:
    stamp(params["token"])
    return {}


# As many attempts as the recovery measurement has kills.
@task_handler(SLEEP, prepare=_prepare, timeout=timedelta(minutes=10), max_attempts=100)
def sleep(task: RunningTask, params: dict[str, Any]) -> dict[str, Any]:
    stamp(params["token"])
    time.sleep(600)
    return {}
