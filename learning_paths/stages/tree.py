"""The third stage: the tree that a learner walks down, within the bounds of the request."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from learning_paths.request import PathRequest
from learning_paths.stages.levels import assign_levels, nearest_height
from learning_paths.stages.ordering import direct_edges, followers, reachable, transitive_reduction
from learning_paths.stages.tidy import UNIT, tidy
from learning_paths.stages.values import (
    ROOT,
    Edge,
    Ordering,
    Outline,
    OutlineConcept,
    Prerequisite,
    Tree,
    TreeNode,
)
from learning_paths.text import TfIdf, cosine, tokens

# How many prerequisites a node names besides its parent.
_OTHERS = 2


def tree(outline: Outline, ordering: Ordering, request: PathRequest) -> Tree:
    """
    Return a tree of exactly `num_nodes` nodes that keeps all bounds of a request that fits.

    Its height is the possible one nearest to the longest chain. What a concept needs stands on a
    level nearer to the root, except for the edges in `dropped`, for which the bounds left no room:
    edges of the ordering, or prerequisites that these had implied. The caller has activated the
    request's language.
    """
    height = nearest_height(request.shape, ordering["longest_chain"])
    edges = _stated_edges(outline, ordering)
    levels = assign_levels(ordering["order"], edges, request.shape, height)
    kept = [edge for edge in edges if levels[edge["before"]] < levels[edge["after"]]]
    dropped = [edge for edge in edges if levels[edge["before"]] >= levels[edge["after"]]]
    site = _Site(
        concepts={concept["id"]: concept for concept in outline["concepts"]},
        levels=levels,
        needs=_strongest_first(transitive_reduction(kept)),
        displaced={edge["after"] for edge in dropped},
        vectors=_vectors(outline["concepts"], request.language),
        threshold=request.similarity_threshold,
    )
    return Tree(
        nodes=_nodes(ordering["order"], site),
        height=height,
        width=max(Counter(levels.values()).values()),
        dropped=dropped,
    )


def learning_order(order: Sequence[str], nodes: Sequence[TreeNode]) -> list[str]:
    """
    Return the ids with the root first and each after its prerequisites, otherwise as in `order`.

    A step can stand below one that `order` has later, where likeness alone or the shape put it.
    """
    needs = {node["id"]: {link["id"] for link in node["prerequisites"]} for node in nodes}
    waiting = [ROOT, *order]
    learned: list[str] = []
    while waiting:
        learned.append(next(name for name in waiting if needs[name].issubset(learned)))
        waiting.remove(learned[-1])
    return learned


def _stated_edges(outline: Outline, ordering: Ordering) -> list[Edge]:
    """
    Return the ordering's edges and those of the outline's prerequisites that these imply.

    As long as every edge is kept the implied ones follow; once one is dropped they may not, and
    they are as much a teacher's word as the others.
    """
    reduced = ordering["edges"]
    onward = followers(reduced)
    known = {(edge["before"], edge["after"]) for edge in reduced}
    return reduced + [
        edge
        for edge in direct_edges(outline["concepts"])
        if (edge["before"], edge["after"]) not in known
        and edge["after"] in reachable(onward, edge["before"])
    ]


def _strongest_first(edges: Sequence[Edge]) -> dict[str, list[Edge]]:
    """Return the edges by the concept they lead to."""
    needs: dict[str, list[Edge]] = {}
    for edge in sorted(edges, key=lambda edge: -edge["weight"]):
        needs.setdefault(edge["after"], []).append(edge)
    return needs


def _vectors(concepts: Sequence[OutlineConcept], language: str) -> dict[str, dict[str, float]]:
    words = {c["id"]: tokens(f"{c['term']} {c['definition']}", language) for c in concepts}
    space = TfIdf(list(words.values()))
    return {name: space.vector(found) for name, found in words.items()}


# --- who stands below whom -------------------------------------------------------------------


@dataclass(frozen=True)
class _Site:
    """What the choice of parents rests on. `displaced` had to stand beside or above a need."""

    concepts: Mapping[str, OutlineConcept]
    levels: Mapping[str, int]
    needs: Mapping[str, Sequence[Edge]]
    displaced: set[str]
    vectors: Mapping[str, Mapping[str, float]]
    threshold: float


def _nodes(order: Sequence[str], site: _Site) -> list[TreeNode]:
    """Return the root, then the concepts by level and from left to right."""
    children: dict[str, list[str]] = {ROOT: []}
    links: dict[str, Prerequisite] = {}
    for name in sorted(order, key=site.levels.__getitem__):
        links[name] = _link_to_parent(name, children, site)
        children[links[name]["id"]].append(name)
        children[name] = []
    x = tidy(children, ROOT)
    root = TreeNode(id=ROOT, parent=None, level=0, x=x[ROOT], y=0.0, prerequisites=[])
    nodes = [_node(name, links[name], x[name], site) for name in order]
    return [root, *sorted(nodes, key=lambda node: (node["level"], node["x"]))]


def _node(name: str, link: Prerequisite, x: float, site: _Site) -> TreeNode:
    level = site.levels[name]
    others = [edge for edge in site.needs.get(name, ()) if edge["before"] != link["id"]]
    return TreeNode(
        id=name,
        parent=link["id"],
        level=level,
        x=x,
        y=UNIT * level,
        prerequisites=[link, *map(_stated, others[:_OTHERS])],
    )


def _link_to_parent(name: str, children: Mapping[str, Sequence[str]], site: _Site) -> Prerequisite:
    """Return the parent as a prerequisite: one stated, on the level above, or else a likeness."""
    level = site.levels[name]
    if level == 1:
        return _link_to_root(name, site)
    above = [other for other in children if site.levels.get(other) == level - 1]
    stated = [edge for edge in site.needs.get(name, ()) if edge["before"] in above]
    return _stated(stated[0]) if stated else _likeness(name, above, children, site)


def _link_to_root(name: str, site: _Site) -> Prerequisite:
    if name in site.displaced:
        reason = _("Placed at the start so that the path keeps the requested shape.")
    else:
        reason = _("A place to start: no other step has to come before it.")
    return Prerequisite(id=ROOT, reason=reason, evidence="layout", score=0.0)


def _stated(edge: Edge) -> Prerequisite:
    return Prerequisite(
        id=edge["before"], reason=edge["reason"], evidence=edge["evidence"], score=edge["weight"]
    )


def _likeness(
    name: str, above: Sequence[str], children: Mapping[str, Sequence[str]], site: _Site
) -> Prerequisite:
    """Return one of `above`: of the same chapter if there is one, the most similar, the freest."""
    branch = site.concepts[name]["branch"]
    # Rounded, so that the last bit of a logarithm on another machine decides nothing.
    alike = {other: round(cosine(site.vectors[name], site.vectors[other]), 6) for other in above}
    parent = min(
        above,
        key=lambda other: (
            site.concepts[other]["branch"] != branch,
            -alike[other],
            len(children[other]),
        ),
    )
    if site.concepts[parent]["branch"] == branch:
        return Prerequisite(
            id=parent, reason=_("Same chapter."), evidence="similarity", score=alike[parent]
        )
    if alike[parent] >= site.threshold and alike[parent] > 0:
        return Prerequisite(
            id=parent, reason=_("A related subject."), evidence="similarity", score=alike[parent]
        )
    reason = _("Comes earlier on this path, though this step does not depend on it.")
    return Prerequisite(id=parent, reason=reason, evidence="layout", score=0.0)
