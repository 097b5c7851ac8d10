"""
Everything a path's quizzes could ask: one draft per concept, kind and source text.

A draft has its right option and the wrong ones that may stand beside it, best first. Which three
of them do, is decided when the whole path is known (quizzes.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from django.utils.translation import gettext as _

from learning_paths.stages.values import (
    ROOT,
    Outline,
    OutlineConcept,
    Prerequisite,
    QuestionKind,
    Tree,
)
from learning_paths.stages.wording import meaning, phrase, why_before
from learning_paths.text import (
    BLANK,
    TfIdf,
    cosine,
    masked,
    normalized_answer,
    share_a_stem,
    tokens,
    word_count,
)

# Wrong options are looked for among this many of the best; more would only be less plausible.
# A few of the best that are as long as the key are always among them, so that it need not stick
# out.
_POOL = 10
#: What is asked as a prerequisite: a teacher says so, or one article explains by the other.
_SURE = ("catalogue", "definition", "mention")
_LONG = 3
_DEFINITION_WORDS = range(8, 31)
_CLOZE_WORDS = range(8, 36)
#: What is left of a description must still say something: so many words that mean something.
_FEWEST_WORDS_LEFT = 4
# In characters, to the key's.
_LENGTH_RATIO = (0.5, 2.0)

# From recognising a thing to knowing how things hang together. Learners of a known level are asked
# from the end that is theirs; for others and intermediate ones the kinds come as they are made.
_DEMAND: tuple[QuestionKind, ...] = (
    "branch_member",
    "definition_to_term",
    "saying_to_term",
    "cloze",
    "term_to_definition",
    "prerequisite",
)

# With accents: él is a pronoun, el is not.
_PRONOUNS = {
    "pt": {"ele", "ela", "eles", "elas", "isto", "isso", "este", "esta", "esse", "essa", "seu"},
    "en": {"it", "they", "he", "she", "this", "that", "these", "those", "its", "their"},
    "es": {"él", "ella", "ellos", "ellas", "esto", "eso", "este", "esta", "ese", "esa", "su"},
}


@dataclass(frozen=True)
class Draft:
    """
    A question without its wrong options chosen. `wrong` is ordered, the most plausible first.

    `most_to_least` bounds how many times as many words the longest option may have as the
    shortest; None: no bound. `is_evened`: what the right option repeats of the text, wrong ones are
    to repeat as well.
    """

    kind: QuestionKind
    concept: str
    key: str
    text: str
    right: str
    wrong: tuple[str, ...]
    explanation: str
    difficulty: int
    most_to_least: float | None = None
    is_evened: bool = False


class _Option(NamedTuple):
    concept: OutlineConcept
    text: str


class Drafts:
    """The drafts of one path; `language` is that of its texts."""

    def __init__(self, outline: Outline, tree: Tree, language: str) -> None:
        self.language = language
        self._path = outline["concepts"]
        self._all = [*outline["concepts"], *outline["spare"]]
        self._by_id = {concept["id"]: concept for concept in self._all}
        self._in_path = {concept["id"] for concept in self._path}
        self._branches = {branch["id"]: branch["title"] for branch in outline["branches"]}
        self._ancestors = _ancestors(self._all, tree)
        self._words = {concept["id"]: _Words.of(concept, language) for concept in self._all}
        self._likeness = _likeness(self._words.values())
        self._level = outline.get("level")
        self._about = {concept["id"]: self._in_turn(concept) for concept in self._path}

    def about(self, concept_id: str) -> list[Draft]:
        """Return the drafts about one concept of the path, the most telling kinds first."""
        return self._about[concept_id]

    def before(self, concept_id: str) -> list[str]:
        """Return the concepts of the path that come before this one, the nearest first."""
        return [id for id in self._ancestors[concept_id] if id in self._in_path]

    def overview(self) -> Iterator[Draft]:
        """Yield drafts about the path as a whole: a concept of each branch in turn, then order."""
        rounds: dict[str, list[OutlineConcept]] = {}
        for concept in self._path:
            rounds.setdefault(concept["branch"], []).append(concept)
        for turn in range(2):
            for concepts in rounds.values():
                if turn < len(concepts):
                    yield self._branch_member(concepts[turn])
        for concept in self._path:
            yield from self._prerequisites(concept)

    def _in_turn(self, concept: OutlineConcept) -> list[Draft]:
        """Return the drafts about a concept as the learner's level has them, best first."""
        drafts = [*self._drafts(concept)]
        if self._level in ("beginner", "advanced"):
            drafts.sort(
                key=lambda draft: _DEMAND.index(draft.kind), reverse=self._level == "advanced"
            )
        return drafts

    def _drafts(self, concept: OutlineConcept) -> Iterator[Draft]:
        yield self._definition_to_term(concept)
        yield from self._clozes(concept)
        yield self._term_to_definition(concept)
        yield from self._prerequisites(concept)
        yield from self._sayings(concept)
        yield self._branch_member(concept)

    def _definition_to_term(self, concept: OutlineConcept) -> Draft:
        definition = phrase(self._masked(concept["definition"], concept))
        text = _("Which concept does this description fit? “%(definition)s”") % {
            "definition": definition
        }
        return self._term_draft("definition_to_term", concept, text)

    def _masked(self, text: str, concept: OutlineConcept) -> str:
        """
        Return `text` without the concept's names, and, if it is from the web, their single words.

        Authors use none of these; articles say that a queen bee is the mother of all bees.
        """
        names = [concept["term"], *concept["aliases"]]
        if _is_from_web(concept):
            words = [word for word in concept["term"].split() if tokens(word, self.language)]
            further = masked(text, [*names, *words], self.language)
            if len(tokens(further, self.language)) >= _FEWEST_WORDS_LEFT:
                return further
        return masked(text, names, self.language)

    def _sayings(self, concept: OutlineConcept) -> Iterator[Draft]:
        """Yield "what is this said of?": true of what stands in the concept's own article."""
        for saying in concept.get("sayings", ()):
            text = _("Of which concept is this said? “%(sentence)s”") % {
                "sentence": self._masked(saying, concept)
            }
            yield self._term_draft("saying_to_term", concept, text)

    def _clozes(self, concept: OutlineConcept) -> Iterator[Draft]:
        for fact in concept["facts"]:
            if not self._is_fit_for_a_cloze(fact, concept):
                continue
            text = _("Which concept completes this sentence? “%(sentence)s”") % {
                "sentence": fact.replace("{}", BLANK)
            }
            yield self._term_draft("cloze", concept, text)

    def _is_fit_for_a_cloze(self, fact: str, concept: OutlineConcept) -> bool:
        return (
            fact.count("{}") == 1
            and word_count(fact.replace("{}", concept["term"])) in _CLOZE_WORDS
            and fact.split(maxsplit=1)[0].casefold() not in _PRONOUNS[self.language]
            and (
                _is_from_web(concept)  # the wrong options see to it that it gives nothing away
                or not share_a_stem(fact, concept["term"], self.language)
            )
        )

    def _term_draft(self, kind: QuestionKind, concept: OutlineConcept, text: str) -> Draft:
        wrong = self._wrong_terms(concept, self._all, text)
        return Draft(
            kind=kind,
            concept=concept["id"],
            key=concept["id"],
            text=text,
            right=concept["term"],
            wrong=wrong,
            explanation=meaning(concept),
            difficulty=concept["difficulty"],
            is_evened=_is_from_web(concept),
        )

    def _term_to_definition(self, concept: OutlineConcept) -> Draft:
        own = self._words[concept["id"]]
        text = _("Which of these descriptions matches the concept “%(term)s”?")
        text %= {"term": concept["term"]}
        right = phrase(concept["definition"])
        echoed = self._echoed(concept, text, right)
        options = [
            _Option(other, phrase(other["definition"]))
            for other in self._all
            if not own.overlap(words := self._words[other["id"]])
            and (own.stems - echoed).isdisjoint(words.definition)
            and not (echoed and own.stems <= set(words.definition))
            and word_count(other["definition"]) in _DEFINITION_WORDS
        ]
        is_short_enough = word_count(right) in _DEFINITION_WORDS
        return Draft(
            kind="term_to_definition",
            concept=concept["id"],
            key=concept["id"],
            text=text,
            right=right,
            wrong=self._ranked(concept, options, right, echoed) if is_short_enough else (),
            explanation=meaning(concept),
            difficulty=concept["difficulty"],
            most_to_least=1.5,
            is_evened=_is_from_web(concept),
        )

    def _echoed(self, key: OutlineConcept, text: str, right: str) -> frozenset[str]:
        """
        Return the words of the text that wrong options are wanted for, as the right one has them.

        Authors see to it that there are none.
        """
        if not _is_from_web(key):
            return frozenset()
        return frozenset(tokens(text, self.language)).intersection(tokens(right, self.language))

    def _prerequisites(self, concept: OutlineConcept) -> Iterator[Draft]:
        """Yield "what comes before?" where that is known, not where layout put it so."""
        for prerequisite in concept["prerequisites"]:
            if prerequisite["id"] in self._in_path and prerequisite["evidence"] in _SURE:
                yield self._prerequisite(concept, prerequisite)

    def _prerequisite(self, concept: OutlineConcept, prerequisite: Prerequisite) -> Draft:
        key = self._by_id[prerequisite["id"]]
        barred = {concept["id"], *self._ancestors[concept["id"]]}
        others = [other for other in self._path if other["id"] not in barred]
        text = _("In this path, which of these concepts is a direct prerequisite of “%(term)s”?")
        text %= {"term": concept["term"]}
        return Draft(
            kind="prerequisite",
            concept=concept["id"],
            key=key["id"],
            text=text,
            right=key["term"],
            wrong=self._wrong_terms(key, others, text),
            explanation=why_before(key, concept, prerequisite),
            difficulty=concept["difficulty"],
            is_evened=_is_from_web(key),
        )

    def _branch_member(self, concept: OutlineConcept) -> Draft:
        branch = self._branches[concept["branch"]]
        others = [other for other in self._path if other["branch"] != concept["branch"]]
        text = _("Which of these concepts belongs to the chapter “%(branch)s” of this path?")
        text %= {"branch": branch}
        return Draft(
            kind="branch_member",
            concept=concept["id"],
            key=concept["id"],
            text=text,
            right=concept["term"],
            wrong=self._wrong_terms(concept, others, text),
            explanation=_("“%(term)s” belongs to “%(branch)s”. %(meaning)s")
            % {"term": concept["term"], "branch": branch, "meaning": meaning(concept)},
            difficulty=concept["difficulty"],
            is_evened=_is_from_web(concept),
        )

    def _wrong_terms(
        self, key: OutlineConcept, others: Sequence[OutlineConcept], stem: str
    ) -> tuple[str, ...]:
        own = self._words[key["id"]]
        said = set(tokens(stem, self.language))
        echoed = self._echoed(key, stem, key["term"])
        options = [
            _Option(other, other["term"])
            for other in others
            if not own.overlap(words := self._words[other["id"]])
            and (own.stems - echoed).isdisjoint(words.stems)
            and not (words.stems and words.stems <= said)
            and _is_of_like_length(other["term"], key["term"])
        ]
        return self._ranked(key, options, key["term"], echoed)

    def _ranked(
        self,
        key: OutlineConcept,
        options: Sequence[_Option],
        text: str,
        echoed: frozenset[str] = frozenset(),
    ) -> tuple[str, ...]:
        """
        Return the best by plausibility: confusable, same kind, in the path, same branch, alike.

        `text` is the right option; `echoed` are words some of the best have to have.
        """
        right = {key["id"], *key["not_distractors"]}
        fit = [
            option
            for option in options
            if option.concept["id"] not in right
            and key["id"] not in option.concept["not_distractors"]
        ]
        fit.sort(key=self._plausibility(key))
        best = [*{normalized_answer(option.text): option.text for option in fit}.values()]
        long = [option for option in best if len(option) >= len(text)][:_LONG]
        echoing = [
            option for option in best if not echoed.isdisjoint(tokens(option, self.language))
        ][:_LONG]
        return tuple(dict.fromkeys([*best[:_POOL], *long, *echoing]))

    def _plausibility(
        self, key: OutlineConcept
    ) -> Callable[[_Option], tuple[bool, bool, bool, bool, bool, float, str]]:
        def rank(option: _Option) -> tuple[bool, bool, bool, bool, bool, float, str]:
            other = option.concept
            return (
                other["id"] not in key["confusable"],
                key["id"] not in other["confusable"],
                other["kind"] != key["kind"],
                other["id"] not in self._in_path,
                other["branch"] != key["branch"],
                -cosine(self._likeness[key["id"]], self._likeness[other["id"]]),
                other["id"],
            )

        return rank


