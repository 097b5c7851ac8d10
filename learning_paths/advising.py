"""
The advice of a language model on a topic, where one is set up.

Each question is a step of the task, so that an interrupted task does not ask again. Whatever goes
wrong, the path is made without the model, and says so.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from learning_paths.catalogue.topic import Topic
from learning_paths.conf import Conf
from learning_paths.exceptions import SourceError
from learning_paths.llm import LanguageModel
from learning_paths.request import PathRequest
from learning_paths.schema import LanguageModelUse
from learning_paths.sources.base import explain
from learning_paths.stages import advice
from learning_paths.stages.advice import Question
from learning_paths.stages.values import Diagnostic
from learning_paths.task import Task

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Advice:
    """
    The topic as it is after the advice. `preferred` are ids of concepts the path should have.

    `used` is None if no advice was taken; `told` says why not, if a model was asked.
    """

    topic: Topic
    preferred: list[str] = field(default_factory=list)
    told: list[Diagnostic] = field(default_factory=list)
    used: LanguageModelUse | None = None


def advise(task: Task, topic: Topic, request: PathRequest, conf: Conf) -> Advice:
    """
    Ask the model, if there is one, which concepts the path should have, and in which order.

    Of a topic of the catalogue it chooses only what its authors leave open.
    """
    if not conf.has_llm:
        return Advice(topic)
    with LanguageModel(conf) as model:
        advising = _Advising(task, model, conf.llm_model)
        if topic.origin is None:
            return advising.on_the_catalogue(topic, request)
        return advising.on_the_web(topic, request)


class _Advising:
    def __init__(self, task: Task, model: LanguageModel, name: str) -> None:
        self._task = task
        self._model = model
        self._name = name
        self._used: list[tuple[str, str]] = []
        self._told: list[Diagnostic] = []

    def on_the_catalogue(self, topic: Topic, request: PathRequest) -> Advice:
        question = advice.choice(topic, request)
        chosen = self._ask(question) if question else None
        return self._advice(topic, chosen or [])

    def on_the_web(self, topic: Topic, request: PathRequest) -> Advice:
        listed = self._ask(advice.concepts(topic, request))
        if listed is None:
            return self._advice(topic, [])  # one that failed is not asked again
        topic = advice.arranged(topic, listed, request)
        chosen = [id for id, _before in listed]
        alike = self._ask(advice.confusions(topic, chosen, request))
        if alike is not None:
            topic = advice.distinguished(topic, alike)
        return self._advice(topic, chosen)

    def _ask(self, question: Question) -> Any | None:
        """Return the answer, or None if there is none to use."""

        def ask() -> dict[str, Any]:
            self._task.report(message=_asked(question))
            try:
                return {"answer": self._model.ask(question), "model": self._name}
            except SourceError as error:
                logger.warning("llm_failed question=%s error=%s", question.name, _detail(error))
                return {"failed": explain(error)}

        found = self._task.step(f"llm_{question.name}", ask)
        if "failed" in found:
            self._tell(found["failed"])
            return None
        self._used.append((found["model"], question.name))
        return found["answer"]

    def _tell(self, why: str) -> None:
        sentence = _("%(why)s The path was made without its advice.") % {"why": why}
        self._task.report(message=sentence, level="warning")
        self._told.append(Diagnostic(level="warning", code="llm_failed", message=sentence))

    def _advice(self, topic: Topic, preferred: list[str]) -> Advice:
        # After a restart with other settings a second question may go to another model.
        names = [*dict.fromkeys(model for model, _question in self._used)]
        used = LanguageModelUse(
            model=", ".join(names), steps=[question for _model, question in self._used]
        )
        return Advice(topic, preferred, self._told, used if self._used else None)


def _asked(question: Question) -> str:
    if question.name == "confusions":
        return _("Asking a language model which concepts are mistaken for each other")
    return _("Asking a language model which concepts the path should have")


def _detail(error: SourceError) -> str:
    """The reason and a code or a status, without the translated title before it."""
    return str(error).removeprefix(f"{error.source}: ")
