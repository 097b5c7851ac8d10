"""
The first stage: which of a topic's concepts the path holds, in the language of the request.

The catalogue answers for now, so this is selection and localisation, not invention.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from learning_paths.catalogue.topic import (
    CatalogueExercise,
    CatalogueResource,
    Concept,
    Language,
    Origin,
    Text,
    Texts,
    Topic,
)
from learning_paths.request import PathRequest
from learning_paths.schema import Level
from learning_paths.stages.selection import DIFFICULTY, Selection, select
from learning_paths.stages.values import (
    Attribution,
    Candidate,
    Diagnostic,
    Exercise,
    Outline,
    OutlineConcept,
    Prerequisite,
    Wording,
)
from learning_paths.stages.web_prerequisites import STRENGTH

# How much the first, second and third prerequisite of a concept matter; authors write the
# strongest first. Steps of a fifth: two weak edges outweigh a strong one when one has to go.
_SCORES = (1.0, 0.8, 0.6)
# How many of the basics that a path for advanced learners takes as known it asks for by name.
_KNOWLEDGE_NAMED = 6


def outline(topic: Topic, request: PathRequest, preferred: Collection[str] = ()) -> Outline:
    """
    Return what the path is about, with exactly `num_nodes - 1` concepts in teaching order.

    With every concept come all its prerequisites, save those that a learner of the request's level
    knows; selection.py says which are chosen. `preferred` ids go before others of equal weight.
    Candidates are the pages of the chosen concepts and of the topic as a whole in the request's
    language, each time followed by the English ones. The request's category, if it has one,
    replaces the topic's. The caller has activated the request's language. Raises
    LearningPathsError if the topic has too few concepts.
    """
    language = request.language
    selection = select(
        topic.concepts,
        request.num_nodes - 1,
        deepest=request.max_height,
        level=request.level,
        preferred=preferred,
    )
    concepts = [concept for concept in topic.concepts if concept.id in selection.chosen]
    spare = [concept for concept in topic.concepts if concept.id not in selection.chosen]
    local = Outline(
        topic=topic.id,
        version=topic.version,
        wikidata=topic.wikidata,
        title=topic.title[language],
        summary=topic.summary[language],
        category=request.category or topic.category,
        objectives=_local(topic.objectives, language) or _last_objectives(concepts, language),
        prerequisite_knowledge=[
            *_local(topic.prerequisite_knowledge, language),
            *_local((one.objective for one in _asked_for(topic, selection)), language),
        ],
        branches=[{"id": branch.id, "title": branch.title[language]} for branch in topic.branches],
        concepts=[_concept(concept, language) for concept in concepts],
        spare=[_concept(concept, language) for concept in spare],
        candidates=_candidates(topic, concepts, language),
    )
    if language != "en" and "en" in topic.title:
        local["english"] = _english(topic.title, topic.aliases, topic.summary)
    if topic.origin:
        local["origin"] = _origin(topic.origin)
    if request.level:
        local["level"] = request.level
        local["diagnostics"] = _diagnostics(topic, selection, request.level, language)
    return local


def _last_objectives(concepts: Iterable[Concept], language: Language) -> list[str]:
    """Return what the last concept of each chapter is learned for."""
    return [*{concept.branch: concept.objective[language] for concept in concepts}.values()]


def _asked_for(topic: Topic, selection: Selection) -> list[Concept]:
    """Return what is known on which most of the chosen concepts build, in teaching order."""
    needed = Counter(
        name
        for concept in topic.concepts
        if concept.id in selection.chosen
        for name in concept.prerequisites
        if name in selection.known
    )
    most = {name for name, _count in needed.most_common(_KNOWLEDGE_NAMED)}
    return [concept for concept in topic.concepts if concept.id in most]


def _diagnostics(
    topic: Topic, selection: Selection, level: Level, language: Language
) -> list[Diagnostic]:
    """Return what is to be said of a path for this level."""
    known = [one.term[language] for one in topic.concepts if one.id in selection.known]
    taken = _("Taken as known at this level: %(terms)s.") % {"terms": ", ".join(known)}
    basic = len(selection.returned)
    kept = ngettext(
        "Beyond its basics the topic is smaller than the path: %(count)d step is a basic one.",
        "Beyond its basics the topic is smaller than the path: %(count)d steps are basic ones.",
        basic,
    ) % {"count": basic}
    hard = _harder(topic, selection, level)
    beyond = ngettext(
        "At this level the topic is smaller than the path: %(count)d step is harder.",
        "At this level the topic is smaller than the path: %(count)d steps are harder.",
        hard,
    ) % {"count": hard}
    return [
        *_info("basics_assumed", taken, known),
        *_info("basics_kept", kept, basic),
        *_info("beyond_level", beyond, hard),
    ]


def _harder(topic: Topic, selection: Selection, level: Level) -> int:
    """Return how many of the chosen concepts are above `level`."""
    return sum(
        concept.difficulty > DIFFICULTY[level]
        for concept in topic.concepts
        if concept.id in selection.chosen
    )


def _info(code: str, message: str, is_worth_saying: object) -> list[Diagnostic]:
    return [Diagnostic(level="info", code=code, message=message)] if is_worth_saying else []


def _concept(concept: Concept, language: Language) -> OutlineConcept:
    local = OutlineConcept(
        id=concept.id,
        term=concept.term[language],
        aliases=list(concept.aliases[language]),
        branch=concept.branch,
        kind=concept.kind,
        essential=concept.essential,
        definition=concept.definition[language],
        objective=concept.objective[language],
        facts=_local(concept.facts, language),
        difficulty=concept.difficulty,
        minutes=concept.minutes,
        prerequisites=_prerequisites(concept, language),
        confusable=list(concept.confusable),
        not_distractors=list(concept.not_distractors),
        exercise=_exercise(concept.exercise, language),
    )
    if language != "en" and "en" in concept.term:
        local["english"] = _english(
            concept.term, concept.aliases, concept.definition, concept.objective
        )
    if concept.origin:
        local["origin"] = _origin(concept.origin)
        local["sayings"] = _local(concept.sayings, language)
    return local


def _english(term: Text, aliases: Texts, *texts: Text) -> Wording:
    """Return what English pages are ranked by in a path of another language."""
    about = " ".join(text["en"] for text in texts)
    return Wording(term=term["en"], aliases=list(aliases["en"]), about=about)


def _prerequisites(concept: Concept, language: Language) -> list[Prerequisite]:
    """Return them strongest first. The author's reason is about the first; the others have none."""
    reason = concept.reason[language] if concept.reason else ""
    if concept.evidence:
        return [
            Prerequisite(
                id=name, reason=reason[language], evidence=evidence, score=STRENGTH[evidence]
            )
            for name, evidence, reason in zip(
                concept.prerequisites, concept.evidence, concept.reasons, strict=True
            )
        ]
    return [
        Prerequisite(
            id=name, reason="" if place else reason, evidence="catalogue", score=_SCORES[place]
        )
        for place, name in enumerate(concept.prerequisites)
    ]


