from __future__ import annotations

import json
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from learning_paths.exceptions import LearningPathsError
from learning_paths.request import PathRequest
from learning_paths.stages.ordering import (
    direct_edges,
    followers,
    ordering,
    reachable,
    transitive_reduction,
)
from learning_paths.stages.outline import outline
from learning_paths.stages.values import Edge, Outline
from tests.learning_paths.topics import make_topic


def outline_of(needs: dict[str, list[str]], branches: dict[str, str] | None = None) -> Outline:
    """An outline in which only ids, branches and prerequisites matter."""
    outlined: Any = {
        "concepts": [
            {
                "id": name,
                "branch": (branches or {}).get(name, "only"),
                "prerequisites": [
                    {"id": needed, "reason": "", "evidence": "catalogue", "score": 1.0 - 0.2 * i}
                    for i, needed in enumerate(prerequisites)
                ],
            }
            for name, prerequisites in needs.items()
        ]
    }
    return outlined


def pairs(edges: list[Edge]) -> list[tuple[str, str]]:
    return [(edge["before"], edge["after"]) for edge in edges]


@pytest.mark.parametrize("num_nodes", range(10, 31))
def test_the_order_respects_every_prerequisite(num_nodes: int):
    outlined = outline(make_topic(), PathRequest(topic="x", num_nodes=num_nodes))
    order = ordering(outlined)["order"]
    place = {name: number for number, name in enumerate(order)}
    assert sorted(order) == sorted(concept["id"] for concept in outlined["concepts"])
    for before, after in pairs(direct_edges(outlined["concepts"])):
        assert place[before] < place[after]


def test_a_chapter_stays_together_as_far_as_prerequisites_allow():
    needs = {"a1": [], "b1": [], "a2": ["b1"], "b2": [], "a3": []}
    branches = {name: name[0] for name in needs}
    assert ordering(outline_of(needs, branches))["order"] == ["a1", "a3", "b1", "b2", "a2"]


def test_ties_go_to_the_teaching_order():
    assert ordering(outline_of({"c": [], "a": [], "b": []}))["order"] == ["c", "a", "b"]


def test_an_edge_that_others_imply_is_left_out():
    ordered = ordering(outline_of({"a": [], "b": ["a"], "c": ["a", "b"], "d": ["c", "a"]}))
    assert pairs(ordered["edges"]) == [("a", "b"), ("b", "c"), ("c", "d")]
    assert [edge["weight"] for edge in ordered["edges"]] == [1.0, 0.8, 1.0]


def test_the_longest_chain_counts_concepts():
    assert ordering(outline_of({"a": [], "b": []}))["longest_chain"] == 1
    chain = {"a": [], "b": ["a"], "x": [], "c": ["b", "x"]}
    assert ordering(outline_of(chain))["longest_chain"] == 3
    whole = outline(make_topic(), PathRequest(topic="x", num_nodes=30, max_height=12))
    assert ordering(whole)["longest_chain"] == 8


def test_prerequisites_outside_the_outline_do_not_count():
    assert ordering(outline_of({"a": ["z"]})) == {
        "order": ["a"],
        "edges": [],
        "longest_chain": 1,
    }


def test_concepts_that_wait_for_each_other_are_refused_by_name():
    with pytest.raises(LearningPathsError, match="wait for each other: b, c"):
        ordering(outline_of({"a": [], "b": ["a", "c"], "c": ["b"]}))


def test_an_ordering_is_plain_json_and_the_same_every_time():
    outlined = outline(make_topic(), PathRequest(topic="x"))
    ordered = ordering(outlined)
    assert json.loads(json.dumps(ordered)) == ordered == ordering(outlined)


@st.composite
def acyclic(draw: st.DrawFn) -> list[Edge]:
    names = [f"n{i}" for i in range(draw(st.integers(2, 9)))]
    chosen = draw(st.sets(st.sampled_from(list(combinations(names, 2)))))
    return [
        Edge(before=b, after=a, weight=1.0, reason="", evidence="catalogue")
        for b, a in sorted(chosen)
    ]


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(edges=acyclic())
def test_a_reduction_reaches_the_same_and_cannot_lose_another_edge(edges: list[Edge]):
    def reach(some: list[Edge]) -> set[tuple[str, str]]:
        onward = followers(some)
        return {(start, end) for start in onward for end in reachable(onward, start)}

    reduced = transitive_reduction(edges)
    assert reach(reduced) == reach(edges)
    for edge in reduced:
        assert reach([other for other in reduced if other is not edge]) != reach(edges)
