from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from django.utils import translation
from hypothesis import example, given, settings
from hypothesis import strategies as st

from learning_paths.catalogue.loader import load_topic, topic_ids
from learning_paths.catalogue.topic import LANGUAGES, Language, Topic
from learning_paths.exceptions import InvalidRequest
from learning_paths.request import PathRequest
from learning_paths.shape import SHAPE_BOUNDS, Shape
from learning_paths.stages.ordering import direct_edges, ordering
from learning_paths.stages.outline import outline
from learning_paths.stages.tree import tree
from learning_paths.stages.values import ROOT, Edge, Ordering, Outline, Tree, TreeNode
from tests.learning_paths.topics import make_concept, make_topic

SHAPES = st.builds(
    Shape, *(st.integers(bound.lowest, bound.highest) for bound in SHAPE_BOUNDS.values())
)


def grown(topic: Topic, **params: Any) -> tuple[Outline, Ordering, Tree]:
    request = PathRequest.from_params({"topic": topic.id, "language": "en"} | params)
    outlined = outline(topic, request)
    ordered = ordering(outlined)
    with translation.override(request.language):
        return outlined, ordered, tree(outlined, ordered, request)


def pair(edge: Edge) -> tuple[str, str]:
    return edge["before"], edge["after"]


def depth(node: TreeNode, nodes: dict[str, TreeNode]) -> int:
    return 0 if node["parent"] is None else 1 + depth(nodes[node["parent"]], nodes)


def check(shape: Shape, outlined: Outline, ordered: Ordering, made: Tree) -> None:
    """Everything that holds for every tree."""
    nodes = {node["id"]: node for node in made["nodes"]}
    assert len(nodes) == len(made["nodes"]) == shape.num_nodes
    assert set(nodes) == {ROOT} | {concept["id"] for concept in outlined["concepts"]}
    check_shape(shape, made)
    check_places(made)
    levels = {name: node["level"] for name, node in nodes.items()}
    check_edges(levels, outlined, ordered, made)
    for node in made["nodes"]:
        assert node["level"] == depth(node, nodes)
        check_prerequisites(node, nodes, made)


def check_shape(shape: Shape, made: Tree) -> None:
    sizes = Counter(node["level"] for node in made["nodes"])
    assert sorted(sizes) == list(range(made["height"] + 1))
    assert sizes.pop(0) == 1
    assert max(sizes.values()) == made["width"] <= shape.max_width
    assert sizes[1] >= shape.min_width
    assert shape.min_height <= made["height"] <= shape.max_height


def check_places(made: Tree) -> None:
    keys = [(node["level"], node["x"]) for node in made["nodes"]]
    assert keys == sorted(keys)
    for (level, x), (next_level, next_x) in pairwise(keys):
        assert next_level > level or next_x - x >= 200
    assert all(node["y"] == 200 * node["level"] for node in made["nodes"])
    assert all(type(node[axis]) is float for node in made["nodes"] for axis in ("x", "y"))


def check_edges(levels: dict[str, int], outlined: Outline, ordered: Ordering, made: Tree) -> None:
    dropped = {pair(edge) for edge in made["dropped"]}
    assert len(dropped) == len(made["dropped"])
    for edge in [*ordered["edges"], *direct_edges(outlined["concepts"])]:
        is_kept = levels[edge["after"]] > levels[edge["before"]]
        assert is_kept is (pair(edge) not in dropped)


def check_prerequisites(node: TreeNode, nodes: dict[str, TreeNode], made: Tree) -> None:
    named = node["prerequisites"]
    if node["parent"] is None:
        assert not named
        return
    assert named[0]["id"] == node["parent"]
    assert len(named) <= 3
    assert len({needed["id"] for needed in named}) == len(named)
    assert all(nodes[needed["id"]]["level"] < node["level"] for needed in named)
    assert all(needed["evidence"] == "catalogue" for needed in named[1:])
    assert all(0.0 <= needed["score"] <= 1.0 for needed in named)
    assert (node["level"] == 1) is (node["parent"] == ROOT)
    assert not {(needed["id"], node["id"]) for needed in named} & {
        pair(edge) for edge in made["dropped"]
    }


