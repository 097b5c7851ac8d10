"""The document: valid, complete, in one language, and the same bytes every time."""

from __future__ import annotations

import copy
import json
import math
from typing import Any

import pytest
from django.utils import translation
from hypothesis import given, settings
from hypothesis import strategies as st

from learning_paths.catalogue.loader import load_topic
from learning_paths.catalogue.topic import LANGUAGES, Language
from learning_paths.schema import LearningPathDocument
from learning_paths.stages.assemble import assemble
from learning_paths.stages.tree import learning_order
from learning_paths.stages.values import ROOT, Prerequisite, TreeNode
from learning_paths.stages.wording import sentence, title
from tests.learning_paths.paths import (
    EACH_TOPIC_IN_EACH_LANGUAGE,
    MadePath,
    make_path,
    real_path,
    small_path,
    validator,
)


def dumped(document: Any) -> str:
    return json.dumps(document, sort_keys=False, ensure_ascii=False)


def assembled(path: MadePath, *, seed: str = "seed", shuffle: bool = False) -> LearningPathDocument:
    """Assemble the path again; `shuffle` gives the stages' values back with other key orders."""
    values = [path.outline, path.ordering, path.tree, path.resources, path.quizzes, path.exercises]
    if shuffle:
        values = [_with_other_key_order(value) for value in values]
    with translation.override(path.request.language):
        return assemble(*values, path.request, seed=seed)  # type: ignore[arg-type]


def _with_other_key_order(value: Any) -> Any:
    """What a value is after PostgreSQL's jsonb: equal, with its keys by length, then bytes."""
    if isinstance(value, dict):
        keys = sorted(value, key=lambda key: (len(key), key))
        return {key: _with_other_key_order(value[key]) for key in keys}
    return [_with_other_key_order(item) for item in value] if isinstance(value, list) else value


# --- every path --------------------------------------------------------------------------------


@pytest.mark.parametrize(("topic", "language"), EACH_TOPIC_IN_EACH_LANGUAGE)
def test_a_catalogue_path_is_valid(topic: str, language: Language) -> None:
    validator.validate(real_path(topic, language).document)


@settings(max_examples=6, deadline=None, derandomize=True)
@given(st.sampled_from(LANGUAGES), st.integers(10, 30), st.integers(5, 30))
def test_a_path_of_any_size_is_valid(language: Language, nodes: int, pages: int) -> None:
    path = make_path(language=language, num_nodes=nodes, max_resources=pages)
    validator.validate(path.document)
    assert len(path.document["nodes"]) == nodes


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_same_request_gives_the_same_bytes(language: Language) -> None:
    one, other = (make_path(language=language).document for _ in range(2))
    assert dumped(one) == dumped(other)


@pytest.mark.parametrize("language", LANGUAGES)
def test_values_that_were_stored_give_the_same_bytes(language: Language) -> None:
    path = small_path(language)
    assert dumped(assembled(path, shuffle=True)) == dumped(path.document)


def test_the_document_survives_json() -> None:
    document = small_path("pt").document
    assert json.loads(dumped(document)) == document


def test_assembling_changes_nothing_it_was_given() -> None:
    path = small_path()
    before = copy.deepcopy((path.outline, path.resources, path.quizzes, path.exercises))
    assembled(path)
    assert (path.outline, path.resources, path.quizzes, path.exercises) == before


@pytest.mark.parametrize(("topic", "language"), EACH_TOPIC_IN_EACH_LANGUAGE)
def test_every_text_is_in_the_language_of_the_request(topic: str, language: Language) -> None:
    source = load_topic(topic)
    path = real_path(topic, language)
    document = path.document
    concepts = {concept.id: concept for concept in source.concepts}
    assert document["language"] == language
    assert document["topic"] == source.title[language]
    assert document["description"] == source.summary[language]
    for node in document["nodes"].values():
        if node["conceptId"] != ROOT:
            concept = concepts[node["conceptId"]]
            assert node["title"] == title(concept.term[language])
            assert node["description"] == sentence(concept.definition[language])
        assert {page["language"] for page in node["resources"]} <= {language, "en"}


