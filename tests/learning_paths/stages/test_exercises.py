"""Exercises are the author's, then ones made of the path's own texts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from learning_paths.catalogue.topic import LANGUAGES, CatalogueExercise, Language
from learning_paths.stages.hints import concept_hints, root_hints
from learning_paths.stages.values import ROOT, PathExercise
from learning_paths.text import normalized_answer
from tests.learning_paths.paths import (
    EACH_TOPIC_IN_EACH_LANGUAGE,
    MadePath,
    make_path,
    real_path,
    small_path,
)
from tests.learning_paths.topics import make_concept, make_topic


def every_exercise(path: MadePath) -> Iterator[tuple[str, PathExercise]]:
    for node, exercises in path.exercises.items():
        for exercise in exercises:
            yield node, exercise


def of_sort(path: MadePath, sort: str) -> list[tuple[str, PathExercise]]:
    """Those whose key ends so: own, term, order, compare, project."""
    return [(node, one) for node, one in every_exercise(path) if one["key"].endswith(f"/{sort}")]


def path_with_exercise(exercise: CatalogueExercise) -> MadePath:
    """An English path whose concept "bale" has this exercise."""
    topic = make_topic()
    bale = make_concept("bale", exercise=exercise)
    return make_path(replace(topic, concepts=(bale, *topic.concepts[1:])), language="en")


def _text(text: str) -> Any:
    return dict.fromkeys(LANGUAGES, text)


# --- how many, which -------------------------------------------------------------------------


@settings(max_examples=6, deadline=None, derandomize=True)
@given(st.sampled_from(LANGUAGES), st.integers(10, 30))
def test_every_node_has_two_or_three_different_ones(language: Language, num_nodes: int) -> None:
    path = make_path(language=language, num_nodes=num_nodes)
    assert set(path.exercises) == {node["id"] for node in path.tree["nodes"]}
    assert {len(exercises) for exercises in path.exercises.values()} <= {2, 3}
    keys = [exercise["key"] for _, exercise in every_exercise(path)]
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize(("topic", "language"), EACH_TOPIC_IN_EACH_LANGUAGE)
def test_the_first_of_a_concept_is_its_author_s(topic: str, language: Language) -> None:
    path = real_path(topic, language)
    for node, exercises in path.exercises.items():
        if node != ROOT:
            assert exercises[0]["instructions"] == path.concepts[node]["exercise"]["prompt"]


def test_the_same_path_gets_the_same_exercises() -> None:
    assert make_path(language="pt").exercises == make_path(language="pt").exercises


def test_every_sort_occurs_in_the_catalogue_s_paths() -> None:
    sorts = {
        one["key"].rsplit("/", 1)[-1]
        for topic, language in EACH_TOPIC_IN_EACH_LANGUAGE
        for _, one in every_exercise(real_path(topic, language))
    }
    assert {"own", "term", "order", "compare", "project", "readiness", "prerequisite"} <= sorts


# --- how they are judged -----------------------------------------------------------------------


@pytest.mark.parametrize(("topic", "language"), EACH_TOPIC_IN_EACH_LANGUAGE)
def test_each_can_be_judged_by_what_it_carries(topic: str, language: Language) -> None:
    for _, one in every_exercise(real_path(topic, language)):
        assert one["solution"]
        assert one["minutes"] >= 1
        if one["method"] == "text_match":
            assert normalized_answer(one["answer"]) in one["accepted"]
            assert not one["checklist"]
        elif one["method"] == "manual":
            assert len(one["checklist"]) >= 2
            assert one["answer"] == ""
        else:
            assert 0 <= int(one["answer"]) < len(one["options"])


@pytest.mark.parametrize(("topic", "language"), EACH_TOPIC_IN_EACH_LANGUAGE)
def test_hints_are_at_most_three_and_never_the_whole_answer(topic: str, language: Language) -> None:
    for _, one in every_exercise(real_path(topic, language)):
        assert len(one["hints"]) <= 3
        assert len(set(one["hints"])) == len(one["hints"])
        if one["key"].endswith(("/term", "/order")):
            answer = f" {normalized_answer(one['answer'])} "
            assert not any(answer in f" {normalized_answer(hint)} " for hint in one["hints"])


def test_a_program_is_judged_by_the_learner_against_its_output() -> None:
    exercise = CatalogueExercise(
        kind="code",
        minutes=10,
        prompt=_text("Print 1 and 2 on two lines."),
        solution=_text("One print for each."),
        language="python",
        code="print(1)\nprint(2)\n",
        output="1\n2\n",
    )
    own = path_with_exercise(exercise).exercises["bale"][0]
    assert own["method"] == "manual"
    assert own["output"] == "1\n2\n"
    assert own["language"] == "python"
    assert "1 ⏎ 2" in own["checklist"][-1]
    assert "print(1)\nprint(2)" in own["solution"]
    assert "2 lines" in own["hints"][-1]


def test_the_author_s_answers_are_accepted_without_case_accents_and_punctuation() -> None:
    answers: Any = dict.fromkeys(LANGUAGES, ("Índice", "the index!"))
    exercise = CatalogueExercise(
        kind="text_match",
        minutes=5,
        prompt=_text("What is it called?"),
        answers=answers,
        solution=_text("It is called so."),
    )
    own = path_with_exercise(exercise).exercises["bale"][0]
    assert (own["method"], own["answer"]) == ("text_match", "Índice")
    assert own["accepted"] == ["indice", "the index"]


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        ("8", "The answer is written with 1 digit."),
        ("12.5", "The answer is written with 3 digits."),
        ("castling", "The answer is 1 word and begins with “c”."),
        ("for loop", "The answer is 2 words and begins with “f”."),
    ],
)
def test_the_last_hint_of_a_short_answer_is_its_shape(answer: str, hint: str) -> None:
    exercise = CatalogueExercise(
        kind="text_match",
        minutes=5,
        prompt=_text("What is it?"),
        answers={"pt": (answer,), "en": (answer,), "es": (answer,)},
        solution=_text("It is so."),
    )
    assert path_with_exercise(exercise).exercises["bale"][0]["hints"][-1] == hint


# --- what is made of the path's texts ----------------------------------------------------------


@pytest.mark.parametrize(("topic", "language"), EACH_TOPIC_IN_EACH_LANGUAGE)
def test_the_term_asked_for_does_not_stand_in_its_exercise(topic: str, language: Language) -> None:
    path = real_path(topic, language)
    for node, one in of_sort(path, "term"):
        concept = path.concepts[node]
        names = {normalized_answer(name) for name in (concept["term"], *concept["aliases"])}
        assert names == set(one["accepted"])
        said = normalized_answer(one["instructions"])
        assert not any(f" {name} " in f" {said} " for name in names)


@pytest.mark.parametrize(("topic", "language"), EACH_TOPIC_IN_EACH_LANGUAGE)
def test_three_concepts_have_one_right_order(topic: str, language: Language) -> None:
    """Each of the three is a catalogue prerequisite of the next, so no other order can be."""
    path = real_path(topic, language)
    for _, one in of_sort(path, "order"):
        first, second, third, _ = one["key"].split("/")
        for before, after in ((first, second), (second, third)):
            assert before in [edge["id"] for edge in path.concepts[after]["prerequisites"]]
        shown = {
            letter: one["instructions"].index(f"{letter}. {path.concepts[id]['term']}")
            for letter, id in zip(one["answer"].split(", "), (first, second, third), strict=True)
        }
        assert sorted(shown, key=shown.__getitem__) == ["A", "B", "C"]
        assert one["answer"] != "A, B, C"


@pytest.mark.parametrize("answer", ["b, a, c", "BAC", "B > A > C", "b a c", "B; A; C", "B → A → C"])
def test_an_order_may_be_written_in_several_ways(answer: str) -> None:
    orders = of_sort(small_path("en", 30), "order")
    one = next(one for _, one in orders if one["answer"] == "B, A, C")
    assert normalized_answer(answer).replace(" > ", ">") in one["accepted"]


@pytest.mark.parametrize(("topic", "language"), EACH_TOPIC_IN_EACH_LANGUAGE)
def test_what_is_compared_is_alike_and_learned_before(topic: str, language: Language) -> None:
    path = real_path(topic, language)
    order = [concept["id"] for concept in path.outline["concepts"]]
    for node, one in of_sort(path, "compare"):
        *pair, _ = one["key"].split("/")
        (other,) = set(pair) - {node}
        assert other in path.concepts[node]["confusable"]
        assert node in path.concepts[other]["confusable"]
        assert path.concepts[node]["kind"] == path.concepts[other]["kind"]
        assert order.index(other) < order.index(node)
        assert all(path.concepts[id]["term"] in one["instructions"] for id in pair)


@pytest.mark.parametrize(("topic", "language"), EACH_TOPIC_IN_EACH_LANGUAGE)
def test_a_project_closes_a_chapter_with_its_objectives(topic: str, language: Language) -> None:
    path = real_path(topic, language)
    for node, one in of_sort(path, "project"):
        chapter = [
            concept
            for concept in path.outline["concepts"]
            if concept["branch"] == path.concepts[node]["branch"]
        ]
        assert chapter[-1]["id"] == node
        said = [normalized_answer(concept["objective"]) for concept in chapter[-5:]]
        assert [normalized_answer(point) for point in one["checklist"]] == said


@pytest.mark.parametrize(("topic", "language"), EACH_TOPIC_IN_EACH_LANGUAGE)
def test_no_question_of_a_quiz_is_asked_again(topic: str, language: Language) -> None:
    path = real_path(topic, language)
    asked = {question["text"] for question in path.questions}
    again = [one for _, one in every_exercise(path) if one["method"] == "multiple_choice"]
    assert asked.isdisjoint(one["instructions"] for one in again)


def test_the_root_asks_for_what_the_learner_brings() -> None:
    path = small_path()
    assert path.exercises[ROOT][0]["checklist"] == ["How to swim."]


# --- hints of a node ---------------------------------------------------------------------------


@pytest.mark.parametrize(("topic", "language"), EACH_TOPIC_IN_EACH_LANGUAGE)
def test_a_node_has_two_or_three_hints_from_the_catalogue(topic: str, language: Language) -> None:
    path = real_path(topic, language)
    assert 2 <= len(root_hints(path.outline)) <= 3
    for concept in path.outline["concepts"]:
        hints = concept_hints(concept, path.outline)
        assert 2 <= len(hints) <= 3
        assert concept["objective"].rstrip(".") in hints[-1]
