"""What a level changes: which concepts are taken, and what is left out as known."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from statistics import mean
from typing import get_args

import pytest

from learning_paths.catalogue.loader import load_topic
from learning_paths.catalogue.topic import Concept
from learning_paths.schema import Level
from learning_paths.stages.selection import Selection, select
from tests.learning_paths.paths import TOPICS, MadePath, make_path
from tests.learning_paths.topics import make_topic

LEVELS: tuple[Level, ...] = get_args(Level)
CONCEPTS = make_topic().concepts


def made(concepts: tuple[Concept, ...], count: int, level: Level | None) -> Selection:
    return select(concepts, count, deepest=7, level=level)


def difficulty(concepts: tuple[Concept, ...], chosen: frozenset[str]) -> float:
    return mean(concept.difficulty for concept in concepts if concept.id in chosen)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("topic", TOPICS)
def test_nothing_is_taken_without_what_it_needs_or_a_learner_knows(
    topic: str, level: Level
) -> None:
    concepts = load_topic(topic).concepts
    for count in (9, 14, 22, 29):
        selection = made(concepts, count, level)
        assert len(selection.chosen) == count
        assert not selection.chosen & selection.known
        for concept in concepts:
            if concept.id in selection.chosen:
                assert {*concept.prerequisites} <= selection.chosen | selection.known
            if concept.id in selection.known:
                assert {*concept.prerequisites} <= selection.known


@pytest.mark.parametrize("topic", TOPICS)
def test_a_higher_level_is_harder(topic: str) -> None:
    concepts = load_topic(topic).concepts
    for count in (9, 14, 29):
        low, middle, high = (
            difficulty(concepts, made(concepts, count, level).chosen) for level in LEVELS
        )
        assert low <= middle <= high
        assert low < high


def test_beginners_get_the_foundations_as_far_as_there_are_any() -> None:
    easy = {concept.id for concept in CONCEPTS if concept.difficulty == 1}
    assert made(CONCEPTS, 9, "beginner").chosen <= easy
    assert made(CONCEPTS, 20, "beginner").chosen >= easy


def test_beginners_get_what_is_far_along_last() -> None:
    """Of the easy concepts that are not essential, the one that ends a long chain."""
    chain = tuple(
        concept(str(place), (str(place - 1),) if place else (), essential=False)
        for place in range(8)
    )
    aside = tuple(concept(name, (), essential=False) for name in "abcd")
    assert made(chain + aside, 8, "beginner").chosen == {*"0123abcd"}


def test_intermediate_learners_get_no_basics_that_nothing_builds_on() -> None:
    chosen = made(CONCEPTS, 18, "intermediate").chosen
    needed = {
        name for concept in CONCEPTS if concept.id in chosen for name in concept.prerequisites
    }
    idle = [one.id for one in CONCEPTS if one.difficulty == 1 and one.id in chosen - needed]
    assert idle == []


def test_the_basics_are_left_out_for_advanced_learners() -> None:
    selection = made(CONCEPTS, 14, "advanced")
    assert selection.known == {concept.id for concept in CONCEPTS if concept.difficulty == 1}
    assert selection.returned == frozenset()


def test_basics_come_back_from_the_end_of_the_longest_chains_where_there_is_nothing_else() -> None:
    chain = [concept("a", ()), concept("b", ("a",)), concept("c", ("b",)), concept("d", ())]
    hard = [concept("x", ("c", "d"), difficulty=3), concept("y", ("x",), difficulty=3)]
    selection = made((*chain, *hard), 3, "advanced")
    assert selection == Selection(
        chosen=frozenset("cxy"), known=frozenset("abd"), returned=frozenset("c")
    )


def test_what_builds_on_something_hard_is_no_basic_thing() -> None:
    """Catalogue files have no such thing; the web may."""
    steps = (concept("a", ()), concept("x", ("a",), difficulty=3), concept("b", ("x",)))
    assert made(steps, 1, "advanced").known == {"a"}


def concept(name: str, prerequisites: tuple[str, ...], **fields: object) -> Concept:
    wanted = {"difficulty": 1, "essential": True, "branch": "ground", **fields}
    return replace(CONCEPTS[0], id=name, prerequisites=prerequisites, **wanted)  # type: ignore[arg-type]


# --- in a path -------------------------------------------------------------------------------


def path(level: Level | None, **params: object) -> MadePath:
    return make_path(language="en", level=level, **params)


def told(made: MadePath) -> set[str]:
    return {one["code"] for one in made.document["diagnostics"]}


def test_what_advanced_learners_should_know_is_said_and_asked_for() -> None:
    advanced = path("advanced")
    knowledge = advanced.document["prerequisiteKnowledge"]
    assert len(knowledge) > len(path(None).document["prerequisiteKnowledge"])
    (readiness, *_others) = advanced.exercises["root"]
    assert readiness["checklist"] == knowledge
    assert "basics_assumed" in told(advanced)


def test_a_path_that_is_larger_than_its_level_says_so() -> None:
    assert "basics_kept" in told(path("advanced", num_nodes=30))
    assert "beyond_level" in told(path("beginner", num_nodes=30))
    assert not told(path(None, num_nodes=30)) & {"basics_kept", "beyond_level", "basics_assumed"}


def test_beginners_are_asked_to_recognise_and_advanced_learners_to_connect() -> None:
    def share(level: Level, kind: str) -> float:
        questions = path(level, num_nodes=20).questions
        return Counter(question["kind"] for question in questions)[kind] / len(questions)

    assert share("beginner", "prerequisite") < share("advanced", "prerequisite")
    assert share("beginner", "branch_member") > share("advanced", "branch_member")


def test_advanced_learners_compare_and_order_more_than_beginners() -> None:
    def count(level: Level) -> int:
        exercises = [one for some in path(level).exercises.values() for one in some]
        return sum(one["key"].endswith(("/compare", "/order")) for one in exercises)

    assert count("advanced") > count("beginner")
