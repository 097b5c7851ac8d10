"""
The first stage: which of a topic's concepts the path holds, in the language of the request.

The catalogue answers for now, so this is selection and localisation, not invention.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from fractions import Fraction

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
from learning_paths.exceptions import LearningPathsError
from learning_paths.request import PathRequest
from learning_paths.stages.values import (
    Attribution,
    Candidate,
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


def outline(topic: Topic, request: PathRequest, preferred: Collection[str] = ()) -> Outline:
    """
    Return what the path is about, with exactly `num_nodes - 1` concepts in teaching order.

    With every concept come all its prerequisites. The essential concepts go first, then those of
    `preferred`, then the chapters are filled evenly (see `_choose`). Candidates are the pages of
    the chosen concepts and of the topic as a whole in the request's language, each time followed
    by the English ones.
    The request's category, if it has one, replaces the topic's. Raises LearningPathsError if the
    topic has too few concepts.
    """
    language = request.language
    chosen = _choose(
        topic.concepts, request.num_nodes - 1, deepest=request.max_height, preferred=preferred
    )
    concepts = [concept for concept in topic.concepts if concept.id in chosen]
    spare = [concept for concept in topic.concepts if concept.id not in chosen]
    local = Outline(
        topic=topic.id,
        version=topic.version,
        wikidata=topic.wikidata,
        title=topic.title[language],
        summary=topic.summary[language],
        category=request.category or topic.category,
        objectives=_local(topic.objectives, language) or _last_objectives(concepts, language),
        prerequisite_knowledge=_local(topic.prerequisite_knowledge, language),
        branches=[{"id": branch.id, "title": branch.title[language]} for branch in topic.branches],
        concepts=[_concept(concept, language) for concept in concepts],
        spare=[_concept(concept, language) for concept in spare],
        candidates=_candidates(topic, concepts, language),
    )
    if language != "en" and "en" in topic.title:
        local["english"] = _english(topic.title, topic.aliases, topic.summary)
    if topic.origin:
        local["origin"] = _origin(topic.origin)
    return local


def _last_objectives(concepts: Iterable[Concept], language: Language) -> list[str]:
    """Return what the last concept of each chapter is learned for."""
    return [*{concept.branch: concept.objective[language] for concept in concepts}.values()]


def _choose(
    concepts: Sequence[Concept], count: int, *, deepest: int, preferred: Collection[str] = ()
) -> set[str]:
    """
    Return the ids of `count` concepts, closed under prerequisites, the essential ones first and
    then the preferred ones.

    The next one always comes from the chapter of which the smallest share is in, so that each
    chapter ends up in proportion to its size; it brings its missing prerequisites with it. What
    ends a chain of more than `deepest` concepts comes last: no tree of that height can keep it
    in order (chess in the default bounds, 10 to 30 nodes: 5 edges lost in all, not 16).
    """
    if count > len(concepts):
        raise LearningPathsError(f"{count} concepts asked for, the topic has {len(concepts)}")
    by_id = {concept.id: concept for concept in concepts}
    sizes = Counter(concept.branch for concept in concepts)
    depths = _depths(concepts)
    chosen: set[str] = set()
    while len(chosen) < count:
        filled = Counter(by_id[name].branch for name in chosen)
        options = [
            (
                not concept.essential,
                concept.id not in preferred,
                depths[concept.id] > deepest,
                Fraction(filled[concept.branch], sizes[concept.branch]),
                place,
            )
            for place, concept in enumerate(concepts)
            if concept.id not in chosen
            and len(_closure(concept, by_id, chosen)) <= count - len(chosen)
        ]
        # The first concept in teaching order that is missing needs only itself: there is an option.
        chosen |= _closure(concepts[min(options)[-1]], by_id, chosen)
    return chosen


def _depths(concepts: Sequence[Concept]) -> dict[str, int]:
    """Return how many concepts the longest chain that ends with each has."""
    depths: dict[str, int] = {}
    for concept in concepts:
        depths[concept.id] = 1 + max((depths[name] for name in concept.prerequisites), default=0)
    return depths


def _closure(concept: Concept, by_id: Mapping[str, Concept], chosen: Collection[str]) -> set[str]:
    """Return the concept and all it builds on, directly or not, that is not chosen yet."""
    missing: set[str] = set()
    to_visit = [concept.id]
    while to_visit:
        name = to_visit.pop()
        if name not in chosen and name not in missing:
            missing.add(name)
            to_visit += by_id[name].prerequisites
    return missing


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
