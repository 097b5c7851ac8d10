"""
What a language model is asked about a topic, and what its answers change.

It gets numbered concepts and answers with their numbers: nothing it writes can reach a reader. So
whatever stands in the pages that the concepts are from, and whatever it does to the model, the
path holds the texts and addresses it would hold without; their choice and order may differ.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from django.utils.translation import gettext as _

from learning_paths.catalogue.topic import Concept, Evidence, Language, Text, Topic
from learning_paths.request import PathRequest

#: Concepts a concept may name in one list: as many as an author may (docs/catalogue.md).
MOST_NAMED: Final = 3
#: An answer about fewer of the concepts it was asked about is no answer.
_LEAST_SHARE = 0.7
_DEFINITION_CHARACTERS = 240
_TITLE_CHARACTERS = 100

_LANGUAGES: Mapping[Language, str] = {"pt": "Portuguese", "en": "English", "es": "Spanish"}
_ADDRESS = re.compile(r"\b(?:\w+://|www\.)\S+", re.IGNORECASE)
# Of such characters the marks are made by which chat templates tell who speaks.
_TEMPLATE = str.maketrans({"<": " ", ">": " ", "|": " ", "`": "'"})


class Unusable(Exception):
    """The answer is not one of those that were asked for; `code` says what is wrong with it."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Question:
    """
    `data` holds what is from elsewhere, the instruction only words of ours.

    `read` makes plain JSON of the parsed answer. Raises Unusable.
    """

    name: str
    instruction: str
    data: Mapping[str, Any]
    schema: Mapping[str, Any]
    read: Callable[[Any], Any]


# --- which concepts of the catalogue ---------------------------------------------------------


def choice(topic: Topic, request: PathRequest) -> Question | None:
    """
    Ask which concepts are to fill the path after the essential ones; the answer is a list of ids.

    None where there is nothing to choose. Order and prerequisites are the authors'.
    """
    given = [concept for concept in topic.concepts if concept.essential]
    free = [concept for concept in topic.concepts if not concept.essential]
    count = request.num_nodes - 1 - len(given)
    if not 0 < count < len(free):
        return None
    language = request.language

    def read(answer: Any) -> list[str]:
        [chosen] = _fields(answer, "chosen")
        numbers = _numbers(chosen, among=range(1, len(free) + 1))
        _are_enough(numbers, count)
        return [free[number - 1].id for number in numbers[:count]]

    return Question(
        name="choice",
        instruction=(
            f"Choose the {count} candidates that are worth the most to somebody who learns the"
            ' topic and has learned what is in "already_chosen". Prefer what much else builds on,'
            " and what goes with the category, if there is one. What a candidate needs must be"
            ' chosen as well. Answer with their numbers in "chosen", the most useful first, each'
            " number once."
        ),
        data={
            **_about(topic, request),
            "already_chosen": [_clean(one.term[language], _TITLE_CHARACTERS) for one in given],
            "candidates": [
                {
                    **_candidate(number, one, language),
                    "needs": [
                        place
                        for place, other in enumerate(free, 1)
                        if other.id in one.prerequisites
                    ],
                }
                for number, one in enumerate(free, 1)
            ],
        },
        schema=_object_schema(chosen=_NUMBERS),
        read=read,
    )


# --- which concepts of the web, and in which order -------------------------------------------


def concepts(topic: Topic, request: PathRequest) -> Question:
    """
    Ask for the path's concepts in teaching order, each with those to be learned before.

    The answer is a list of [id, ids of what comes before].
    """
    known = topic.concepts
    count = min(request.num_nodes - 1, len(known))

    def read(answer: Any) -> list[list[Any]]:
        [listed] = _fields(answer, "concepts")
        items = [_fields(one, "number", "after") for one in _list(listed, most=len(known))]
        numbers = _numbers([number for number, _after in items], among=range(1, len(known) + 1))
        _are_enough(numbers, count)
        found = [
            [
                known[number - 1].id,
                [
                    known[before - 1].id
                    # Only what stands before it in the list: so there are no cycles.
                    for before in _numbers(after, among=numbers[:place], most=MOST_NAMED)
                ],
            ]
            for place, (number, after) in enumerate(items)
        ]
        return found[:count]

    return Question(
        name="concepts",
        instruction=(
            f"Choose the {count} candidates that a course on the topic for beginners should have,"
            " and put them in the order in which they should be taught. Leave out what does not"
            f' belong to the topic. Answer with exactly {count} items in "concepts", each number'
            ' once. In "after" give the numbers of at most three of the items before it that one'
            " must have understood first, the most important first; an empty list if there are"
            " none."
        ),
        data={
            **_about(topic, request),
            "candidates": [
                _candidate(number, one, request.language) for number, one in enumerate(known, 1)
            ],
        },
        schema=_object_schema(concepts=_list_schema(number=_NUMBER, after=_NUMBERS)),
        read=read,
    )


