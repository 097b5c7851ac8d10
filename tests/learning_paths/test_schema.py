"""The result document's schema and its types agree, and keep what old clients rely on."""

from __future__ import annotations

import copy
from typing import Any, NotRequired, get_origin, get_type_hints

import jsonschema
import pytest

from learning_paths import schema
from tests.learning_paths.paths import make_path, validator

_TYPES = {
    "node": schema.NodeItem,
    "resource": schema.ResourceItem,
    "quiz": schema.QuizItem,
    "question": schema.QuestionItem,
    "exerciseSet": schema.ExerciseSetItem,
    "exercise": schema.ExerciseItem,
    "prerequisiteReason": schema.PrerequisiteReason,
    "source": schema.Source,
}


@pytest.fixture(scope="module")
def document() -> Any:
    return make_path(language="en").document


def _node_with_a_page(document: Any) -> Any:
    pages = ((node, page) for node in document["nodes"].values() for page in node["resources"])
    return next(node for node, page in pages if "readTime" in page)


def test_the_schema_is_json_schema_2020_12() -> None:
    jsonschema.Draft202012Validator.check_schema(schema.JSON_SCHEMA)


def test_the_document_type_and_the_schema_have_the_same_fields() -> None:
    hold_same(schema.JSON_SCHEMA, schema.LearningPathDocument)


@pytest.mark.parametrize("name", _TYPES)
def test_each_type_and_its_definition_have_the_same_fields(name: str) -> None:
    hold_same(schema.JSON_SCHEMA["$defs"][name], _TYPES[name])


def hold_same(definition: Any, document_type: Any) -> None:
    hints = get_type_hints(document_type, include_extras=True)
    assert set(definition["properties"]) == set(hints)
    required = {key for key, hint in hints.items() if get_origin(hint) is not NotRequired}
    assert set(definition["required"]) == required


def test_a_path_is_valid(document: Any) -> None:
    validator.validate(document)


def test_fields_a_reader_does_not_know_are_allowed(document: Any) -> None:
    changed = copy.deepcopy(document) | {"new": 1}
    _node_with_a_page(changed)["new"] = 1
    validator.validate(changed)


def test_a_missing_field_is_invalid(document: Any) -> None:
    for name in schema.JSON_SCHEMA["required"]:
        without = {key: value for key, value in document.items() if key != name}
        assert not validator.is_valid(without), name


@pytest.mark.parametrize(
    "path",
    [
        ("totalHours",),
        ("metadata", "estimatedHours"),
        ("node", "minutes"),
        ("node", "order"),
        ("node", "visualPosition", "level"),
        ("node", "quiz", "passingScore"),
        ("node", "quiz", "questions", 0, "correctOptionIndex"),
        ("node", "resources", 0, "readTime"),
        ("node", "exerciseSet", "passingScore"),
    ],
)
def test_a_whole_number_with_a_decimal_point_is_invalid(document: Any, path: Any) -> None:
    changed = copy.deepcopy(document)
    place: Any = changed
    for step in path[:-1]:
        place = _node_with_a_page(changed) if step == "node" else place[step]
    place[path[-1]] = float(place[path[-1]])
    assert not validator.is_valid(changed)


def test_nothing_says_when_the_path_was_made(document: Any) -> None:
    text = str(document)
    assert "createdAt" not in text
    assert "retrievedAt" not in text
