from __future__ import annotations

from itertools import product

import pytest

from learning_paths.request import PathRequest
from learning_paths.shape import Shape
from learning_paths.stages.levels import assign_levels, nearest_height
from learning_paths.stages.ordering import direct_edges, ordering
from learning_paths.stages.outline import outline
from learning_paths.stages.values import Edge
from tests.learning_paths.topics import make_topic


def edge(before: str, after: str, weight: float = 1.0) -> Edge:
    return Edge(before=before, after=after, weight=weight, reason="", evidence="catalogue")


def lost(levels: dict[str, int], edges: list[Edge]) -> list[Edge]:
    return [edge for edge in edges if levels[edge["before"]] >= levels[edge["after"]]]


@pytest.mark.parametrize(("chain", "height"), [(1, 3), (3, 3), (5, 5), (7, 7), (8, 7), (20, 7)])
def test_the_height_is_the_longest_chain_as_far_as_the_bounds_allow(chain: int, height: int):
    assert nearest_height(Shape(15, 3, 5, 3, 7), chain) == height


def test_the_height_is_clamped_by_the_number_of_nodes_too():
    assert nearest_height(Shape(10, 6, 6, 2, 12), 9) == 4  # 6 + 1 + 1 + 1 and the root
    assert nearest_height(Shape(30, 2, 3, 2, 12), 4) == 10  # 3 to a level


def test_a_concept_stands_below_what_it_needs_if_there_is_room():
    order = list("abcdefghi")
    edges = [edge("a", "d"), edge("d", "e"), edge("b", "e"), edge("e", "f"), edge("c", "g")]
    levels = assign_levels(order, edges, Shape(10, 2, 5, 2, 7), 4)
    assert not lost(levels, edges)
    assert levels["f"] == 4


def test_a_chain_longer_than_the_tree_loses_its_weakest_link():
    order = list("abcdefghi")
    weights = [1.0, 0.8, 1.0, 0.6, 1.0]
    pairs = zip(["ab", "bc", "cd", "de", "ef"], weights, strict=True)
    edges = [edge(before, after, weight) for (before, after), weight in pairs]
    levels = assign_levels(order, edges, Shape(10, 2, 5, 2, 5), 5)
    assert lost(levels, edges) == [edge("d", "e", 0.6)]


def test_concepts_of_one_root_that_must_stand_beside_it_are_as_few_as_possible():
    order = list("abcdefghi")
    edges = [edge("a", name) for name in order[1:]]
    levels = assign_levels(order, edges, Shape(10, 3, 5, 3, 3), 3)
    assert levels["a"] == 1
    assert len(lost(levels, edges)) == 2


def test_concepts_that_need_nothing_stand_on_the_first_level_rather_than_evenly():
    levels = assign_levels(list("abcdefghi"), [], Shape(10, 2, 9, 3, 3), 3)
    assert [list(levels.values()).count(level) for level in (1, 2, 3)] == [7, 1, 1]


def test_what_comes_first_in_the_order_stands_high_where_nothing_else_decides():
    levels = assign_levels(list("abcdef"), [edge("e", "f")], Shape(7, 2, 2, 4, 4), 4)
    assert list(levels.values()) == [1, 1, 2, 2, 3, 4]


def optimum(order: list[str], edges: list[Edge], shape: Shape, height: int) -> int:
    """The least weight, in hundredths, that any placing loses: all of them, one by one."""
    best = 10**9
    for levels in product(range(1, height + 1), repeat=len(order)):
        sizes = [levels.count(level) for level in range(1, height + 1)]
        if sizes[0] < shape.min_width or min(sizes) < 1 or max(sizes) > shape.max_width:
            continue
        placed = dict(zip(order, levels, strict=True))
        best = min(best, sum(round(100 * edge["weight"]) for edge in lost(placed, edges)))
    return best


@pytest.mark.parametrize("shape", [Shape(10, 2, 3, 3, 3), Shape(10, 5, 5, 3, 3)], ids=str)
def test_no_placing_loses_less_than_the_one_found(shape: Shape):
    outlined = outline(make_topic(), PathRequest(topic="x", num_nodes=10))
    ordered = ordering(outlined)
    edges = direct_edges(outlined["concepts"])
    levels = assign_levels(ordered["order"], edges, shape, 3)
    found = sum(round(100 * edge["weight"]) for edge in lost(levels, edges))
    assert found == optimum(ordered["order"], edges, shape, 3)
