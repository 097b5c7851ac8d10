"""What is counted of a path, and that what is wrong with one is seen."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from learning_paths.evaluation.figures import PathFigures, figures
from learning_paths.evaluation.guessing import HABITS, chi_square, guesses
from learning_paths.evaluation.making import Made, make
from learning_paths.evaluation.run import Evaluation, Failure, evaluate
from learning_paths.evaluation.structure import broken_bounds, duplicates, template_titles
from learning_paths.evaluation.summary import points_allowed, summary
from learning_paths.evaluation.tables import table
from learning_paths.request import PathRequest
from learning_paths.stages.values import ROOT

REQUEST = PathRequest(topic="python", language="pt", num_nodes=12, max_resources=12)


@pytest.fixture(scope="module")
def made() -> Made:
    return make(REQUEST)


@pytest.fixture(scope="module")
def counted(made: Made) -> PathFigures:
    return figures(made)


@pytest.fixture
def document(made: Made) -> Any:
    return deepcopy(made.document)


def question(options: list[str], correct: int, text: str = "Which of these is it?") -> Any:
    return {"text": text, "options": options, "correct": correct}


# --- the tree and what stands on it -----------------------------------------------------------


def nodes(document: Any) -> list[Any]:
    return list(document["nodes"].values())


def test_a_path_of_the_catalogue_has_nothing_wrong(counted: PathFigures) -> None:
    assert (counted.nodes, counted.served, counted.servable) == (12, 12, 12)
    assert counted.broken_bounds == counted.duplicates == counted.template_titles == []
    assert counted.faults == []
    assert counted.is_repeatable
    assert counted.texts_in_language / counted.texts > 0.98
    assert counted.questions == sum(counted.kinds.values()) >= 36


def leave_out(document: Any) -> None:
    document["nodes"].pop(nodes(document)[-1]["id"])


def lift(document: Any) -> None:
    nodes(document)[-1]["visualPosition"]["level"] = 1


def need_itself(document: Any) -> None:
    nodes(document)[-1]["prerequisites"].append(nodes(document)[-1]["id"])


@pytest.mark.parametrize(
    ("spoil", "name"), [(leave_out, "num_nodes"), (lift, "levels"), (need_itself, "levels")]
)
def test_a_tree_that_was_spoilt_is_seen(
    document: Any, spoil: Callable[[Any], None], name: str
) -> None:
    assert broken_bounds(document, REQUEST) == []
    spoil(document)
    assert name in broken_bounds(document, REQUEST)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("num_nodes", 13),
        ("min_width", 10),
        ("max_width", 2),
        ("min_height", 8),
        ("max_height", 2),
        ("max_resources", 11),
    ],
)
def test_each_bound_of_a_request_is_looked_at(document: Any, name: str, value: int) -> None:
    assert broken_bounds(document, replace(REQUEST, **{name: value})) == [name]


def test_what_is_there_twice_is_named(document: Any) -> None:
    first, second, *_ = nodes(document)
    second["title"] = first["title"].upper()
    second["resources"] = first["resources"]
    second["quiz"] = first["quiz"]
    found = duplicates(document)
    assert len(found) == 1 + len(first["resources"]) + len(first["quiz"]["questions"])


@pytest.mark.parametrize(
    "title",
    [
        "Fundamentos de Python",
        "Introdução ao Python",
        "Advanced Python",
        "Conceitos básicos",
        "Python",
    ],
)
def test_a_title_that_would_fit_any_topic_is_named(document: Any, title: str) -> None:
    nodes(document)[3]["title"] = title
    assert template_titles(document) == [title]


def test_a_title_with_a_word_of_its_own_is_none_of_them(document: Any) -> None:
    nodes(document)[3]["title"] = "Fundamentos de decoradores em Python"
    assert template_titles(document) == []


# --- one path --------------------------------------------------------------------------------


def spoilt(made: Made, **changes: Any) -> PathFigures:
    return figures(replace(made, **changes))


def test_a_text_in_another_language_is_counted(made: Made, document: Any) -> None:
    for node in nodes(document):
        node["description"] = "This is what one has to know about it before the rest of them."
    found = spoilt(made, document=document)
    assert found.texts_in_language < found.texts - 8


def test_a_page_in_another_language_and_one_too_long_are_counted(made: Made, document: Any) -> None:
    before = figures(made)
    page = nodes(document)[5]["resources"][0]
    page["language"], page["readTime"] = "es", 900
    found = spoilt(made, document=document)
    assert found.pages_in_language == before.pages_in_language - 1
    assert found.timely == before.timely - 1


def test_an_unsound_question_is_found_in_what_is_asked(made: Made) -> None:
    quizzes = deepcopy(made.quizzes)
    asked = quizzes["by_node"][ROOT]
    assert asked
    asked[0]["text"] = f"Which? {asked[0]['options'][asked[0]['correct']]}"
    assert {"key_in_stem", "stem_too_short"} <= set(spoilt(made, quizzes=quizzes).faults)


def test_a_wrong_option_is_plausible_if_it_is_confusable_or_of_the_same_kind(made: Made) -> None:
    outline = deepcopy(made.outline)
    for concept in [*outline["concepts"], *outline["spare"]]:
        concept["kind"], concept["confusable"] = concept["id"], []
    assert figures(made).plausible_options > 0
    assert spoilt(made, outline=outline).plausible_options == 0


# --- who guesses -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("habit", "asked"),
    [
        ("longest", question(["aa", "bbb", "c", "d"], 1)),
        ("shortest", question(["aa", "b", "ccc", "dd"], 1)),
        ("first", question(["a", "b", "c", "d"], 0)),
        ("words", question(["red cat", "blue", "green"], 0, "What is a cat like?")),
        ("stems", question(["painting", "blue", "green"], 0, "What did they paint?")),
    ],
)
def test_a_habit_that_helps_is_right_and_one_among_equals_by_chance(habit: str, asked: Any) -> None:
    assert guesses(asked, "en")[habit] == 1
    even = question(["a1", "b1", "c1", "d1"], 2)
    assert guesses(even, "en") == dict.fromkeys(HABITS, 0.25) | {"first": 0}


def test_even_places_have_a_chi_square_of_zero() -> None:
    assert chi_square([25, 25, 25, 25]) == chi_square([0, 0, 0, 0]) == 0
    assert chi_square([40, 20, 20, 20]) == 12


# --- many paths ------------------------------------------------------------------------------


def broken(paths: list[PathFigures], failed: int = 0, memory_before_mb: float = 1e9) -> list[str]:
    found = summary(paths, failed=failed, memory_before_mb=memory_before_mb)
    return [figure.name for figure in found if not figure.is_kept]


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"broken_bounds": ["num_nodes"]}, "paths within the bounds of their request"),
        ({"is_repeatable": False}, "paths that come out the same again"),
        ({"dropped": 9}, "prerequisites given up for the tree's shape"),
        ({"template_titles": ["Basics"]}, "titles that would fit any topic"),
        ({"duplicates": ["basics"]}, "pages, titles or questions twice in a path"),
        ({"texts_in_language": 9}, "texts in the language of the path"),
        ({"served": 9}, "nodes with a page, of those there may be"),
        ({"pages_in_language": 9}, "pages in the language of the path"),
        ({"timely": 5}, "steps that last long enough for their page"),
        ({"without_quiz": 2}, "nodes without a quiz"),
        ({"faults": ["clang"]}, "faults the validator finds in what is asked"),
        ({"plausible_options": 3}, "wrong options of the right one's kind"),
        ({"guessed": {"longest": 30.0}}, "above chance by taking the longest option"),
        ({"guessed": {"first": 30.0}}, "above chance by taking the first option"),
        ({"guessed": {"stems": 0.0}}, "above chance by taking the option with the most stems"),
        ({"places": [30, 5, 5, 5]}, "places of the right option, chi-square"),
        ({"cpu_seconds": 0.4}, "CPU time of a path, median"),
        ({"memory_mb": 2e9}, "memory added by the run"),
    ],
)
def test_every_bound_can_be_broken(counted: PathFigures, change: dict[str, Any], name: str) -> None:
    even = dict.fromkeys(HABITS, counted.chance)
    good = replace(counted, guessed=even, cpu_seconds=0.1)
    assert broken([good]) == []
    bad = replace(
        good, **{key: even | value if key == "guessed" else value for key, value in change.items()}
    )
    assert [found for found in broken([bad]) if found.startswith(name)]


def test_a_path_that_could_not_be_made_is_out_of_bounds(counted: PathFigures) -> None:
    assert "paths that could not be made" in broken([counted], failed=1)
    only = Evaluation([], [Failure("x", "pt", 15, "no")], 0)
    assert only.broken == ["paths that could not be made"]


def test_few_questions_may_differ_from_chance_by_accident() -> None:
    assert points_allowed(10_000) == 5
    assert round(points_allowed(48), 1) == 12.5


def test_an_unknown_topic_is_a_failure_with_its_message() -> None:
    result = evaluate([PathRequest(topic="astrologia", language="en", num_nodes=10)])
    assert result.paths == []
    assert "Astronomy" in result.failures[0].message


def test_a_table_is_as_wide_as_its_widest_cell() -> None:
    assert table(["a", "b"], [["1", "long"]]) == "| a | b    |\n| - | ---- |\n| 1 | long |"


# --- the command -----------------------------------------------------------------------------


def run(*command: str) -> str:
    out = StringIO()
    try:
        call_command("evaluate_paths", *command, stdout=out, stderr=out)
    except CommandError as error:
        if not str(error).startswith("out of bounds: CPU time"):  # the machine is busy
            raise
    return out.getvalue()


def test_the_command_shows_topics_figures_and_kinds() -> None:
    text = run("chess", "--language", "en", "es", "--nodes", "10")
    assert "| chess | 2     | 20 " in text
    assert "| paths that come out the same again" in text
    assert "questions: definition_to_term " in text


def test_the_command_answers_in_json_and_ends_with_an_error_if_a_bound_is_broken() -> None:
    out = StringIO()
    with pytest.raises(CommandError, match="out of bounds: paths that could not be made"):
        call_command(
            "evaluate_paths", "chess", "astrologia", "--language", "en", "--json", stdout=out
        )
    result = json.loads(out.getvalue())
    assert [path["topic"] for path in result["paths"]] == ["chess"]
    assert [one["topic"] for one in result["failures"]] == ["astrologia"]
    # How long the machine took is out of its bounds now and then as well.
    assert result["broken"][0] == "paths that could not be made"


@pytest.mark.parametrize("wrong", [["ab"], ["chess", "--nodes", "9"], ["chess", "--nodes", "x"]])
def test_the_command_explains_what_cannot_be_asked_for(wrong: list[str]) -> None:
    with pytest.raises(CommandError, match=r"topic|num_nodes"):
        run(*wrong)
