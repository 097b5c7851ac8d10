"""
What makes a quiz question sound.

The rules are those of item-writing guides: Haladyna, Downing and Rodriguez (2002) and the NBME
Gold Book: vary the place of the key, plausible and homogeneous options of similar length, positive
wording, no "all of the above", no clue to the key in the stem. A question that breaks one is
dropped, never repaired.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache
from statistics import median

from learning_paths.stages.values import Question
from learning_paths.text import fold, normalized_answer, tokens, word_count

#: A guesser who takes the longest option must not live from it: at most this share of a path's
#: questions may have the key as the strictly longest option. People's own questions have 19 %
#: (OATutor-Content, 5,277 questions with three options or more).
MAX_SHARE_KEY_LONGEST = 0.35
MAX_KEY_TO_MEDIAN = 1.5
MIN_STEM_WORDS = 6
MIN_EXPLANATION_WORDS = 3
#: Faults of a question beside the others of its path, not of the question alone.
ASKED_ALREADY = ("duplicate_stem", "duplicate_key")
_PLACES = 4

_QUOTED = re.compile("[“«].*[”»]", re.DOTALL)
_NEGATION = {
    "pt": re.compile(r"\b(nao|nunca|exceto|menos|incorret\w+|fals\w+)\b"),
    "en": re.compile(r"\b(not|never|except|isn't|incorrect|false|wrong)\b"),
    "es": re.compile(r"\b(no|nunca|excepto|salvo|menos|incorrect\w+|fals\w+)\b"),
}
_ALL_OR_NONE = {
    "pt": re.compile(
        r"\b(tod[ao]s|nenhum\w*|qualquer uma) (as |os |d[ao]s? )*"
        r"(opc\w+|alternativas?|anteriores|acima|outr[ao]s)"
    ),
    "en": re.compile(r"\b(all|none|both|any) of (the|these|them)\b"),
    "es": re.compile(
        r"\b(tod[ao]s|ningun[ao]?|cualquiera) (las |los |de l[ao]s )*"
        r"(opciones|alternativas|anteriores|otr[ao]s)"
    ),
}
_AND = {"pt": " e ", "en": " and ", "es": " y "}


@dataclass(frozen=True)
class QuizContext:
    """
    What a question is judged against.

    `terms` and `definitions` are all that can be options, normalized; `stems` the normalized
    stems and `taken` the (key, kind) pairs that the path has already.
    """

    language: str
    terms: Collection[str]
    definitions: Collection[str]
    stems: Collection[str] = ()
    taken: Collection[tuple[str, str]] = ()


def faults(question: Question, context: QuizContext) -> list[str]:
    """Return the codes of the rules that `question` breaks, in a fixed order; none if sound."""
    options = [normalized_answer(option) for option in question["options"]]
    if not 0 <= question["correct"] < len(options):
        return ["no_key"]
    rules = {
        "option_count": len(options) not in (3, 4),
        "options_not_distinct": len(set(options)) < len(options),
        "all_or_none": any(_ALL_OR_NONE[context.language].search(option) for option in options),
        "joined_options": _joins_others(options, context.language),
        "key_in_stem": _says(question["text"], options[question["correct"]]),
        "clang": _only_the_key_echoes(question, context.language),
        "key_too_long": sticks_out(question["options"][question["correct"]], question["options"]),
        "not_homogeneous": not _is_homogeneous(options, context),
        "stem_too_short": word_count(question["text"]) < MIN_STEM_WORDS,
        "negative_wording": _is_negative(question["text"], context.language),
        "duplicate_stem": normalized_answer(question["text"]) in context.stems,
        "duplicate_key": (question["key"], question["kind"]) in context.taken,
        "no_explanation": word_count(question["explanation"]) < MIN_EXPLANATION_WORDS,
    }
    return [code for code, is_broken in rules.items() if is_broken]


def path_faults(questions: Sequence[Question]) -> list[str]:
    """Return the codes of the rules that the questions of one path break together."""
    places = Counter(
        question["correct"] for question in questions if len(question["options"]) == _PLACES
    )
    counts = [places[place] for place in range(_PLACES)]
    stems = [normalized_answer(question["text"]) for question in questions]
    pairs = [(question["key"], question["kind"]) for question in questions]
    rules = {
        "key_often_longest": key_is_too_often_longest(questions),
        "positions_unbalanced": max(counts) - min(counts) > 1,
        "duplicate_stem": len(set(stems)) < len(stems),
        "duplicate_key": len(set(pairs)) < len(pairs),
    }
    return [code for code, is_broken in rules.items() if is_broken]


def sticks_out(right: str, options: Collection[str]) -> bool:
    """Return whether the right option is much longer than the median of all of them."""
    lengths = [len(option) for option in {right, *options}]
    return len(right) > MAX_KEY_TO_MEDIAN * median(lengths)


def key_is_longest(question: Question) -> bool:
    """Return whether the right option has more characters than any other."""
    lengths = [len(option) for option in question["options"]]
    key = lengths.pop(question["correct"])
    return key > max(lengths)


def key_is_too_often_longest(questions: Sequence[Question]) -> bool:
    """Return whether more than MAX_SHARE_KEY_LONGEST of the questions give the key away."""
    longest = sum(key_is_longest(question) for question in questions)
    return longest > MAX_SHARE_KEY_LONGEST * len(questions)


@lru_cache(maxsize=4096)
def stems(text: str, language: str) -> frozenset[str]:
    """Return the stems of a text; options and stems of questions are looked at again and again."""
    return frozenset(tokens(text, language))


def _joins_others(options: Sequence[str], language: str) -> bool:
    """Return whether an option is two of the others with "and" between them."""
    joined = {f"{a}{_AND[language]}{b}" for a in options for b in options if a != b}
    return any(option in joined for option in options)


def _says(text: str, phrase: str) -> bool:
    """Return whether the words of `phrase` stand in `text`, in their order."""
    return f" {phrase} " in f" {normalized_answer(text)} "


def _only_the_key_echoes(question: Question, language: str) -> bool:
    said = stems(question["text"], language)
    echoes = [said & stems(option, language) for option in question["options"]]
    key = echoes.pop(question["correct"])
    return bool(key.difference(*echoes))


def _is_homogeneous(options: Sequence[str], context: QuizContext) -> bool:
    return all(option in context.terms for option in options) or all(
        option in context.definitions for option in options
    )


def _is_negative(text: str, language: str) -> bool:
    """Return whether the question itself asks for an exception; what it quotes may say "not"."""
    return bool(_NEGATION[language].search(fold(_QUOTED.sub(" ", text))))
