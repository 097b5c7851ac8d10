"""
A topic from the web, as the same value that a catalogue file is: the stages after it are the same.

Its texts are in the language of the request alone.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from django.utils.translation import gettext as _
from rapidfuzz import fuzz

from learning_paths.catalogue.topic import (
    Branch,
    CatalogueExercise,
    CatalogueResource,
    Concept,
    Language,
    Origin,
    Topic,
)
from learning_paths.stages.gathered import FoundPage, Gathered, Page
from learning_paths.stages.web_candidates import Mentioned, bare, lessons, mentions
from learning_paths.stages.web_prerequisites import Before, prerequisites
from learning_paths.stages.web_wording import definition, facts, plain, term
from learning_paths.text import TfIdf, cosine, fold, sentences, tokens, word_count

#: Concepts a topic has at most; the largest path holds 29.
MOST_CONCEPTS = 45
_ESSENTIAL = 10
#: Sorts of things, by which wrong answers are chosen, are for authors to tell; here it is one.
_KIND = "concept"
_SMALLEST_BRANCH = 3
_ALIKE = 88
_ENOUGH_WORDS = 120
_CONFUSABLE = 3
_PREREQUISITES = 3
_SUMMARY_WORDS = 50
_WORDS_A_MINUTE = {"pt": 200, "en": 230, "es": 215}  # GENERATION 3g
_CONCEPT_MINUTES = (10, 40)
#: Where a source does not tell how long its page takes (GENERATION 3g).
_MINUTES = {
    "article": 8,
    "documentation": 15,
    "qa": 4,
    "tutorial": 30,
    "course": 60,
    "book": 30,
    "video": 12,
    "interactive": 20,
}
#: Instances of these are no concepts: human, disambiguation page, list, calendar year, country,
#: city, business, organization, film, album, literary work, taxon common name page, family name.
_NO_CONCEPTS = {
    *("Q5", "Q4167410", "Q13406463", "Q3186692", "Q577", "Q6256", "Q515", "Q486972"),
    *("Q4830453", "Q43229", "Q11424", "Q482994", "Q7725634", "Q101352", "Q35657"),
}


@dataclass(frozen=True)
class _Found:
    """A page that is a concept of the topic."""

    page: Page
    mentioned: Mentioned
    definition: str
    score: float

    @property
    def title(self) -> str:
        return self.page["title"]


def topic_of(gathered: Gathered, language: Language) -> Topic:
    """
    Return the topic with the concepts that were found, at most MOST_CONCEPTS; maybe few.

    The active language must be `language`: what we say of a concept is said in it.
    """
    found = _concepts(gathered, language)
    order = {one.title: place for place, one in enumerate(found)}
    pairs = prerequisites([one.page for one in found], gathered["links"], language)
    taught = _teaching_order(found, pairs)
    branches = _branches(taught, gathered)
    writer = _Writer(taught, pairs, branches, gathered, language, order)
    topic, title = gathered["topic"], term(gathered["topic"], [_all_text(gathered)])
    return Topic(
        id=slug(topic["title"]),
        wikidata=topic["qid"] or None,
        category="general",
        version=0,
        title={language: title[0].upper() + title[1:]},
        summary={language: _summary(topic)},
        aliases={language: tuple(bare(name) for name in topic["names"])},
        objectives=tuple(
            {language: _("Explain the main ideas of “%(branch)s”") % {"branch": branch}}
            for branch in dict.fromkeys(branches.values())
        ),
        prerequisite_knowledge=(),
        branches=tuple(
            Branch(slug(branch), {language: branch}) for branch in dict.fromkeys(branches.values())
        ),
        concepts=tuple(writer.concept(one) for one in taught),
        resources=tuple(_resource(page) for page in gathered["found"]),
        origin=_origin(topic),
    )


def slug(title: str) -> str:
    """Return an id of ASCII letters, digits and single hyphens."""
    kept = "".join(char if char.isascii() and char.isalnum() else " " for char in fold(title))
    return "-".join(kept.split()) or "topic"


# --- which pages are concepts ------------------------------------------------------------------


def _concepts(gathered: Gathered, language: Language) -> list[_Found]:
    """The best, without those that are nearly the same, in the order of the topic's article."""
    pages = {page["title"]: page for page in gathered["pages"] if _may_be(page, gathered)}
    spoken = mentions(
        pages,
        lessons(gathered["parts"]),
        gathered["chapters"],
        language,
        {title: page["names"] for title, page in pages.items()},
    )
    found = [
        _Found(page, one, said, one.score + 0.25 * (page["words"] >= _ENOUGH_WORDS))
        for one in spoken
        if (page := pages[one.title]) and (said := definition(page, language))
    ]
    found.sort(key=lambda one: (-one.score, one.mentioned.part, one.title))
    kept: list[_Found] = []
    for one in found:
        if not any(_is_twin(one.page, other.page) for other in kept):
            kept.append(one)
    return kept[:MOST_CONCEPTS]