# --- the whole space of requests -------------------------------------------------------------


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(shape=SHAPES, language=st.sampled_from(LANGUAGES))
@example(shape=Shape(10, 2, 3, 2, 3), language="pt")  # no room at all: 1 + 3 * 3
@example(shape=Shape(10, 8, 15, 2, 12), language="en")  # 8 + 2, nothing to spare
@example(shape=Shape(30, 2, 3, 2, 12), language="es")  # at least 10 levels for a chain of 8
@example(shape=Shape(30, 10, 15, 2, 3), language="en")  # at most 3 levels for it
@example(shape=Shape(30, 2, 15, 8, 12), language="pt")
def test_a_legal_request_gets_a_tree_that_keeps_every_bound_or_a_refusal(
    shape: Shape, language: Language
):
    if not shape.fits():
        with pytest.raises(InvalidRequest):
            grown(make_topic(), language=language, **shape._asdict())
        return
    outlined, ordered, made = grown(make_topic(), language=language, **shape._asdict())
    check(shape, outlined, ordered, made)


@pytest.mark.parametrize("num_nodes", range(10, 31))
def test_every_size_has_a_tree_in_the_default_bounds(num_nodes: int):
    shape = PathRequest(topic="x", num_nodes=num_nodes).shape
    check(shape, *grown(make_topic(), num_nodes=num_nodes))


@pytest.mark.parametrize("topic_id", topic_ids())
def test_the_catalogues_own_topics_lose_two_edges_at_most_in_the_default_bounds(topic_id: str):
    for num_nodes in range(10, 31):
        shape = PathRequest(topic="x", num_nodes=num_nodes).shape
        outlined, ordered, made = grown(load_topic(topic_id), num_nodes=num_nodes)
        check(shape, outlined, ordered, made)
        assert len(made["dropped"]) <= 2, num_nodes


