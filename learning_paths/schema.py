"""
The result document: what a finished path looks like to its readers.

`LearningPathDocument` says it to the type checker, `JSON_SCHEMA` (JSON Schema 2020-12) to tests
and clients. Names are camelCase and the core fields keep the types of the first server, because
its Flutter client reads them: whole numbers are JSON integers there (`level`, `totalHours`,
`duration`, `readTime`, `passingScore`, `correctOptionIndex`), `x` and `y` doubles, `rewards` and
`hints` lists of strings, and every `difficulty` is one of beginner, intermediate and advanced.
Readers ignore fields they do not know, so a field may be added but never renamed or retyped.

No field tells when the path was made: the same request must give the same bytes. The row that
stores a path knows its age.
"""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict

#: Of the rules and texts that make a path; the catalogue files have versions of their own.
GENERATOR_VERSION = "0.1.0"
#: Raised when a reader of the document has to change.
SCHEMA_VERSION = 1

Level = Literal["beginner", "intermediate", "advanced"]
#: By a concept's difficulty, 1-3.
LEVELS: dict[int, Level] = {1: "beginner", 2: "intermediate", 3: "advanced"}


class VisualPosition(TypedDict):
    x: float
    y: float
    level: int


class ResourceItem(TypedDict):
    """`duration` (videos) or `readTime` (the rest) in minutes; `score` 0-1 for its node."""

    id: str
    title: str
    url: str
    type: str
    description: str
    difficulty: Level
    duration: NotRequired[int]
    readTime: NotRequired[int]
    language: str
    source: str
    license: str | None
    author: str | None
    free: bool
    checkedAt: str | None
    score: float
    metadata: dict[str, Any]


class Source(TypedDict):
    """Where to read about what is asked."""

    url: str
    license: str | None


class QuestionItem(TypedDict):
    id: str
    kind: str
    text: str
    options: list[str]
    correctOptionIndex: int
    explanation: str
    source: Source | None
    difficulty: Level
    conceptId: str


class QuizItem(TypedDict):
    """`passingScore` in percent."""

    questions: list[QuestionItem]
    passingScore: int


class ExerciseItem(TypedDict):
    """
    `correctAnswer` is the index of the right option as text for multiple_choice, the canonical
    answer for text_match, and empty for manual; `acceptedAnswers` are without case, accents and
    punctuation. `programmingLanguage` and `expectedOutput` stand where a program is asked for.
    """

    id: str
    title: str
    description: str
    difficulty: Level
    instructions: str
    hints: list[str]
    solution: str
    verificationMethod: Literal["manual", "text_match", "multiple_choice"]
    correctAnswer: str
    acceptedAnswers: list[str]
    checklist: list[str]
    minutes: int
    source: Source | None
    options: NotRequired[list[str]]
    programmingLanguage: NotRequired[str]
    expectedOutput: NotRequired[str]


class ExerciseSetItem(TypedDict):
    exercises: list[ExerciseItem]
    passingScore: int


class PrerequisiteReason(TypedDict):
    """Why the node `id` comes first; `score` 0-1, the strongest of a node has 1."""

    id: str
    reason: str
    evidence: str
    score: float


class NodeItem(TypedDict):
    """
    One step of the path. `prerequisites` begins with the parent; `order` is its place when the
    path is learned from start to end, the root's 0; `minutes` covers study, quiz and exercises.
    """

    id: str
    title: str
    description: str
    type: Literal["lesson"]
    state: Literal["available", "locked"]
    conceptId: str
    parentId: str | None
    order: int
    difficulty: Level
    minutes: int
    optional: bool
    objectives: list[str]
    prerequisites: list[str]
    prerequisiteReasons: list[PrerequisiteReason]
    rewards: list[str]
    hints: list[str]
    visualPosition: VisualPosition
    resources: list[ResourceItem]
    quiz: QuizItem | None
    exerciseSet: ExerciseSetItem | None


class PathMetadata(TypedDict):
    difficulty: Level
    estimatedHours: int
    tags: list[str]


class LanguageModelUse(TypedDict):
    """The model that was asked, and what for: "choice", "concepts", "confusions"."""

    model: str
    steps: list[str]


class Generator(TypedDict):
    """What made the path; `catalogueVersion` is the topic file's, `llm` stands if one helped."""

    name: str
    version: str
    mode: Literal["catalogue", "wiki"]
    seed: str
    catalogueVersion: int
    llm: NotRequired[LanguageModelUse]


