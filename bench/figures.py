"""What becomes of measured values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Spread:
    """Of durations, in milliseconds."""

    p50: float
    p95: float
    p99: float
    worst: float
    count: int

    @classmethod
    def of(cls, seconds: Sequence[float]) -> Spread:
        """`seconds` has one at least."""
        ordered = sorted(1000 * one for one in seconds)
        return cls(
            median(ordered), _at(ordered, 0.95), _at(ordered, 0.99), ordered[-1], len(ordered)
        )


def _at(ordered: Sequence[float], part: float) -> float:
    """The smallest value that this part of them does not exceed."""
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]
