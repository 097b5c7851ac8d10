from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import translation

from learning_paths import pipeline
from learning_paths.exceptions import UnknownTopic
from learning_paths.request import PathRequest

STEPS = ["outline", "ordering", "tree", "resources", "quizzes", "exercises", "assemble"]


class Stopped(Exception):
    """What a killed worker is to the pipeline."""


class Steps:
    """A task that keeps its steps as PostgreSQL would, and dies after as many as it is told."""

    def __init__(self, kept: dict[str, str] | None = None, *, dies_after: str = "") -> None:
        self.kept = {} if kept is None else kept
        self.dies_after = dies_after
        self.computed: list[str] = []
        self.said: list[str] = []

    def report(self, progress: int = 0, message: str = "", *, level: str = "info") -> None:
        self.said.append(message)

    def step(
        self,
        name: str,
        compute: Callable[[], Any],
        *,
        progress: int = 0,
        message: Callable[[Any], str] | None = None,
    ) -> Any:
        if name not in self.kept:
            self.computed.append(name)
            self.kept[name] = json.dumps(compute(), sort_keys=True)
            if message:
                self.said.append(message(json.loads(self.kept[name])))
            if name == self.dies_after:
                raise Stopped
        return json.loads(self.kept[name])


def request(**params: Any) -> PathRequest:
    return PathRequest.from_params({"topic": "python", "language": "en"} | params)


def generate(task: Steps, wanted: PathRequest) -> str:
    with translation.override(wanted.language):
        return json.dumps(pipeline.generate(task, wanted))


def test_the_same_request_makes_the_same_bytes() -> None:
    assert generate(Steps(), request()) == generate(Steps(), request())


@pytest.mark.parametrize("step", STEPS)
def test_a_resumed_path_is_the_one_that_was_not_interrupted(step: str) -> None:
    dying = Steps(dies_after=step)
    with pytest.raises(Stopped):
        generate(dying, request())
    resumed = Steps(dying.kept)
    assert generate(resumed, request()) == generate(Steps(), request())
    assert resumed.computed == STEPS[STEPS.index(step) + 1 :]


def test_every_stage_is_a_step() -> None:
    task = Steps()
    generate(task, request())
    assert task.computed == STEPS


@pytest.mark.parametrize(
    ("language", "found"),
    [("pt", "Encontrados 15 recursos"), ("en", "Found 15 resources"), ("es", "Encontrados 15")],
)
def test_messages_are_in_the_language_of_the_request(language: str, found: str) -> None:
    task = Steps()
    generate(task, request(language=language))
    assert any(line.startswith(found) for line in task.said)


@pytest.mark.parametrize(
    ("language", "nearest"), [("pt", "Astronomia"), ("en", "Astronomy"), ("es", "Astronomía")]
)
def test_an_unknown_topic_fails_at_once_and_names_the_nearest(language: str, nearest: str) -> None:
    task = Steps()
    with pytest.raises(UnknownTopic, match=nearest):
        generate(task, request(topic="astrologia", language=language))
    assert not task.computed
