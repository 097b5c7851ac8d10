"""
The nodes of the document, and what they hold.

Every id is a hash of the seed and of what it names. A node takes what its concept takes (the
author's estimate, reading included, so the minutes of its pages are not added; from the web, at
least what its best page takes), 1.5 minutes a question and what its exercises take.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from learning_paths.page_urls import canonical_url
from learning_paths.schema import (
    LEVELS,
    ExerciseItem,
    ExerciseSetItem,
    NodeItem,
    PrerequisiteReason,
    QuestionItem,
    QuizItem,
    ResourceItem,
    Source,
)
from learning_paths.stages import exercises as exercise_stage
from learning_paths.stages import quizzes as quiz_stage
from learning_paths.stages.hints import concept_hints, root_hints
from learning_paths.stages.values import (
    ROOT,
    Outline,
    OutlineConcept,
    PathExercise,
    Question,
    Quizzes,
    RankedResource,
    Resources,
    TreeNode,
)
from learning_paths.stages.wording import sentence, short_hash, title

_MINUTES_PER_QUESTION = 1.5
# To read what the path is about and look at its first page.
_ROOT_MINUTES = 10
# Points are the minutes of a step times its difficulty, in fives: work and effort, nothing else.
_POINTS_STEP = 5


@dataclass(frozen=True)
class Parts:
    """What the stages made, and what is looked up in it again and again."""

    outline: Outline
    resources: Resources
    quizzes: Quizzes
    exercises: Mapping[str, Sequence[PathExercise]]
    concepts: Mapping[str, OutlineConcept]
    places: Mapping[str, int]
    seed: str

    @classmethod
    def of(
        cls,
        outline: Outline,
        order: Iterable[str],
        resources: Resources,
        quizzes: Quizzes,
        exercises: Mapping[str, Sequence[PathExercise]],
        *,
        seed: str,
    ) -> Self:
        """`order` is that in which the nodes are learned, the root first."""
        return cls(
            outline=outline,
            resources=resources,
            quizzes=quizzes,
            exercises=exercises,
            concepts={concept["id"]: concept for concept in outline["concepts"]},
            places={id: place for place, id in enumerate(order)},
            seed=seed,
        )

    @property
    def pages(self) -> list[RankedResource]:
        # By place, not as the values come: a stage read back from the database has its keys in any
        # order.
        return [page for id in self.places for page in self.resources["assigned"][id]]

    def id(self, kind: str, *names: str) -> str:
        return f"{kind}_{short_hash(self.seed, *names)}"

    def source(self, concept_id: str) -> Source | None:
        """Return where the texts of a concept are from, else the best page of its node."""
        if concept_id in self.concepts and (origin := self.concepts[concept_id].get("origin")):
            return Source(url=origin["url"], license=origin["license"])
        for page in self.resources["assigned"].get(concept_id, [])[:1]:
            return Source(url=page["url"], license=page["license"])
        return None


def node_item(node: TreeNode, parts: Parts) -> NodeItem:
    about = _about_the_topic(parts) if node["id"] == ROOT else _about_a_concept(node["id"], parts)
    minutes = about.minutes + _practice_minutes(node["id"], parts)
    return NodeItem(
        id=parts.id("node", node["id"]),
        title=about.title,
        description=about.description,
        type="lesson",
        state="available" if node["parent"] is None else "locked",
        conceptId=node["id"],
        parentId=None if node["parent"] is None else parts.id("node", node["parent"]),
        order=parts.places[node["id"]],
        difficulty=LEVELS[about.difficulty],
        minutes=minutes,
        optional=about.is_optional,
        objectives=[sentence(objective) for objective in about.objectives],
        prerequisites=[parts.id("node", before["id"]) for before in node["prerequisites"]],
        prerequisiteReasons=_reasons(node, parts),
        rewards=[_reward(minutes, about.difficulty)],
        hints=about.hints,
        visualPosition={"x": float(node["x"]), "y": float(node["y"]), "level": node["level"]},
        resources=[_resource(page, parts) for page in parts.resources["assigned"][node["id"]]],
        quiz=_quiz(node["id"], parts),
        exerciseSet=_exercise_set(node["id"], parts),
    )


@dataclass(frozen=True)
class _About:
    """What a node is about: the topic or one concept of it."""

    title: str
    description: str
    objectives: Sequence[str]
    hints: list[str]
    difficulty: int
    minutes: int
    is_optional: bool


def _about_the_topic(parts: Parts) -> _About:
    outline = parts.outline
    return _About(
        title=title(outline["title"]),
        description=sentence(outline["summary"]),
        objectives=outline["objectives"],
        hints=root_hints(outline),
        difficulty=1,
        minutes=_ROOT_MINUTES,
        is_optional=False,
    )


def _about_a_concept(concept_id: str, parts: Parts) -> _About:
    concept = parts.concepts[concept_id]
    return _About(
        title=title(concept["term"]),
        description=sentence(concept["definition"]),
        objectives=[concept["objective"]],
        hints=concept_hints(concept, parts.outline),
        difficulty=concept["difficulty"],
        minutes=_learning_minutes(concept, parts),
        is_optional=not concept["essential"],
    )


def _learning_minutes(concept: OutlineConcept, parts: Parts) -> int:
    """Of a concept from the web only its own article was measured: another page may take longer."""
    best = parts.resources["assigned"][concept["id"]][:1] if "origin" in concept else []
    return max([concept["minutes"], *(page["minutes"] for page in best)])


def _practice_minutes(node_id: str, parts: Parts) -> int:
    questions = parts.quizzes["by_node"][node_id] or []
    exercises = parts.exercises[node_id]
    return math.ceil(_MINUTES_PER_QUESTION * len(questions)) + sum(
        exercise["minutes"] for exercise in exercises
    )


def _reward(minutes: int, difficulty: int) -> str:
    """Return the points as text: clients of the first server read rewards as strings."""
    return f"{_POINTS_STEP * math.ceil(minutes * difficulty / _POINTS_STEP)} XP"


def _reasons(node: TreeNode, parts: Parts) -> list[PrerequisiteReason]:
    return [
        PrerequisiteReason(
            id=parts.id("node", before["id"]),
            reason=before["reason"],
            evidence=before["evidence"],
            score=float(before["score"]),
        )
        for before in node["prerequisites"]
    ]


# --- what a node holds -----------------------------------------------------------------------


def _resource(page: RankedResource, parts: Parts) -> ResourceItem:
    """Return the page; what clients of the first server may want stands in `metadata` as well."""
    item = ResourceItem(
        id=parts.id("resource", canonical_url(page["url"])),
        title=page["title"],
        url=page["url"],
        type=page["type"],
        description=page["description"],
        difficulty=LEVELS[page["difficulty"]],
        language=page["language"],
        source=page["source"],
        license=page["license"],
        author=page["author"],
        free=True,  # a rule of the catalogue
        checkedAt=page["checked"],
        score=float(page["score"]),
        metadata={
            "language": page["language"],
            "source": page["source"],
            "license": page["license"],
        },
    )
    item["duration" if page["type"] == "video" else "readTime"] = page["minutes"]
    return item


def _quiz(node_id: str, parts: Parts) -> QuizItem | None:
    questions = parts.quizzes["by_node"][node_id]
    if questions is None:
        return None
    return QuizItem(
        questions=[_question(question, parts) for question in questions],
        passingScore=quiz_stage.PASSING_SCORE,
    )


def _question(question: Question, parts: Parts) -> QuestionItem:
    return QuestionItem(
        id=parts.id("question", question["kind"], question["key"], question["text"]),
        kind=question["kind"],
        text=question["text"],
        options=question["options"],
        correctOptionIndex=question["correct"],
        explanation=question["explanation"],
        source=parts.source(question["concept"]),
        difficulty=LEVELS[question["difficulty"]],
        conceptId=question["concept"],
    )


def _exercise_set(node_id: str, parts: Parts) -> ExerciseSetItem | None:
    exercises = parts.exercises[node_id]
    if not exercises:
        return None
    return ExerciseSetItem(
        exercises=[_exercise(exercise, node_id, parts) for exercise in exercises],
        passingScore=exercise_stage.PASSING_SCORE,
    )


def _exercise(exercise: PathExercise, node_id: str, parts: Parts) -> ExerciseItem:
    item = ExerciseItem(
        id=parts.id("exercise", exercise["key"]),
        title=exercise["title"],
        description=exercise["description"],
        difficulty=LEVELS[exercise["difficulty"]],
        instructions=exercise["instructions"],
        hints=exercise["hints"],
        solution=exercise["solution"],
        verificationMethod=exercise["method"],
        correctAnswer=exercise["answer"],
        acceptedAnswers=exercise["accepted"],
        checklist=exercise["checklist"],
        minutes=exercise["minutes"],
        source=parts.source(node_id),
    )
    if exercise["options"]:
        item["options"] = exercise["options"]
    if "language" in exercise and "output" in exercise:
        item["programmingLanguage"] = exercise["language"]
        item["expectedOutput"] = exercise["output"]
    return item