@dataclass(frozen=True)
class _Words:
    """What the names and the definition of a concept consist of, for comparisons."""

    id: str
    term: str
    names: frozenset[str]
    stems: frozenset[str]
    definition: tuple[str, ...]

    @classmethod
    def of(cls, concept: OutlineConcept, language: str) -> _Words:
        return cls(
            id=concept["id"],
            term=normalized_answer(concept["term"]),
            names=frozenset(map(normalized_answer, (concept["term"], *concept["aliases"]))),
            stems=frozenset(tokens(concept["term"], language)),
            definition=tuple(tokens(concept["definition"], language)),
        )

    def overlap(self, other: _Words) -> bool:
        """Return whether one is another name, a sort or a part of the other, by its words."""
        is_contained = bool(self.stems and other.stems) and (
            self.stems <= other.stems or other.stems <= self.stems
        )
        return (
            is_contained
            or not self.names.isdisjoint(other.names)
            or self.term in other.term
            or other.term in self.term
        )


def _is_from_web(concept: OutlineConcept) -> bool:
    """Whether its texts are from articles, not from an author who knew they would be asked."""
    return "origin" in concept


def _likeness(words: Iterable[_Words]) -> dict[str, dict[str, float]]:
    """Return a vector for each concept's definition, to be compared by their cosine."""
    definitions = {word.id: word.definition for word in words}
    weights = TfIdf([*definitions.values()])
    return {id: weights.vector(definition) for id, definition in definitions.items()}


def _ancestors(concepts: Sequence[OutlineConcept], tree: Tree) -> dict[str, list[str]]:
    """Return what comes before each concept by the catalogue or by the tree, the nearest first."""
    direct = {
        concept["id"]: [before["id"] for before in concept["prerequisites"]] for concept in concepts
    }
    for node in tree["nodes"][1:]:
        direct[node["id"]] += [before["id"] for before in node["prerequisites"]]
    return {id: _reachable(id, direct) for id in direct}


def _reachable(start: str, direct: Mapping[str, Sequence[str]]) -> list[str]:
    """Walk breadth first; the root is not among what is found."""
    found: dict[str, None] = {}
    ahead = [start]
    while ahead:
        ahead = [
            before
            for id in ahead
            for before in direct.get(id, ())
            if before != ROOT and before not in found and found.setdefault(before) is None
        ]
    return [*found]


def _is_of_like_length(term: str, key: str) -> bool:
    return _LENGTH_RATIO[0] <= len(term) / len(key) <= _LENGTH_RATIO[1]