class SourceItem(TypedDict):
    """A site the resources come from; `license` only where all its resources share it."""

    name: str
    url: str
    license: str | None


class Attribution(TypedDict):
    """Credit that a resource's licence asks for."""

    title: str
    url: str
    source: str
    author: str | None
    license: str


class DiagnosticItem(TypedDict):
    level: Literal["info", "warning"]
    code: str
    message: str


class Stats(TypedDict):
    nodes: int
    height: int
    width: int
    resources: int
    questions: int
    exercises: int


class PlannedNode(TypedDict):
    """A step in a week; one that takes several weeks is in each, as `part` 1 to `parts`."""

    id: str
    minutes: int
    part: int
    parts: int


class PlannedWeek(TypedDict):
    """`nodes` in the order in which they are learned; `minutes` is their sum."""

    week: int
    minutes: int
    nodes: list[PlannedNode]


class WeekPlan(TypedDict):
    """Which steps to take in which week; weeks count from 1."""

    hoursPerWeek: int
    totalWeeks: int
    totalMinutes: int
    weeks: list[PlannedWeek]


class LearningPathDocument(TypedDict):
    """
    A whole path; `nodes` by id, the root first, then by level and place.

    `weekPlan` is there if the request says how many hours a week.
    """

    id: str
    title: str
    description: str
    topic: str
    category: str
    language: str
    rootNodeId: str
    nodes: dict[str, NodeItem]
    totalHours: int
    tags: list[str]
    metadata: PathMetadata
    objectives: list[str]
    prerequisiteKnowledge: list[str]
    stats: Stats
    sources: list[SourceItem]
    attribution: list[Attribution]
    diagnostics: list[DiagnosticItem]
    generator: Generator
    request: dict[str, Any]
    schemaVersion: int
    weekPlan: NotRequired[WeekPlan]


_TEXT: dict[str, Any] = {"type": "string", "minLength": 1}
_STRING: dict[str, Any] = {"type": "string"}
_MAYBE: dict[str, Any] = {"type": ["string", "null"], "minLength": 1}
_TEXTS: dict[str, Any] = {"type": "array", "items": _TEXT}
_WHOLE: dict[str, Any] = {"type": "integer", "minimum": 0}
_COUNT: dict[str, Any] = {"type": "integer", "minimum": 1}
_MINUTES = _COUNT
_SHARE: dict[str, Any] = {"type": "number", "minimum": 0, "maximum": 1}
_PERCENT: dict[str, Any] = {"type": "integer", "minimum": 0, "maximum": 100}
_URL: dict[str, Any] = {"type": "string", "pattern": "^https://"}
_LEVEL: dict[str, Any] = {"enum": list(LEVELS.values())}
_FLAG: dict[str, Any] = {"type": "boolean"}


def _ref(name: str) -> dict[str, Any]:
    return {"$ref": f"#/$defs/{name}"}


def _list(name: str, **limits: int) -> dict[str, Any]:
    return {"type": "array", "items": _ref(name), **limits}


def _or_null(name: str) -> dict[str, Any]:
    return {"oneOf": [{"type": "null"}, _ref(name)]}


def _object(extra: dict[str, Any] | None = None, /, **required: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "required": list(required),
        "properties": {**required, **(extra or {})},
        "additionalProperties": True,
    }


