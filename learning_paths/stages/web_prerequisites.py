"""
What has to be learned before what, from the articles themselves.

The score of a pair and its weights are those of GENERATION 3b, which tells by 2,002 pairs that
people have judged which of two articles comes first in 92 of 100 cases. The number of articles
that link to one is counted among the candidates here, not in the whole encyclopedia.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import log

from learning_paths.catalogue.topic import Evidence
from learning_paths.stages.gathered import Page
from learning_paths.stages.ordering import transitive_reduction
from learning_paths.stages.values import Edge
from learning_paths.stages.web_candidates import bare
from learning_paths.text import Phrases, masked, sentences

#: Of incoming links, mentions, the first sentence, and direct links.
_WEIGHTS = (1.2, 1.4, 4.0, 0.3)
#: Below this the pair could as well be the other way round. The fewer words speak for it the more
#: the numbers have to say: a link may be one of a box at the article's end, and what is spoken of
#: further down in a lead is often an aside.
_LEAST: Mapping[Evidence, float] = {"definition": 1.0, "mention": 2.0, "link": 3.0}
#: What outweighs what, where not everything can be kept.
STRENGTH: Mapping[Evidence, float] = {
    "definition": 1.0,
    "mention": 0.8,
    "model": 0.8,
    "link": 0.6,
}


@dataclass(frozen=True)
class Before:
    """`before` is to be learned first, by the `score` and, the best reason, the `evidence`."""

    before: str
    after: str
    score: float
    evidence: Evidence


class _Reading:
    """What is looked up in one article again and again."""

    def __init__(self, page: Page, language: str) -> None:
        self.title = page["title"]
        self.names = [*dict.fromkeys(bare(name) for name in (page["title"], *page["names"]))]
        # Its own name speaks of nothing else: a honey bee is not explained by honey.
        text = masked(page["text"], self.names, language)
        said = sentences(text)
        self._all = Phrases(text, language)
        self._first = Phrases(said[0] if said else "", language)

    def mentions(self, other: _Reading) -> int:
        return max(self._all.count(name) for name in other.names)

    def begins_with(self, other: _Reading) -> bool:
        return any(self._first.count(name) for name in other.names)


def prerequisites(
    pages: Sequence[Page], links: Mapping[str, Iterable[str]], language: str
) -> list[Before]:
    """
    Return what comes before what, without cycles and without what others imply.

    Deterministic: pairs are weighed in the order of `pages`.
    """
    readings = [_Reading(page, language) for page in pages]
    onward = {page["title"]: set(links.get(page["title"], ())) for page in pages}
    incoming = Counter(target for targets in onward.values() for target in targets)
    pairs = [
        found
        for a, b in combinations(readings, 2)
        if (found := _weigh(a, b, onward, incoming)) is not None
    ]
    return _reduced(without_cycles(pairs, [page["title"] for page in pages]))


def _weigh(
    a: _Reading, b: _Reading, onward: Mapping[str, set[str]], incoming: Mapping[str, int]
) -> Before | None:
    """Return which of two comes first, if they have to do with each other and it is clear."""
    b_in_a, a_in_b = a.mentions(b), b.mentions(a)
    a_to_b, b_to_a = b.title in onward[a.title], a.title in onward[b.title]
    if not (b_in_a or a_in_b or a_to_b or b_to_a):
        return None
    terms = (
        log((1 + incoming[b.title]) / (1 + incoming[a.title])),
        log((1 + b_in_a) / (1 + a_in_b)),
        a.begins_with(b) - b.begins_with(a),
        a_to_b - b_to_a,
    )
    score = sum(weight * term for weight, term in zip(_WEIGHTS, terms, strict=True))
    before, after = (b, a) if score > 0 else (a, b)
    evidence = _evidence(before, after)
    if abs(score) < _LEAST[evidence]:
        return None
    return Before(before.title, after.title, abs(score), evidence)


def _evidence(before: _Reading, after: _Reading) -> Evidence:
    if after.begins_with(before):
        return "definition"
    return "mention" if after.mentions(before) else "link"


def without_cycles(pairs: Sequence[Before], names: Sequence[str]) -> list[Before]:
    """
    Return the pairs that point forward in an order that loses little weight.

    Eades, Lin and Smyth, "A fast and effective heuristic for the feedback arc set problem" (1993),
    with weights.
    """
    place = {name: number for number, name in enumerate(_order(pairs, names))}
    return [pair for pair in pairs if place[pair.before] < place[pair.after]]


def _order(pairs: Sequence[Before], names: Sequence[str]) -> list[str]:
    left, first, last = list(names), list[str](), list[str]()
    while left:
        inside = [pair for pair in pairs if pair.before in left and pair.after in left]
        out_of = dict.fromkeys(left, 0.0)
        into = dict(out_of)
        for pair in inside:
            out_of[pair.before] += pair.score
            into[pair.after] += pair.score
        if sinks := [name for name in left if not out_of[name]]:
            last = sinks + last
            left = [name for name in left if name not in sinks]
        elif sources := [name for name in left if not into[name]]:
            first += sources
            left = [name for name in left if name not in sources]
        else:
            chosen = max(left, key=lambda name: (out_of[name] - into[name], -names.index(name)))
            first.append(chosen)
            left.remove(chosen)
    return first + last


def _reduced(pairs: Sequence[Before]) -> list[Before]:
    edges = [
        Edge(
            before=one.before,
            after=one.after,
            weight=one.score,
            reason="",
            evidence=one.evidence,
        )
        for one in pairs
    ]
    kept = {(edge["before"], edge["after"]) for edge in transitive_reduction(edges)}
    return [pair for pair in pairs if (pair.before, pair.after) in kept]
