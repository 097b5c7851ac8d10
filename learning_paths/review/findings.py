"""What a review of a topic finds: what is wrong and has to be mended, and what could be better."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Literal

from learning_paths.catalogue.loader import FOLDER, index, read_topic, topic_ids
from learning_paths.catalogue.names import topic_names
from learning_paths.catalogue.programs import wrong_outputs
from learning_paths.catalogue.rules import RULES, clashing_names
from learning_paths.catalogue.text_rules import texts_are_there_in_every_language
from learning_paths.catalogue.topic import LANGUAGES, CatalogueResource, Concept, Topic, TopicEntry
from learning_paths.exceptions import CatalogueError
from learning_paths.review.advice import ADVICE, Whole
from learning_paths.review.remedies import REMEDIES

_FIELDS = {field.name for kind in (Topic, Concept, CatalogueResource) for field in fields(kind)} - {
    "id"
}
_CONCEPT = re.compile(r"concepts?(?: |\[)([a-z0-9-]+)")
_LANGUAGE = re.compile(r"\((pt|en|es)\)|\.(pt|en|es)\b")


@dataclass(frozen=True)
class Finding:
    """
    One thing to mend, or to think about.

    `concept`, `field` and `language` are as far as they are known; `message` says what is wrong.
    """

    level: Literal["error", "advice"]
    rule: str
    message: str
    concept: str | None
    field: str | None
    language: str | None

    @classmethod
    def of(cls, level: Literal["error", "advice"], rule: str, message: str) -> Finding:
        """Return the finding that a rule's sentence tells; its place is read from the sentence."""
        concept = _CONCEPT.search(message)
        language = _LANGUAGE.search(message)
        rest = message[concept.end() :] if concept else message
        named = (word for word in re.findall(r"\w+", rest) if word in _FIELDS)
        return cls(
            level=level,
            rule=rule,
            message=message,
            concept=concept[1] if concept else None,
            field=next(named, None),
            language=(language[1] or language[2]) if language else None,
        )

    @property
    def remedy(self) -> str:
        """How to mend it."""
        return REMEDIES[self.rule]


@dataclass(frozen=True)
class Review:
    """All that was found in one file. `concepts` is 0 for a file that could not be read."""

    topic: str
    file: Path
    concepts: int
    findings: list[Finding]

    @property
    def errors(self) -> list[Finding]:
        return [finding for finding in self.findings if finding.level == "error"]

    @property
    def advice(self) -> list[Finding]:
        return [finding for finding in self.findings if finding.level == "advice"]

    @property
    def score(self) -> int:
        """
        Return 0-100: the share of concepts, in each language, that there is no advice on.

        Advice on no language in particular is on all three. A topic with an error has 0.
        """
        places = {
            (finding.concept, language)
            for finding in self.advice
            for language in ([finding.language] if finding.language else LANGUAGES)
            if finding.concept
        }
        if self.errors or not self.concepts:
            return 0
        return round(100 * (1 - len(places) / (self.concepts * len(LANGUAGES))))


def file_of(name: str) -> Path:
    """Return the file of a topic's id, or the path itself. Raises CatalogueError."""
    path = FOLDER / f"{name}.toml" if name in topic_ids() else Path(name)
    if path.suffix != ".toml" or not path.is_file():
        raise CatalogueError(f"{name}: neither a topic of the catalogue nor a TOML file")
    return path


def review(path: Path, *, with_advice: bool = True) -> Review:
    """Return everything that is wrong in a file, and, if nothing is, advice on it."""
    try:
        topic = read_topic(path)
    except (CatalogueError, UnicodeDecodeError) as error:
        wrong = [Finding.of("error", "form", line) for line in str(error).splitlines()]
        return Review(path.stem, path, 0, wrong)
    found = _errors(topic)
    if with_advice and not found:
        found = _advice(Whole(topic))
    return Review(topic.id, path, len(topic.concepts), found)


def _advice(whole: Whole) -> list[Finding]:
    return [
        Finding.of("advice", rule.__name__, message) for rule in ADVICE for message in rule(whole)
    ]


def _errors(topic: Topic) -> list[Finding]:
    # The other rules read every text, so they cannot run while one is missing.
    missing = _told("texts_are_there_in_every_language", texts_are_there_in_every_language(topic))
    if missing:
        return missing
    return [
        *(finding for rule in RULES for finding in _told(rule.__name__, rule(topic))),
        *_told("programs_print_their_output", wrong_outputs(topic)),
        *_told("names_lead_to_one_topic", _clashes(topic)),
    ]


def _told(rule: str, messages: Iterable[str]) -> list[Finding]:
    return [Finding.of("error", rule, message) for message in messages]


def _clashes(topic: Topic) -> list[str]:
    """Return the names that lead to this topic and to another one of the catalogue."""
    own = TopicEntry(**{field.name: getattr(topic, field.name) for field in fields(TopicEntry)})
    others = [entry for entry in index() if entry.id != topic.id]
    names = {repr(name) for name in topic_names(own)}
    clashes = clashing_names([*others, own])
    return [one for one in clashes if any(f" {name} " in one for name in names)]
