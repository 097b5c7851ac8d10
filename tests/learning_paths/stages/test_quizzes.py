"""Quizzes ask what the path teaches, soundly, and give nothing away."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from learning_paths.catalogue.topic import LANGUAGES, Language
from learning_paths.evaluation.guessing import guesses
from learning_paths.stages.quiz_validator import (
    MAX_SHARE_KEY_LONGEST,
    QuizContext,
    faults,
    key_is_longest,
    path_faults,
)
from learning_paths.stages.quizzes import thin_out_long_keys
from learning_paths.stages.values import ROOT, Question
from learning_paths.stages.wording import phrase
from learning_paths.text import normalized_answer, tokens, word_count
from tests.learning_paths.paths import (
    EACH_TOPIC_IN_EACH_LANGUAGE,
    MadePath,
    make_path,
    real_path,
    small_path,
)
from tests.learning_paths.topics import make_concept, make_topic


def make_question(**overrides: Any) -> Question:
    """A sound question in English."""
    values: Any = {
        "kind": "definition_to_term",
        "concept": "variable",
        "key": "variable",
        "text": "Which concept does this description fit? “Name bound to a value by assignment”",
        "options": ["constant", "variable", "operator", "function"],
        "correct": 1,
        "explanation": "Variable: Name bound to a value by assignment.",
        "difficulty": 1,
    }
    return values | overrides


def make_context(**overrides: Any) -> QuizContext:
    """The terms and definitions that the questions of this module draw from."""
    terms = ["constant", "variable", "operator", "function", "loop", "list", "set"]
    values: Any = {
        "language": "en",
        "terms": {*terms, "name binding", "constant and operator", "all of the above"},
        "definitions": {"name bound to a value", "sign that joins two values"},
    }
    return QuizContext(**(values | overrides))


# --- one question ----------------------------------------------------------------------------


def test_a_sound_question_has_no_faults() -> None:
    assert faults(make_question(), make_context()) == []


def test_three_options_are_allowed() -> None:
    question = make_question(options=["constant", "variable", "operator"])
    assert faults(question, make_context()) == []


@pytest.mark.parametrize(
    ("fault", "change"),
    [
        ("no_key", {"correct": 4}),
        ("no_key", {"correct": -1}),
        ("option_count", {"options": ["constant", "variable"]}),
        ("option_count", {"options": ["constant", "variable", "operator", "function", "loop"]}),
        ("options_not_distinct", {"options": ["Constant!", "variable", "constant", "function"]}),
        ("all_or_none", {"options": ["constant", "variable", "operator", "All of the above"]}),
        (
            "joined_options",
            {"options": ["constant", "variable", "operator", "constant and operator"]},
        ),
        ("key_in_stem", {"text": "Which concept is it? “A variable is bound to a value”"}),
        (
            "clang",
            {
                "text": "Which concept is it? “Binding a name to a value by assignment”",
                "options": ["constant", "name binding", "operator", "function"],
            },
        ),
        ("key_too_long", {"options": ["list", "variable", "loop", "set"]}),
        ("not_homogeneous", {"options": ["constant", "variable", "operator", "a dog"]}),
        (
            "not_homogeneous",
            {"options": ["constant", "variable", "operator", "name bound to a value"]},
        ),
        ("stem_too_short", {"text": "Which one is it?"}),
        ("negative_wording", {"text": "Which of these is not a “name bound to a value”?"}),
        ("negative_wording", {"text": "All of these name values except which of them?"}),
        ("no_explanation", {"explanation": "Variable."}),
    ],
)
def test_a_question_that_breaks_a_rule_has_its_fault(fault: str, change: dict[str, Any]) -> None:
    assert fault in faults(make_question(**change), make_context())


def test_what_a_question_quotes_may_be_negative() -> None:
    text = "Which concept does this description fit? “Value that does not change, never ever”"
    assert faults(make_question(text=text), make_context()) == []


def test_a_stem_word_may_be_in_the_key_if_another_option_has_it_too() -> None:
    question = make_question(
        text="Which concept is it? “Name given to a value by assignment”",
        options=["constant name", "name binding", "operator", "function"],
    )
    context = make_context(terms={"constant name", "name binding", "operator", "function"})
    assert faults(question, context) == []


def test_a_stem_and_a_key_with_its_kind_come_once_in_a_path() -> None:
    question = make_question()
    context = make_context(
        stems={normalized_answer(question["text"])}, taken={("variable", "definition_to_term")}
    )
    assert faults(question, context) == ["duplicate_stem", "duplicate_key"]
    assert faults(question, make_context(taken={("variable", "cloze")})) == []


@pytest.mark.parametrize(
    ("language", "text", "option"),
    [
        ("pt", "Qual destes conceitos não é um tipo de dado?", "Todas as anteriores"),
        ("es", "¿Cuál de estos conceptos no es un tipo de dato?", "Ninguna de las anteriores"),
    ],
)
def test_the_rules_know_the_language(language: str, text: str, option: str) -> None:
    question = make_question(text=text, options=["lista", option, "tupla", "conjunto"])
    found = faults(question, make_context(language=language))
    assert {"negative_wording", "all_or_none"} <= set(found)


# --- the questions of a path ------------------------------------------------------------------


def _with_keys_at(places: list[int]) -> list[Question]:
    options = ["constant", "function", "operator"]
    return [
        make_question(
            key=f"concept {number}",
            text=f"Which concept is number {number} of the list?",
            options=[*options[:place], "variable", *options[place:]],
            correct=place,
        )
        for number, place in enumerate(places)
    ]


def test_places_that_differ_by_one_are_balanced() -> None:
    assert path_faults(_with_keys_at([0, 1, 2, 3, 0])) == []


def test_a_place_used_twice_more_than_another_is_a_fault() -> None:
    assert path_faults(_with_keys_at([0, 1, 2, 0])) == ["positions_unbalanced"]


def test_a_key_that_is_often_the_longest_option_is_a_fault() -> None:
    questions = _with_keys_at([0, 1, 2, 3])
    for question in questions[:2]:
        question["options"][question["correct"]] = "variable name"
    assert path_faults(questions) == ["key_often_longest"]


def test_the_same_stem_or_key_twice_is_a_fault() -> None:
    questions = _with_keys_at([0, 1, 2, 3])
    questions[1] = questions[1] | {"text": questions[0]["text"], "key": questions[0]["key"]}
    assert path_faults(questions) == ["duplicate_stem", "duplicate_key"]


def test_questions_that_give_their_key_away_go_from_the_longest_quizzes_first() -> None:
    plain, telling = _with_keys_at([0] * 10), _with_keys_at([0] * 6)
    for question in telling:
        question["options"][0] = "variable name"
    by_node = {"a": plain[:3] + telling[:2], "b": plain[3:6] + telling[2:3], "c": telling[3:6]}
    thin_out_long_keys(by_node)
    assert by_node == {"a": plain[:3], "b": plain[3:6], "c": telling[3:6]}


def test_a_quiz_too_short_to_be_asked_does_not_count() -> None:
    plain, telling = _with_keys_at([0] * 3), _with_keys_at([0] * 3)
    for question in telling:
        question["options"][0] = "variable name"
    by_node = {"a": plain, "b": telling}
    thin_out_long_keys(by_node)
    assert by_node == {"a": plain, "b": telling[:2]}


# --- what the stage makes --------------------------------------------------------------------


def _context_of(path: MadePath, **so_far: Any) -> QuizContext:
    concepts = [*path.outline["concepts"], *path.outline["spare"]]
    return QuizContext(
        language=path.request.language,
        terms={normalized_answer(concept["term"]) for concept in concepts},
        definitions={normalized_answer(phrase(concept["definition"])) for concept in concepts},
        **so_far,
    )


def _assert_sound(path: MadePath) -> None:
    stems: set[str] = set()
    taken: set[tuple[str, str]] = set()
    for question in path.questions:
        assert faults(question, _context_of(path, stems=stems, taken=taken)) == [], question
        stems.add(normalized_answer(question["text"]))
        taken.add((question["key"], question["kind"]))
    assert path_faults(path.questions) == []


sizes = st.fixed_dictionaries(
    {"language": st.sampled_from(LANGUAGES), "num_nodes": st.integers(10, 30)}
)


@settings(max_examples=8, deadline=None, derandomize=True)
@given(sizes)
def test_every_question_is_sound_and_every_node_has_three_to_five(params: dict[str, Any]) -> None:
    path = make_path(**params)
    _assert_sound(path)
    assert list(path.quizzes["by_node"]) == [node["id"] for node in path.tree["nodes"]]
    assert {len(quiz) for quiz in path.quizzes["by_node"].values() if quiz} <= {3, 4, 5}
    without = [id for id, quiz in path.quizzes["by_node"].items() if quiz is None]
    assert len(path.quizzes["diagnostics"]) == len(without)


@pytest.mark.parametrize(("topic", "language"), EACH_TOPIC_IN_EACH_LANGUAGE)
def test_every_node_of_a_catalogue_path_has_a_sound_quiz(topic: str, language: Language) -> None:
    path = real_path(topic, language)
    _assert_sound(path)
    assert None not in path.quizzes["by_node"].values()


def test_the_same_path_gets_the_same_quizzes() -> None:
    assert make_path(language="es").quizzes == make_path(language="es").quizzes


def test_a_quiz_asks_about_its_node_before_anything_else() -> None:
    path = small_path("en", 20)
    for node, quiz in path.quizzes["by_node"].items():
        if node != ROOT and quiz:
            assert quiz[0]["concept"] == node


def test_a_review_question_is_about_something_learned_before() -> None:
    for topic, language in EACH_TOPIC_IN_EACH_LANGUAGE:
        path = real_path(topic, language)
        for node, quiz in path.quizzes["by_node"].items():
            about = {question["concept"] for question in quiz or []} - {node}
            assert node == ROOT or about <= _before(path, node)


def _before(path: MadePath, concept_id: str) -> set[str]:
    """What the catalogue or the tree puts before a concept, at any distance."""
    concepts = [*path.outline["concepts"], *path.outline["spare"]]
    direct = {one["id"]: {edge["id"] for edge in one["prerequisites"]} for one in concepts}
    for node in path.tree["nodes"]:
        direct.setdefault(node["id"], set()).update(edge["id"] for edge in node["prerequisites"])
    found: set[str] = set()
    ahead = {concept_id}
    while ahead:
        ahead = set().union(*(direct.get(id, set()) for id in ahead)) - found
        found |= ahead
    return found - {ROOT}


@pytest.mark.parametrize(("topic", "language"), EACH_TOPIC_IN_EACH_LANGUAGE)
def test_what_comes_before_has_one_true_answer(topic: str, language: Language) -> None:
    path = real_path(topic, language)
    by_term = {concept["term"]: concept for concept in path.outline["concepts"]}
    for question in _of_kind(path, "prerequisite"):
        concept = path.concepts[question["concept"]]
        options = [by_term[option]["id"] for option in question["options"]]
        assert options[question["correct"]] in [one["id"] for one in concept["prerequisites"]]
        barred = _before(path, concept["id"]) | {concept["id"]}
        assert barred.isdisjoint(set(options) - {options[question["correct"]]})


@pytest.mark.parametrize(("topic", "language"), EACH_TOPIC_IN_EACH_LANGUAGE)
def test_only_the_key_belongs_to_the_chapter_asked_for(topic: str, language: Language) -> None:
    path = real_path(topic, language)
    branch_of = {concept["term"]: concept["branch"] for concept in path.outline["concepts"]}
    for question in _of_kind(path, "branch_member"):
        branch = path.concepts[question["key"]]["branch"]
        inside = [branch_of[option] == branch for option in question["options"]]
        assert inside.index(True) == question["correct"]
        assert inside.count(True) == 1


@pytest.mark.parametrize(("topic", "language"), EACH_TOPIC_IN_EACH_LANGUAGE)
def test_no_wrong_option_is_right_as_well(topic: str, language: Language) -> None:
    path = real_path(topic, language)
    everything = [*path.outline["concepts"], *path.outline["spare"]]
    named = {concept["term"]: concept for concept in everything} | {
        phrase(concept["definition"]): concept for concept in everything
    }
    for question in path.questions:
        key, *others = [named[option] for option in _key_first(question)]
        for other in others:
            assert other["id"] not in key["not_distractors"]
            assert key["id"] not in other["not_distractors"]
            assert set(_names(key)).isdisjoint(_names(other))
            if question["kind"] != "term_to_definition":
                assert 0.5 <= len(other["term"]) / len(key["term"]) <= 2
                assert not _share_stems(key["term"], other["term"], language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_definitions_offered_side_by_side_are_of_like_length(language: Language) -> None:
    for question in _of_kind(small_path(language, 30), "term_to_definition"):
        sizes = [word_count(option) for option in question["options"]]
        assert max(sizes) <= 1.5 * min(sizes)
        assert all(8 <= size <= 30 for size in sizes)


def test_a_confusable_concept_is_the_first_choice_for_a_wrong_option() -> None:
    topic = make_topic()
    strange = make_concept("bale", confusable=("zilo",))
    path = make_path(
        make_topic(concepts=(strange, *topic.concepts[1:])), language="en", num_nodes=30
    )
    asked = [one for one in _of_kind(path, "definition_to_term") if one["key"] == "bale"]
    assert "ziloth" in asked[0]["options"]


def test_a_concept_that_would_be_right_as_well_is_never_a_wrong_option() -> None:
    topic = make_topic()
    barred = tuple(concept.id for concept in topic.concepts if concept.id not in ("bale", "zilo"))
    alone = make_concept("bale", not_distractors=barred)
    path = make_path(make_topic(concepts=(alone, *topic.concepts[1:])), language="en", num_nodes=30)
    assert not [question for question in path.questions if question["key"] == "bale"]
    assert path.quizzes["by_node"]["bale"] is None
    assert [one["code"] for one in path.quizzes["diagnostics"]] == ["no_quiz"]


def test_what_was_dropped_is_counted_by_the_rule_it_broke() -> None:
    topic = make_topic()
    barred = tuple(concept.id for concept in topic.concepts if concept.id not in ("bale", "zilo"))
    alone = make_concept("bale", not_distractors=barred)
    path = make_path(make_topic(concepts=(alone, *topic.concepts[1:])), language="en", num_nodes=30)
    none_barred = make_path(topic, language="en", num_nodes=30).quizzes["rejected"]
    assert path.quizzes["rejected"]["few_options"] > none_barred.get("few_options", 0)
    assert not {"duplicate_stem", "duplicate_key"} & path.quizzes["rejected"].keys()


def test_a_cloze_does_not_begin_with_a_pronoun_or_say_its_answer() -> None:
    topic = make_topic()
    facts = tuple(
        dict.fromkeys(LANGUAGES, text)
        for text in (
            "It is known to all that {} helps with every rope on board.",
            "Every baleth is a {} that helps with every rope on board.",
            "Too short for {}.",
        )
    )
    concept = make_concept("bale", facts=facts)
    path = make_path(make_topic(concepts=(concept, *topic.concepts[1:])), language="en")
    assert "bale" not in [question["key"] for question in _of_kind(path, "cloze")]


# --- nothing but knowledge helps ----------------------------------------------------------------


def test_who_guesses_by_length_place_or_echo_is_right_one_time_in_four() -> None:
    """Over every topic, language and four sizes; five points either way."""
    totals: dict[str, float] = {}
    asked = 0
    for topic, language in EACH_TOPIC_IN_EACH_LANGUAGE:
        for question in real_path(topic, language).questions:
            asked += 1
            for name, chance in guesses(question, language).items():
                totals[name] = totals.get(name, 0) + chance
    shares = {name: total / asked for name, total in totals.items()}
    assert all(0.20 <= share <= 0.30 for share in shares.values()), shares


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_longest_option_is_not_the_key_too_often(language: Language) -> None:
    questions = small_path(language, 10).questions
    assert sum(map(key_is_longest, questions)) <= MAX_SHARE_KEY_LONGEST * len(questions)


def _of_kind(path: MadePath, kind: str) -> list[Question]:
    return [question for question in path.questions if question["kind"] == kind]


def _key_first(question: Question) -> list[str]:
    right = question["options"][question["correct"]]
    return [right, *(option for option in question["options"] if option != right)]


def _names(concept: Any) -> list[str]:
    return [normalized_answer(name) for name in (concept["term"], *concept["aliases"])]


def _share_stems(a: str, b: str, language: str) -> bool:
    return not set(tokens(a, language)).isdisjoint(tokens(b, language))
