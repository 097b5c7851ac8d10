"""
The last stage: one document of what the others made.

Nothing is decided here but form: ids, times, credit. Every id is a hash of the seed and of what
it names, and no clock is read, so that the same request gives the same bytes.

Times: a node takes what its concept takes (the author's estimate, reading included, so the
minutes of its pages are not added), 1.5 minutes a question and what its exercises take. The path
takes the sum, in whole hours rounded up, at least one.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.utils.translation import gettext as _

from learning_paths.page_urls import canonical_url
from learning_paths.request import PathRequest
from learning_paths.schema import (
    GENERATOR_VERSION,
    LEVELS,
    SCHEMA_VERSION,
    Attribution,
    ExerciseItem,
    ExerciseSetItem,
    Generator,
    LanguageModelUse,
    LearningPathDocument,
    Level,
    NodeItem,
    PrerequisiteReason,
    QuestionItem,
    QuizItem,
    ResourceItem,
    Source,
    SourceItem,
    Stats,
)
from learning_paths.stages import exercises as exercise_stage
from learning_paths.stages import quizzes as quiz_stage
from learning_paths.stages.hints import concept_hints, root_hints
from learning_paths.stages.tree import learning_order
from learning_paths.stages.values import (
    ROOT,
    UNSORTED,
    Diagnostic,
    Edge,
    Ordering,
    Outline,
    OutlineConcept,
    PathExercise,
    Question,
    Quizzes,
    RankedResource,
    Resources,
    Tree,
    TreeNode,
)
from learning_paths.stages.values import Attribution as Origin
from learning_paths.stages.weeks import week_plan
from learning_paths.stages.wording import sentence, short_hash, title

_MINUTES_PER_QUESTION = 1.5
# To read what the path is about and look at its first page.
_ROOT_MINUTES = 10
# Points are the minutes of a step times its difficulty, in fives: work and effort, nothing else.
_POINTS_STEP = 5
# Means of the concepts' difficulties up to which a path counts as for beginners, intermediate.
_LEVEL_LIMITS = ((1.5, 1), (2.25, 2))


@dataclass(frozen=True)
class _Parts:
    """What the stages made, and what is looked up in it again and again."""

    outline: Outline
    resources: Resources
    quizzes: Quizzes
    exercises: Mapping[str, Sequence[PathExercise]]
    concepts: Mapping[str, OutlineConcept]
    places: Mapping[str, int]
    seed: str

    def id(self, kind: str, *names: str) -> str:
        return f"{kind}_{short_hash(self.seed, *names)}"

    def source(self, concept_id: str) -> Source | None:
        """Return where the texts of a concept are from, else the best page of its node."""
        if concept_id in self.concepts and (origin := self.concepts[concept_id].get("origin")):
            return Source(url=origin["url"], license=origin["license"])
        for page in self.resources["assigned"].get(concept_id, [])[:1]:
            return Source(url=page["url"], license=page["license"])
        return None


def assemble(
    outline: Outline,
    ordering: Ordering,
    tree: Tree,
    resources: Resources,
    quizzes: Quizzes,
    exercises: Mapping[str, Sequence[PathExercise]],
    request: PathRequest,
    *,
    seed: str,
    told: Sequence[Diagnostic] = (),
    llm: LanguageModelUse | None = None,
) -> LearningPathDocument:
    """
    Return the document of schema.py; `seed` names the request and goes into every id.

    `told` is what is to be said of the making of the path, before what the stages say, and `llm`
    which language model took part in it.
    """
    parts = _Parts(
        outline=outline,
        resources=resources,
        quizzes=quizzes,
        exercises=exercises,
        concepts={concept["id"]: concept for concept in outline["concepts"]},
        places={
            id: place for place, id in enumerate(learning_order(ordering["order"], tree["nodes"]))
        },
        seed=seed,
    )
    nodes = [_node(node, parts) for node in tree["nodes"]]
    # By place, not as the values come: a stage read back from the database has its keys in any
    # order.
    pages = [page for id in parts.places for page in resources["assigned"][id]]
    level = _level_of_path(outline["concepts"])
    hours = max(1, math.ceil(sum(node["minutes"] for node in nodes) / 60))
    tags = _tags(outline)
    document = LearningPathDocument(
        id=f"{outline['topic']}_{short_hash(seed)}",
        title=_("Learning path: %(topic)s") % {"topic": title(outline["title"])},
        description=outline["summary"],
        topic=outline["title"],
        category=outline["category"],
        language=request.language,
        rootNodeId=nodes[0]["id"],
        nodes={node["id"]: node for node in nodes},
        totalHours=hours,
        tags=tags,
        metadata={"difficulty": level, "estimatedHours": hours, "tags": tags},
        objectives=[sentence(objective) for objective in outline["objectives"]],
        prerequisiteKnowledge=[
            sentence(knowledge) for knowledge in outline["prerequisite_knowledge"]
        ],
        stats=_stats(nodes, tree),
        sources=_sources(pages),
        attribution=_attribution(_origins(outline), pages),
        diagnostics=_diagnostics(parts, tree["dropped"], told),
        generator=_generator(outline, seed, llm),
        request=request.to_params(),
        schemaVersion=SCHEMA_VERSION,
    )
    if request.hours_per_week:
        document["weekPlan"] = week_plan(document["nodes"], request.hours_per_week)
    return document


# --- nodes -----------------------------------------------------------------------------------


def _node(node: TreeNode, parts: _Parts) -> NodeItem:
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


def _about_the_topic(parts: _Parts) -> _About:
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


def _about_a_concept(concept_id: str, parts: _Parts) -> _About:
    concept = parts.concepts[concept_id]
    return _About(
        title=title(concept["term"]),
        description=sentence(concept["definition"]),
        objectives=[concept["objective"]],
        hints=concept_hints(concept, parts.outline),
        difficulty=concept["difficulty"],
        minutes=concept["minutes"],
        is_optional=not concept["essential"],
    )


def _practice_minutes(node_id: str, parts: _Parts) -> int:
    questions = parts.quizzes["by_node"][node_id] or []
    exercises = parts.exercises[node_id]
    return math.ceil(_MINUTES_PER_QUESTION * len(questions)) + sum(
        exercise["minutes"] for exercise in exercises
    )


def _reward(minutes: int, difficulty: int) -> str:
    """Return the points as text: clients of the first server read rewards as strings."""
    return f"{_POINTS_STEP * math.ceil(minutes * difficulty / _POINTS_STEP)} XP"


def _reasons(node: TreeNode, parts: _Parts) -> list[PrerequisiteReason]:
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


def _resource(page: RankedResource, parts: _Parts) -> ResourceItem:
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


def _quiz(node_id: str, parts: _Parts) -> QuizItem | None:
    questions = parts.quizzes["by_node"][node_id]
    if questions is None:
        return None
    return QuizItem(
        questions=[_question(question, parts) for question in questions],
        passingScore=quiz_stage.PASSING_SCORE,
    )


def _question(question: Question, parts: _Parts) -> QuestionItem:
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


def _exercise_set(node_id: str, parts: _Parts) -> ExerciseSetItem | None:
    exercises = parts.exercises[node_id]
    if not exercises:
        return None
    return ExerciseSetItem(
        exercises=[_exercise(exercise, node_id, parts) for exercise in exercises],
        passingScore=exercise_stage.PASSING_SCORE,
    )


def _exercise(exercise: PathExercise, node_id: str, parts: _Parts) -> ExerciseItem:
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


# --- the path --------------------------------------------------------------------------------


def _level_of_path(concepts: Sequence[OutlineConcept]) -> Level:
    mean = sum(concept["difficulty"] for concept in concepts) / len(concepts)
    return LEVELS[next((level for limit, level in _LEVEL_LIMITS if mean <= limit), 3)]


def _tags(outline: Outline) -> list[str]:
    """Return the topic, its category if it has one, and the branches the path has concepts of."""
    present = {concept["branch"] for concept in outline["concepts"]}
    branches = [branch["title"] for branch in outline["branches"] if branch["id"] in present]
    category = [outline["category"]] if outline["category"] != UNSORTED else []
    return [*dict.fromkeys([outline["title"], *category, *branches])]


def _generator(outline: Outline, seed: str, llm: LanguageModelUse | None) -> Generator:
    made = Generator(
        name="reune",
        version=GENERATOR_VERSION,
        mode="wiki" if "origin" in outline else "catalogue",
        seed=seed,
        catalogueVersion=outline["version"],
    )
    if llm:
        made["llm"] = llm
    return made


def _stats(nodes: Sequence[NodeItem], tree: Tree) -> Stats:
    return Stats(
        nodes=len(nodes),
        height=tree["height"],
        width=tree["width"],
        resources=sum(len(node["resources"]) for node in nodes),
        questions=sum(len(node["quiz"]["questions"]) for node in nodes if node["quiz"]),
        exercises=sum(
            len(node["exerciseSet"]["exercises"]) for node in nodes if node["exerciseSet"]
        ),
    )


def _sources(pages: Iterable[RankedResource]) -> list[SourceItem]:
    """Return the sites of the pages in the order they come up."""
    licenses: dict[tuple[str, str], set[str | None]] = {}
    for page in pages:
        site = f"https://{urlsplit(page['url']).hostname}/"
        licenses.setdefault((page["source"], site), set()).add(page["license"])
    return [
        SourceItem(name=name, url=site, license=found.pop() if len(found) == 1 else None)
        for (name, site), found in licenses.items()
    ]


def _origins(outline: Outline) -> list[Origin]:
    """
    Return the pages that texts of the path were made from.

    Those of concepts that it does not hold are among them: wrong options and sentences to complete
    are from there too.
    """
    made_from = (outline, *outline["concepts"], *outline["spare"])
    return [one["origin"] for one in made_from if "origin" in one]


def _attribution(origins: Iterable[Origin], pages: Iterable[RankedResource]) -> list[Attribution]:
    """Return once each the credit for what is under a Creative Commons licence that asks for it."""
    credits: dict[str, Attribution] = {}
    for one in (*origins, *pages):
        if one["license"] and one["license"].startswith("CC BY"):
            credits.setdefault(
                one["url"],
                Attribution(
                    title=one["title"],
                    url=one["url"],
                    source=one["source"],
                    author=one["author"],
                    license=one["license"],
                ),
            )
    return [*credits.values()]


def _diagnostics(
    parts: _Parts, dropped: Sequence[Edge], told_before: Sequence[Diagnostic]
) -> list[Diagnostic]:
    message = _("The bounds of the tree left no room for learning “%(before)s” before “%(after)s”.")
    loosened = [
        Diagnostic(
            level="warning",
            code="prerequisite_dropped",
            message=message
            % {
                "before": parts.concepts[edge["before"]]["term"],
                "after": parts.concepts[edge["after"]]["term"],
            },
        )
        for edge in dropped
    ]
    told = [
        *told_before,
        *parts.outline.get("diagnostics", ()),
        *parts.resources["diagnostics"],
        *parts.quizzes["diagnostics"],
    ]
    # Made anew: what was stored has its keys in another order.
    return loosened + [
        Diagnostic(level=one["level"], code=one["code"], message=one["message"]) for one in told
    ]
