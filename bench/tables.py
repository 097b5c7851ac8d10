"""Tables of a document in Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from bench.figures import Spread

Row = Sequence[str]

SPREAD_HEAD = ("", "p50", "p95", "p99", "worst", "count")


def table(head: Row, rows: Sequence[Row]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def target(wanted: str, found: str, is_met: bool) -> Row:
    return wanted, found, "met" if is_met else "**missed**"


def spread_cells(spread: Spread) -> Row:
    times = (spread.p50, spread.p95, spread.p99, spread.worst)
    return (*map(milliseconds, times), str(spread.count))


def milliseconds(time: float) -> str:
    return f"{time:.1f} ms" if time < 100 else f"{time:.0f} ms"
