"""The stages of a learning path in order, each a step that survives an interruption."""

from __future__ import annotations

import hashlib

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from learning_paths.advising import advise
from learning_paths.catalogue.loader import find_topic, load_topic, nearest_topics
from learning_paths.catalogue.topic import Topic
from learning_paths.conf import get_conf
from learning_paths.exceptions import UnknownTopic
from learning_paths.request import BOUNDS, PathRequest
from learning_paths.schema import LearningPathDocument
from learning_paths.stages.assemble import assemble
from learning_paths.stages.exercises import exercises
from learning_paths.stages.ordering import ordering
from learning_paths.stages.outline import outline
from learning_paths.stages.quizzes import quizzes
from learning_paths.stages.resources import resources
from learning_paths.stages.tree import tree
from learning_paths.stages.values import (
    Diagnostic,
    Ordering,
    Outline,
    PathExercise,
    Quizzes,
    Resources,
    Tree,
)
from learning_paths.stages.web_topic import topic_of
from learning_paths.task import Task


def generate(task: Task, request: PathRequest) -> LearningPathDocument:
    """
    Make the path that `request` asks for; the same request makes the same document.

    Raises UnknownTopic.
    """
    topic, told = _topic_of(task, request)
    task.report(5, _("Topic found: %(topic)s") % {"topic": topic.title[request.language]})
    advice = advise(task, topic, request, get_conf())
    plan = task.step(
        "outline",
        lambda: outline(advice.topic, request, advice.preferred),
        progress=20,
        message=_chose,
    )
    order = task.step("ordering", lambda: ordering(plan), progress=30, message=_ordered)
    shape = task.step("tree", lambda: tree(plan, order, request), progress=40, message=_drew)
    task.report(45, _("Starting the search for resources"))
    found = task.step(
        "resources",
        lambda: resources(plan, order["order"], request),
        progress=60,
        message=lambda found: _found(found, request),
    )
    quiz = task.step("quizzes", lambda: quizzes(plan, shape), progress=75, message=_wrote)
    practice = task.step(
        "exercises", lambda: exercises(plan, shape, quiz), progress=85, message=_prepared
    )
    seed = hashlib.sha256(f"{request.key()}|{plan['version']}".encode()).hexdigest()
    return task.step(
        "assemble",
        lambda: assemble(
            plan,
            order,
            shape,
            found,
            quiz,
            practice,
            request,
            seed=seed,
            told=[*told, *advice.told],
            llm=advice.used,
        ),
        progress=95,
        message=_planned if request.hours_per_week else None,
    )


def _topic_of(task: Task, request: PathRequest) -> tuple[Topic, list[Diagnostic]]:
    """The topic of the catalogue, else what the web has, and what could not be had there."""
    if entry := find_topic(request.topic, request.language):
        return load_topic(entry.id), []
    # Here, as it brings the HTTP client: memory that the web server is spared, which also knows
    # this module, by the handler.
    from learning_paths.gathering import gather

    try:
        gathered, told = gather(task, request, get_conf())
        return _large_enough(topic_of(gathered, request.language), request), told
    except UnknownTopic as error:
        nearest = nearest_topics(request.topic, request.language)
        names = ", ".join(one.title[request.language] for one in nearest)
        hint = _("The nearest topics of the catalogue are: %(nearest)s.") % {"nearest": names}
        raise UnknownTopic(f"{error} {hint}") from error


def _large_enough(topic: Topic, request: PathRequest) -> Topic:
    most = len(topic.concepts) + 1
    if most >= request.num_nodes:
        return topic
    names = {"topic": topic.title[request.language], "most": most}
    if most >= BOUNDS["num_nodes"].lowest:
        few = _("There is material on “%(topic)s” for %(most)d nodes. Ask for num_nodes=%(most)d.")
        raise UnknownTopic(few % names)
    raise UnknownTopic(
        _("There is too little material on “%(topic)s”. Try a broader topic.") % names
    )


def _chose(plan: Outline) -> str:
    counts = {"count": len(plan["concepts"]), "branches": len(plan["branches"])}
    return _("Chose %(count)d concepts in %(branches)d chapters") % counts


def _ordered(order: Ordering) -> str:
    return _("Put in order: what comes before what")


def _drew(shape: Tree) -> str:
    counts = {"nodes": len(shape["nodes"]), "levels": shape["height"] + 1}
    return _("Drew a tree of %(nodes)d nodes on %(levels)d levels") % counts


def _found(found: Resources, request: PathRequest) -> str:
    count = sum(map(len, found["assigned"].values()))
    return ngettext(
        "Found %(count)d resource for the topic: %(topic)s",
        "Found %(count)d resources for the topic: %(topic)s",
        count,
    ) % {"count": count, "topic": request.topic}


def _wrote(quiz: Quizzes) -> str:
    count = sum(len(one) for one in quiz["by_node"].values() if one)
    return _("Wrote %(count)d quiz questions") % {"count": count}


def _prepared(practice: dict[str, list[PathExercise]]) -> str:
    return _("Prepared %(count)d exercises") % {"count": sum(map(len, practice.values()))}


def _planned(document: LearningPathDocument) -> str:
    plan = document["weekPlan"]
    counts = {"weeks": plan["totalWeeks"], "hours": plan["hoursPerWeek"]}
    return (
        ngettext(
            "Planned for %(weeks)d week of %(hours)d h",
            "Planned for %(weeks)d weeks of %(hours)d h",
            plan["totalWeeks"],
        )
        % counts
    )
