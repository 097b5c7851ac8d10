"""
Who gets which: candidates to nodes, each candidate once, so that the sum of scores is high.

First every node gets one while stock lasts, those named first before the rest; then what is left
goes where it adds most. Greedy by regret and one pass of exchanges, which on lists of this size
finds the best assignment or one close to it; ties go to the candidate named first, so the result
depends on nothing but the arguments.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

#: node -> candidate -> score. Candidates are named by what they are compared by.
Scores = Mapping[str, Mapping[str, float]]
#: What a candidate adds to a node that has these already.
Gain = Callable[[str, str, Sequence[str]], float]


def one_each(nodes: Sequence[str], scores: Scores, most: int) -> dict[str, str]:
    """
    Return one candidate for as many nodes as there can be, at most `most`.

    `nodes` come in order of importance: none goes without for the sake of a later one.
    """
    served = _coverable(nodes, scores, most)
    given: dict[str, str] = {}
    while open_nodes := [node for node in served if node not in given]:
        free = {node: _free(scores[node], given) for node in open_nodes}
        choosers = [node for node in open_nodes if free[node]]
        if not choosers:
            break
        node = max(choosers, key=lambda node: _regret(free[node]))
        given[node] = _best(free[node])
    for node in served:
        if node not in given:
            _make_room(node, scores, given, set())
    return _exchanged(given, scores)


def fill_up(
    given: Mapping[str, str], scores: Scores, gain: Gain, *, each: int, most: int
) -> dict[str, list[str]]:
    """Return lists that begin with `given` and grow by the greatest gain to the two limits."""
    lists = {node: [given[node]] if node in given else [] for node in scores}
    used = set(given.values())
    while len(used) < most:
        options = [
            (-gain(node, name, lists[node]), place, name)
            for place, node in enumerate(scores)
            if 0 < len(lists[node]) < each
            for name in scores[node]
            if name not in used
        ]
        if not options:
            break
        _, place, name = min(options)
        lists[[*scores][place]].append(name)
        used.add(name)
    return lists


def _coverable(nodes: Sequence[str], scores: Scores, most: int) -> list[str]:
    """
    Return the nodes that can have one each, taken in their order.

    Augmenting paths (Kuhn's algorithm): a node once covered stays covered, so the first ones win.
    """
    given: dict[str, str] = {}
    for node in nodes:
        if len(given) == most:
            break
        _make_room(node, scores, given, set())
    return [node for node in nodes if node in given]


def _make_room(node: str, scores: Scores, given: dict[str, str], seen: set[str]) -> bool:
    """Give `node` a candidate, moving others to their alternatives; change nothing if it cannot."""
    holders = {name: holder for holder, name in given.items()}
    for name in sorted(scores[node], key=lambda name: (-scores[node][name], name)):
        if name in seen:
            continue
        seen.add(name)
        if name not in holders or _make_room(holders[name], scores, given, seen):
            given[node] = name
            return True
    return False


def _free(options: Mapping[str, float], given: Mapping[str, str]) -> dict[str, float]:
    used = set(given.values())
    return {name: score for name, score in options.items() if name not in used}


def _regret(options: Mapping[str, float]) -> float:
    """Return what a node loses if its best candidate goes to another."""
    best, second, *_ = [*sorted(options.values(), reverse=True), 0.0]
    return best - second


def _best(options: Mapping[str, float]) -> str:
    return min(options, key=lambda name: (-options[name], name))


def _exchanged(given: dict[str, str], scores: Scores) -> dict[str, str]:
    """Return `given` after one pass: a better free candidate, then swaps that raise the sum."""
    result = dict(given)
    for node, name in given.items():
        better = _free(scores[node], result) | {name: scores[node][name]}
        result[node] = _best(better)
    for a in given:
        for b in given:
            mine, other = result[a], result[b]
            if a < b and mine in scores[b] and other in scores[a]:
                now = scores[a][mine] + scores[b][other]
                if scores[a][other] + scores[b][mine] > now:
                    result[a], result[b] = other, mine
    return result