def _may_be(page: Page, gathered: Gathered) -> bool:
    return page["title"] != gathered["topic"]["title"] and _NO_CONCEPTS.isdisjoint(page["kinds"])


def _is_twin(a: Page, b: Page) -> bool:
    """Whether two pages are on one thing: the same item, or nearly the same title."""
    if a["qid"] and a["qid"] == b["qid"]:
        return True
    return fuzz.token_sort_ratio(fold(bare(a["title"])), fold(bare(b["title"]))) >= _ALIKE


def _teaching_order(found: Sequence[_Found], pairs: Iterable[Before]) -> list[_Found]:
    """Kahn's algorithm: among what could come next, what the article speaks of first."""
    needs: dict[str, set[str]] = {one.title: set() for one in found}
    for pair in pairs:
        needs[pair.after].add(pair.before)
    waiting = sorted(found, key=lambda one: (one.mentioned.part, -one.score, one.title))
    order: list[_Found] = []
    while waiting:
        done = {one.title for one in order}
        chosen = next(one for one in waiting if needs[one.title] <= done)
        order.append(chosen)
        waiting.remove(chosen)
    return order


def _branches(taught: Sequence[_Found], gathered: Gathered) -> dict[str, str]:
    """
    Return the title of each concept's branch: the chapter of the article that speaks of it first.

    What the article speaks of before its chapters, or nowhere, goes where most of it is linked
    to. A chapter with fewer than three concepts joins the one before it.
    """
    parts = lessons(gathered["parts"])
    chapter_of: list[str] = []
    for part in parts:
        is_chapter = part["level"] == 2
        chapter_of.append(part["title"] if is_chapter else (chapter_of[-1] if chapter_of else ""))
    own = {
        one.title: chapter_of[one.mentioned.part] if one.mentioned.part < len(parts) else ""
        for one in taught
    }
    chapters = [name for name in dict.fromkeys(chapter_of) if name]
    placed = {title: own[title] or _home(title, own, gathered, chapters) for title in own}
    return _merged(placed, chapters, bare(gathered["topic"]["title"]))


def _home(title: str, own: Mapping[str, str], gathered: Gathered, chapters: Sequence[str]) -> str:
    """Return the chapter with most of the concepts that the page links to or is linked from."""
    linked = set(gathered["links"].get(title, ()))
    linked |= {other for other, targets in gathered["links"].items() if title in targets}
    counts = Counter(own[other] for other in linked if own.get(other))
    if not counts:
        return chapters[0] if chapters else ""
    return min(counts, key=lambda chapter: (-counts[chapter], chapters.index(chapter)))


def _merged(placed: Mapping[str, str], chapters: Sequence[str], whole: str) -> dict[str, str]:
    present = [chapter for chapter in chapters if chapter in placed.values()]
    sizes = Counter(placed.values())
    into = {chapter: chapter for chapter in present}
    while len(present) > 1 and (
        small := next((one for one in present if sizes[one] < _SMALLEST_BRANCH), None)
    ):
        place = present.index(small)
        host = present[place - 1] if place else present[1]
        sizes[host] += sizes.pop(small)
        into = {chapter: host if now == small else now for chapter, now in into.items()}
        present.remove(small)
    return {title: into.get(chapter) or whole for title, chapter in placed.items()}


