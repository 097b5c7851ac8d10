from __future__ import annotations

import json
import re
from itertools import product
from typing import Any

import pytest
from django.utils import translation
from hypothesis import given, settings
from hypothesis import strategies as st

from learning_paths.exceptions import FieldError, InvalidRequest
from learning_paths.request import BOUNDS, HOURS_PER_WEEK, PathRequest, language_of
from learning_paths.shape import SHAPE_BOUNDS, Shape


def refused(**params: Any) -> dict[str, str]:
    """What is wrong with the parameters, by field; a valid English request otherwise."""
    with pytest.raises(InvalidRequest) as caught:
        PathRequest.from_params({"topic": "python", "language": "en"} | params)
    fields = [error.field for error in caught.value.errors]
    assert len(fields) == len(set(fields)), "one error for each field"
    assert str(caught.value) == " ".join(error.message for error in caught.value.errors)
    return {error.field: error.message for error in caught.value.errors}


def read(**params: Any) -> PathRequest:
    return PathRequest.from_params({"topic": "python"} | params)


# --- what is taken ---------------------------------------------------------------------------


def test_only_the_topic_is_needed():
    assert PathRequest.from_params({"topic": "python"}) == PathRequest(
        topic="python",
        language="pt",
        num_nodes=15,
        max_resources=15,
        min_width=3,
        max_width=5,
        min_height=3,
        max_height=7,
        category=None,
        similarity_threshold=0.15,
    )


def test_text_from_a_query_string_and_json_types_mean_the_same():
    text = {"num_nodes": "20", "max_width": " 6 ", "similarity_threshold": "0.5"}
    native = {"num_nodes": 20, "max_width": 6, "similarity_threshold": 0.5}
    assert read(**text) == read(**native)


@pytest.mark.parametrize("given", ["advanced", " Advanced ", "ADVANCED"])
def test_a_level_is_known_in_any_case(given: str):
    assert read(level=given).level == "advanced"


def test_hours_a_week_are_read_as_other_counts_are():
    assert read(hours_per_week=" 5 ") == read(hours_per_week=5) == read(hours_per_week=5.0)
    assert [read(hours_per_week=end).hours_per_week for end in HOURS_PER_WEEK] == [1, 40]


def test_without_level_and_hours_a_request_is_the_one_it_was_before_there_were_any():
    """Paths made then, and the tasks that made them, are found by these."""
    assert read(level=None, hours_per_week=None).key() == read().key()
    assert read(level=None, hours_per_week=None).to_params() == read().to_params()
    assert not {"level", "hours_per_week"} & read().to_params().keys()


def test_a_level_and_hours_make_another_request():
    asked = [{}, {"level": "beginner"}, {"level": "advanced"}, {"hours_per_week": 3}]
    keys = {read(**params).key() for params in asked}
    assert len(keys) == len(asked)
    for params in asked:
        assert PathRequest.from_params(read(**params).to_params()) == read(**params)


def test_null_means_not_given():
    optional = ["language", "category", "similarity_threshold", "level", "hours_per_week"]
    nothing = dict.fromkeys([*optional, *BOUNDS])
    assert read(**nothing) == read()


@pytest.mark.parametrize("given", ["en", "EN", " en "])
def test_a_language_is_known_in_any_case(given: str):
    assert read(language=given).language == "en"
    assert language_of({"language": given}) == "en"


@pytest.mark.parametrize("given", [None, "", "de", "pt-BR", 7, ["en"], {}])
def test_the_language_of_anything_else_is_the_default(given: object):
    assert language_of({"language": given}) == "pt"
    assert language_of({}) == "pt"


def test_space_in_topic_and_category_is_stripped_and_collapsed():
    request = read(topic="  machine \t\n learning ", category=" data  science ")
    assert request.topic == "machine learning"
    assert request.category == "data science"


def test_a_blank_category_is_none():
    assert read(category="  ").category is None


def test_letters_and_their_accents_are_composed():
    assert read(topic="histo\u0301ria").topic == "hist\u00f3ria"


@pytest.mark.parametrize("name", BOUNDS)
def test_both_ends_of_each_bound_are_taken(name: str):
    for value in BOUNDS[name][:2]:
        # Other bounds that let every value of this one fit.
        room = {"min_width": 2, "max_width": 15, "min_height": 2, "max_height": 12}
        assert getattr(read(**room | {"num_nodes": 20} | {name: value}), name) == value


