"""The second stage: which concept is to be learned before which, and one order that respects it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from learning_paths.exceptions import LearningPathsError
from learning_paths.stages.values import Edge, Ordering, Outline, OutlineConcept


def ordering(outline: Outline) -> Ordering:
    """
    Return a teaching order of the outline's concepts and the edges that no others imply.

    Among the concepts that could come next, one of the chapter at hand does, so that chapters stay
    together; else, and among several of it, the first in the outline's own order. Prerequisites
    outside the outline are left out. Raises LearningPathsError if concepts wait for each other.
    """
    concepts = outline["concepts"]
    edges = direct_edges(concepts)
    order = _topological(concepts, edges)
    reduced = transitive_reduction(edges)
    return Ordering(
        order=order, edges=reduced, longest_chain=max(_depths(order, reduced), default=0)
    )


def direct_edges(concepts: Sequence[OutlineConcept]) -> list[Edge]:
    """Return an edge for each prerequisite that is itself among the concepts, in their order."""
    known = {concept["id"] for concept in concepts}
    return [
        Edge(
            before=needed["id"],
            after=concept["id"],
            weight=needed["score"],
            reason=needed["reason"],
            evidence=needed["evidence"],
        )
        for concept in concepts
        for needed in concept["prerequisites"]
        if needed["id"] in known
    ]


def transitive_reduction(edges: Sequence[Edge]) -> list[Edge]:
    """
    Return the edges without those that a longer way from `before` to `after` implies.

    The edges have no cycle, so the result is the only one (Aho, Garey and Ullman, "The transitive
    reduction of a directed graph", 1972).
    """
    onward = followers(edges)
    return [
        edge
        for edge in edges
        if not any(
            edge["after"] in reachable(onward, other)
            for other in onward[edge["before"]]
            if other != edge["after"]
        )
    ]


def reachable(onward: Mapping[str, Sequence[str]], start: str) -> set[str]:
    """Return what can be reached from `start`, which is itself in it only on a cycle."""
    reached: set[str] = set()
    to_visit = list(onward.get(start, ()))
    while to_visit:
        name = to_visit.pop()
        if name not in reached:
            reached.add(name)
            to_visit += onward.get(name, ())
    return reached


def followers(edges: Iterable[Edge]) -> dict[str, list[str]]:
    """Return what comes directly after each concept that something comes after."""
    onward: dict[str, list[str]] = {}
    for edge in edges:
        onward.setdefault(edge["before"], []).append(edge["after"])
    return onward


def _topological(concepts: Sequence[OutlineConcept], edges: Iterable[Edge]) -> list[str]:
    """Kahn's algorithm ("Topological sorting of large networks", 1962) with a fixed choice."""
    waiting = {concept["id"]: concept for concept in concepts}
    needs: dict[str, set[str]] = {name: set() for name in waiting}
    for edge in edges:
        needs[edge["after"]].add(edge["before"])
    branch, order = "", list[str]()
    while waiting:
        ready = [concept for name, concept in waiting.items() if needs[name].isdisjoint(waiting)]
        if not ready:
            raise LearningPathsError(f"concepts wait for each other: {', '.join(waiting)}")
        chosen = next((concept for concept in ready if concept["branch"] == branch), ready[0])
        branch = chosen["branch"]
        order.append(chosen["id"])
        del waiting[chosen["id"]]
    return order


def _depths(order: Iterable[str], edges: Sequence[Edge]) -> list[int]:
    """Return, for each concept in `order`, the concepts of the longest chain that ends with it."""
    depths: dict[str, int] = {}
    for name in order:
        depths[name] = 1 + max(
            (depths[edge["before"]] for edge in edges if edge["after"] == name), default=0
        )
    return list(depths.values())
