"""
People who know nothing of the topic and answer all the same.

If one of their habits is right more often than chance, the quizzes test habits, not knowledge.
"""

from __future__ import annotations

from collections.abc import Sequence

from learning_paths.stages.values import Question
from learning_paths.text import tokens, words

#: What the counts of four places may differ by before it is no accident: the chi-square
#: distribution with three degrees of freedom exceeds it in one of twenty cases.
CHI_SQUARE_LIMIT = 7.815

#: By the name of a habit, what whoever has it takes.
HABITS = {
    "longest": "the longest option",
    "shortest": "the shortest option",
    "first": "the first option",
    "words": "the option with the most words of the question",
    "stems": "the option with the most stems of the question",
}


def guesses(question: Question, language: str) -> dict[str, float]:
    """Return, by habit, the chance 0-1 that whoever has it takes the right option."""
    said, stems = set(words(question["text"])), set(tokens(question["text"], language))
    options = question["options"]
    attraction: dict[str, list[int]] = {
        "longest": [len(option) for option in options],
        "shortest": [-len(option) for option in options],
        "first": [-place for place in range(len(options))],
        "words": [len(said.intersection(words(option))) for option in options],
        "stems": [len(stems.intersection(tokens(option, language))) for option in options],
    }
    return {habit: _chance(values, question["correct"]) for habit, values in attraction.items()}


def chi_square(counts: Sequence[int]) -> float:
    """Return Pearson's statistic of the counts against all being equal; 0.0 for none."""
    expected = sum(counts) / len(counts)
    return sum((count - expected) ** 2 for count in counts) / expected if expected else 0.0


def _chance(values: Sequence[int], correct: int) -> float:
    """Among equals the choice is blind."""
    best = [place for place, value in enumerate(values) if value == max(values)]
    return (correct in best) / len(best)
