"""Which articles may be the concepts of a topic, by the topic's own article."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import log

from learning_paths.stages.gathered import Part
from learning_paths.text import Phrases, fold, sentences

#: So many leads are asked for, 20 a request.
MOST_CANDIDATES = 60

#: What it counts to be a sentence's subject, beside being named.
_AS_SUBJECT = 2

_IN_BRACKETS = re.compile(r"\s*\([^)]*\)\s*$")
_NO_CONCEPT = re.compile(
    r"\d{3,4}"  # a year, or something of one year
    r"|.*:.*"  # another namespace
    r"|(list|lista|anexo|outline|index|glossary|glossario|timeline|cronologia|history|historia)"
    r"( (of|de|do|da|dos|das|del)\b.*)?"
    r"|(january|february|march|april|may|june|july|august|september|october|november|december)"
    r"|(seculo|siglo) [ivxl]+|\w+ century"
)
#: Headings under which there is nothing to learn, folded (GENERATION 3a).
_NO_LESSON = {
    *("references", "see also", "external links", "further reading", "notes", "bibliography"),
    *("gallery", "citations", "sources", "footnotes", "works cited"),
    *("referencias", "ver tambem", "ligacoes externas", "bibliografia", "notas", "galeria"),
    *("leitura adicional", "leituras adicionais", "fontes", "notas e referencias"),
    *("vease tambem", "enlaces externos", "fuentes", "lecturas adicionales"),
    *("notas y referencias",),
}
#: Where the topic is talked of rather than explained: worth less.
_ASIDE = {
    *("etymology", "etimologia", "in popular culture", "na cultura popular"),
    *("en la cultura popular", "criticism", "critica", "criticas", "controversy", "controversia"),
}


@dataclass(frozen=True)
class Mentioned:
    """
    How the topic's article speaks of a title.

    `mentions` may be a half, where all the words stand but not together. `part` is the number of
    the first part that does, or the number of parts; `home` that of the part below the lead that
    is about it, or whose sentences begin with it or name it most, None if there is none.
    """

    title: str
    mentions: float
    is_in_lead: bool
    is_heading: bool
    is_chapter: bool
    part: int
    home: int | None

    @property
    def score(self) -> float:
        """GENERATION 3a, without what only the article itself can tell."""
        return (
            0.35 * log(1 + self.mentions)
            + 0.25 * self.is_in_lead
            + 0.15 * self.is_heading
            + 0.2 * self.is_chapter
        )


def lessons(parts: Iterable[Part]) -> list[Part]:
    """Return the parts one may learn from, without what belongs to the others."""
    kept, skipped_level = [], 0
    for part in parts:
        if skipped_level and part["level"] > skipped_level:
            continue
        skipped_level = part["level"] if fold(part["title"]) in _NO_LESSON else 0
        if not skipped_level:
            kept.append(part)
    return kept


def candidates(
    titles: Iterable[str], parts: Sequence[Part], chapters: Sequence[str], language: str
) -> list[str]:
    """
    Return the titles that the article speaks of, the likeliest first, at most MOST_CANDIDATES.

    `titles` are what it links to. Headings and chapters are titles too: there may be an article.
    """
    headings = [part["title"] for part in parts if part["title"]]
    wanted = dict.fromkeys([*titles, *headings, *chapters])
    found = mentions(
        (title for title in wanted if may_be_concept(title)), parts, chapters, language
    )
    likely = [one for one in found if one.score > 0]
    likely.sort(key=lambda one: (-one.score, one.part, one.title))
    return [one.title for one in likely[:MOST_CANDIDATES]]


def may_be_concept(title: str) -> bool:
    """Whether the title is not plainly that of a year, a list or the like."""
    return not _NO_CONCEPT.fullmatch(fold(title))


def bare(title: str) -> str:
    """Return the title without what tells it from its namesakes: "Quadro (apicultura)"."""
    return _IN_BRACKETS.sub("", title)


def mentions(
    titles: Iterable[str],
    parts: Sequence[Part],
    chapters: Sequence[str],
    language: str,
    names: dict[str, list[str]] | None = None,
) -> list[Mentioned]:
    """Look each title up in the article; `names` are what else it is called there."""
    texts = [Phrases(f"{part['title']}. {part['text']}", language) for part in parts]
    openings = [[Phrases(said, language) for said in sentences(part["text"])] for part in parts]
    headings = [fold(part["title"]) for part in parts]
    in_book = {fold(chapter) for chapter in chapters}
    found = []
    for title in titles:
        called = {bare(title), *(bare(name) for name in (names or {}).get(title, ()))}
        counts = [_count(called, text) for text in texts]
        weights = [
            0.5 * count if fold(part["title"]) in _ASIDE else count
            for count, part in zip(counts, parts, strict=True)
        ]
        known = {fold(name) for name in called}
        found.append(
            Mentioned(
                title=title,
                mentions=sum(weights),
                is_in_lead=bool(counts and parts[0]["level"] == 1 and counts[0] >= 1),
                is_heading=not known.isdisjoint(headings),
                is_chapter=not known.isdisjoint(in_book),
                part=next((place for place, count in enumerate(counts) if count), len(parts)),
                home=_home(
                    [
                        count
                        + _AS_SUBJECT * sum(any(map(said.begins_with, called)) for said in opening)
                        for count, opening in zip(counts, openings, strict=True)
                    ],
                    [heading in known for heading in headings],
                    parts,
                ),
            )
        )
    return found


def _home(counts: Sequence[float], is_heading: Sequence[bool], parts: Sequence[Part]) -> int | None:
    places = [
        place
        for place, part in enumerate(parts)
        if part["level"] > 1 and (counts[place] or is_heading[place])
    ]
    return min(
        places, key=lambda place: (not is_heading[place], -counts[place], place), default=None
    )


def _count(names: Iterable[str], text: Phrases) -> float:
    """The most that one of the names stands there; a half if only its words do, apart."""
    return max((text.count(name) or 0.5 * text.has_all(name) for name in names), default=0)
