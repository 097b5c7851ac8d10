"""What a catalogue file holds, as values. `docs/catalogue.md` explains the fields to authors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Language = Literal["pt", "en", "es"]
LANGUAGES: tuple[Language, ...] = ("pt", "en", "es")

#: The same text in every language of LANGUAGES.
Text = Mapping[Language, str]
Texts = Mapping[Language, tuple[str, ...]]

ResourceType = Literal[
    "article", "documentation", "tutorial", "video", "course", "book", "interactive", "qa"
]
ExerciseKind = Literal["manual", "text_match", "code"]
#: Where it is known from that one concept comes before another: a catalogue file says so, or the
#: article of the later one defines it by the earlier one, mentions it, or links to it, or a
#: language model put them so.
Evidence = Literal["catalogue", "definition", "mention", "link", "model"]


@dataclass(frozen=True)
class Branch:
    """A chapter of a topic."""

    id: str
    title: Text


@dataclass(frozen=True)
class CatalogueResource:
    """A page to learn from. `minutes` is the time to read, watch or do the part that matters."""

    title: str
    url: str
    lang: Language
    type: ResourceType
    minutes: int
    difficulty: int
    source: str
    description: str
    license: str | None = None
    author: str | None = None
    checked: str | None = None


@dataclass(frozen=True)
class CatalogueExercise:
    """A hand-written exercise; which fields are set depends on `kind` (see docs/catalogue.md)."""

    kind: ExerciseKind
    minutes: int
    prompt: Text
    checklist: tuple[Text, ...] = ()
    answers: Texts | None = None
    solution: Text | None = None
    language: str | None = None
    code: str | None = None
    output: str | None = None


@dataclass(frozen=True)
class Origin:
    """The page a text was made from, and who is to be named for it."""

    title: str
    url: str
    source: str
    license: str | None
    author: str


@dataclass(frozen=True)
class Concept:
    """
    One thing to learn. `prerequisites` are direct, strongest first.

    For a concept from the web `evidence` and `reasons` say for each of them what it was concluded
    from, `origin` where the texts come from, and `sayings` are sentences about it that do not name
    it; catalogue files have none of these.
    """

    id: str
    branch: str
    kind: str
    essential: bool
    prerequisites: tuple[str, ...]
    difficulty: int
    minutes: int
    term: Text
    aliases: Texts
    definition: Text
    objective: Text
    reason: Text | None
    confusable: tuple[str, ...]
    not_distractors: tuple[str, ...]
    facts: tuple[Text, ...]
    exercise: CatalogueExercise
    resources: tuple[CatalogueResource, ...]
    evidence: tuple[Evidence, ...] = ()
    reasons: tuple[Text, ...] = ()
    sayings: tuple[Text, ...] = ()
    origin: Origin | None = None


@dataclass(frozen=True)
class Topic:
    """
    A whole catalogue file; `concepts` stand in an order in which they can be taught.

    A topic from the web has an `origin`, and its texts in one language only.
    """

    id: str
    wikidata: str | None
    category: str
    version: int
    title: Text
    summary: Text
    aliases: Texts
    objectives: tuple[Text, ...]
    prerequisite_knowledge: tuple[Text, ...]
    branches: tuple[Branch, ...]
    concepts: tuple[Concept, ...]
    resources: tuple[CatalogueResource, ...]
    origin: Origin | None = None


@dataclass(frozen=True)
class TopicEntry:
    """The head of a catalogue file: enough to find a topic without reading the rest."""

    id: str
    wikidata: str | None
    category: str
    version: int
    title: Text
    summary: Text
    aliases: Texts
