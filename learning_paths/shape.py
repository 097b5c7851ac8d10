"""
Which trees can exist: the arithmetic of `num_nodes`, widths and heights.

The root is level 0; the height is the number of levels below it, none of them empty. No level has
more than `max_width` nodes and level 1 has at least `min_width`. So a tree of height h has
`min_width + h` to `1 + max_width * h` nodes, and since these ranges overlap from one height to the
next, a tree exists exactly if `min_width <= max_width`, `min_height <= max_height` and
`min_width + min_height <= num_nodes <= 1 + max_width * max_height`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations, product
from types import MappingProxyType
from typing import Final, NamedTuple


class Bound(NamedTuple):
    """The values an integer parameter may have, both ends included."""

    lowest: int
    highest: int
    default: int


class Shape(NamedTuple):
    """How large, wide and high a tree is to be; the fields are the request's parameters."""

    num_nodes: int
    min_width: int
    max_width: int
    min_height: int
    max_height: int

    @property
    def fewest(self) -> int:
        """The nodes that the two minima need, with the root."""
        return self.min_width + self.min_height

    @property
    def most(self) -> int:
        """The nodes that the two maxima leave room for, with the root."""
        return 1 + self.max_width * self.max_height

    def fits(self) -> bool:
        """Return whether such a tree exists."""
        return (
            self.min_width <= self.max_width
            and self.min_height <= self.max_height
            and self.fewest <= self.num_nodes <= self.most
        )

    def heights(self) -> list[int]:
        """Return the heights such a tree can have, in rising order; none if it does not fit."""
        if self.min_width > self.max_width:
            return []
        return [
            height
            for height in range(self.min_height, self.max_height + 1)
            if self.min_width + height <= self.num_nodes <= 1 + self.max_width * height
        ]


SHAPE_BOUNDS: Final[Mapping[str, Bound]] = MappingProxyType(
    {
        "num_nodes": Bound(10, 30, 15),
        "min_width": Bound(2, 10, 3),
        "max_width": Bound(3, 15, 5),
        "min_height": Bound(2, 8, 3),
        "max_height": Bound(3, 12, 7),
    }
)


def fixes(shape: Shape) -> list[dict[str, int]]:
    """
    Return the smallest changes that make a legal `shape` fit, each as new values by name.

    Every change of one parameter alone that would do, nearest value, in the order of the fields;
    if there is none, the one change of two parameters with the fewest steps. Of the 76,969 legal
    shapes that do not fit, none needs three.
    """
    nearest = {name: _nearest(shape, name) for name in Shape._fields}
    alone = [{name: value} for name, value in nearest.items() if value is not None]
    return alone or [min(_pairs(shape), key=lambda pair: _steps(shape, pair))]


def _nearest(shape: Shape, name: str) -> int | None:
    """Return the value nearest to the present one with which the shape fits, if there is one."""
    present: int = getattr(shape, name)
    values = sorted(_legal(name), key=lambda value: abs(value - present))
    return next((value for value in values if shape._replace(**{name: value}).fits()), None)


def _pairs(shape: Shape) -> Iterator[dict[str, int]]:
    for first, second in combinations(Shape._fields, 2):
        for values in product(_legal(first), _legal(second)):
            pair = dict(zip((first, second), values, strict=True))
            if shape._replace(**pair).fits():
                yield pair


def _legal(name: str) -> range:
    return range(SHAPE_BOUNDS[name].lowest, SHAPE_BOUNDS[name].highest + 1)


def _steps(shape: Shape, change: Mapping[str, int]) -> int:
    return sum(abs(value - getattr(shape, name)) for name, value in change.items())