# --- what is said of them ----------------------------------------------------------------------


class _Writer:
    """Writes the concepts; holds what is looked up again and again."""

    def __init__(
        self,
        taught: Sequence[_Found],
        pairs: Sequence[Before],
        branches: Mapping[str, str],
        gathered: Gathered,
        language: Language,
        order: Mapping[str, int],
    ) -> None:
        self._branches = branches
        self._language = language
        self._before: dict[str, list[Before]] = {one.title: [] for one in taught}
        for pair in pairs:
            self._before[pair.after].append(pair)
        everything = [_all_text(gathered), *(one.page["text"] for one in taught)]
        self._terms = {one.title: term(one.page, everything) for one in taught}
        self._told = [
            plain(sentence)
            for part in lessons(gathered["parts"])
            for sentence in sentences(part["text"])
        ]
        self._ids = _ids(taught)
        self._essential = self._closed(sorted(taught, key=lambda one: order[one.title]))
        self._difficulty = self._by_depth(taught)
        self._nearest = self._by_likeness(taught)

    def concept(self, one: _Found) -> Concept:
        language, title = self._language, one.title
        before = self._strongest(title)
        minutes = math.ceil(one.page["words"] / _WORDS_A_MINUTE[language])
        return Concept(
            id=self._ids[title],
            branch=slug(self._branches[title]),
            kind=_KIND,
            essential=title in self._essential,
            prerequisites=tuple(self._ids[pair.before] for pair in before),
            difficulty=self._difficulty[title],
            minutes=max(_CONCEPT_MINUTES[0], min(_CONCEPT_MINUTES[1], minutes)),
            term={language: self._terms[title]},
            aliases={language: self._aliases(one)},
            definition={language: one.definition},
            objective={
                language: _("Explain “%(term)s” in one's own words") % {"term": self._terms[title]}
            },
            reason={language: self._reason(before[0])} if before else None,
            confusable=tuple(self._ids[name] for name in self._nearest[title]),
            not_distractors=self._too_near(one),
            facts=tuple({language: fact} for fact in facts(one.page, self._told, language)),
            exercise=self._exercise(one),
            resources=(_article(one.page, self._difficulty[title], language),),
            evidence=tuple(pair.evidence for pair in before),
            origin=_origin(one.page),
        )

    def _strongest(self, title: str) -> list[Before]:
        pairs = sorted(self._before[title], key=lambda pair: (-pair.score, pair.before))
        return pairs[:_PREREQUISITES]

    def _aliases(self, one: _Found) -> tuple[str, ...]:
        names = dict.fromkeys(bare(name) for name in one.page["names"])
        return tuple(name for name in names if fold(name) != fold(self._terms[one.title]))

    def _reason(self, pair: Before) -> str:
        names = {"before": self._terms[pair.before], "after": self._terms[pair.after]}
        if pair.evidence == "definition":
            return _("What “%(after)s” means is said with the help of “%(before)s”") % names
        return _("“%(after)s” is explained with the help of “%(before)s”") % names

    def _exercise(self, one: _Found) -> CatalogueExercise:
        """To explain it to a beginner, with the words that it has to do with (GENERATION 3f)."""
        near = [pair.before for pair in self._strongest(one.title)] + self._nearest[one.title]
        others = [self._terms[name] for name in dict.fromkeys(near)][:3]
        prompt = _(
            "Explain “%(term)s” in five sentences to somebody who has never heard of it. Use these"
            " words: %(others)s."
        ) % {"term": self._terms[one.title], "others": ", ".join(others)}
        points = [
            _("It is clear from the text what “%(term)s” is.") % {"term": self._terms[one.title]},
            *(_("“%(term)s” is used, and used rightly.") % {"term": other} for other in others),
            _("There is an example that is not from the sources."),
        ]
        return CatalogueExercise(
            kind="manual",
            minutes=15,
            prompt={self._language: prompt},
            checklist=tuple({self._language: point} for point in points),
            solution={self._language: plain(" ".join(sentences(one.page["text"])[:3]))},
        )

    def _too_near(self, one: _Found) -> tuple[str, ...]:
        """Those whose name holds this one's, or the other way round: they may be right as well."""
        words = set(tokens(self._terms[one.title], self._language))
        return tuple(
            self._ids[title]
            for title, other in self._terms.items()
            if title != one.title
            and (mine := set(tokens(other, self._language)))
            and (mine <= words or words <= mine)
        )

    def _closed(self, best_first: Iterable[_Found]) -> set[str]:
        """The best, each with all that has to come before it."""
        chosen: set[str] = set()
        for one in best_first:
            to_visit, needed = [one.title], set[str]()
            while to_visit:
                title = to_visit.pop()
                if title not in needed:
                    needed.add(title)
                    to_visit += [pair.before for pair in self._strongest(title)]
            if len(chosen | needed) <= _ESSENTIAL:
                chosen |= needed
        return chosen

    def _by_depth(self, taught: Sequence[_Found]) -> dict[str, int]:
        """1, 2 or 3 by thirds of the depth of what comes before (GENERATION 3b)."""
        depths: dict[str, int] = {}
        for one in taught:
            depths[one.title] = 1 + max(
                (depths[pair.before] for pair in self._strongest(one.title)), default=0
            )
        deepest = max(depths.values(), default=1)
        return {title: math.ceil(3 * depth / deepest) for title, depth in depths.items()}

    def _by_likeness(self, taught: Sequence[_Found]) -> dict[str, list[str]]:
        """The concepts whose articles are most like it, those of its branch first."""
        read = {one.title: tokens(one.page["text"], self._language) for one in taught}
        rarity = TfIdf(list(read.values()))
        vectors = {title: rarity.vector(words) for title, words in read.items()}
        return {
            title: sorted(
                (other for other in vectors if other != title),
                key=lambda other: (
                    self._branches[other] != self._branches[title],
                    -cosine(vectors[title], vectors[other]),
                    other,
                ),
            )[:_CONFUSABLE]
            for title in vectors
        }