@pytest.mark.parametrize(
    "value",
    [0, 1, 0.0, 1.0, "0", "1", ".5", "1e-3", "0.15", "0.0015565442701708236"],
)
def test_the_threshold_is_a_float_whatever_number_it_came_as(value: object):
    threshold = read(similarity_threshold=value).similarity_threshold
    assert type(threshold) is float
    assert threshold == float(str(value))


# --- what is refused -------------------------------------------------------------------------


@pytest.mark.parametrize("topic", [None, "", "  ", "ab", " a ", "x" * 201, 42, True, ["python"]])
def test_a_missing_short_oversized_or_other_topic_is_refused(topic: object):
    assert set(refused(topic=topic)) == {"topic"}


def test_a_topic_not_given_is_called_missing():
    with pytest.raises(InvalidRequest, match="topic is missing"):
        PathRequest.from_params({"language": "en"})


@pytest.mark.parametrize("bad", ["\x00", "\x1b", "\x7f", "\x85", "\ud800"])
@pytest.mark.parametrize("field", ["topic", "category"])
def test_control_characters_and_lone_surrogates_are_refused(field: str, bad: str):
    assert set(refused(**{field: f"py{bad}thon"})) == {field}


def test_a_topic_is_measured_after_stripping():
    assert read(topic=f"  {'x' * 200}  ").topic == "x" * 200
    assert "201" in refused(topic="x" * 201)["topic"]


def test_a_category_of_more_than_100_characters_is_refused():
    assert read(category="x" * 100).category == "x" * 100
    assert set(refused(category="x" * 101)) == {"category"}


@pytest.mark.parametrize("name", BOUNDS)
@pytest.mark.parametrize(
    "value",
    ["", " ", "ten", "20.5", "20.0", "0x14", "2_0", "٢٠", "1" * 5000,
     20.5, True, False, [20], {}, float("nan")],
)  # fmt: skip
def test_what_is_not_a_whole_number_is_refused(name: str, value: object):
    message = refused(**{name: value})[name]
    lowest, highest, _default = BOUNDS[name]
    assert message == f"{name} must be a whole number from {lowest} to {highest}."


@pytest.mark.parametrize("name", BOUNDS)
def test_out_of_range_says_the_range_and_the_nearest_value_that_would_do(name: str):
    lowest, highest, _default = BOUNDS[name]
    for value, nearest in ((lowest - 1, lowest), (highest + 1, highest), (-(10**17), lowest)):
        expected = (
            f"{name} must be from {lowest} to {highest}. "
            f"The nearest value that would do is {nearest}."
        )
        assert refused(**{name: value}) == {name: expected}
        assert refused(**{name: str(value)}) == {name: expected}


@pytest.mark.parametrize(
    "value",
    ["", "high", "0,5", "nan", "NaN", "inf", "-inf", "infinity", "1e999", "0_1", True, [],
     float("nan"), float("inf"), -float("inf")],
)  # fmt: skip
def test_a_threshold_that_is_not_a_finite_number_is_refused(value: object):
    message = refused(similarity_threshold=value)["similarity_threshold"]
    assert message == "similarity_threshold must be a number from 0.0 to 1.0."


@pytest.mark.parametrize("value", [-0.01, 1.01, "-1", "2", 10**400])
def test_a_threshold_out_of_range_is_refused(value: object):
    message = refused(similarity_threshold=value)["similarity_threshold"]
    assert message.startswith("similarity_threshold must be from 0.0 to 1.0. The nearest value")


@pytest.mark.parametrize("value", ["de", "pt-BR", "", 5])
def test_an_unknown_language_is_refused_naming_the_three(value: object):
    with pytest.raises(InvalidRequest) as caught:
        PathRequest.from_params({"topic": "python", "language": value})
    assert [error.field for error in caught.value.errors] == ["language"]
    assert "pt, en, es" in str(caught.value)


@pytest.mark.parametrize("value", ["expert", "", 2, ["beginner"]])
def test_an_unknown_level_is_refused_naming_the_three(value: object):
    message = refused(level=value)["level"]
    assert message == "level must be one of beginner, intermediate, advanced."


@pytest.mark.parametrize("value", ["", "a few", "2.5", 2.5, True])
def test_hours_that_are_no_whole_number_are_refused(value: object):
    message = refused(hours_per_week=value)["hours_per_week"]
    assert message == "hours_per_week must be a whole number from 1 to 40."


