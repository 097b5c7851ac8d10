"""Columns over time as SVG: the numbers of a drawing, which a template writes down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 480, 132
#: Room for the numbers at the left, above the highest column and for the times below.
LEFT, TOP, BOTTOM = 40, 12, 20
_GAP = 0.2


@dataclass(frozen=True)
class Column:
    """`name` says when, `value` how many; the rest is in the units of the drawing."""

    name: str
    value: int
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Mark:
    """A line or a label at `at`, from the top or from the left."""

    text: str
    at: float


@dataclass(frozen=True)
class Chart:
    """`kind` chooses the colour; `summary` says in words what is to be seen."""

    id: str
    kind: str
    title: str
    summary: str
    columns: Sequence[Column]
    lines: Sequence[Mark]
    times: Sequence[Mark]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    floor: int = HEIGHT - BOTTOM


def chart(
    id: str, *, kind: str, title: str, summary: str, values: Sequence[tuple[str, int]]
) -> Chart:
    """Draw `values`, each with its name; every sixth name is written below its column."""
    top = scale(max((value for _name, value in values), default=0))
    floor, high = HEIGHT - BOTTOM, HEIGHT - BOTTOM - TOP
    step = (WIDTH - LEFT) / max(1, len(values))
    columns = [
        Column(
            name,
            value,
            x=round(LEFT + (place + _GAP / 2) * step, 2),
            y=round(floor - high * value / top, 2),
            width=round((1 - _GAP) * step, 2),
            height=round(high * value / top, 2),
        )
        for place, (name, value) in enumerate(values)
    ]
    lines = [Mark(f"{part:g}", round(floor - high * part / top, 2)) for part in (0, top / 2, top)]
    times = [Mark(one.name, round(one.x + one.width / 2, 2)) for one in columns[::6]]
    return Chart(id, kind, title, summary, columns, lines, times)


def scale(most: int) -> int:
    """The least of 2, 4, 10, 20, 40, 100 … that `most` does not exceed."""
    power = 1
    while 10 * power < most:
        power *= 10
    return next(step * power for step in (2, 4, 10) if step * power >= most)
