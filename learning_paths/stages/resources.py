"""
What to read, watch and do at each node.

ranking.py says how well each page fits each node, matching.py who gets which: each page once, one
per node while stock lasts, at most three, pages in the language of the request before any other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.utils.translation import gettext as _

from learning_paths.page_urls import host_of
from learning_paths.request import PathRequest
from learning_paths.stages.matching import fill_up, one_each
from learning_paths.stages.ranking import Ranking, rank
from learning_paths.stages.values import ROOT, Diagnostic, Outline, RankedResource, Resources
from learning_paths.stages.wording import title

MOST_PER_NODE = 3

# How much a further page of the same type and host as one beside it is worth less: what is left
# of maximal marginal relevance (Carbonell and Goldstein 1998) when pages are few.
_DIVERSITY = 0.2


def resources(outline: Outline, order: Sequence[str], request: PathRequest) -> Resources:
    """
    Return what each node gets, best first; `order` is the learning order of the concepts.

    If `max_resources` is less than the number of nodes, the root and the essential concepts come
    first, in learning order. The root gets pages about the topic as a whole.
    """
    ranking = rank(outline, request)
    nodes = [ROOT, *order]
    scores = {node: _scores(ranking.get(node, {}), request.language) for node in nodes}
    given = one_each(_essential_first(outline, nodes), scores, request.max_resources)

    def gain(node: str, name: str, beside: Sequence[str]) -> float:
        page = ranking[node][name]
        return page["score"] - _DIVERSITY * max(
            _resemblance(page, ranking[node][other]) for other in beside
        )

    lists = fill_up(given, scores, gain, each=MOST_PER_NODE, most=request.max_resources)
    assigned = {node: _best_first(ranking, node, lists[node]) for node in nodes}
    return Resources(assigned=assigned, diagnostics=_diagnostics(outline, assigned, request))


def _scores(pages: Mapping[str, RankedResource], language: str) -> dict[str, float]:
    """Return the scores of a node's pages in `language`, or, if there is none, of the others."""
    own = {name: page["score"] for name, page in pages.items() if page["language"] == language}
    return own or {name: page["score"] for name, page in pages.items()}


def _essential_first(outline: Outline, nodes: Sequence[str]) -> list[str]:
    essential = {concept["id"] for concept in outline["concepts"] if concept["essential"]}
    return sorted(nodes, key=lambda node: node != ROOT and node not in essential)


def _resemblance(a: RankedResource, b: RankedResource) -> float:
    """Return 0.0, 0.5 or 1.0: nothing, one or both of type and host in common."""
    return ((a["type"] == b["type"]) + (host_of(a["url"]) == host_of(b["url"]))) / 2


def _best_first(ranking: Ranking, node: str, names: Sequence[str]) -> list[RankedResource]:
    ordered = sorted(names, key=lambda name: (-ranking[node][name]["score"], name))
    return [ranking[node][name] for name in ordered]


def _diagnostics(
    outline: Outline, assigned: Mapping[str, Sequence[RankedResource]], request: PathRequest
) -> list[Diagnostic]:
    names = {ROOT: outline["title"]} | {
        concept["id"]: title(concept["term"]) for concept in outline["concepts"]
    }
    bare = [names[node] for node, pages in assigned.items() if not pages]
    foreign = [
        names[node]
        for node, pages in assigned.items()
        if any(page["language"] != request.language for page in pages)
    ]
    limit = _("max_resources=%(limit)d is less than the number of steps, %(nodes)d.")
    limit %= {"limit": request.max_resources, "nodes": len(assigned)}
    in_english = _("Steps with an English page, as there is none in the language of the path:")
    return [
        *([_info("resource_limit", limit)] if request.max_resources < len(assigned) else []),
        *_naming("no_resource", _("Steps without a page to learn from:"), bare),
        *_naming("resource_in_english", in_english, foreign),
    ]


def _naming(code: str, what: str, names: Sequence[str]) -> list[Diagnostic]:
    return [_info(code, f"{what} {', '.join(names)}.")] if names else []


def _info(code: str, message: str) -> Diagnostic:
    return Diagnostic(level="info", code=code, message=message)
