"""
The exercises of a path: what its author wrote, then what the path's own texts give.

Each node has two or three: the hand-written one, one of comparing, ordering and choosing, which
take turns along the path, and at the last concept of a branch a project. For beginners choosing
comes first at every node, for advanced learners comparing, then ordering.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from learning_paths.stages.exercise_items import (
    Material,
    choice,
    compare,
    hand_written,
    name_the_term,
    project,
    put_in_order,
    readiness,
)
from learning_paths.stages.values import (
    ROOT,
    Outline,
    OutlineConcept,
    PathExercise,
    Quizzes,
    Tree,
)
from learning_paths.stages.wording import current_language

#: In percent of a node's exercises.
PASSING_SCORE = 70

# The places of the sorts in `_turns`.
_COMPARING, _CHOOSING = 0, 2

# Kinds of leftover questions that are worth an exercise.
_CHOICES = ("term_to_definition", "prerequisite")


def exercises(outline: Outline, tree: Tree, quizzes: Quizzes) -> dict[str, list[PathExercise]]:
    """
    Return what to do at each node, by its id, in the active language; the root comes first.

    No pair is compared twice, no three are put in order twice and no question of a quiz is asked
    again.
    """
    order = [concept["id"] for concept in outline["concepts"]]
    material = Material(outline, order, current_language())
    seen: set[str] = set()
    result: dict[str, list[PathExercise]] = {ROOT: []}
    for place, node in enumerate(tree["nodes"][1:]):
        concept = material.concepts[node["id"]]
        turn = _turns(concept, material, quizzes, _start(outline, place))
        found = [
            hand_written(concept, material),
            _first_new(turn, seen) or name_the_term(concept, material),
            project(concept, material),
        ]
        result[node["id"]] = [exercise for exercise in found if exercise]
        seen.update(exercise["key"] for exercise in result[node["id"]])
    result[ROOT] = _at_the_start(outline, material, seen)
    return result


def _start(outline: Outline, place: int) -> int:
    """Return which sort a node begins with: its turn, or the one for the learner's level."""
    return {"beginner": _CHOOSING, "advanced": _COMPARING}.get(outline.get("level", ""), place)


def _turns(
    concept: OutlineConcept, material: Material, quizzes: Quizzes, start: int
) -> Iterator[PathExercise]:
    """Yield what can be made for a concept; `start` says which sort comes first."""
    sorts: list[Callable[[], Sequence[PathExercise | None]]] = [
        lambda: _comparisons(concept, material),
        lambda: [put_in_order(concept, material)],
        lambda: [
            choice(question, concept, material)
            for question in quizzes["unused"].get(concept["id"], [])
            if question["kind"] in _CHOICES
        ],
    ]
    for number in range(len(sorts)):
        made = sorts[(start + number) % len(sorts)]()
        yield from (exercise for exercise in made if exercise)


def _comparisons(concept: OutlineConcept, material: Material) -> list[PathExercise]:
    """
    Return one for each like concept that is learned before this one, nearest first.

    Like are two of one kind that the author would offer as wrong options for each other; one of
    them alone says little.
    """
    learned = material.order[: material.order.index(concept["id"])]
    others = [
        other
        for other in map(material.concepts.__getitem__, reversed(learned))
        if other["kind"] == concept["kind"]
        and other["id"] in concept["confusable"]
        and concept["id"] in other["confusable"]
    ]
    others.sort(key=lambda other: other["branch"] != concept["branch"])
    return [compare(concept, other, material) for other in others]


def _first_new(found: Iterator[PathExercise], seen: set[str]) -> PathExercise | None:
    return next((exercise for exercise in found if exercise["key"] not in seen), None)


def _at_the_start(outline: Outline, material: Material, seen: set[str]) -> list[PathExercise]:
    """Return the check of what the learner brings, and the first order no node asks for."""
    orders = (put_in_order(concept, material) for concept in outline["concepts"])
    found = [
        readiness(outline),
        _first_new((exercise for exercise in orders if exercise), seen),
    ]
    return [exercise for exercise in found if exercise]
