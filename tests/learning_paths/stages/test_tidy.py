from __future__ import annotations

from collections import defaultdict
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from learning_paths.stages.tidy import UNIT, tidy


@st.composite
def trees(draw: st.DrawFn) -> dict[str, list[str]]:
    """Children by name; node 0 is the root and every other hangs on one before it."""
    children: dict[str, list[str]] = {"0": []}
    for number in range(1, draw(st.integers(1, 30))):
        parent = draw(st.integers(max(0, number - 8), number - 1))
        children[str(parent)].append(str(number))
        children[str(number)] = []
    return children


def levels(children: dict[str, list[str]]) -> list[list[str]]:
    rows = [["0"]]
    while below := [child for name in rows[-1] for child in children[name]]:
        rows.append(below)
    return rows


def test_a_lone_root_stands_at_zero():
    assert tidy({"0": []}, "0") == {"0": 0.0}


def test_subtrees_move_under_each_other_where_there_is_room():
    children = {"0": ["a", "b"], "a": ["a1", "a2", "a3"], "b": ["b1"]}
    assert tidy(children, "0") == {
        "a1": 0.0,
        "a2": 200.0,
        "a3": 400.0,
        "b1": 600.0,
        "a": 200.0,
        "b": 600.0,
        "0": 400.0,
    }


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(children=trees())
def test_nodes_of_a_level_keep_their_order_and_their_distance(children: dict[str, list[str]]):
    x = tidy(children, "0")
    assert set(x) == set(children)
    assert min(x.values()) == 0.0
    for row in levels(children):
        assert all(x[b] - x[a] >= UNIT for a, b in pairwise(row))


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(children=trees())
def test_a_parent_stands_in_the_middle_of_its_children(children: dict[str, list[str]]):
    x = tidy(children, "0")
    for name, below in children.items():
        if below:
            assert x[name] == (x[below[0]] + x[below[-1]]) / 2


@settings(max_examples=100, deadline=None, derandomize=True, database=None)
@given(children=trees())
def test_no_subtree_could_stand_closer_to_those_on_its_left(children: dict[str, list[str]]):
    x = tidy(children, "0")
    depth = {name: level for level, row in enumerate(levels(children)) for name in row}

    def rows(names: list[str]) -> dict[int, list[float]]:
        found = defaultdict(list)
        for name in names:
            found[depth[name]].append(x[name])
        return found

    def below(name: str) -> list[str]:
        return [name, *(other for child in children[name] for other in below(child))]

    for siblings in children.values():
        for place in range(1, len(siblings)):
            left = rows([other for sibling in siblings[:place] for other in below(sibling)])
            right = rows(below(siblings[place]))
            gaps = [min(right[level]) - max(left[level]) for level in right if level in left]
            assert min(gaps) == UNIT
