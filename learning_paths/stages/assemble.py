"""
The last stage: one document of what the others made.

Nothing is decided here but form: ids, times, credit. Every id is a hash of the seed and of what
it names, and no clock is read, so that the same request gives the same bytes.

The path takes the sum of what its nodes take, in whole hours rounded up, at least one.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import urlsplit

from django.utils.translation import gettext as _

from learning_paths.request import PathRequest
from learning_paths.schema import (
    GENERATOR_VERSION,
    LEVELS,
    SCHEMA_VERSION,
    Attribution,
    Generator,
    LanguageModelUse,
    LearningPathDocument,
    Level,
    NodeItem,
    SourceItem,
    Stats,
)
from learning_paths.stages.nodes import Parts, node_item
from learning_paths.stages.tree import learning_order
from learning_paths.stages.values import (
    UNSORTED,
    Diagnostic,
    Edge,
    Ordering,
    Outline,
    OutlineConcept,
    PathExercise,
    Quizzes,
    RankedResource,
    Resources,
    Tree,
)
from learning_paths.stages.values import Attribution as Origin
from learning_paths.stages.weeks import week_plan
from learning_paths.stages.wording import sentence, short_hash, title

# Means of the concepts' difficulties up to which a path counts as for beginners, intermediate.
_LEVEL_LIMITS = ((1.5, 1), (2.25, 2))


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
    order = learning_order(ordering["order"], tree["nodes"])
    parts = Parts.of(outline, order, resources, quizzes, exercises, seed=seed)
    nodes = [node_item(node, parts) for node in tree["nodes"]]
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
        prerequisiteKnowledge=[sentence(one) for one in outline["prerequisite_knowledge"]],
        stats=_stats(nodes, tree),
        sources=_sources(parts.pages),
        attribution=_attribution(_origins(outline), parts.pages),
        diagnostics=_diagnostics(parts, tree["dropped"], told),
        generator=_generator(outline, seed, llm),
        request=request.to_params(),
        schemaVersion=SCHEMA_VERSION,
    )
    if request.hours_per_week:
        document["weekPlan"] = week_plan(document["nodes"], request.hours_per_week)
    return document


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
    parts: Parts, dropped: Sequence[Edge], told_before: Sequence[Diagnostic]
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
