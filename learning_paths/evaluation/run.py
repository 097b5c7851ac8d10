"""An evaluation: some topics in some languages and sizes, made and counted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from learning_paths.evaluation.figures import PathFigures, figures
from learning_paths.evaluation.making import make, memory_mb
from learning_paths.evaluation.summary import Figure, kinds, rejections, summary
from learning_paths.exceptions import LearningPathsError
from learning_paths.request import PathRequest


@dataclass(frozen=True)
class Failure:
    """A path that could not be made, and what the one who asked would be told."""

    topic: str
    language: str
    num_nodes: int
    message: str


@dataclass(frozen=True)
class Evaluation:
    """What came of a run. `figures` is empty if no path could be made."""

    paths: list[PathFigures]
    failures: list[Failure]
    memory_before_mb: float

    @property
    def figures(self) -> list[Figure]:
        return self._figures(self.paths, failed=len(self.failures))

    def figures_by_language(self) -> dict[str, list[Figure]]:
        """Return them for each language there is a path in."""
        return {
            language: self._figures(
                [path for path in self.paths if path.language == language],
                failed=sum(failure.language == language for failure in self.failures),
            )
            for language in dict.fromkeys(path.language for path in self.paths)
        }

    @property
    def broken(self) -> list[str]:
        """The names of the figures that are out of bounds, of the whole run."""
        return [figure.name for figure in self.figures if not figure.is_kept] or (
            ["paths that could not be made"] if self.failures else []
        )

    def to_json(self) -> dict[str, Any]:
        return {
            "figures": [{**asdict(figure), "is_kept": figure.is_kept} for figure in self.figures],
            "broken": self.broken,
            "kinds": kinds(self.paths),
            "rejected": rejections(self.paths),
            "failures": [asdict(failure) for failure in self.failures],
            "paths": [asdict(path) for path in self.paths],
        }

    def _figures(self, paths: Sequence[PathFigures], *, failed: int) -> list[Figure]:
        if not paths:
            return []
        return summary(paths, failed=failed, memory_before_mb=self.memory_before_mb)


def evaluate(
    requests: Iterable[PathRequest], on_done: Callable[[PathRequest], object] = lambda request: None
) -> Evaluation:
    """Make and count the paths one after the other; `on_done` hears of each."""
    result = Evaluation([], [], memory_mb())
    for request in requests:
        try:
            result.paths.append(figures(make(request)))
        except LearningPathsError as error:
            result.failures.append(
                Failure(request.topic, request.language, request.num_nodes, str(error))
            )
        on_done(request)
    return result