@pytest.mark.parametrize(("value", "nearest"), [(0, 1), (41, 40), ("-3", 1), ("168", 40)])
def test_hours_out_of_range_say_what_would_do(value: object, nearest: int):
    message = refused(hours_per_week=value)["hours_per_week"]
    assert message == (
        f"hours_per_week must be from 1 to 40. The nearest value that would do is {nearest}."
    )


@pytest.mark.parametrize(
    ("language", "words"),
    [("pt", "deve ser um de"), ("en", "must be one of"), ("es", "debe ser uno de")],
)
def test_a_wrong_level_is_refused_in_the_language_of_the_request(language: str, words: str):
    assert words in refused(level="expert", language=language)["level"]


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("hours", None),
        ("hoursPerWeek", "hours_per_week"),
        ("levels", "level"),
        ("num_node", "num_nodes"),
        ("numNodes", "num_nodes"),
        ("maxwidth", "max_width"),
        ("min-height", "min_height"),
        ("topics", "topic"),
        ("Topic", "topic"),
        ("lang", None),
        ("depth", None),
    ],
)
def test_an_unknown_parameter_is_named_with_the_one_it_resembles(name: str, near: str | None):
    hint = f"Did you mean {near}?" if near else "The parameters are topic, language, num_nodes, "
    assert refused(**{name: 1})[name].startswith(f'Unknown parameter "{name}". {hint}')


def test_an_unknown_parameter_is_echoed_short_and_clean():
    errors = refused(**{"a\x00b\ud800": 1, "z" * 500: 1})
    assert set(errors) == {"a\ufffdb\ufffd", "z" * 40 + "…"}
    json.dumps(list(errors.values()), ensure_ascii=False).encode()


def test_of_many_unknown_parameters_ten_are_named():
    assert len(refused(**{f"parameter{i}": i for i in range(1000)})) == 10


def test_everything_wrong_is_said_at_once():
    errors = refused(topic="x", num_nodes="many", similarity_threshold=2, colour="red")
    assert set(errors) == {"topic", "num_nodes", "similarity_threshold", "colour"}


def test_sentences_are_in_the_language_of_the_request_and_the_callers_stays():
    params = {"topic": "python", "num_nodes": 99}
    with translation.override("en"):
        said = {}
        for language in ("pt", "en", "es"):
            with pytest.raises(InvalidRequest) as caught:
                PathRequest.from_params(params | {"language": language})
            said[language] = str(caught.value)
        assert translation.get_language() == "en"
    assert said == {
        "pt": "num_nodes deve estar entre 10 e 30. O valor mais próximo que serve é 30.",
        "en": "num_nodes must be from 10 to 30. The nearest value that would do is 30.",
        "es": "num_nodes debe estar entre 10 y 30. El valor más cercano que sirve es 30.",
    }


# --- trees that cannot be --------------------------------------------------------------------


def test_a_tree_with_too_many_nodes_is_refused_with_what_would_do():
    errors = refused(num_nodes=20, max_width=3, max_height=4)
    assert errors == {
        "num_nodes": "num_nodes=20 does not fit: with max_width=3 and max_height=4 a tree holds at "
        "most 13 nodes. Raise max_width to 5, or max_height to 7, or lower num_nodes to 13."
    }


def test_a_tree_with_too_few_nodes_is_refused_with_what_would_do():
    errors = refused(num_nodes=10, min_width=6, max_width=6, min_height=5)
    assert errors == {
        "num_nodes": "num_nodes=10 does not fit: with min_width=6 and min_height=5 a tree needs at "
        "least 11 nodes. Raise num_nodes to 11, or lower min_width to 5, or min_height to 4."
    }


def test_a_minimum_above_its_maximum_is_refused_with_what_would_do():
    assert refused(min_width=8) == {
        "min_width": "min_width=8 is greater than max_width=5. "
        "Raise max_width to 8, or lower min_width to 5."
    }
    assert refused(min_height=8) == {
        "min_height": "min_height=8 is greater than max_height=7. "
        "Raise max_height to 8, or lower min_height to 7."
    }