JSON_SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "Learning path",
    **_object(
        {"weekPlan": _ref("weekPlan")},
        id={"type": "string", "pattern": "^[a-z0-9-]+_[0-9a-f]{8}$"},
        title=_TEXT,
        description=_TEXT,
        topic=_TEXT,
        category=_TEXT,
        language={"enum": ["pt", "en", "es"]},
        rootNodeId=_ref("nodeId"),
        nodes={
            "type": "object",
            "minProperties": 10,
            "maxProperties": 30,
            "propertyNames": _ref("nodeId"),
            "additionalProperties": _ref("node"),
        },
        totalHours=_MINUTES,
        tags=_TEXTS,
        metadata=_object(difficulty=_LEVEL, estimatedHours=_MINUTES, tags=_TEXTS),
        objectives=_TEXTS,
        prerequisiteKnowledge=_TEXTS,
        stats=_object(
            nodes=_WHOLE,
            height=_WHOLE,
            width=_WHOLE,
            resources=_WHOLE,
            questions=_WHOLE,
            exercises=_WHOLE,
        ),
        sources={"type": "array", "items": _object(name=_TEXT, url=_URL, license=_MAYBE)},
        attribution={
            "type": "array",
            "items": _object(title=_TEXT, url=_URL, source=_TEXT, author=_MAYBE, license=_TEXT),
        },
        diagnostics={
            "type": "array",
            "items": _object(level={"enum": ["info", "warning"]}, code=_TEXT, message=_TEXT),
        },
        generator=_object(
            {"llm": _object(model=_TEXT, steps={**_TEXTS, "minItems": 1})},
            name=_TEXT,
            version=_TEXT,
            mode={"enum": ["catalogue", "wiki"]},
            seed=_TEXT,
            catalogueVersion=_WHOLE,
        ),
        request={"type": "object"},
        schemaVersion={"const": SCHEMA_VERSION},
    ),
    "$defs": {
        "nodeId": {"type": "string", "pattern": "^node_[0-9a-f]{8}$"},
        "node": _object(
            id=_ref("nodeId"),
            title=_TEXT,
            description=_TEXT,
            type={"const": "lesson"},
            state={"enum": ["available", "locked"]},
            conceptId=_TEXT,
            parentId={"oneOf": [{"type": "null"}, _ref("nodeId")]},
            order=_WHOLE,
            difficulty=_LEVEL,
            minutes=_MINUTES,
            optional=_FLAG,
            objectives=_TEXTS,
            prerequisites=_list("nodeId"),
            prerequisiteReasons=_list("prerequisiteReason"),
            rewards=_TEXTS,
            hints=_TEXTS,
            visualPosition=_object(x={"type": "number"}, y={"type": "number"}, level=_WHOLE),
            resources=_list("resource", maxItems=3),
            quiz=_or_null("quiz"),
            exerciseSet=_or_null("exerciseSet"),
        ),
        "prerequisiteReason": _object(
            id=_ref("nodeId"), reason=_STRING, evidence=_TEXT, score=_SHARE
        ),
        "resource": _object(
            {"duration": _MINUTES, "readTime": _MINUTES},
            id={"type": "string", "pattern": "^resource_[0-9a-f]{8}$"},
            title=_TEXT,
            url=_URL,
            type=_TEXT,
            description=_TEXT,
            difficulty=_LEVEL,
            language={"enum": ["pt", "en", "es"]},
            source=_TEXT,
            license=_MAYBE,
            author=_MAYBE,
            free=_FLAG,
            checkedAt=_MAYBE,
            score=_SHARE,
            metadata={"type": "object"},
        ),
        "source": _object(url=_URL, license=_MAYBE),
        "quiz": _object(questions=_list("question", minItems=3, maxItems=5), passingScore=_PERCENT),
        "question": _object(
            id={"type": "string", "pattern": "^question_[0-9a-f]{8}$"},
            kind=_TEXT,
            text=_TEXT,
            options={**_TEXTS, "minItems": 3, "maxItems": 4, "uniqueItems": True},
            correctOptionIndex={"type": "integer", "minimum": 0, "maximum": 3},
            explanation=_TEXT,
            source=_or_null("source"),
            difficulty=_LEVEL,
            conceptId=_TEXT,
        ),
        "exerciseSet": _object(
            exercises=_list("exercise", minItems=1, maxItems=3), passingScore=_PERCENT
        ),
        "exercise": _object(
            {
                "options": {**_TEXTS, "minItems": 3, "maxItems": 4},
                "programmingLanguage": _TEXT,
                "expectedOutput": _STRING,
            },
            id={"type": "string", "pattern": "^exercise_[0-9a-f]{8}$"},
            title=_TEXT,
            description=_TEXT,
            difficulty=_LEVEL,
            instructions=_TEXT,
            hints=_TEXTS,
            solution=_TEXT,
            verificationMethod={"enum": ["manual", "text_match", "multiple_choice"]},
            correctAnswer=_STRING,
            acceptedAnswers=_TEXTS,
            checklist=_TEXTS,
            minutes=_MINUTES,
            source=_or_null("source"),
        ),
        "weekPlan": _object(
            hoursPerWeek=_COUNT,
            totalWeeks=_COUNT,
            totalMinutes=_MINUTES,
            weeks=_list("week", minItems=1),
        ),
        "week": _object(week=_COUNT, minutes=_MINUTES, nodes=_list("plannedNode", minItems=1)),
        "plannedNode": _object(id=_ref("nodeId"), minutes=_MINUTES, part=_COUNT, parts=_COUNT),
    },
}