def test_the_same_request_gets_the_same_bytes_whatever_the_hash_seed():
    made = {
        subprocess.run(
            [sys.executable, "-c", PRINT_TREE],
            env={"PYTHONHASHSEED": seed},
            cwd=ROOT_FOLDER,
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    with translation.override(None):
        *_, here = grown(make_topic(), num_nodes=27, min_width=4)
    assert made == {json.dumps(here).encode()}


ROOT_FOLDER = Path(__file__).parents[3]
PRINT_TREE = """
import json
from django.conf import settings
settings.configure(USE_I18N=False)
from tests.learning_paths.stages.test_tree import grown, make_topic
print(json.dumps(grown(make_topic(), num_nodes=27, min_width=4)[-1]), end="")
"""


# --- parents and prerequisites ---------------------------------------------------------------


def nodes_of(made: Tree) -> dict[str, TreeNode]:
    return {node["id"]: node for node in made["nodes"]}


def small(needs: dict[str, list[str]], branches: dict[str, str], **texts: str) -> Topic:
    """A topic of these concepts, all essential; the rest of the synthetic topic is cut off."""
    return make_topic(
        concepts=tuple(
            make_concept(
                "bale",
                id=name,
                essential=True,
                branch=branches.get(name, "ground"),
                prerequisites=tuple(prerequisites),
                reason=dict.fromkeys(LANGUAGES, f"{name} builds on it") if prerequisites else None,
                term=dict.fromkeys(LANGUAGES, name),
                definition=dict.fromkeys(LANGUAGES, texts.get(name, name)),
            )
            for name, prerequisites in needs.items()
        )
    )


# Nine concepts for ten nodes: three starts, and two chains of three below the first and second.
CHAINS = {
    "a": [], "b": [], "c": [],
    "a2": ["a"], "b2": ["b"], "d": ["c"],
    "a3": ["a2", "a"], "b3": ["b2", "d"], "e": ["b2"],
}  # fmt: skip
THREE_HIGH: dict[str, Any] = {"num_nodes": 10, "min_height": 3, "max_height": 3}


def test_the_parent_is_the_strongest_prerequisite_on_the_level_above():
    nodes = nodes_of(grown(small(CHAINS, {}), **THREE_HIGH)[-1])
    assert {name: node["parent"] for name, node in nodes.items()} == {
        ROOT: None, "a": ROOT, "b": ROOT, "c": ROOT,
        "a2": "a", "b2": "b", "d": "c",
        "a3": "a2", "b3": "b2", "e": "b2",
    }  # fmt: skip
    assert nodes["b3"]["prerequisites"] == [
        {"id": "b2", "reason": "b3 builds on it", "evidence": "catalogue", "score": 1.0},
        {"id": "d", "reason": "", "evidence": "catalogue", "score": 0.8},
    ]
    implied = [needed["id"] for needed in nodes["a3"]["prerequisites"]]
    assert implied == ["a2"], "a comes before a2 anyway"


# The same with a concept that needs nothing where the first level is full.
STRAY: dict[str, list[str]] = {
    "a": [], "b": [], "c": [], "stray": [],
    "a2": ["a"], "b2": ["b"], "c2": ["c"],
    "a3": ["a2"], "b3": ["b2"],
}  # fmt: skip
NARROW = THREE_HIGH | {"max_width": 3}


@pytest.mark.parametrize(
    ("branches", "texts", "parents", "evidence", "reason"),
    [
        ({"b": "frame", "b2": "frame", "stray": "frame"}, {}, {"b", "b2"}, "similarity",
         "Same chapter."),
        ({"stray": "cover"}, {"stray": "red paper ships", "a": "ships of red paper",
                              "a2": "red paper ships"}, {"a", "a2"}, "similarity",
         "A related subject."),
        ({"stray": "cover"}, {}, {"a", "b", "c", "a2", "b2", "c2"}, "layout",
         "Comes earlier on this path, though this step does not depend on it."),
    ],
)  # fmt: skip
def test_without_a_prerequisite_above_the_parent_is_of_the_chapter_or_alike(
    branches: dict[str, str], texts: dict[str, str], parents: set[str], evidence: str, reason: str
):
    nodes = nodes_of(grown(small(STRAY, branches, **texts), **NARROW)[-1])
    orphan = nodes["stray"]
    (link,) = orphan["prerequisites"]
    assert orphan["level"] > 1
    assert link["id"] in parents
    assert (link["evidence"], link["reason"]) == (evidence, reason)
    assert link["score"] == 0 or evidence == "similarity"


def test_a_parent_that_is_only_placed_there_is_the_one_with_the_fewest_children():
    starts = {"a": [], "b": [], "c": []}
    needs: dict[str, list[str]] = starts | {f"s{i}": [] for i in range(6)}
    made = grown(small(needs, {f"s{i}": "cover" for i in range(6)}), **NARROW)[-1]
    children = Counter(node["parent"] for node in made["nodes"] if node["level"] > 1)
    assert len(children) == 6


def test_a_start_says_whether_the_shape_put_it_there():
    needs: dict[str, list[str]] = {"a": []} | {f"b{i}": ["a"] for i in range(8)}
    *_, made = grown(small(needs, {}), **THREE_HIGH | {"max_width": 4})
    reasons = Counter(
        node["prerequisites"][0]["reason"] for node in made["nodes"] if node["level"] == 1
    )
    assert reasons == {
        "A place to start: no other step has to come before it.": 1,
        "Placed at the start so that the path keeps the requested shape.": 2,
    }
    assert len(made["dropped"]) == 2


def test_a_tree_is_plain_json_with_translated_reasons():
    *_, made = grown(make_topic(), language="es")
    assert json.loads(json.dumps(made)) == made
    starts = [node["prerequisites"][0]["reason"] for node in made["nodes"] if node["level"] == 1]
    assert "Un punto de partida: ningún otro paso tiene que ir antes." in starts