def test_if_no_single_change_helps_one_of_two_parameters_is_named():
    errors = refused(num_nodes=15, min_width=4, max_width=3, min_height=4, max_height=3)
    assert errors == {
        "min_width": "min_width=4 is greater than max_width=3. "
        "min_height=4 is greater than max_height=3. "
        "num_nodes=15 does not fit: with max_width=3 and max_height=3 a tree holds at most 10 "
        "nodes. Raise max_width to 4 and max_height to 4."
    }


def test_a_tree_is_not_judged_by_a_parameter_that_is_wrong_itself():
    assert set(refused(num_nodes=99, min_width=8, max_width=3)) == {"num_nodes"}


SHAPES = st.builds(
    Shape, *(st.integers(bound.lowest, bound.highest) for bound in SHAPE_BOUNDS.values())
)


@settings(max_examples=400, deadline=None, derandomize=True, database=None)
@given(shape=SHAPES)
def test_a_shape_is_taken_or_refused_and_each_change_that_is_named_is_then_taken(shape: Shape):
    params = {"topic": "python", "language": "en"} | shape._asdict()
    if shape.fits():
        assert PathRequest.from_params(params).shape == shape
        return
    (error,) = refused_errors(params)
    assert error.field in ("min_width", "min_height", "num_nodes")
    advice = re.split(r"(?<=[.])\s", error.message)[-1]
    for option in advice.split(", or "):
        change = {name: int(value) for name, value in re.findall(r"(\w+) to (\d+)", option)}
        assert change
        assert PathRequest.from_params(params | change).num_nodes
        for name, value in change.items():
            verb = "raise" if value > getattr(shape, name) else "lower"
            assert verb in advice.lower()


def refused_errors(params: dict[str, Any]) -> tuple[FieldError, ...]:
    with pytest.raises(InvalidRequest) as caught:
        PathRequest.from_params(params)
    return caught.value.errors


# --- the request as a value ------------------------------------------------------------------


def test_to_params_holds_every_parameter_as_json_and_reads_back_as_the_same_request():
    request = read(language="es", category="Arte", similarity_threshold=1, num_nodes="21")
    params = json.loads(json.dumps(request.to_params()))
    assert params == {
        "topic": "python",
        "language": "es",
        "num_nodes": 21,
        "max_resources": 15,
        "min_width": 3,
        "max_width": 5,
        "min_height": 3,
        "max_height": 7,
        "category": "Arte",
        "similarity_threshold": 1.0,
    }
    assert PathRequest.from_params(params) == request


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"topic": "História da Arte"}, {"topic": " historia  DA arte "}),
        ({"category": "Ciência"}, {"category": "ciencia"}),
        ({"category": ""}, {}),
        ({"similarity_threshold": 0.15}, {"similarity_threshold": "0.150"}),
        ({"similarity_threshold": -0.0}, {"similarity_threshold": 0}),
        ({"num_nodes": "015"}, {}),
        ({"language": "PT"}, {}),
    ],
)
def test_requests_that_mean_the_same_have_the_same_key(one: dict[str, Any], other: dict[str, Any]):
    assert read(**one).key() == read(**other).key()


def test_a_change_of_any_parameter_changes_the_key():
    base = {"topic": "python"}
    changes: list[dict[str, Any]] = [
        {"topic": "pythons"},
        {"language": "en"},
        {"num_nodes": 16},
        {"max_resources": 16},
        {"min_width": 4},
        {"max_width": 6},
        {"min_height": 4},
        {"max_height": 8},
        {"category": "x"},
        {"similarity_threshold": 0.150001},
    ]
    keys = {PathRequest.from_params(base | change).key() for change in [{}, *changes]}
    assert len(keys) == 1 + len(changes)
    assert {name for change in changes for name in change} == set(PathRequest("x").to_params())


def test_a_key_stays_the_same_from_release_to_release():
    # Stored with every finished path: another key would make all of them unfindable.
    assert read().key() == "a7521bf280e05706623cf32c63056cca14727fa1b20d22eee64ead9330b8e511"


def test_no_value_of_any_type_raises_anything_but_a_refusal_that_can_be_sent():
    values: list[object] = [None, "", "x", -1, 10**30, 1.5, float("nan"), True, [], {}, "\ud800"]
    names = list(PathRequest("x").to_params())
    for name, value in product(names, values):
        try:
            PathRequest.from_params({"topic": "python", name: value})
        except InvalidRequest as error:
            json.dumps([e.message for e in error.errors], ensure_ascii=False).encode()