def arranged(topic: Topic, answer: Sequence[Sequence[Any]], request: PathRequest) -> Topic:
    """
    Return the topic with the concepts of the answer first, in its order.

    What an article's own definition needs comes before it nevertheless. Of what else comes
    before what, the answer is heard first, then the articles as far as they do not contradict
    it. No chain becomes longer than the tree is high, but by definitions.
    """
    known = {concept.id: concept for concept in topic.concepts}
    named = {id: list(before) for id, before in answer}
    defined = {
        id: [
            before
            for before, evidence in _prerequisites(known[id])
            if evidence == "definition" and before in named
        ]
        for id in named
    }
    order = _stable_order([*named], defined)
    depths: dict[str, int] = {}
    listed: dict[str, Concept] = {}
    for place, id in enumerate(order):
        earlier = set(order[:place])
        wanted = [
            before
            for before in dict.fromkeys([*named[id], *known[id].prerequisites])
            if before in earlier
            and before not in defined[id]
            and depths[before] < request.max_height
        ]
        before = [*defined[id], *wanted][:MOST_NAMED]
        depths[id] = 1 + max((depths[one] for one in before), default=0)
        listed[id] = _after(known[id], before, listed, request.language)
    rest = [replace(one, essential=False) for one in topic.concepts if one.id not in listed]
    return replace(topic, concepts=(*_essential(listed), *rest))


def _after(
    concept: Concept, before: Sequence[str], listed: Mapping[str, Concept], language: Language
) -> Concept:
    """Return the concept with these prerequisites, no easier than any of them."""
    said = dict(zip(concept.prerequisites, concept.reasons, strict=True))
    known = dict(_prerequisites(concept))
    sentence = _("A language model puts “%(before)s” before “%(after)s”")

    def reason(id: str) -> Text:
        names = {"before": listed[id].term[language], "after": concept.term[language]}
        return said.get(id, {language: sentence % names})

    return replace(
        concept,
        prerequisites=tuple(before),
        evidence=tuple(known.get(id, "model") for id in before),
        reasons=tuple(map(reason, before)),
        difficulty=max([concept.difficulty, *(listed[one].difficulty for one in before)]),
    )


def _essential(listed: Mapping[str, Concept]) -> list[Concept]:
    """Return the concepts; what an essential one builds on is essential too."""
    needed = {one.id for one in listed.values() if one.essential}
    for one in reversed([*listed.values()]):
        if one.id in needed:
            needed.update(one.prerequisites)
    return [replace(one, essential=one.id in needed) for one in listed.values()]


def _prerequisites(concept: Concept) -> list[tuple[str, Evidence]]:
    return list(zip(concept.prerequisites, concept.evidence, strict=True))


def _stable_order(order: Sequence[str], before: Mapping[str, Collection[str]]) -> list[str]:
    """Return `order`, with what comes before a thing moved to just before it where it must be."""
    placed: dict[str, None] = {}

    def place(id: str) -> None:
        if id not in placed:
            for one in before[id]:
                place(one)
            placed[id] = None

    for id in order:
        place(id)
    return [*placed]


# --- which concepts are taken for each other -------------------------------------------------


