"""The kind "chaos.steps": a few steps, each of which leaves an effect that cannot be undone."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings

from tasks.exceptions import TaskFailed
from tasks.registry import Submission, task_handler
from tasks.runner import RunningTask
from tests.chaos.models import Effect, Mark

KIND = "chaos.steps"
#: As many as a storm may use up: in it no task is to blame for the death of its worker.
MAX_ATTEMPTS = 200
FLAKED, MENDED = "flaked", "mended"
FAILURE = "What it needs is broken."


def _prepare(params: Mapping[str, Any]) -> Submission:
    return Submission(params=dict(params), description=f"Chaos {params['number']}")


@task_handler(KIND, prepare=_prepare, timeout=timedelta(minutes=2), max_attempts=MAX_ATTEMPTS)
def run_steps(task: RunningTask, params: dict[str, Any]) -> dict[str, Any]:
    """Compute the steps; flake once or fail in the middle, if the params say so."""
    claim = task._attempt.claim  # chaos looks behind the scenes; handlers have no need to
    trace = settings.RUNNING / str(os.getpid())
    trace.write_text(f"{claim.task_id} {claim.attempt}")
    run = uuid4()
    try:
        return {"steps": [_step(task, number, params, run) for number in range(params["steps"])]}
    finally:
        trace.unlink(missing_ok=True)


def _step(task: RunningTask, number: int, params: dict[str, Any], run: UUID) -> dict[str, Any]:
    if number == params["steps"] // 2:
        _stumble(task._attempt.claim.task_id, params["ends"])
    return task.step(
        f"step {number}",
        lambda: _compute(task, number, params, run),
        progress=100 * (number + 1) // (params["steps"] + 1),
        message=lambda value: f"step {number}",
    )


def _compute(task: RunningTask, number: int, params: dict[str, Any], run: UUID) -> dict[str, Any]:
    claim = task._attempt.claim
    task.report(message=f"computing {number}")
    time.sleep(params["seconds"])
    # In autocommit, so it is there whatever becomes of the step.
    Effect.objects.create(
        task_id=claim.task_id,
        step=f"step {number}",
        attempt=claim.attempt,
        run=run,
        pid=os.getpid(),
    )
    return {"value": value_of(params["number"], number), "attempt": claim.attempt, "run": str(run)}


def value_of(task_number: int, step_number: int) -> int:
    """What is right."""
    return task_number * 1000 + step_number


def _stumble(task_id: UUID, ends: str) -> None:
    if ends == "flakes":
        _, is_new = Mark.objects.get_or_create(task_id=task_id, name=FLAKED)
        if is_new:
            raise TaskFailed("It may pass.", retryable=True)
    elif ends == "fails" and not Mark.objects.filter(task_id=task_id, name=MENDED).exists():
        raise TaskFailed(FAILURE)
