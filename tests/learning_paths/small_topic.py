"""A small topic of invented words that keeps every rule of the catalogue, to break them singly."""

from dataclasses import replace
from typing import Any

from learning_paths.catalogue.topic import (
    LANGUAGES,
    Branch,
    CatalogueExercise,
    CatalogueResource,
    Concept,
    Text,
    Topic,
    TopicEntry,
)

VERBS = {"pt": "Montar", "en": "Build", "es": "Armar"}
EXERCISES = {
    "manual": CatalogueExercise("manual", 10, {}),
    "text_match": CatalogueExercise("text_match", 5, {}),
    "code": CatalogueExercise(
        "code", 10, {}, language="python", code="print(1 + 1)\n", output="2\n"
    ),
}


def good_topic(**changes: Any) -> Topic:
    """A topic of invented words that keeps every rule: 30 concepts, five in a row, six deep."""
    concepts = tuple(good_concept(number) for number in range(30))
    wide = tuple(
        link(f"https://{lang}.wikipedia.org/wiki/Topic_{number}", lang=lang)
        for number in range(2)
        for lang in LANGUAGES
    )
    topic = Topic(
        id="tiny-topic",
        wikidata="Q1",
        category="hobby",
        version=1,
        title={"pt": "Tópico", "en": "Topic", "es": "Tema"},
        summary=sentence("summary", 25),
        aliases={"pt": ("miúdo",), "en": ("tiny",), "es": ("menudo",)},
        objectives=(sentence("goal1", 7), sentence("goal2", 7), sentence("goal3", 7)),
        prerequisite_knowledge=(sentence("before", 7),),
        branches=tuple(Branch(f"branch{number}", sentence("b", 2)) for number in range(5)),
        concepts=concepts,
        resources=wide,
    )
    return replace(topic, **changes)


def good_concept(number: int, **changes: Any) -> Concept:
    kind = ("manual", "text_match", "code")[number % 3]
    prerequisites = (f"c{number - 5}",) if number >= 5 else ()
    concept = Concept(
        id=f"c{number}",
        branch=f"branch{number // 6}",
        kind=f"kind{number % 5}",
        essential=number < 15 and number % 5 < 3,
        prerequisites=prerequisites,
        difficulty=1 + number // 10,
        minutes=20,
        term={lang: f"{lang}term{number}" for lang in LANGUAGES},
        aliases={lang: (f"{lang}alias{number}",) for lang in LANGUAGES},
        definition=sentence(f"def{number}", 14),
        objective={lang: f"{VERBS[lang]} {words(lang, number, 6)}" for lang in LANGUAGES},
        reason=sentence(f"why{number}", 10) if prerequisites else None,
        confusable=(f"c{(number + 1) % 30}",),
        not_distractors=(),
        facts=({lang: f"{words(lang, f'f{number}', 5)} {{}} gira bem aqui" for lang in LANGUAGES},),
        exercise=good_exercise(kind),
        resources=tuple(
            link(f"https://{lang}.wikipedia.org/wiki/Page_{number}", lang=lang)
            for lang in LANGUAGES
        ),
    )
    return replace(concept, **changes)


def good_exercise(kind: str, **changes: Any) -> CatalogueExercise:
    exercise = replace(EXERCISES[kind], prompt=sentence("task", 8))
    if kind == "manual":
        exercise = replace(exercise, checklist=(sentence("one", 4), sentence("two", 4)))
    else:
        exercise = replace(exercise, solution=sentence("so", 4))
    if kind == "text_match":
        exercise = replace(exercise, answers=dict.fromkeys(LANGUAGES, ("42",)))
    return replace(exercise, **changes)


def link(url: str, **changes: Any) -> CatalogueResource:
    resource = CatalogueResource(
        title="A page",
        url=url,
        lang="en",
        type="article",
        minutes=8,
        difficulty=1,
        source="Wikipedia",
        description="What the page says about it",
        license="CC BY-SA 4.0",
        checked="2026-11-21",
    )
    return replace(resource, **changes)


def sentence(seed: str, size: int) -> Text:
    return {lang: words(lang, seed, size) for lang in LANGUAGES}


def words(lang: str, seed: object, size: int) -> str:
    return " ".join(f"{lang}{seed}x{number}" for number in range(size))


def good_entry(topic_id: str, **changes: Any) -> TopicEntry:
    """An entry that is named by its id only."""
    entry = TopicEntry(
        id=topic_id,
        wikidata=None,
        category="hobby",
        version=1,
        title=dict.fromkeys(LANGUAGES, topic_id),
        summary=sentence("summary", 25),
        aliases=dict.fromkeys(LANGUAGES, ()),
    )
    return replace(entry, **changes)