def _ids(taught: Iterable[_Found]) -> dict[str, str]:
    """Return an id for each title, without two alike."""
    ids: dict[str, str] = {}
    for one in taught:
        name = slug(one.title)
        ids[one.title] = name if name not in ids.values() else f"{name}-{len(ids)}"
    return ids


def _article(page: Page, difficulty: int, language: Language) -> CatalogueResource:
    return CatalogueResource(
        title=page["title"],
        url=page["url"],
        lang=language,
        type="article",
        minutes=max(3, min(45, math.ceil(page["words"] / _WORDS_A_MINUTE[language]))),
        difficulty=difficulty,
        source=page["source"],
        description=page["description"] or plain(sentences(page["text"])[0]),
        license=page["license"],
        author=page["attribution"],
    )


def _resource(page: FoundPage) -> CatalogueResource:
    return CatalogueResource(
        title=page["title"],
        url=page["url"],
        lang=page["language"],  # type: ignore[arg-type]  # of the sources' languages
        type=page["type"],  # type: ignore[arg-type]  # of the sources' types
        minutes=page["minutes"] or _MINUTES[page["type"]],
        difficulty=2,
        source=page["source"],
        description=page["description"],
        license=page["license"],
        author=page["author"],
    )


def _origin(page: Page) -> Origin:
    return Origin(page["title"], page["url"], page["source"], page["license"], page["attribution"])


def _summary(topic: Page) -> str:
    """As many of the first sentences as fit."""
    said = [plain(sentence) for sentence in sentences(topic["text"])]
    summary = said[0] if said else topic["description"]
    for earlier, later in pairwise(range(len(said))):
        longer = " ".join(said[: later + 1])
        if word_count(longer) > _SUMMARY_WORDS or earlier > 3:
            break
        summary = longer
    return summary


def _all_text(gathered: Gathered) -> str:
    return "\n".join(part["text"] for part in gathered["parts"])
