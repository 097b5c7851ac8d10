"""
A topic from the web, as the same value that a catalogue file is: the stages after it are the same.

Its texts are in the language of the request alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from rapidfuzz import fuzz

from learning_paths.catalogue.topic import Branch, Language, Topic
from learning_paths.stages.gathered import Gathered, Page
from learning_paths.stages.values import UNSORTED
from learning_paths.stages.web_candidates import bare, lessons, mentions
from learning_paths.stages.web_prerequisites import Before, prerequisites
from learning_paths.stages.web_wording import definition, plain, term
from learning_paths.stages.web_writing import (
    Found,
    Writer,
    all_text,
    article,
    origin,
    resource,
    slug,
)
from learning_paths.text import fold, sentences, word_count

#: Concepts a topic has at most; the largest path holds 29.
MOST_CONCEPTS = 45
_SMALLEST_BRANCH = 3
_ALIKE = 88
_ENOUGH_WORDS = 120
_SUMMARY_WORDS = 50
#: Instances of these are no concepts: disambiguation page, list, calendar year, year, film, album,
#: literary work, family name.
_NO_CONCEPTS = {
    *("Q4167410", "Q13406463", "Q3186692", "Q577", "Q11424", "Q482994", "Q7725634", "Q101352"),
}
#: Instances of these are one of a kind: human, country, city, settlement, business, organization.
_NAMED = {"Q5", "Q6256", "Q515", "Q486972", "Q4830453", "Q43229"}


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
    writer = Writer(taught, pairs, branches, gathered, language, order)
    topic, title = gathered["topic"], term(gathered["topic"], [all_text(gathered)])
    return Topic(
        id=slug(topic["title"]),
        wikidata=topic["qid"] or None,
        category=UNSORTED,
        version=0,
        title={language: title[0].upper() + title[1:]},
        summary={language: _summary(topic)},
        aliases={language: tuple(bare(name) for name in topic["names"])},
        objectives=(),
        prerequisite_knowledge=(),
        branches=tuple(
            Branch(slug(branch), {language: branch}) for branch in dict.fromkeys(branches.values())
        ),
        concepts=tuple(writer.concept(one) for one in taught),
        resources=(article(topic, 1, language), *map(resource, gathered["found"])),
        origin=origin(topic),
    )


# --- which pages are concepts ------------------------------------------------------------------


def _concepts(gathered: Gathered, language: Language) -> list[Found]:
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
        Found(page, one, said, one.score + 0.25 * (page["words"] >= _ENOUGH_WORDS))
        for one in spoken
        if (page := pages[one.title]) and (said := definition(page, language))
    ]
    found.sort(key=lambda one: (-one.score, one.mentioned.part, one.title))
    kept: list[Found] = []
    for one in found:
        if not any(_is_twin(one.page, other.page) for other in kept):
            kept.append(one)
    return kept[:MOST_CONCEPTS]


def _may_be(page: Page, gathered: Gathered) -> bool:
    """
    Whether the page may be a concept: not the topic itself, no list, no work, and nobody.

    Persons, places and organisations are concepts only where the topic is one of them: what there
    is to know of a city are its places.
    """
    topic = gathered["topic"]
    if page["title"] == topic["title"] or not _NO_CONCEPTS.isdisjoint(page["kinds"]):
        return False
    is_named = page["is_individual"] or not _NAMED.isdisjoint(page["kinds"])
    return topic["is_individual"] or not is_named


def _is_twin(a: Page, b: Page) -> bool:
    """Whether two pages are on one thing: the same item, or nearly the same title."""
    if a["qid"] and a["qid"] == b["qid"]:
        return True
    return fuzz.token_sort_ratio(fold(bare(a["title"])), fold(bare(b["title"]))) >= _ALIKE


def _teaching_order(found: Sequence[Found], pairs: Iterable[Before]) -> list[Found]:
    """Kahn's algorithm: among what could come next, what the article speaks of first."""
    needs: dict[str, set[str]] = {one.title: set() for one in found}
    for pair in pairs:
        needs[pair.after].add(pair.before)
    waiting = sorted(found, key=lambda one: (one.mentioned.part, -one.score, one.title))
    order: list[Found] = []
    while waiting:
        done = {one.title for one in order}
        chosen = next(one for one in waiting if needs[one.title] <= done)
        order.append(chosen)
        waiting.remove(chosen)
    return order


def _branches(taught: Sequence[Found], gathered: Gathered) -> dict[str, str]:
    """
    Return the title of each concept's branch: the chapter of the article that speaks of it most.

    What no chapter speaks of goes where most of it is linked to. A chapter with fewer than
    three concepts joins the one before it.
    """
    parts = lessons(gathered["parts"])
    chapter_of: list[str] = []
    for part in parts:
        is_chapter = part["level"] == 2
        chapter_of.append(part["title"] if is_chapter else (chapter_of[-1] if chapter_of else ""))
    own = {
        one.title: "" if one.mentioned.home is None else chapter_of[one.mentioned.home]
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