# --- ids, order, state -------------------------------------------------------------------------


def test_ids_hang_on_the_seed_alone() -> None:
    path = small_path()
    one, other = assembled(path, seed="a"), assembled(path, seed="b")
    assert one["id"] != other["id"]
    assert set(one["nodes"]).isdisjoint(other["nodes"])
    assert assembled(path, seed="a") == one
    assert one["id"].startswith("sailcraft_")
    assert one["generator"]["seed"] == "a"


@pytest.mark.parametrize(("topic", "language"), EACH_TOPIC_IN_EACH_LANGUAGE)
def test_every_id_is_unique(topic: str, language: Language) -> None:
    nodes = real_path(topic, language).document["nodes"].values()
    ids = [node["id"] for node in nodes]
    ids += [page["id"] for node in nodes for page in node["resources"]]
    ids += [one["id"] for node in nodes if node["quiz"] for one in node["quiz"]["questions"]]
    ids += [
        one["id"]
        for node in nodes
        if node["exerciseSet"]
        for one in node["exerciseSet"]["exercises"]
    ]
    assert len(set(ids)) == len(ids)


def test_the_nodes_come_as_the_tree_has_them() -> None:
    path = small_path("en", 25)
    nodes = list(path.document["nodes"].values())
    assert [node["conceptId"] for node in nodes] == [node["id"] for node in path.tree["nodes"]]
    assert nodes[0]["id"] == path.document["rootNodeId"]
    assert [node["visualPosition"]["level"] for node in nodes] == [
        node["level"] for node in path.tree["nodes"]
    ]


def test_order_is_the_learning_order_with_the_root_first() -> None:
    path = small_path("en", 25)
    nodes = sorted(path.document["nodes"].values(), key=lambda node: node["order"])
    assert nodes[0]["conceptId"] == ROOT
    assert [node["order"] for node in nodes] == list(range(25))


@pytest.mark.parametrize(("topic", "language"), EACH_TOPIC_IN_EACH_LANGUAGE)
def test_nothing_is_learned_before_its_prerequisites(topic: str, language: Language) -> None:
    nodes = real_path(topic, language).document["nodes"]
    for node in nodes.values():
        assert all(nodes[id]["order"] < node["order"] for id in node["prerequisites"])


def test_what_the_tree_leaves_free_is_learned_in_the_order_of_teaching() -> None:
    site = [
        tree_node("root"),
        tree_node("c", "root"),
        tree_node("a", "root"),
        tree_node("b", "c"),
        tree_node("d", "a"),
    ]
    assert learning_order(["a", "b", "c", "d"], site) == ["root", "a", "c", "b", "d"]


def tree_node(name: str, *before: str) -> TreeNode:
    links = [Prerequisite(id=id, reason="", evidence="layout", score=0.0) for id in before]
    parent = before[0] if before else None
    return TreeNode(id=name, parent=parent, level=0, x=0.0, y=0.0, prerequisites=links)


def test_only_the_root_is_open_at_first() -> None:
    document = small_path().document
    states = {node["id"]: node["state"] for node in document["nodes"].values()}
    assert [id for id, state in states.items() if state == "available"] == [document["rootNodeId"]]


@pytest.mark.parametrize(("topic", "language"), EACH_TOPIC_IN_EACH_LANGUAGE)
def test_prerequisites_begin_with_the_parent_and_exist(topic: str, language: Language) -> None:
    nodes = real_path(topic, language).document["nodes"]
    for node in nodes.values():
        assert node["prerequisites"][:1] == ([node["parentId"]] if node["parentId"] else [])
        assert [one["id"] for one in node["prerequisiteReasons"]] == node["prerequisites"]
        for before in node["prerequisites"]:
            level = nodes[before]["visualPosition"]["level"]
            assert level < node["visualPosition"]["level"]


# --- numbers -----------------------------------------------------------------------------------


def test_what_clients_read_as_a_double_has_a_decimal_point() -> None:
    for node in small_path("en", 30).document["nodes"].values():
        assert type(node["visualPosition"]["x"]) is float
        assert type(node["visualPosition"]["y"]) is float
        assert all(type(page["score"]) is float for page in node["resources"])
        assert all(type(one["score"]) is float for one in node["prerequisiteReasons"])


