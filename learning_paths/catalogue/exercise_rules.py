"""Rules on the exercises of a topic. That a program prints its `output` is for a test to see."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterator

from learning_paths.catalogue.topic import LANGUAGES, CatalogueExercise, Topic
from learning_paths.text import normalized_answer

EXERCISE_MINUTES = range(2, 121)
CHECKLIST_ITEMS = range(2, 5)

_FIELDS = ("checklist", "answers", "solution", "language", "code", "output")
_FIELDS_OF = {
    "manual": {"checklist"},
    "text_match": {"answers", "solution"},
    "code": {"language", "code", "output", "solution"},
}
# What a program must not touch, so that it prints the same anywhere and at any time. Files of its
# own it may have: `with` is taught with them.
_MODULES_OF_THE_WORLD = frozenset(
    {"asyncio", "ftplib", "getpass", "http", "platform", "random", "secrets", "smtplib", "socket"}
    | {"ssl", "subprocess", "threading", "time", "urllib", "uuid", "webbrowser"}
)
_CALLS_OF_THE_WORLD = frozenset({"input", "now", "today", "utcnow"})


def exercises_have_the_fields_of_their_kind(topic: Topic) -> Iterator[str]:
    for place, exercise in _exercises(topic):
        wanted = _FIELDS_OF[exercise.kind]
        for name in _FIELDS:
            is_given = getattr(exercise, name) not in (None, ())
            if is_given != (name in wanted):
                verb = "leaves out" if is_given else "needs"
                yield f"{place} of kind {exercise.kind} {verb} `{name}`"
        if exercise.minutes not in EXERCISE_MINUTES:
            yield f"{place} takes {exercise.minutes} minutes; 2 to 120 are right"


def checklists_are_short(topic: Topic) -> Iterator[str]:
    for place, exercise in _exercises(topic):
        if exercise.kind == "manual" and len(exercise.checklist) not in CHECKLIST_ITEMS:
            yield f"{place} has a checklist of {len(exercise.checklist)}; 2 to 4 are right"


def answers_are_there_and_not_in_the_prompt(topic: Topic) -> Iterator[str]:
    for place, exercise in _exercises(topic):
        for language in LANGUAGES:
            answers = (exercise.answers or {}).get(language, ())
            if exercise.kind == "text_match" and not all(map(normalized_answer, answers or [""])):
                yield f"{place} needs an answer in {language}, and no empty one"
            prompt = f" {normalized_answer(exercise.prompt[language])} "
            for answer in answers:
                if f" {normalized_answer(answer)} " in prompt:
                    yield f"{place}: the answer {answer!r} stands in the prompt ({language})"


def programs_are_python_that_always_prints_the_same(topic: Topic) -> Iterator[str]:
    for place, exercise in _exercises(topic):
        if exercise.kind != "code" or exercise.code is None:
            continue
        if exercise.language != "python":
            yield f"{place} is in {exercise.language}; only python can be run"
        if not (exercise.output or "").endswith("\n"):
            yield f"{place}: output must end with a line break, as print does"
        yield from (f"{place}: {finding}" for finding in _unsafe_parts(exercise.code))


def _unsafe_parts(code: str) -> Iterator[str]:
    try:
        tree = ast.parse(code)
    except SyntaxError as error:
        yield f"the code does not parse: {error}"
        return
    for node in ast.walk(tree):
        for module in _imported(node):
            if module not in sys.stdlib_module_names or module in _MODULES_OF_THE_WORLD:
                yield f"the code imports {module}; use the quiet part of the standard library"
        if isinstance(node, ast.Call) and _called(node) in _CALLS_OF_THE_WORLD:
            yield f"the code calls {_called(node)}(); it may depend on nothing outside of it"


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name.partition(".")[0] for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        return [(node.module or "").partition(".")[0]]
    return []


def _called(call: ast.Call) -> str:
    if isinstance(call.func, ast.Attribute):
        return call.func.attr
    return call.func.id if isinstance(call.func, ast.Name) else ""


def _exercises(topic: Topic) -> Iterator[tuple[str, CatalogueExercise]]:
    return ((f"concept {concept.id}: exercise", concept.exercise) for concept in topic.concepts)


EXERCISE_RULES: tuple[Callable[[Topic], Iterator[str]], ...] = (
    exercises_have_the_fields_of_their_kind,
    checklists_are_short,
    answers_are_there_and_not_in_the_prompt,
    programs_are_python_that_always_prints_the_same,
)
