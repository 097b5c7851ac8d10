"""
Rules on the texts of a topic.

Most serve the quizzes, which ask for a term by its definition or by a sentence with a blank: there
the answer must neither stand in the question nor be given away by an article beside the blank.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import combinations

from learning_paths.catalogue.topic import LANGUAGES, Concept, Language, Text, Topic
from learning_paths.text import (
    BLANK,
    TfIdf,
    cosine,
    fold,
    masked,
    normalized_answer,
    tokens,
    word_count,
    words,
)

SUMMARY_WORDS = range(20, 51)
TERM_WORDS = range(1, 6)
DEFINITION_WORDS = range(12, 41)
OBJECTIVE_WORDS = range(6, 21)
REASON_WORDS = range(8, 26)
FACT_WORDS = range(8, 36)
FEWEST_WORDS_TO_TRANSLATE = 6
#: Two definitions as alike as this cannot be told apart in a quiz.
TOO_ALIKE = 0.8
#: A word that stands in so many terms of a topic gives no one of them away.
COMMON_IN_TERMS = 4

_ARTICLES: dict[Language, frozenset[str]] = {
    "pt": frozenset({"o", "a", "os", "as", "um", "uma", "uns", "umas"}),
    "en": frozenset({"a", "an", "the"}),
    "es": frozenset({"el", "la", "los", "las", "un", "una", "unos", "unas"}),
}
# Beside a blank these tell gender, number or, in English, the first sound. Portuguese "a" may be
# the preposition, which tells nothing, so it is not among them.
_GIVING_AWAY: dict[Language, str] = {
    "pt": "o os as um uma uns umas do da dos das no na nos nas pelo pela ao aos à às este esta",
    "en": "a an",
    "es": "el la los las un una unos unas del al este esta estos estas",
}
_PRONOUNS: dict[Language, frozenset[str]] = {
    "pt": frozenset("ele ela eles elas isto isso aquilo este esta esse essa estes estas".split()),  # noqa: SIM905
    "en": frozenset("it they he she this that these those".split()),  # noqa: SIM905
    "es": frozenset("ella ellos ellas esto eso aquello este esta ese esa estos estas".split()),  # noqa: SIM905
}
# Folded; English has no form of its own for it.
_INFINITIVE: dict[Language, re.Pattern[str]] = {
    "pt": re.compile(r"([a-z]*[aei]|(com|dis|pro|ex|su)?po)r(-[a-z]+)?\b"),
    "en": re.compile(r"(?!to\b)[a-z]+\b"),
    "es": re.compile(r"[a-z]*[aei]r(se|lo|la|los|las)?\b"),
}
# Nobody can see whether somebody knows; what they do with it can be seen.
_NOT_CHECKABLE: dict[Language, frozenset[str]] = {
    "pt": frozenset({"aprender", "compreender", "conhecer", "entender", "saber"}),
    "en": frozenset({"appreciate", "know", "learn", "understand"}),
    "es": frozenset({"aprender", "comprender", "conocer", "entender", "saber"}),
}


def texts_are_there_in_every_language(topic: Topic) -> Iterator[str]:
    for place, text in texts(topic):
        if sorted(text) != sorted(LANGUAGES):
            yield f"{place} must be in exactly {', '.join(LANGUAGES)}"
            continue
        for language in LANGUAGES:
            if not text[language].strip() or text[language] != text[language].strip():
                yield f"{place} ({language}) is empty or has space around it"


def texts(topic: Topic) -> Iterator[tuple[str, Text]]:
    """Yield every text of the topic with its place in the file."""
    yield "title", topic.title
    yield "summary", topic.summary
    yield from _numbered("objectives", topic.objectives)
    yield from _numbered("prerequisite_knowledge", topic.prerequisite_knowledge)
    yield from ((f"branch {branch.id}: title", branch.title) for branch in topic.branches)
    for concept in topic.concepts:
        for place, text in _texts_of_concept(concept):
            yield f"concept {concept.id}: {place}", text


def _texts_of_concept(concept: Concept) -> Iterator[tuple[str, Text]]:
    yield "term", concept.term
    yield "definition", concept.definition
    yield "objective", concept.objective
    if concept.reason is not None:
        yield "reason", concept.reason
    yield from _numbered("facts", concept.facts)
    yield "exercise: prompt", concept.exercise.prompt
    yield from _numbered("exercise: checklist", concept.exercise.checklist)
    if concept.exercise.solution is not None:
        yield "exercise: solution", concept.exercise.solution


def _numbered(name: str, items: tuple[Text, ...]) -> Iterator[tuple[str, Text]]:
    return ((f"{name}[{number}]", text) for number, text in enumerate(items, start=1))


def lengths_are_readable(topic: Topic) -> Iterator[str]:
    yield from _out_of_length("summary", topic.summary, SUMMARY_WORDS)
    for concept in topic.concepts:
        place = f"concept {concept.id}:"
        yield from _out_of_length(f"{place} term", concept.term, TERM_WORDS)
        yield from _out_of_length(f"{place} definition", concept.definition, DEFINITION_WORDS)
        yield from _out_of_length(f"{place} objective", concept.objective, OBJECTIVE_WORDS)
        if concept.reason is not None:
            yield from _out_of_length(f"{place} reason", concept.reason, REASON_WORDS)
        for number, fact in enumerate(concept.facts, start=1):
            yield from _out_of_length(f"{place} facts[{number}]", fact, FACT_WORDS)


def _out_of_length(place: str, text: Text, allowed: range) -> Iterator[str]:
    for language in LANGUAGES:
        # The blank of a fact is read as a word.
        count = word_count(text[language].replace("{}", "x"))
        if count not in allowed:
            yield (
                f"{place} ({language}) has {count} words; {allowed[0]} to {allowed[-1]} are right"
            )


def texts_are_translated(topic: Topic) -> Iterator[str]:
    for place, text in texts(topic):
        for a, b in combinations(LANGUAGES, 2):
            # A title or a term may be the same word in two languages; a sentence is not.
            if fold(text[a]) == fold(text[b]) and word_count(text[a]) >= FEWEST_WORDS_TO_TRANSLATE:
                yield f"{place} is the same in {a} and {b}; translate it"


def definitions_begin_without_an_article(topic: Topic) -> Iterator[str]:
    for concept, language in _each(topic):
        first = concept.definition[language].split()[0].casefold()
        if first in _ARTICLES[language]:
            yield f"concept {concept.id}: definition ({language}) begins with {first!r}; drop it"


def definitions_keep_their_term_secret(topic: Topic) -> Iterator[str]:
    """
    A definition has no word of the stem of its term, and none of its aliases.

    Words common to many terms of the topic, and those of its title, may stand: they do not tell
    this term from the others.
    """
    for language in LANGUAGES:
        common = _common_stems(topic, language)
        for concept in topic.concepts:
            term = set(tokens(concept.term[language], language))
            secret = (term - common) or term
            told = [
                word
                for word in words(concept.definition[language])
                if secret.intersection(tokens(word, language))
            ] or _named_aliases(concept, language)
            if told:
                yield (
                    f"concept {concept.id}: definition ({language}) tells its term by {told[0]!r}; "
                    "say it in other words"
                )


def _common_stems(topic: Topic, language: Language) -> set[str]:
    spread = Counter(
        stem for concept in topic.concepts for stem in set(tokens(concept.term[language], language))
    )
    common = {stem for stem, count in spread.items() if count >= COMMON_IN_TERMS}
    return common.union(tokens(topic.title[language], language))


def _named_aliases(concept: Concept, language: Language) -> list[str]:
    definition = concept.definition[language]
    return [
        alias
        for alias in concept.aliases[language]
        if BLANK in masked(definition, [alias], language)
    ]


def definitions_differ(topic: Topic) -> Iterator[str]:
    for language in LANGUAGES:
        documents = [tokens(each.definition[language], language) for each in topic.concepts]
        space = TfIdf(documents)
        vectors = [space.vector(document) for document in documents]
        for (a, left), (b, right) in combinations(zip(topic.concepts, vectors, strict=True), 2):
            if (likeness := cosine(left, right)) >= TOO_ALIKE:
                yield (
                    f"concept {b.id}: definition ({language}) is too like that of {a.id} "
                    f"({likeness:.2f}, below {TOO_ALIKE} is right)"
                )


def terms_name_one_concept(topic: Topic) -> Iterator[str]:
    for language in LANGUAGES:
        owners: dict[str, str] = {}
        for concept in topic.concepts:
            names = (concept.term[language], *concept.aliases[language])
            for name in dict.fromkeys(map(normalized_answer, names)):
                owner = owners.setdefault(name, concept.id)
                if owner != concept.id:
                    yield (
                        f"concept {concept.id}: {name!r} ({language}) is a term or alias "
                        f"of {owner} too"
                    )


def objectives_can_be_checked(topic: Topic) -> Iterator[str]:
    for concept, language in _each(topic):
        objective = fold(concept.objective[language])
        place = f"concept {concept.id}: objective ({language})"
        if not _INFINITIVE[language].match(objective):
            yield f"{place} must begin with an infinitive, not {objective.split()[0]!r}"
        elif (verb := words(objective)[0]) in _NOT_CHECKABLE[language]:
            yield f"{place} begins with {verb!r}; say what the learner can do"


def facts_have_one_blank(topic: Topic) -> Iterator[str]:
    for place, language, _, fact in _facts(topic):
        if fact.count("{}") != 1:
            yield f"{place} ({language}) has {fact.count('{}')} blanks {{}}; it takes exactly one"


def facts_keep_their_term_secret(topic: Topic) -> Iterator[str]:
    for place, language, concept, fact in _facts(topic):
        names = [concept.term[language], *concept.aliases[language]]
        if BLANK in masked(fact.replace("{}", "…"), names, language):
            yield f"{place} ({language}) names the term outside of the blank"


def facts_name_no_other_concept(topic: Topic) -> Iterator[str]:
    for language in LANGUAGES:
        terms = {concept.id: concept.term[language] for concept in topic.concepts}
        for concept in topic.concepts:
            others = [term for key, term in terms.items() if key != concept.id]
            for number, fact in enumerate(concept.facts, start=1):
                if BLANK in masked(fact[language].replace("{}", "…"), others, language):
                    yield (
                        f"concept {concept.id}: facts[{number}] ({language}) names another "
                        "concept, which is then no wrong answer; leave it out"
                    )


def facts_give_no_form_away(topic: Topic) -> Iterator[str]:
    for place, language, _, fact in _facts(topic):
        before = fact.partition("{}")[0].casefold().split()
        if before and before[-1] in _GIVING_AWAY[language].split():
            yield (
                f"{place} ({language}) has {before[-1]!r} before the blank, which gives the form "
                "of the answer away"
            )


def facts_stand_alone(topic: Topic) -> Iterator[str]:
    for place, language, _, fact in _facts(topic):
        first = fact.split()[0].casefold()
        if first in _PRONOUNS[language]:
            yield f"{place} ({language}) begins with {first!r}; say what is meant"


def _each(topic: Topic) -> Iterator[tuple[Concept, Language]]:
    return ((concept, language) for concept in topic.concepts for language in LANGUAGES)


def _facts(topic: Topic) -> Iterator[tuple[str, Language, Concept, str]]:
    for concept, language in _each(topic):
        for number, fact in enumerate(concept.facts, start=1):
            yield f"concept {concept.id}: facts[{number}]", language, concept, fact[language]


TEXT_RULES: tuple[Callable[[Topic], Iterator[str]], ...] = (
    lengths_are_readable,
    texts_are_translated,
    definitions_begin_without_an_article,
    definitions_keep_their_term_secret,
    definitions_differ,
    terms_name_one_concept,
    objectives_can_be_checked,
    facts_have_one_blank,
    facts_keep_their_term_secret,
    facts_name_no_other_concept,
    facts_give_no_form_away,
    facts_stand_alone,
)
