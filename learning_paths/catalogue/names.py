"""
Finds the topic that somebody means.

Guessing wrong is worse than not finding: `find` follows names exactly, past a polite opening
("introduction to …") or closing ("… for beginners"), and forgives only slips of the keyboard that
do not make another word. Everything else is for `nearest`, which suggests.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import cast

from rapidfuzz import fuzz
from rapidfuzz.distance import OSA

from learning_paths.catalogue.topic import LANGUAGES, Language, TopicEntry
from learning_paths.text import tokens, words

Phrase = tuple[str, ...]


def _phrases(*lines: str) -> tuple[Phrase, ...]:
    """Return the comma-separated phrases as words, the longest first."""
    phrases = [tuple(phrase.split()) for line in lines for phrase in line.split(",")]
    return tuple(sorted(phrases, key=lambda phrase: (-len(phrase), phrase)))


# What people write around the name of a topic, folded.
_OPENINGS = _phrases(
    # Portuguese
    "quero aprender sobre,quero aprender a,quero aprender,gostaria de aprender,aprender sobre",
    "aprender a jogar,aprender a,aprender,aprenda,como aprender,estudar,estudo de,jogar,como jogar",
    "curso de,curso basico de,curso completo de,curso,aula de,aulas de,guia de,tutorial de",
    "introducao ao,introducao a,introducao aos,introducao as,nocoes de,trilha de,trilha do",
    "fundamentos de,fundamentos do,fundamentos da,o basico de,o basico do,o basico da,basico de",
    "tudo sobre,sobre,o,a,os,as",
    # English
    "i want to learn about,i want to learn,i want to study,i would like to learn,how to learn",
    "learn about,learn how to play,learn to play,how to play,learn,learning,study,studying",
    "understand,understanding,introduction to,an introduction to,intro to,course in,course on",
    "a course in,a course on,guide to,a guide to,tutorial on,all about,about,the",
    "basics of,the basics of,fundamentals of,foundations of,principles of,essentials of",
    # Spanish
    "quiero aprender sobre,quiero aprender a,quiero aprender,me gustaria aprender,aprende",
    "aprender a jugar al,aprender a jugar,jugar al,como jugar al,estudiar,estudio de,clases de",
    "introduccion a,introduccion al,introduccion a la,introduccion a los,introduccion a las",
    "fundamentos del,fundamentos de la,nociones de,lo basico de,lo basico del,lo basico de la",
    "conceptos basicos de,guia de la,todo sobre,el,la,los,las",
)
_CLOSINGS = _phrases(
    "para iniciantes,para leigos,para comecar,do zero,a partir do zero,basico,basica,introducao",
    "for beginners,for dummies,from scratch,basics,fundamentals,introduction,course,101",
    "para principiantes,desde cero,introduccion,tutorial,curso",
)

# Yannakoudakis and Fawthrop (1983): the first letter of a misspelling is nearly always right.
# Two letters swapped hardly ever make another word of this length. One letter too few may (banking,
# baking), so that takes longer names; one wrong letter does at any length (fotografia, fonografia).
_SHORTEST_WITH_A_SWAP = 6
_SHORTEST_WITH_A_LETTER_LOST_OR_DOUBLED = 9


class TopicNames:
    """The names of some topics: ids, titles and aliases in every language."""

    def __init__(self, entries: Sequence[TopicEntry]) -> None:
        self._entries = tuple(entries)
        self._by_name = {
            language: {name: entry for entry in entries for name in _names(entry, language)}
            for language in LANGUAGES
        }

    def find(self, text: str, language: str) -> TopicEntry | None:
        """
        Return the topic that `text` names, in any language, `language` first; else None.

        Case, accents and punctuation do not matter.
        """
        typed = tuple(words(text))
        for phrase in _readings(typed):
            if entry := self._named(" ".join(phrase), language):
                return entry
        return self._misspelt(" ".join(typed)) or self._misspelt(_bare(text))

    def nearest(self, text: str, language: str, limit: int) -> list[TopicEntry]:
        """
        Return up to `limit` topics, best first: by words shared with `text`, then by letters.

        There is always a nearest one, however far; ties go by id.
        """
        typed = _bare(text)
        wanted = set(tokens(typed, language))
        return sorted(
            self._entries,
            key=lambda entry: (
                -len(wanted.intersection(_content(entry, language))),
                -max(fuzz.ratio(typed, name) for name in topic_names(entry)),
                entry.id,
            ),
        )[:limit]

    def _named(self, name: str, language: str) -> TopicEntry | None:
        for candidate in sorted(LANGUAGES, key=lambda each: each != language):
            if entry := self._by_name[candidate].get(name):
                return entry
        return None

    def _misspelt(self, typed: str) -> TopicEntry | None:
        """Return the one topic with a name that `typed` is a slip of; None if there are two."""
        meant = [
            entry
            for entry in self._entries
            if any(_is_slip_of(name, typed) for name in topic_names(entry))
        ]
        return meant[0] if len(meant) == 1 else None


def topic_names(entry: TopicEntry) -> list[str]:
    """Return every name that leads to the topic, in the form in which `find` compares them."""
    return sorted({name for language in LANGUAGES for name in _names(entry, language)})


def _names(entry: TopicEntry, language: Language) -> list[str]:
    given = (entry.id, entry.title[language], *entry.aliases[language])
    return [" ".join(words(name)) for name in given]


def _content(entry: TopicEntry, language: str) -> list[str]:
    return tokens(
        " ".join([*topic_names(entry), entry.summary[cast(Language, language)]]), language
    )


def _readings(typed: Phrase) -> Iterator[Phrase]:
    """Yield `typed`, then less and less of it: without openings, and each without closings."""
    for phrase in _shorter_and_shorter(typed, _OPENINGS, at_end=False):
        yield from _shorter_and_shorter(phrase, _CLOSINGS, at_end=True)


def _bare(text: str) -> str:
    """Return the words of `text` without openings and closings; all of them if none is left."""
    typed = tuple(words(text))
    *_, last = _readings(typed)
    return " ".join(last or typed)


def _shorter_and_shorter(
    phrase: Phrase, affixes: tuple[Phrase, ...], *, at_end: bool
) -> Iterator[Phrase]:
    yield phrase
    while affix := next((each for each in affixes if _stands(each, phrase, at_end=at_end)), ()):
        phrase = phrase[: -len(affix)] if at_end else phrase[len(affix) :]
        yield phrase


def _stands(affix: Phrase, phrase: Phrase, *, at_end: bool) -> bool:
    return (phrase[-len(affix) :] if at_end else phrase[: len(affix)]) == affix


def _is_slip_of(name: str, typed: str) -> bool:
    if typed[:1] != name[:1] or OSA.distance(typed, name, score_cutoff=1) != 1:
        return False
    if len(typed) == len(name):
        return len(name) >= _SHORTEST_WITH_A_SWAP and sorted(typed) == sorted(name)
    if len(name) < _SHORTEST_WITH_A_LETTER_LOST_OR_DOUBLED:
        return False
    return len(typed) < len(name) or _undoubled(typed) == _undoubled(name)


def _undoubled(text: str) -> str:
    return "".join(letter for letter, _ in groupby(text))
