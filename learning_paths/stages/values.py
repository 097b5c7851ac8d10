"""
What the stages hand to each other.

Each value is plain JSON, because each is stored as a task step and read back after an
interruption. Texts are in the language of the request.
"""

from __future__ import annotations

from typing import Literal, NotRequired, TypedDict

from learning_paths.catalogue.topic import Evidence
from learning_paths.schema import Level

#: The category of a topic that nobody has put in one.
UNSORTED = "general"
#: The id of the root in a tree: the topic itself, which is no concept.
ROOT = "root"


class Prerequisite(TypedDict):
    """Something to learn first. `score` is 0-1, 1 the strongest of a concept's prerequisites."""

    id: str
    reason: str
    evidence: Evidence | Literal["similarity", "layout"]
    score: float


class Exercise(TypedDict):
    """A hand-written exercise; which optional fields stand depends on `kind`."""

    kind: Literal["manual", "text_match", "code"]
    minutes: int
    prompt: str
    checklist: NotRequired[list[str]]
    answers: NotRequired[list[str]]
    solution: NotRequired[str]
    language: NotRequired[str]
    code: NotRequired[str]
    output: NotRequired[str]


class Attribution(TypedDict):
    """The page that texts were made from, and who is to be named for it."""

    title: str
    url: str
    source: str
    author: str
    license: str | None


class Wording(TypedDict):
    """What pages on a concept, or on the topic, are found by: its names and what is said of it."""

    term: str
    aliases: list[str]
    about: str


class OutlineConcept(TypedDict):
    """
    One thing to learn. `facts` are sentences with `{}` where the term stands.

    `english` is there unless the path is in English: English pages are ranked by it. `origin` is
    there when the texts are from the web, and `english` is not; `sayings` are then sentences about
    it that do not name it.
    """

    id: str
    term: str
    aliases: list[str]
    branch: str
    kind: str
    essential: bool
    definition: str
    objective: str
    facts: list[str]
    difficulty: int
    minutes: int
    prerequisites: list[Prerequisite]
    confusable: list[str]
    not_distractors: list[str]
    exercise: Exercise
    english: NotRequired[Wording]
    origin: NotRequired[Attribution]
    sayings: NotRequired[list[str]]


class OutlineBranch(TypedDict):
    id: str
    title: str


class Candidate(TypedDict):
    """A page for a node. `concepts`: the ids it was listed under, none if under the topic."""

    title: str
    url: str
    language: str
    type: str
    minutes: int
    difficulty: int
    source: str
    license: str | None
    author: str | None
    description: str
    checked: str | None
    concepts: list[str]


#: The code of a diagnostic that names a source which failed.
SOURCE_FAILED = "source_failed"


class Diagnostic(TypedDict):
    """Something a reader of the path may want to know; `code` is stable, `message` for people."""

    level: Literal["info", "warning"]
    code: str
    message: str


class Outline(TypedDict):
    """
    What the path is about. `concepts` are num_nodes - 1, `spare` the rest of the topic.

    `level` and `diagnostics` are there if the request has a level.
    """

    topic: str
    version: int
    wikidata: str | None
    title: str
    summary: str
    category: str
    objectives: list[str]
    prerequisite_knowledge: list[str]
    branches: list[OutlineBranch]
    concepts: list[OutlineConcept]
    spare: list[OutlineConcept]
    candidates: list[Candidate]
    english: NotRequired[Wording]
    origin: NotRequired[Attribution]
    level: NotRequired[Level]
    diagnostics: NotRequired[list[Diagnostic]]


class Edge(TypedDict):
    """`before` is to be learned before `after`; `weight` 0-1 says how much that matters."""

    before: str
    after: str
    weight: float
    reason: str
    evidence: Evidence | Literal["similarity", "layout"]


class Ordering(TypedDict):
    """A teaching order and the edges that matter. `longest_chain` counts concepts."""

    order: list[str]
    edges: list[Edge]
    longest_chain: int


class TreeNode(TypedDict):
    """
    A node of the tree, the root first, then by level and place.

    `level` is the depth, 0 for the root. `x` and `y` are in the units of
    `visualPosition`. `prerequisites` begins with the parent.
    """

    id: str
    parent: str | None
    level: int
    x: float
    y: float
    prerequisites: list[Prerequisite]


class Tree(TypedDict):
    """Exactly num_nodes nodes; `dropped` are edges the bounds left no room for."""

    nodes: list[TreeNode]
    height: int
    width: int
    dropped: list[Edge]


class RankedResource(Candidate):
    """A candidate given to a node; `score` and `cosine` are 0-1, how well it fits there."""

    score: float
    cosine: float


class Resources(TypedDict):
    """`assigned` has every node of the path, ROOT first, each with 0-3 resources, best first."""

    assigned: dict[str, list[RankedResource]]
    diagnostics: list[Diagnostic]


QuestionKind = Literal[
    "definition_to_term",
    "term_to_definition",
    "cloze",
    "prerequisite",
    "saying_to_term",
    "branch_member",
]


class Question(TypedDict):
    """
    One quiz item. `key` names what may be asked once per kind in a path: the concept whose term
    or definition is the right option. `concept` is the one the question is about.
    """

    kind: QuestionKind
    concept: str
    key: str
    text: str
    options: list[str]
    correct: int
    explanation: str
    difficulty: int


class Quizzes(TypedDict):
    """
    `by_node` has every node of the path; None where fewer than three questions were sound.

    `unused` are sound questions about a node's concept that no quiz took. `rejected` says how
    many possible questions were dropped, by the rule they broke; "few_options" if there were too
    few wrong options to choose from.
    """

    by_node: dict[str, list[Question] | None]
    unused: dict[str, list[Question]]
    rejected: dict[str, int]
    diagnostics: list[Diagnostic]


class PathExercise(TypedDict):
    """
    An exercise as the path gives it; `hints` go from a nudge to nearly the answer.

    `method` says how an answer is judged: "multiple_choice" has `options` and the index of the
    right one, as text, in `answer`; "text_match" has the canonical `answer` and what is
    `accepted`, normalized; "manual" has a `checklist` and no answer. `key` is unique in the path.
    `language` and `output` stand where a program is asked for.
    """

    key: str
    method: Literal["manual", "text_match", "multiple_choice"]
    title: str
    description: str
    instructions: str
    minutes: int
    difficulty: int
    hints: list[str]
    solution: str
    answer: str
    accepted: list[str]
    checklist: list[str]
    options: list[str]
    language: NotRequired[str]
    output: NotRequired[str]
