"""The figures of many paths added up, and which of them are out of bounds."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median, quantiles
from typing import Literal

from learning_paths.evaluation.figures import PathFigures
from learning_paths.evaluation.guessing import CHI_SQUARE_LIMIT, HABITS, chi_square

Paths = Sequence[PathFigures]
Unit = Literal["%", "", "points", "ms", "MB", "h"]

#: How far from chance a habit may be, in points of a hundred.
POINTS_FROM_CHANCE = 5.0


@dataclass(frozen=True)
class Figure:
    """One figure of some paths; `least` and `most` are its bounds, None where it has none."""

    name: str
    value: float
    unit: Unit = ""
    least: float | None = None
    most: float | None = None

    @property
    def is_kept(self) -> bool:
        return (self.least is None or self.value >= self.least) and (
            self.most is None or self.value <= self.most
        )


def summary(paths: Paths, *, failed: int, memory_before_mb: float) -> list[Figure]:
    """Return the figures of the whole run; `failed` paths could not be made. Needs a path."""
    return [
        Figure("paths that could not be made", failed, most=0),
        *_tree_figures(paths),
        *_page_figures(paths),
        *_quiz_figures(paths),
        *_cost_figures(paths, memory_before_mb),
    ]


def _tree_figures(paths: Paths) -> list[Figure]:
    return [
        _share("paths within the bounds of their request", paths, _is_within, least=100),
        _share("paths that come out the same again", paths, lambda p: p.is_repeatable, least=100),
        _ratio("prerequisites given up for the tree's shape", paths, "dropped", "edges", most=5),
        Figure("titles that would fit any topic", _count(paths, "template_titles"), most=0),
        Figure("pages, titles or questions twice in a path", _count(paths, "duplicates"), most=0),
        _ratio("texts in the language of the path", paths, "texts_in_language", "texts", least=95),
        Figure("length of a path, median", median(path.hours for path in paths), "h"),
    ]


def _page_figures(paths: Paths) -> list[Figure]:
    return [
        _ratio("nodes with a page, of those there may be", paths, "served", "servable", least=90),
        _ratio("pages in the language of the path", paths, "pages_in_language", "pages", least=95),
        _ratio("steps that last long enough for their page", paths, "timely", "paged", least=90),
    ]


def _quiz_figures(paths: Paths) -> list[Figure]:
    asked = sum(path.questions for path in paths)
    return [
        Figure("questions", asked),
        Figure("questions a path", asked / len(paths)),
        _ratio("nodes without a quiz", paths, "without_quiz", "nodes", most=10),
        Figure("faults the validator finds in what is asked", _count(paths, "faults"), most=0),
        Figure("possible questions it had dropped", sum(_rejections(paths).values())),
        _ratio(
            "wrong options of the right one's kind", paths, "plausible_options", "wrong_options",
            least=60,
        ),
        *(_habit(habit, paths, asked) for habit in HABITS),
        Figure(
            "places of the right option, chi-square", chi_square(_places(paths)),
            most=CHI_SQUARE_LIMIT,
        ),
    ]  # fmt: skip


def _cost_figures(paths: Paths, memory_before_mb: float) -> list[Figure]:
    cpu = [1000 * path.cpu_seconds for path in paths]
    wall = [1000 * path.seconds for path in paths]
    memory = max(path.memory_mb for path in paths) - memory_before_mb
    return [
        Figure("CPU time of a path, median", median(cpu), "ms", most=300),
        Figure("CPU time of a path, 95 %", _p95(cpu), "ms"),
        Figure("time of a path, median", median(wall), "ms"),
        Figure("time of a path, 95 %", _p95(wall), "ms"),
        Figure("memory added by the run", memory, "MB", most=60),
    ]


def _is_within(path: PathFigures) -> bool:
    return not path.broken_bounds


def _share(
    name: str, paths: Paths, holds: Callable[[PathFigures], bool], *, least: float
) -> Figure:
    return Figure(name, 100 * sum(map(holds, paths)) / len(paths), "%", least=least)


def _ratio(
    name: str,
    paths: Paths,
    part: str,
    whole: str,
    *,
    least: float | None = None,
    most: float | None = None,
) -> Figure:
    """Return a share of what there is in all; of nothing, all that is wanted."""
    total = sum(getattr(path, whole) for path in paths)
    got = sum(getattr(path, part) for path in paths)
    value = 100 * got / total if total else (least or 0.0)
    return Figure(name, value, "%", least=least, most=most)


def _count(paths: Paths, field: str) -> int:
    return sum(len(getattr(path, field)) for path in paths)


def _habit(habit: str, paths: Paths, asked: int) -> Figure:
    """Return how many points of a hundred more than by chance the habit is right."""
    right = sum(path.guessed.get(habit, 0.0) for path in paths)
    chance = sum(path.chance for path in paths)
    allowed = points_allowed(asked)
    points = 100 * (right - chance) / max(1, asked)
    name = f"above chance by taking {HABITS[habit]}"
    return Figure(name, points, "points", least=-allowed, most=allowed)


def points_allowed(asked: int) -> float:
    """
    Return how far from chance guessing may come out on so many questions.

    Few questions differ by accident: two standard deviations of one right in four are granted.
    """
    return max(POINTS_FROM_CHANCE, 200 * math.sqrt(0.25 * 0.75 / max(1, asked)))


def rejections(paths: Paths) -> dict[str, int]:
    """Return how many possible questions each rule of the validator dropped, most first."""
    return dict(_rejections(paths).most_common())


def kinds(paths: Paths) -> dict[str, int]:
    """Return how many questions there are of each kind, most first."""
    return dict(_added(path.kinds for path in paths).most_common())


def _rejections(paths: Paths) -> Counter[str]:
    return _added(path.rejected for path in paths)


def _added(counts: Iterable[Mapping[str, int]]) -> Counter[str]:
    total: Counter[str] = Counter()
    for one in counts:
        total.update(one)
    return total


def _places(paths: Paths) -> list[int]:
    return [sum(counts) for counts in zip(*(path.places for path in paths), strict=True)]


def _p95(values: Sequence[float]) -> float:
    return quantiles(values, n=20, method="inclusive")[-1] if len(values) > 1 else values[0]
