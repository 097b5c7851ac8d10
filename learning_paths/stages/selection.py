"""
Which of a topic's concepts a path holds: as many as asked for, and nothing without what it needs.

Concepts are taken one after another, each with what it needs that is missing. Which is next:

- for nobody in particular, an essential one, then a preferred one, and of these one of the chapter
  of which the smallest share is in, so that each chapter ends up in proportion to its size;
- for a level, one whose difficulty is nearest to it (beginner 1, intermediate 2, advanced 3), and
  then the same. So beginners get the foundations; intermediate learners the middle and only those
  basics that it builds on; advanced learners the hard parts and the way there.

What ends too long a chain comes last: no tree can keep in order one of more concepts than
`max_height` (chess in the default bounds, 10 to 30 nodes: 5 edges lost in all, not 16), and for
beginners half the way along the topic's longest chain is far.

Advanced learners know the basics: what has difficulty 1 and builds on nothing but such. These are
left out. Where the rest of the topic does not fill the path, those at the ends of the longest
chains come back first; so what is taken as known never builds on something still to be learned.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from learning_paths.catalogue.topic import Concept
from learning_paths.exceptions import LearningPathsError
from learning_paths.schema import LEVELS, Level

#: A concept's difficulty by the level of the learner it is made for.
DIFFICULTY: dict[Level, int] = {level: difficulty for difficulty, level in LEVELS.items()}


@dataclass(frozen=True)
class Selection:
    """
    Ids of concepts. What a chosen one needs is `chosen` too, or `known` to the learner.

    `returned` are basics that were chosen only because there was nothing better.
    """

    chosen: frozenset[str]
    known: frozenset[str] = frozenset()
    returned: frozenset[str] = frozenset()


def select(
    concepts: Sequence[Concept],
    count: int,
    *,
    deepest: int,
    level: Level | None = None,
    preferred: Collection[str] = (),
) -> Selection:
    """
    Choose `count` of the concepts, which stand in teaching order.

    `deepest` is how many concepts in a chain the tree can keep in order. Raises LearningPathsError
    if there are too few concepts.
    """
    if count > len(concepts):
        raise LearningPathsError(f"{count} concepts asked for, the topic has {len(concepts)}")
    if level == "advanced":
        return _beyond_the_basics(concepts, count, deepest, preferred)
    if level == "beginner":
        deepest = min(deepest, (max(_depths(concepts).values()) + 1) // 2)
    return Selection(chosen=_choose(concepts, count, deepest, level, preferred))


def _beyond_the_basics(
    concepts: Sequence[Concept], count: int, deepest: int, preferred: Collection[str]
) -> Selection:
    depths = _depths(concepts)
    basics = _basics(concepts)
    # The deepest first, and of equally deep ones the last in teaching order.
    last_first = sorted(basics, key=depths.__getitem__)[::-1]
    returned = frozenset(last_first[: max(0, count - (len(concepts) - len(basics)))])
    known = frozenset(basics) - returned
    rest = [
        replace(one, prerequisites=tuple(name for name in one.prerequisites if name not in known))
        for one in concepts
        if one.id not in known
    ]
    return Selection(_choose(rest, count, deepest, "advanced", preferred), known, returned)


def _basics(concepts: Sequence[Concept]) -> list[str]:
    """Return what is easy and builds on nothing but such, in teaching order."""
    basics: dict[str, None] = {}
    for concept in concepts:
        if concept.difficulty == 1 and all(name in basics for name in concept.prerequisites):
            basics[concept.id] = None
    return [*basics]


def _choose(
    concepts: Sequence[Concept],
    count: int,
    deepest: int,
    level: Level | None,
    preferred: Collection[str],
) -> frozenset[str]:
    """Return the ids of `count` concepts, closed under prerequisites."""
    by_id = {concept.id: concept for concept in concepts}
    sizes = Counter(concept.branch for concept in concepts)
    depths = _depths(concepts)
    chosen: set[str] = set()
    while len(chosen) < count:
        filled = Counter(by_id[name].branch for name in chosen)
        options = [
            (
                abs(concept.difficulty - DIFFICULTY[level]) if level else 0,
                not concept.essential,
                concept.id not in preferred,
                depths[concept.id] > deepest,
                Fraction(filled[concept.branch], sizes[concept.branch]),
                place,
            )
            for place, concept in enumerate(concepts)
            if concept.id not in chosen
            and len(_closure(concept, by_id, chosen)) <= count - len(chosen)
        ]
        # The first concept in teaching order that is missing needs only itself: there is an option.
        chosen |= _closure(concepts[min(options)[-1]], by_id, chosen)
    return frozenset(chosen)


def _depths(concepts: Sequence[Concept]) -> dict[str, int]:
    """Return how many concepts the longest chain that ends with each has."""
    depths: dict[str, int] = {}
    for concept in concepts:
        depths[concept.id] = 1 + max((depths[name] for name in concept.prerequisites), default=0)
    return depths


def _closure(concept: Concept, by_id: Mapping[str, Concept], chosen: Collection[str]) -> set[str]:
    """Return the concept and all it builds on, directly or not, that is not chosen yet."""
    missing: set[str] = set()
    to_visit = [concept.id]
    while to_visit:
        name = to_visit.pop()
        if name not in chosen and name not in missing:
            missing.add(name)
            to_visit += by_id[name].prerequisites
    return missing
