"""The task that a path is made in, as those who make the path see it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

Value = TypeVar("Value")


class Task(Protocol):
    """What making a path needs of its task; `tasks.runner.RunningTask` has it."""

    def report(self, progress: int = 0, message: str = "", *, level: str = "info") -> None: ...

    def step(
        self,
        name: str,
        compute: Callable[[], Value],
        *,
        progress: int = 0,
        message: Callable[[Value], str] | None = None,
    ) -> Value: ...
