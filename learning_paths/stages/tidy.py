"""Where the nodes of a tree go from left to right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

#: Two nodes of one level are at least so far apart, in the units of `visualPosition`.
UNIT = 200.0


@dataclass
class _Drawing:
    """A subtree: x by name, its root at 0; the leftmost and rightmost x of each level of it."""

    places: dict[str, float]
    left: list[float]
    right: list[float]

    def beside(self, other: _Drawing) -> float:
        """Return how far to the right `other` has to go to stand to the right of this one."""
        return max(r - x for r, x in zip(self.right, other.left, strict=False)) + UNIT

    def add(self, other: _Drawing, shift: float) -> None:
        """Take in what stands `shift` to the right of this one."""
        self.places |= {name: x + shift for name, x in other.places.items()}
        depth = len(self.left)
        self.left += [x + shift for x in other.left[depth:]]
        self.right = [x + shift for x in other.right] + self.right[len(other.right) :]


def tidy(children: Mapping[str, Sequence[str]], root: str) -> dict[str, float]:
    """
    Return the x of `root` and of every node below it, the leftmost at 0.

    A parent stands in the middle between its first and its last child, children in the order given,
    subtrees as close as UNIT allows (Reingold and Tilford, "Tidier drawings of trees", 1981). All
    values are multiples of UNIT divided by a power of two, hence exact.
    """
    places = _drawing(children, root).places
    leftmost = min(places.values())
    return {name: x - leftmost for name, x in places.items()}


def _drawing(children: Mapping[str, Sequence[str]], root: str) -> _Drawing:
    below = [_drawing(children, child) for child in children.get(root, ())]
    if not below:
        return _Drawing({root: 0.0}, [0.0], [0.0])
    row, last = below[0], 0.0
    for drawing in below[1:]:
        last = row.beside(drawing)
        row.add(drawing, last)
    middle = last / 2
    return _Drawing(
        {root: 0.0} | {name: x - middle for name, x in row.places.items()},
        [0.0, *(x - middle for x in row.left)],
        [0.0, *(x - middle for x in row.right)],
    )
