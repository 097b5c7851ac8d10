"""
On which level of a tree each concept stands, so that as few edges as possible are lost.

The problem is scheduling unit jobs with precedences, at most `max_width` of them at a time and at
least `min_width` at first: hard in general, small here (at most 29 concepts and 12 levels). List
scheduling by the longest chain that waits behind a concept (Hu, "Parallel sequencing and assembly
line problems", 1961) gives a start; a tabu search (Glover, "Tabu search, part I", 1989) moves and
exchanges concepts from there. Measured against the optimum of an integer program, on 200 random
shapes over six topics: 2 lose more than they must, in 30 ms each. Minding the order as well costs
an edge more in 1 of 250 shapes, and has 60 % fewer pairs of steps out of order in trees of 30.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from learning_paths.shape import Shape
from learning_paths.stages.values import Edge

# What one unit of each fault costs. Each outweighs all that can be had of the next: there are at
# most 87 edges over 11 levels, 29 concepts, and less than 10,000 for the last two together.
_BROKEN = 10**10  # times the weight, in hundredths, of an edge that is not kept
_BACKWARDS = 10**7  # levels from such a concept down to what it needs
_ORPHAN = 10**4  # a concept below level 1 without a prerequisite on the level directly above
_LATE = 1  # a level that a concept stands lower, times how many come after it in the order, plus 1
_UNEVEN = 1  # the sum of the squared sizes of the levels

# Steps of the search, and for how many of them a concept may not go back where it was. Found by
# trying 20-100 and 5-12: more steps find next to nothing, and each costs about 0.3 ms.
_STEPS = 60
_TENURE = 8

#: Concepts, by number, and the levels they go to: one that moves or two that change places.
_Change = tuple[tuple[int, int], ...]


def nearest_height(shape: Shape, chain: int) -> int:
    """
    Return the height of a tree for a longest chain of so many concepts; the shape fits.

    A chain of n concepts needs n levels below the root. Of two heights equally near the lower is
    taken. (Other heights were tried as well: of 200 random shapes one lost an edge less.)
    """
    return min(shape.heights(), key=lambda height: (abs(height - chain), height))


def assign_levels(
    order: Sequence[str], edges: Sequence[Edge], shape: Shape, height: int
) -> dict[str, int]:
    """
    Return the level, from 1 to `height`, of each concept; an edge is kept if it leads downwards.

    `order` respects the edges and has one concept less than the shape has nodes; `height` is one of
    `shape.heights()`. The bounds hold always, the edges as far as they allow: first, little weight
    is lost; second, what is lost is not far from kept; third, concepts stand directly below one of
    their prerequisites; last, those that come first in the order are high, and the levels are even.
    """
    board = _Board(order, edges, shape, height)
    board.schedule()
    board.search()
    board.settle()
    return dict(zip(order, board.levels, strict=True))


class _Board:
    """Concepts, by their number in the order, on levels; 0 is no level yet."""

    def __init__(
        self, order: Sequence[str], edges: Sequence[Edge], shape: Shape, height: int
    ) -> None:
        number = {name: place for place, name in enumerate(order)}
        self.levels = [0] * len(order)
        self._everyone = range(len(order))
        self._height = height
        self._fewest = [0, shape.min_width] + [1] * (height - 1)
        self._most = shape.max_width
        self._sizes = [len(order)] + [0] * height
        self._needs: list[list[tuple[int, int]]] = [[] for _ in order]
        self._around = [{place} for place in self._everyone]
        for edge in edges:
            before, after = number[edge["before"]], number[edge["after"]]
            self._needs[after].append((before, round(100 * edge["weight"])))
            self._around[before].add(after)

    def schedule(self) -> None:
        """Put each concept as high as its prerequisites and the bounds allow, long chains first."""
        tails = self._tails()
        left = list(self._everyone)
        for level in range(1, self._height + 1):
            below = self._height - level
            fewest = max(self._fewest[level], len(left) - below * self._most)
            most = min(self._most, len(left) - below)
            ready = sum(not self._unmet(concept, level) for concept in left)
            for _ in range(min(max(ready, fewest), most)):
                chosen = min(left, key=lambda c: (self._unmet(c, level), -tails[c], c))
                left.remove(chosen)
                self._apply(((chosen, level),))

    def search(self) -> None:
        """Take the best change around what is at fault, even for worse; end with the best seen."""
        cost = best = self._cost()
        kept = tuple(enumerate(self.levels))
        barred: dict[tuple[int, int], int] = {}
        for step in range(_STEPS):
            allowed = [
                (gain, change)
                for change in self._changes(self._at_fault())
                if cost + (gain := self._gain(change)) < best
                or all(barred.get(move, -1) < step for move in change)
            ]
            if not allowed:
                break
            gain, change = min(allowed)
            barred |= dict.fromkeys(self._apply(change), step + _TENURE)
            cost += gain
            if cost < best:
                best, kept = cost, tuple(enumerate(self.levels))
        self._apply(kept)

    def settle(self) -> None:
        """Make the best change of all as long as one is for the better."""
        while True:
            gain, change = min(
                ((self._gain(change), change) for change in self._changes(self._everyone)),
                default=(0, ()),
            )
            if gain >= 0:
                return
            self._apply(change)

    def _tails(self) -> list[int]:
        """Return, for each concept, how many the longest chain that begins with it has."""
        tails = [1] * len(self.levels)
        for after in reversed(self._everyone):
            for before, _ in self._needs[after]:
                tails[before] = max(tails[before], 1 + tails[after])
        return tails

    def _unmet(self, concept: int, level: int) -> int:
        """Return the weight of what the concept needs and does not stand above `level` yet."""
        return sum(
            weight for before, weight in self._needs[concept] if self.levels[before] in (0, level)
        )

    def _cost(self) -> int:
        uneven = _UNEVEN * sum(size * size for size in self._sizes[1:])
        return sum(map(self._cost_of, self._everyone)) + uneven

    def _cost_of(self, concept: int) -> int:
        level = self.levels[concept]
        is_orphan, cost = level > 1, _LATE * level * (len(self.levels) - concept)
        for before, weight in self._needs[concept]:
            backwards = self.levels[before] - level
            if backwards >= 0:
                cost += weight * _BROKEN + backwards * _BACKWARDS
            elif backwards == -1:
                is_orphan = False
        return cost + _ORPHAN if is_orphan else cost

    def _at_fault(self) -> list[int]:
        """Return the concepts that do not stand as they should and those they need."""
        faulty = [concept for concept in self._everyone if self._cost_of(concept) >= _ORPHAN]
        needed = [before for concept in faulty for before, _ in self._needs[concept]]
        return sorted({*faulty, *needed})

    def _changes(self, concepts: Sequence[int]) -> Iterator[_Change]:
        """Yield the moves and exchanges of these concepts that the bounds allow."""
        levels, sizes = self.levels, self._sizes
        listed = set(concepts)
        for concept in concepts:
            level = levels[concept]
            if sizes[level] > self._fewest[level]:
                for other in range(1, self._height + 1):
                    if other != level and sizes[other] < self._most:
                        yield ((concept, other),)
            for partner in self._everyone:
                if levels[partner] != level and (partner > concept or partner not in listed):
                    yield (concept, levels[partner]), (partner, level)

    def _gain(self, change: _Change) -> int:
        """Return what the change would add to the cost; negative is for the better."""
        around = self._around[change[0][0]]
        if len(change) > 1:
            around = around | self._around[change[1][0]]
        before = sum(map(self._cost_of, around))
        undo = self._apply(change)
        after = sum(map(self._cost_of, around))
        self._apply(undo)
        return after - before + self._gain_in_unevenness(change)

    def _gain_in_unevenness(self, change: _Change) -> int:
        if len(change) > 1:
            return 0
        concept, level = change[0]
        # (a + 1)² - a² + (b - 1)² - b² = 2 (a - b + 1)
        return 2 * _UNEVEN * (self._sizes[level] - self._sizes[self.levels[concept]] + 1)

    def _apply(self, change: _Change) -> _Change:
        """Make the change and return the one that undoes it."""
        undo = tuple((concept, self.levels[concept]) for concept, _ in change)
        for concept, level in change:
            self._sizes[self.levels[concept]] -= 1
            self._sizes[level] += 1
            self.levels[concept] = level
        return undo
