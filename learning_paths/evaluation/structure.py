"""What can be wrong with the tree of a path and with what stands on it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from learning_paths.page_urls import canonical_url
from learning_paths.request import PathRequest
from learning_paths.schema import LearningPathDocument, NodeItem
from learning_paths.text import fold, normalized_answer, word_count, words

#: Shorter texts have too few of the words that tell the languages apart.
_FEWEST_WORDS_WITH_A_LANGUAGE = 8

# What is written by who knows nothing of a topic: "Fundamentos de X", "Advanced X", "X overview".
_TEMPLATE_WORDS = frozenset(
    """
    introducao fundamentos conceito conceitos basico basica basicos avancado avancada avancados
    topicos pratica praticas aplicacoes tecnicas intermediario
    introduction fundamentals basic basics concept concepts advanced topics practice practices
    applications techniques overview intermediate getting started
    introduccion concepto conceptos avanzado avanzada avanzados temas practica aplicaciones
    intermedio
    """.split()  # noqa: SIM905
)
_LITTLE_WORDS = frozenset(
    "a as ao o os e de da do das dos em com el la los las del y en con the of to in and".split()  # noqa: SIM905
)


def broken_bounds(document: LearningPathDocument, request: PathRequest) -> list[str]:
    """
    Return the parameters of the request that the path does not keep.

    Of the tree's own rules "levels" is one: a node stands one below its parent and below all that
    it needs.
    """
    nodes = document["nodes"]
    widths = Counter(_level(node) for node in nodes.values())
    height = max(widths)
    pages = sum(len(node["resources"]) for node in nodes.values())
    rules = {
        "num_nodes": len(nodes) == request.num_nodes,
        "min_width": widths[1] >= request.min_width,
        "max_width": max(widths.values()) <= request.max_width,
        "min_height": height >= request.min_height,
        "max_height": height <= request.max_height,
        "max_resources": pages <= request.max_resources,
        "levels": all(_stands_right(node, nodes) for node in nodes.values()),
    }
    return [name for name, is_kept in rules.items() if not is_kept]


def _level(node: NodeItem) -> int:
    return node["visualPosition"]["level"]


def _stands_right(node: NodeItem, nodes: Mapping[str, NodeItem]) -> bool:
    parent = node["parentId"]
    right = 0 if parent is None else _level(nodes[parent]) + 1
    needs = [_level(nodes[before]) for before in node["prerequisites"]]
    return _level(node) == right and all(level < right for level in needs)


def duplicates(document: LearningPathDocument) -> list[str]:
    """Return every page, title of a node and question that the path has twice."""
    nodes = document["nodes"].values()
    pages = [canonical_url(page["url"]) for node in nodes for page in node["resources"]]
    titles = [fold(node["title"]) for node in nodes]
    questions = [
        normalized_answer(question["text"])
        for node in nodes
        if node["quiz"]
        for question in node["quiz"]["questions"]
    ]
    return [
        text
        for some in (pages, titles, questions)
        for text, count in Counter(some).items()
        if count > 1
    ]


def template_titles(document: LearningPathDocument) -> list[str]:
    """Return the titles that would fit any topic, if its name were changed in them."""
    root = document["nodes"][document["rootNodeId"]]
    topic = {*words(document["topic"]), *words(root["title"])} | _LITTLE_WORDS
    titles = [node["title"] for node in document["nodes"].values() if node is not root]
    return [title for title in titles if _is_template(set(words(title)) - topic)]


def _is_template(rest: set[str]) -> bool:
    return rest <= _TEMPLATE_WORDS


def long_texts(document: LearningPathDocument) -> Iterator[str]:
    """Yield what learners read, as far as it is long enough to tell its language."""
    return (text for text in _texts(document) if word_count(text) >= _FEWEST_WORDS_WITH_A_LANGUAGE)


def _texts(document: LearningPathDocument) -> Iterator[str]:
    yield document["description"]
    yield from document["objectives"]
    for node in document["nodes"].values():
        yield node["description"]
        yield from node["hints"]
        yield from (reason["reason"] for reason in node["prerequisiteReasons"])
        if node["quiz"]:
            yield from (question["text"] for question in node["quiz"]["questions"])
        if node["exerciseSet"]:
            yield from (one["instructions"] for one in node["exerciseSet"]["exercises"])


def has_time_for_its_page(node: NodeItem) -> bool:
    """Return whether the node's minutes are enough for the best of its pages; true without one."""
    return all(
        page.get("readTime", page.get("duration", 0)) <= node["minutes"]
        for page in node["resources"][:1]
    )