def test_times_are_study_questions_and_exercises() -> None:
    path = small_path()
    for node in path.document["nodes"].values():
        if node["conceptId"] == ROOT:
            continue
        asked = len(path.quizzes["by_node"][node["conceptId"]] or [])
        practice = sum(one["minutes"] for one in path.exercises[node["conceptId"]])
        study = path.concepts[node["conceptId"]]["minutes"]
        assert node["minutes"] == study + math.ceil(1.5 * asked) + practice
    total = sum(node["minutes"] for node in path.document["nodes"].values())
    assert path.document["totalHours"] == math.ceil(total / 60)
    assert path.document["metadata"]["estimatedHours"] == path.document["totalHours"]


def test_a_video_has_a_duration_and_every_other_page_a_time_to_read() -> None:
    document = make_path(language="en", num_nodes=30, max_resources=30).document
    pages = [page for node in document["nodes"].values() for page in node["resources"]]
    assert any(page["type"] == "video" for page in pages)
    for page in pages:
        assert ("duration" in page) == (page["type"] == "video")
        assert ("readTime" in page) == (page["type"] != "video")


@pytest.mark.parametrize(("topic", "language"), EACH_TOPIC_IN_EACH_LANGUAGE)
def test_the_stats_count_what_is_there(topic: str, language: Language) -> None:
    path = real_path(topic, language)
    stats = path.document["stats"]
    assert stats["nodes"] == len(path.document["nodes"])
    assert stats["questions"] == len(path.questions)
    assert stats["exercises"] == sum(map(len, path.exercises.values()))
    assert stats["resources"] == sum(map(len, path.resources["assigned"].values()))


# --- where it comes from -----------------------------------------------------------------------


def test_pages_under_creative_commons_are_credited() -> None:
    document = small_path().document
    licensed = {
        page["url"]
        for node in document["nodes"].values()
        for page in node["resources"]
        if page["license"]
    }
    assert licensed
    assert {one["url"] for one in document["attribution"]} == licensed
    assert document["sources"] == [
        {"name": "Example", "url": "https://en.example.org/", "license": "CC BY-SA 4.0"}
    ]


@pytest.mark.parametrize(("topic", "language"), EACH_TOPIC_IN_EACH_LANGUAGE)
def test_a_question_names_the_page_of_what_it_is_about(topic: str, language: Language) -> None:
    path = real_path(topic, language)
    for node in path.document["nodes"].values():
        for question in node["quiz"]["questions"] if node["quiz"] else ():
            page = path.resources["assigned"][question["conceptId"]][0]
            assert question["source"] == {"url": page["url"], "license": page["license"]}


def test_the_request_is_echoed_and_the_catalogue_s_version_named() -> None:
    path = small_path("es", 12)
    assert path.document["request"] == path.request.to_params()
    assert path.document["generator"]["catalogueVersion"] == path.outline["version"]


def test_an_edge_the_tree_had_no_room_for_is_told() -> None:
    path = small_path()
    edge = {"before": "bale", "after": "dila", "weight": 1.0, "reason": ""}
    tree: Any = {**path.tree, "dropped": [edge]}
    with translation.override("en"):
        document = assemble(
            path.outline,
            path.ordering,
            tree,
            path.resources,
            path.quizzes,
            path.exercises,
            path.request,
            seed="seed",
        )
    told = document["diagnostics"][0]
    assert (told["level"], told["code"]) == ("warning", "prerequisite_dropped")
    assert "“baleth” before “dilath”" in told["message"]


@pytest.mark.parametrize(
    ("term", "shown"),
    [
        ("variable", "Variable"),
        ("for loop", "For loop"),
        ("ano-luz", "Ano-luz"),
        ("índice", "Índice"),
        ("e4", "e4"),
        ("π", "π"),
        ("pH", "pH"),
        ("f-string", "f-string"),
        ("print()", "print()"),
        ("A* search", "A* search"),
    ],
)
def test_a_title_gets_a_capital_where_that_changes_nothing(term: str, shown: str) -> None:
    assert title(term) == shown
