"""Whole paths for tests: every stage's value for one topic, language and size."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import Any

import jsonschema
from django.utils import translation

from learning_paths.catalogue.loader import index, load_topic
from learning_paths.catalogue.topic import LANGUAGES, Language, Topic
from learning_paths.request import PathRequest
from learning_paths.schema import JSON_SCHEMA, LearningPathDocument
from learning_paths.stages.assemble import assemble
from learning_paths.stages.exercises import exercises
from learning_paths.stages.ordering import ordering
from learning_paths.stages.outline import outline
from learning_paths.stages.quizzes import quizzes
from learning_paths.stages.resources import resources
from learning_paths.stages.tree import tree
from learning_paths.stages.values import (
    Ordering,
    Outline,
    OutlineConcept,
    PathExercise,
    Question,
    Quizzes,
    Resources,
    Tree,
)
from tests.learning_paths.topics import make_topic

TOPICS = [entry.id for entry in index()]
EACH_TOPIC_IN_EACH_LANGUAGE = [(topic, language) for topic in TOPICS for language in LANGUAGES]

# JSON Schema counts 1.0 as an integer; the Flutter client does not.
_Strict = jsonschema.validators.extend(
    jsonschema.Draft202012Validator,
    type_checker=jsonschema.Draft202012Validator.TYPE_CHECKER.redefine(
        "integer", lambda _, value: type(value) is int
    ),
)
validator = _Strict(JSON_SCHEMA)


@dataclass(frozen=True)
class MadePath:
    """What each stage made of `request`."""

    request: PathRequest
    outline: Outline
    ordering: Ordering
    tree: Tree
    resources: Resources
    quizzes: Quizzes
    exercises: dict[str, list[PathExercise]]
    document: LearningPathDocument
    concepts: dict[str, OutlineConcept] = field(init=False)

    def __post_init__(self) -> None:
        by_id = {concept["id"]: concept for concept in self.outline["concepts"]}
        object.__setattr__(self, "concepts", by_id)

    @property
    def questions(self) -> list[Question]:
        """Every question of the quizzes, in the order of the nodes."""
        return [question for quiz in self.quizzes["by_node"].values() for question in quiz or []]


def make_path(topic: Topic | None = None, **params: Any) -> MadePath:
    """Run every stage in the request's language; the synthetic topic unless one is given."""
    topic = topic or make_topic()
    request = PathRequest(**{"topic": topic.id} | params)
    with translation.override(request.language):
        plan = outline(topic, request)
        order = ordering(plan)
        shape = tree(plan, order, request)
        found = resources(plan, order["order"], request)
        quiz = quizzes(plan, shape)
        practice = exercises(plan, shape, quiz)
        document = assemble(plan, order, shape, found, quiz, practice, request, seed="seed")
    return MadePath(request, plan, order, shape, found, quiz, practice, document)


@cache
def real_path(topic_id: str, language: Language) -> MadePath:
    """A path of the catalogue by the default parameters; shared, so leave it as it is."""
    return make_path(load_topic(topic_id), language=language)


@cache
def small_path(language: Language = "en", num_nodes: int = 15) -> MadePath:
    """A path of the synthetic topic; shared, so leave it as it is."""
    return make_path(language=language, num_nodes=num_nodes)