def confusions(topic: Topic, chosen: Collection[str], request: PathRequest) -> Question:
    """
    Ask, for the wrong answers of quizzes, what learners confuse and what would be right as well.

    The answer is a list of [id, ids of the confusable, ids of the also right].
    """
    known = topic.concepts
    asked = [number for number, one in enumerate(known, 1) if one.id in chosen]

    def ids(numbers: Iterable[int]) -> list[str]:
        return [known[number - 1].id for number in numbers]

    def named(number: int, confusable: Any, also_right: Any) -> list[Any]:
        others = [other for other in range(1, len(known) + 1) if other != number]
        alike = _numbers(confusable, among=others, most=MOST_NAMED)
        same = _numbers(also_right, among=others, most=MOST_NAMED)
        if not set(alike).isdisjoint(same):
            raise Unusable("duplicate")
        return [known[number - 1].id, ids(alike), ids(same)]

    def read(answer: Any) -> list[list[Any]]:
        [listed] = _fields(answer, "concepts")
        items = [
            _fields(one, "number", "confusable", "also_right")
            for one in _list(listed, most=len(asked))
        ]
        _are_enough(_numbers([item[0] for item in items], among=asked), len(asked))
        return [named(*item) for item in items]

    return Question(
        name="confusions",
        instruction=(
            'A quiz asks which concept a description fits. For each number in "asked" name, by'
            ' number, at most three other concepts. In "confusable": those that a learner may take'
            ' for it, though its description does not fit them. In "also_right": those that its'
            " description fits as well, because they are the same, more general, or a kind of it."
            " No number may stand in both."
        ),
        data={
            **_about(topic, request),
            "asked": asked,
            "candidates": [
                _candidate(number, one, request.language) for number, one in enumerate(known, 1)
            ],
        },
        schema=_object_schema(
            concepts=_list_schema(number=_NUMBER, confusable=_NUMBERS, also_right=_NUMBERS)
        ),
        read=read,
    )


def distinguished(topic: Topic, answer: Sequence[Sequence[Any]]) -> Topic:
    """
    Return the topic with these confusable concepts first, and these never as wrong answers.

    What was no wrong answer before does not become one.
    """
    answers = {id: (alike, same) for id, alike, same in answer}

    def concept(one: Concept) -> Concept:
        alike, same = answers.get(one.id, ((), ()))
        barred = dict.fromkeys([*one.not_distractors, *same])
        likely = dict.fromkeys(id for id in (*alike, *one.confusable) if id not in barred)
        return replace(one, confusable=tuple(likely)[:MOST_NAMED], not_distractors=tuple(barred))

    return replace(topic, concepts=tuple(concept(one) for one in topic.concepts))


# --- what is sent ----------------------------------------------------------------------------


def _about(topic: Topic, request: PathRequest) -> dict[str, Any]:
    about = {
        "topic": _clean(topic.title[request.language], _TITLE_CHARACTERS),
        "language": _LANGUAGES[request.language],
    }
    if request.category:
        about["category"] = _clean(request.category, _TITLE_CHARACTERS)
    return about


def _candidate(number: int, concept: Concept, language: Language) -> dict[str, Any]:
    return {
        "number": number,
        "title": _clean(concept.term[language], _TITLE_CHARACTERS),
        "definition": _clean(concept.definition[language], _DEFINITION_CHARACTERS),
    }


def _clean(text: str, most: int) -> str:
    """Return the text as one short line without addresses and without the marks of templates."""
    line = _ADDRESS.sub(" ", text).translate(_TEMPLATE)
    line = " ".join("".join(char if char.isprintable() else " " for char in line).split())
    return line if len(line) <= most else f"{line[:most].rsplit(' ', 1)[0]}…"


# Only what every implementation of "structured outputs" knows: no counts, no ranges.
_NUMBER: dict[str, Any] = {"type": "integer"}
_NUMBERS: dict[str, Any] = {"type": "array", "items": _NUMBER}


def _object_schema(**properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": [*properties],
        "additionalProperties": False,
    }


def _list_schema(**properties: Any) -> dict[str, Any]:
    return {"type": "array", "items": _object_schema(**properties)}


# --- what is taken of the answer -------------------------------------------------------------


def _fields(value: Any, *names: str) -> list[Any]:
    if type(value) is not dict or value.keys() != set(names):
        raise Unusable("shape")
    return [value[name] for name in names]


def _list(value: Any, *, most: int) -> list[Any]:
    if type(value) is not list:
        raise Unusable("shape")
    if len(value) > most:
        raise Unusable("too_many")
    return value


def _numbers(value: Any, *, among: Collection[int], most: int | None = None) -> list[int]:
    """Return the list if each of its numbers is one of `among`, and none stands twice."""
    numbers = _list(value, most=len(among) if most is None else most)
    # True is an int to Python, and 3.0 equals one.
    if any(type(number) is not int for number in numbers):
        raise Unusable("shape")
    if not set(numbers) <= set(among):
        raise Unusable("unknown_number")
    if len(set(numbers)) < len(numbers):
        raise Unusable("duplicate")
    return numbers


def _are_enough(numbers: Sequence[int], count: int) -> None:
    """Models count badly: what is missing is filled in by rule, what is too much is left off."""
    if len(numbers) < _LEAST_SHARE * count:
        raise Unusable("too_few")
