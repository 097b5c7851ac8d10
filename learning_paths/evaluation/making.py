"""Making paths to look at: in this process, twice, with the time and the memory that took."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar, cast

import psutil
from django.utils import translation

from learning_paths import pipeline
from learning_paths.request import PathRequest
from learning_paths.schema import LearningPathDocument
from learning_paths.stages.values import Outline, Quizzes, Resources, Tree

Value = TypeVar("Value")


@dataclass(frozen=True)
class Made:
    """
    A path with what its stages handed on, and what it took.

    `is_repeatable`: a second run gave the same bytes. `memory_mb` is what the process has.
    """

    request: PathRequest
    document: LearningPathDocument
    outline: Outline
    tree: Tree
    resources: Resources
    quizzes: Quizzes
    seconds: float
    cpu_seconds: float
    memory_mb: float
    is_repeatable: bool


class Steps:
    """A task that keeps its steps in memory, as JSON, as a task of the queue has them."""

    def __init__(self) -> None:
        self._kept: dict[str, str] = {}

    def report(self, progress: int = 0, message: str = "", **options: Any) -> None:
        """Nobody watches."""

    def step(
        self,
        name: str,
        compute: Callable[[], Value],
        *,
        progress: int = 0,
        message: Callable[[Value], str] | None = None,
    ) -> Value:
        if name not in self._kept:
            self._kept[name] = json.dumps(compute())
        return cast(Value, self.value(name))

    def value(self, name: str) -> Any:
        return json.loads(self._kept[name])


def make(request: PathRequest) -> Made:
    """Make the path as a worker would, and once more to compare. Raises LearningPathsError."""
    task = Steps()
    wall, cpu = time.perf_counter(), time.process_time()
    document = _generated(task, request)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return Made(
        request=request,
        document=document,
        outline=task.value("outline"),
        tree=task.value("tree"),
        resources=task.value("resources"),
        quizzes=task.value("quizzes"),
        seconds=wall,
        cpu_seconds=cpu,
        memory_mb=memory_mb(),
        is_repeatable=json.dumps(document) == json.dumps(_generated(Steps(), request)),
    )


def memory_mb() -> float:
    """Return the memory this process has in RAM."""
    return float(psutil.Process().memory_info().rss) / 2**20


def _generated(task: Steps, request: PathRequest) -> LearningPathDocument:
    with translation.override(request.language):
        return pipeline.generate(task, request)