def _origin(origin: Origin) -> Attribution:
    return Attribution(
        title=origin.title,
        url=origin.url,
        source=origin.source,
        author=origin.author,
        license=origin.license,
    )


def _exercise(exercise: CatalogueExercise, language: Language) -> Exercise:
    """Return the exercise with the fields its kind has."""
    local = Exercise(kind=exercise.kind, minutes=exercise.minutes, prompt=exercise.prompt[language])
    if exercise.checklist:
        local["checklist"] = _local(exercise.checklist, language)
    if exercise.answers is not None:
        local["answers"] = list(exercise.answers[language])
    if exercise.solution is not None:
        local["solution"] = exercise.solution[language]
    if exercise.language is not None:
        local["language"] = exercise.language
    if exercise.code is not None:
        local["code"] = exercise.code
    if exercise.output is not None:
        local["output"] = exercise.output
    return local


def _candidates(topic: Topic, concepts: Iterable[Concept], language: Language) -> list[Candidate]:
    """Return each page once: those of the concepts in teaching order, then the topic's own."""
    by_url: dict[str, Candidate] = {}
    for concept in concepts:
        for page in _readable(concept.resources, language):
            by_url.setdefault(page.url, _candidate(page))["concepts"].append(concept.id)
    for page in _readable(topic.resources, language):
        by_url.setdefault(page.url, _candidate(page))
    return list(by_url.values())


def _readable(pages: Iterable[CatalogueResource], language: Language) -> list[CatalogueResource]:
    """Return the pages in the language, then, as a second best, those in English."""
    return [page for lang in dict.fromkeys((language, "en")) for page in pages if page.lang == lang]


def _candidate(page: CatalogueResource) -> Candidate:
    return Candidate(
        title=page.title,
        url=page.url,
        language=page.lang,
        type=page.type,
        minutes=page.minutes,
        difficulty=page.difficulty,
        source=page.source,
        license=page.license,
        author=page.author,
        description=page.description,
        checked=page.checked,
        concepts=[],
    )


def _local(texts: Iterable[Text], language: Language) -> list[str]:
    return [text[language] for text in texts]
