"""
How well each page fits each node.

A node's names, definition and objective are the query, a page's title and description the
document. Pages are compared within their language; for those in English in a path of another
language the query is the concept's English wording.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from rapidfuzz import fuzz

from learning_paths.page_urls import canonical_url
from learning_paths.request import PathRequest
from learning_paths.schema import Level
from learning_paths.stages.selection import DIFFICULTY
from learning_paths.stages.values import (
    ROOT,
    Candidate,
    Outline,
    OutlineConcept,
    RankedResource,
    Wording,
)
from learning_paths.text import Bm25, TfIdf, cosine, normalized_answer, tokens

FALLBACK_LANGUAGE = "en"

# Two titles this alike (rapidfuzz ratio), in one language and type, are the same page twice.
_SAME_TITLE = 92
# A page listed under another concept, or for the whole topic, has to be this close to be given to
# a node, and to name it in its title.
_CLEARLY_ABOUT = 0.3

# Measured on five topics in three languages: of 648 pairs of a concept and a page its author
# listed, 15 fall below 0.15 with the names counted once and no objective, 2 this way; of all other
# pairs 2 % reach it.
_NAME_REPEATS = 2
_TITLE_REPEATS, _DESCRIPTION_REPEATS = 3, 2

_WEIGHT_OF_BM25 = 0.55
_WEIGHT_OF_LANGUAGE = 0.15
_WEIGHT_OF_SOURCE = 0.12
_WEIGHT_OF_QUALITY = 0.10
_WEIGHT_OF_TYPE = 0.08
_FALLBACK_WORTH = 0.6
# For a learner of a known level, how hard a page is counts apart, and the match of words less: of
# the pages an author listed under one concept, all match it.
_WEIGHT_OF_LEVEL = 0.25

# What speaks for the source: the topic's author listed the page under this very concept.
_LISTED_HERE, _LISTED_ELSEWHERE = 1.0, 0.4
# Quality as far as the catalogue knows it: the right level, a licence that is known and so lets
# people keep and share the page, and a link that somebody opened.
_WORTH_OF_LEVEL, _WORTH_OF_LICENCE, _WORTH_OF_A_CHECK = 0.5, 0.3, 0.2

# What a learner at one concept needs is a page for this step; at the root, an overview.
_NEED_AT_A_CONCEPT = {
    "tutorial": 1.0,
    "article": 1.0,
    "documentation": 1.0,
    "interactive": 0.9,
    "video": 0.8,
    "qa": 0.5,
    "course": 0.3,
    "book": 0.3,
}
_NEED_AT_THE_ROOT = {
    "course": 1.0,
    "book": 0.9,
    "documentation": 0.9,
    "tutorial": 0.8,
    "interactive": 0.7,
    "video": 0.6,
    "article": 0.5,
    "qa": 0.2,
}

#: node -> canonical URL -> the page with its score and cosine for that node.
Ranking = dict[str, dict[str, RankedResource]]


@dataclass(frozen=True)
class _Query:
    """
    A node as what is looked for, in stems.

    `names` are its term and aliases, `level` the learner's.
    """

    node: str
    difficulty: int
    words: list[str]
    names: list[set[str]]
    level: Level | None


def rank(outline: Outline, request: PathRequest) -> Ranking:
    """Return every page with every node it may go to; below the threshold it may go nowhere."""
    candidates = unique_candidates(outline["candidates"])
    ranking: Ranking = {}
    for language in dict.fromkeys((request.language, FALLBACK_LANGUAGE)):
        worth = 1.0 if language == request.language else _FALLBACK_WORTH
        pages = [page for page in candidates if page["language"] == language]
        is_fallback = language != request.language
        queries = [*_queries(outline, language, request.level, is_fallback=is_fallback)]
        for node, page in _ranked(queries, pages, language, worth):
            if page["cosine"] >= request.similarity_threshold:
                ranking.setdefault(node, {})[canonical_url(page["url"])] = page
    return ranking


def unique_candidates(candidates: Iterable[Candidate]) -> list[Candidate]:
    """
    Return each page once, the first of equals, under the concepts of all of them.

    Equal are pages with the same canonical URL, or listed for the same concepts in one language
    and type under nearly the same title. Titles that differ in a number (chapter 3, chapter 4)
    are different pages; so are alike ones of different concepts (supervised and unsupervised
    learning have 96 of 100 in common) and those in another language.
    """
    kept: list[Candidate] = []
    for candidate in candidates:
        place = next((i for i, other in enumerate(kept) if _is_same(candidate, other)), None)
        if place is None:
            kept.append(candidate)
            continue
        twin = kept[place].copy()
        twin["concepts"] = [*dict.fromkeys([*twin["concepts"], *candidate["concepts"]])]
        kept[place] = twin
    return kept


def _is_same(a: Candidate, b: Candidate) -> bool:
    if canonical_url(a["url"]) == canonical_url(b["url"]):
        return True
    if any(a[field] != b[field] for field in ("language", "type", "concepts")):
        return False
    one, other = normalized_answer(a["title"]), normalized_answer(b["title"])
    return _numbers(one) == _numbers(other) and fuzz.ratio(one, other) >= _SAME_TITLE


def _numbers(text: str) -> list[str]:
    return [word for word in text.split() if any(char.isdigit() for char in word)]


def _queries(
    outline: Outline, language: str, level: Level | None, *, is_fallback: bool
) -> Iterator[_Query]:
    """Yield the root's query, then the concepts'; none for what has no wording in `language`."""
    topic = outline.get("english") if is_fallback else _topic_wording(outline)
    if topic is None:
        return
    name = topic["term"]
    yield _query(ROOT, 1, topic, name, language, level)
    for concept in outline["concepts"]:
        wording = concept.get("english") if is_fallback else _wording(concept)
        if wording is not None:
            yield _query(concept["id"], concept["difficulty"], wording, name, language, level)


def _query(
    node: str, difficulty: int, wording: Wording, topic: str, language: str, level: Level | None
) -> _Query:
    names = [wording["term"], *wording["aliases"]]
    text = " ".join([*names * _NAME_REPEATS, wording["about"], topic])
    return _Query(
        node=node,
        difficulty=difficulty,
        words=tokens(text, language),
        names=[stems for name in names if (stems := set(tokens(name, language)))],
        level=level,
    )


def _topic_wording(outline: Outline) -> Wording:
    return Wording(term=outline["title"], aliases=[], about=outline["summary"])


def _wording(concept: OutlineConcept) -> Wording:
    about = f"{concept['definition']} {concept['objective']}"
    return Wording(term=concept["term"], aliases=concept["aliases"], about=about)


def _ranked(
    queries: list[_Query], pages: list[Candidate], language: str, worth: float
) -> Iterator[tuple[str, RankedResource]]:
    """Yield each page with each node it may go to, whatever its cosine."""
    titles = [tokens(page["title"], language) for page in pages]
    documents = [
        title * _TITLE_REPEATS + tokens(page["description"], language) * _DESCRIPTION_REPEATS
        for title, page in zip(titles, pages, strict=True)
    ]
    bm25 = Bm25(documents)
    weights = TfIdf([*documents, *(query.words for query in queries)])
    counts = TfIdf([])
    for query in queries:
        matches = bm25.scores(query.words)
        best = max(matches, default=0.0) or 1.0
        # All these pages speak of the topic, so among them its name weighs nothing. For the root
        # it is what counts: its words are compared by frequency alone.
        measure = counts if query.node == ROOT else weights
        vector = measure.vector(query.words)
        for place, page in enumerate(pages):
            closeness = cosine(vector, measure.vector(documents[place]))
            if _may_go(page, query, closeness, set(titles[place])):
                score = _score(page, query, matches[place] / best, worth)
                yield query.node, _with_score(page, score, closeness)


def _may_go(page: Candidate, query: _Query, closeness: float, title: set[str]) -> bool:
    """
    Return whether a page is about a node at all.

    What the author listed under a concept of the path belongs to that concept. Any other page may
    go to a concept only if its title names the concept and its text is close; the root takes
    what is listed under no concept.
    """
    if query.node == ROOT or page["concepts"]:
        return (query.node in page["concepts"]) or (query.node == ROOT and not page["concepts"])
    return closeness >= _CLEARLY_ABOUT and any(name <= title for name in query.names)


def _score(page: Candidate, query: _Query, match: float, worth: float) -> float:
    is_root = query.node == ROOT
    is_listed_here = query.node in page["concepts"] or (is_root and not page["concepts"])
    needs = _NEED_AT_THE_ROOT if is_root else _NEED_AT_A_CONCEPT
    score = (
        _WEIGHT_OF_BM25 * match
        + _WEIGHT_OF_LANGUAGE * worth
        + _WEIGHT_OF_SOURCE * (_LISTED_HERE if is_listed_here else _LISTED_ELSEWHERE)
        + _WEIGHT_OF_QUALITY * _quality(page, query.difficulty)
        + _WEIGHT_OF_TYPE * needs.get(page["type"], 0.0)
    )
    if query.level:
        score += _WEIGHT_OF_LEVEL * (_nearness(page, DIFFICULTY[query.level]) - match)
    return round(score, 4)


def _quality(page: Candidate, difficulty: int) -> float:
    return (
        _WORTH_OF_LEVEL * _nearness(page, difficulty)
        + _WORTH_OF_LICENCE * (page["license"] is not None)
        + _WORTH_OF_A_CHECK * (page["checked"] is not None)
    )


def _nearness(page: Candidate, difficulty: int) -> float:
    """Return 1.0 if the page is as hard, 0.5 if it is a step from it, 0.0 if two."""
    return 1 - abs(page["difficulty"] - difficulty) / 2


def _with_score(page: Candidate, score: float, closeness: float) -> RankedResource:
    return RankedResource(**page, score=score, cosine=round(closeness, 4))
