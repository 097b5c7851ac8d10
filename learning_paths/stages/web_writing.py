"""What a topic from the web says of its concepts: terms, aims, exercises, and pages to read."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from learning_paths.catalogue.topic import (
    CatalogueExercise,
    CatalogueResource,
    Concept,
    Language,
    Origin,
)
from learning_paths.stages.gathered import FoundPage, Gathered, Page
from learning_paths.stages.web_candidates import Mentioned, bare, lessons
from learning_paths.stages.web_prerequisites import STRENGTH, Before
from learning_paths.stages.web_wording import facts, plain, sayings, term
from learning_paths.text import TfIdf, cosine, fold, sentences, tokens

_ESSENTIAL = 10
#: So many of these need nothing else: where a path can begin. The default asks for as many.
_STARTS = 3
#: What ends a longer chain than this is not essential: a flat tree could not hold it in order.
_ESSENTIAL_DEPTH = 5
#: Sorts of things, by which wrong answers are chosen, are for authors to tell; here it is one.
_KIND = "concept"
_CONFUSABLE = 3
_PREREQUISITES = 3
#: What being of one chapter counts beside the likeness of two texts, which is 0-1.
_SAME_BRANCH = 0.1
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
#: What the exercises ask for and how they are checked, in turn: to tell a beginner, to draw, to
#: find in the world (GENERATION 3f).
_EXERCISES = (
    (
        gettext_lazy(
            "Explain “%(term)s” in five sentences to somebody who has never heard of it. Use these"
            " words: %(others)s."
        ),
        (
            gettext_lazy("It is clear from the text what “%(term)s” is."),
            gettext_lazy("All of these are used, and used rightly: %(others)s."),
            gettext_lazy("There is an example that is not from the sources."),
        ),
    ),
    (
        gettext_lazy(
            "Draw a map with “%(term)s” in the middle and these around it: %(others)s. Write on"
            " each line what connects the two."
        ),
        (
            gettext_lazy("Each line says what one has to do with the other, not only that it has."),
            gettext_lazy("What I wrote agrees with the definition of “%(term)s”."),
            gettext_lazy("I added one thing of my own, with its line."),
        ),
    ),
    (
        gettext_lazy(
            "Find a photo, a text or a case in which “%(term)s” plays a part. Describe it in four"
            " or five sentences, and say whether these come in: %(others)s."
        ),
        (
            gettext_lazy("It says by what one recognises “%(term)s” there."),
            gettext_lazy(
                "Each of these is spoken of, or it says why it plays no part: %(others)s."
            ),
            gettext_lazy("The source of the example is named."),
        ),
    ),
)


@dataclass(frozen=True)
class Found:
    """A page that is a concept of the topic."""

    page: Page
    mentioned: Mentioned
    definition: str
    score: float

    @property
    def title(self) -> str:
        return self.page["title"]


def slug(title: str) -> str:
    """Return an id of ASCII letters, digits and single hyphens."""
    kept = "".join(char if char.isascii() and char.isalnum() else " " for char in fold(title))
    return "-".join(kept.split()) or "topic"


class Writer:
    """
    Writes the concepts; holds what is looked up again and again.

    `order` gives each title its place among the best, 0 the best of all.
    """

    def __init__(
        self,
        taught: Sequence[Found],
        pairs: Sequence[Before],
        branches: Mapping[str, str],
        gathered: Gathered,
        language: Language,
        order: Mapping[str, int],
    ) -> None:
        self._branches = branches
        self._language = language
        self._places = {one.title: place for place, one in enumerate(taught)}
        self._before: dict[str, list[Before]] = {one.title: [] for one in taught}
        for pair in pairs:
            self._before[pair.after].append(pair)
        everything = [all_text(gathered), *(one.page["text"] for one in taught)]
        self._terms = {one.title: term(one.page, everything) for one in taught}
        self._told = _by_words(
            (
                *(part["text"] for part in lessons(gathered["parts"])),
                *(one.page["text"] for one in taught),
            ),
            language,
        )
        self._names = {
            one.title: [
                stems for name in _called(one.page) if (stems := set(tokens(bare(name), language)))
            ]
            for one in taught
        }
        self._ids = _ids(taught)
        self._depths = self._counted(taught)
        self._essential = self._closed(sorted(taught, key=lambda one: order[one.title]))
        self._nearest = self._by_likeness(taught)

    def concept(self, one: Found) -> Concept:
        language, title = self._language, one.title
        before = self._strongest(title)
        minutes = math.ceil(one.page["words"] / _WORDS_A_MINUTE[language])
        difficulty = self._difficulty(title)
        return Concept(
            id=self._ids[title],
            branch=slug(self._branches[title]),
            kind=_KIND,
            essential=title in self._essential,
            prerequisites=tuple(self._ids[pair.before] for pair in before),
            difficulty=difficulty,
            minutes=max(_CONCEPT_MINUTES[0], min(_CONCEPT_MINUTES[1], minutes)),
            term={language: self._terms[title]},
            aliases={language: self._aliases(one)},
            definition={language: one.definition},
            objective={language: self._objective(title)},
            reason=None,
            confusable=tuple(self._ids[name] for name in self._nearest[title]),
            not_distractors=self._too_near(one),
            facts=tuple({language: fact} for fact in facts(one.page, self._naming(one), language)),
            exercise=self._exercise(one),
            resources=(article(one.page, difficulty, language),),
            evidence=tuple(pair.evidence for pair in before),
            reasons=tuple({language: self._reason(pair)} for pair in before),
            sayings=tuple({language: saying} for saying in sayings(one.page, language)),
            origin=origin(one.page),
        )

    def _naming(self, one: Found) -> list[str]:
        """
        Return the sentences with all words of one of its names, in their order.

        None with a longer name that holds one of these: a honey bee is not said of honey.
        """
        own = self._names[one.title]
        longer = [
            other
            for title, names in self._names.items()
            if title != one.title
            for other in names
            if any(name < other for name in own)
        ]
        return [
            said
            for said, words in self._told.items()
            if any(name <= words for name in own) and not any(other <= words for other in longer)
        ]

    def _strongest(self, title: str) -> list[Before]:
        pairs = sorted(
            self._before[title],
            key=lambda pair: (-STRENGTH[pair.evidence], -pair.score, pair.before),
        )
        return pairs[:_PREREQUISITES]

    def _aliases(self, one: Found) -> tuple[str, ...]:
        names = dict.fromkeys(bare(name) for name in one.page["names"])
        return tuple(name for name in names if fold(name) != fold(self._terms[one.title]))

    def _reason(self, pair: Before) -> str:
        names = {"before": self._terms[pair.before], "after": self._terms[pair.after]}
        return {
            "definition": _("What “%(after)s” means is said with the help of “%(before)s”"),
            "mention": _("“%(after)s” is explained with the help of “%(before)s”"),
            "link": _("More of this subject builds on “%(before)s” than on “%(after)s”"),
        }[pair.evidence] % names

    # --- what to do --------------------------------------------------------------------------

    def _objective(self, title: str) -> str:
        """What somebody can do who has learned it: by turns with what it needs and what is near."""
        before = [pair.before for pair in self._strongest(title) if pair.evidence != "link"][:1]
        near = [name for name in self._nearest[title] if name not in before][:1]
        names = {"term": self._terms[title]}
        if before and (not near or self._places[title] % 2):
            text = _("Say what “%(term)s” is and what it has to do with “%(other)s”")
            return text % {**names, "other": self._terms[before[0]]}
        if near:
            text = _("Tell “%(term)s” and “%(other)s” apart, with an example of each")
            return text % {**names, "other": self._terms[near[0]]}
        return _("Explain “%(term)s” in one's own words") % names

    def _exercise(self, one: Found) -> CatalogueExercise:
        near = [pair.before for pair in self._strongest(one.title)] + self._nearest[one.title]
        others = [self._terms[name] for name in dict.fromkeys(near)][:3]
        names = {"term": self._terms[one.title], "others": ", ".join(others)}
        prompt, points = _EXERCISES[self._places[one.title] % len(_EXERCISES)]
        return CatalogueExercise(
            kind="manual",
            minutes=15,
            prompt={self._language: prompt % names},
            checklist=tuple({self._language: point % names} for point in points),
            solution={self._language: plain(" ".join(sentences(one.page["text"])[:3]))},
        )

    # --- what goes with what -----------------------------------------------------------------

    def _too_near(self, one: Found) -> tuple[str, ...]:
        """Those whose name holds this one's, or the other way round: they may be right as well."""
        words = set(tokens(self._terms[one.title], self._language))
        return tuple(
            self._ids[title]
            for title, other in self._terms.items()
            if title != one.title
            and (mine := set(tokens(other, self._language)))
            and (mine <= words or words <= mine)
        )

    def _closed(self, best_first: Iterable[Found]) -> set[str]:
        """The best that end no long chain, each with all that has to come before it."""
        ranked = list(best_first)
        starts = [one.title for one in ranked if self._depths[one.title] == 1]
        chosen = set(starts[:_STARTS])
        for one in ranked:
            to_visit, needed = [one.title], set[str]()
            while to_visit:
                title = to_visit.pop()
                if title not in needed:
                    needed.add(title)
                    to_visit += [pair.before for pair in self._strongest(title)]
            is_near = self._depths[one.title] <= _ESSENTIAL_DEPTH
            if is_near and len(chosen | needed) <= _ESSENTIAL:
                chosen |= needed
        return chosen

    def _counted(self, taught: Sequence[Found]) -> dict[str, int]:
        """Return how many concepts the longest chain that ends with each has."""
        depths: dict[str, int] = {}
        for one in taught:
            depths[one.title] = 1 + max(
                (depths[pair.before] for pair in self._strongest(one.title)), default=0
            )
        return depths

    def _difficulty(self, title: str) -> int:
        """1, 2 or 3 by thirds of the depth of what comes before (GENERATION 3b)."""
        return math.ceil(3 * self._depths[title] / max(self._depths.values()))

    def _by_likeness(self, taught: Sequence[Found]) -> dict[str, list[str]]:
        """
        The concepts whose articles are most like it, rather those of its branch.

        Not what it builds on, nor what builds on it: that is close for another reason.
        """
        read = {one.title: tokens(one.page["text"], self._language) for one in taught}
        rarity = TfIdf(list(read.values()))
        vectors = {title: rarity.vector(words) for title, words in read.items()}

        def builds_on(one: str, other: str) -> bool:
            return any(pair.before == other for pair in self._before[one])

        def nearest(title: str) -> list[str]:
            near = {
                other: round(cosine(vectors[title], vectors[other]), 6)
                + _SAME_BRANCH * (self._branches[other] == self._branches[title])
                for other in vectors
                if other != title and not builds_on(title, other) and not builds_on(other, title)
            }
            return sorted(near, key=lambda other: (-near[other], other))[:_CONFUSABLE]

        return {title: nearest(title) for title in vectors}


def _called(page: Page) -> list[str]:
    return [page["title"], *page["names"]]


def _by_words(texts: Iterable[str], language: Language) -> dict[str, frozenset[str]]:
    """Return the stems of each sentence: few sentences need a closer look for a name."""
    said = (plain(sentence) for text in texts for sentence in sentences(text))
    return {sentence: frozenset(tokens(sentence, language)) for sentence in dict.fromkeys(said)}


def _ids(taught: Iterable[Found]) -> dict[str, str]:
    """Return an id for each title, without two alike."""
    ids: dict[str, str] = {}
    for one in taught:
        name = slug(one.title)
        ids[one.title] = name if name not in ids.values() else f"{name}-{len(ids)}"
    return ids


def article(page: Page, difficulty: int, language: Language) -> CatalogueResource:
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


def resource(page: FoundPage) -> CatalogueResource:
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


def origin(page: Page) -> Origin:
    return Origin(page["title"], page["url"], page["source"], page["license"], page["attribution"])


def all_text(gathered: Gathered) -> str:
    return "\n".join(part["text"] for part in gathered["parts"])
