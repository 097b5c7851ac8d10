"""What is counted in one path. Shares are made of the counts when those of many are added up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from learning_paths.evaluation.guessing import HABITS, guesses
from learning_paths.evaluation.making import Made
from learning_paths.evaluation.structure import (
    broken_bounds,
    duplicates,
    has_time_for_its_page,
    long_texts,
    template_titles,
)
from learning_paths.stages.quiz_validator import QuizContext, faults, path_faults
from learning_paths.stages.values import Outline, OutlineConcept, Question
from learning_paths.stages.wording import phrase
from learning_paths.text import may_be_in, normalized_answer

_PLACES = 4


@dataclass(frozen=True)
class PathFigures:
    """
    The counts of one path.

    `served` nodes have a page and `servable` could: no more than the request's max_resources.
    `faults` are the validator's codes. `guessed` are the right answers expected by habit, `chance`
    those of guessing at random. Of the `paged` steps, which have a page, the `timely` ones last
    long enough to read it. `places` counts where the right option of four stands.
    """

    topic: str
    language: str
    num_nodes: int
    nodes: int
    height: int
    width: int
    broken_bounds: list[str]
    is_repeatable: bool
    servable: int
    served: int
    pages: int
    pages_in_language: int
    texts: int
    texts_in_language: int
    edges: int
    dropped: int
    duplicates: list[str]
    template_titles: list[str]
    without_quiz: int
    questions: int
    kinds: Mapping[str, int]
    faults: list[str]
    rejected: Mapping[str, int]
    guessed: Mapping[str, float]
    chance: float
    places: list[int]
    wrong_options: int
    plausible_options: int
    paged: int
    timely: int
    hours: int
    seconds: float
    cpu_seconds: float
    memory_mb: float


def figures(made: Made) -> PathFigures:
    """Count everything in one path."""
    document, language = made.document, made.request.language
    questions = [one for quiz in made.quizzes["by_node"].values() for one in quiz or []]
    nodes = [*document["nodes"].values()]
    pages = [page for node in nodes for page in node["resources"]]
    texts = [*long_texts(document)]
    wrong = [_is_plausible(key, other) for key, other in _wrong_options(made.outline, questions)]
    steps = [node for node in nodes if node["parentId"] is not None and node["resources"]]
    return PathFigures(
        topic=made.outline["topic"],
        language=language,
        num_nodes=made.request.num_nodes,
        nodes=len(nodes),
        height=document["stats"]["height"],
        width=document["stats"]["width"],
        broken_bounds=broken_bounds(document, made.request),
        is_repeatable=made.is_repeatable,
        servable=min(len(nodes), made.request.max_resources),
        served=sum(bool(node["resources"]) for node in nodes),
        pages=len(pages),
        pages_in_language=sum(page["language"] == language for page in pages),
        texts=len(texts),
        texts_in_language=sum(may_be_in(text, language) for text in texts),
        edges=_edges(made.outline),
        dropped=len(made.tree["dropped"]),
        duplicates=duplicates(document),
        template_titles=template_titles(document),
        without_quiz=sum(node["quiz"] is None for node in nodes),
        questions=len(questions),
        kinds=dict(Counter(question["kind"] for question in questions)),
        faults=_quiz_faults(made.outline, questions, language),
        rejected=made.quizzes["rejected"],
        guessed=_guessed(questions, language),
        chance=sum(1 / len(question["options"]) for question in questions),
        places=_places(questions),
        wrong_options=len(wrong),
        plausible_options=sum(wrong),
        paged=len(steps),
        timely=sum(map(has_time_for_its_page, steps)),
        hours=document["totalHours"],
        seconds=made.seconds,
        cpu_seconds=made.cpu_seconds,
        memory_mb=made.memory_mb,
    )


def _edges(outline: Outline) -> int:
    """Return how many prerequisites the author, or the web, gave among the path's concepts."""
    known = {concept["id"] for concept in outline["concepts"]}
    return sum(
        before["id"] in known
        for concept in outline["concepts"]
        for before in concept["prerequisites"]
    )


def _quiz_faults(outline: Outline, questions: Sequence[Question], language: str) -> list[str]:
    """Return what the validator finds in the finished questions, one by one and together."""
    concepts = [*outline["concepts"], *outline["spare"]]
    context = QuizContext(
        language=language,
        terms=frozenset(normalized_answer(one["term"]) for one in concepts),
        definitions=frozenset(normalized_answer(phrase(one["definition"])) for one in concepts),
    )
    found = [code for question in questions for code in faults(question, context)]
    return found + path_faults(questions)


def _guessed(questions: Sequence[Question], language: str) -> dict[str, float]:
    chances = [guesses(question, language) for question in questions]
    return {habit: sum(chance[habit] for chance in chances) for habit in HABITS}


def _places(questions: Sequence[Question]) -> list[int]:
    counts = Counter(one["correct"] for one in questions if len(one["options"]) == _PLACES)
    return [counts[place] for place in range(_PLACES)]


def _wrong_options(
    outline: Outline, questions: Sequence[Question]
) -> Iterator[tuple[OutlineConcept, OutlineConcept]]:
    """Yield the concept of each right option with that of each wrong one beside it."""
    concepts = [*outline["concepts"], *outline["spare"]]
    named = {one["term"]: one for one in concepts}
    named |= {phrase(one["definition"]): one for one in concepts}
    for question in questions:
        right, *wrong = sorted(
            question["options"],
            key=lambda option: option != question["options"][question["correct"]],
        )
        yield from ((named[right], named[option]) for option in wrong)


def _is_plausible(key: OutlineConcept, other: OutlineConcept) -> bool:
    """Return whether the author holds the two for confusable, or for things of one kind."""
    return (
        other["id"] in key["confusable"]
        or key["id"] in other["confusable"]
        or other["kind"] == key["kind"]
    )
