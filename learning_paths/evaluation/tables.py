"""Figures as Markdown tables, to be read on a terminal and to be put into documents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby

from learning_paths.evaluation.figures import PathFigures
from learning_paths.evaluation.summary import Figure


def summary_table(figures: Sequence[Figure], by_language: Mapping[str, Sequence[Figure]]) -> str:
    """Return a row a figure: its bounds, then the value of the run and of each language."""
    head = ["figure", "wanted", "all", *by_language]
    rows = [
        [
            figure.name,
            _bounds(figure),
            f"{_value(figure)}{'' if figure.is_kept else ' ✗'}",
            *(_value(column[place]) for column in by_language.values()),
        ]
        for place, figure in enumerate(figures)
    ]
    return table(head, rows)


def topic_table(paths: Sequence[PathFigures]) -> str:
    """Return a row a topic, its languages and sizes added up."""
    head = "topic paths nodes given_up pages own_language questions dropped plausible ms".split()  # noqa: SIM905
    ordered = sorted(paths, key=lambda path: path.topic)
    rows = [_topic_row(topic, [*some]) for topic, some in groupby(ordered, lambda path: path.topic)]
    return table([name.replace("_", " ") for name in head], rows)


def _topic_row(topic: str, paths: Sequence[PathFigures]) -> list[str]:
    def total(field: str) -> int:
        return sum(getattr(path, field) for path in paths)

    return [
        topic,
        str(len(paths)),
        str(total("nodes")),
        f"{total('dropped')}/{total('edges')}",
        str(total("pages")),
        _percent(total("pages_in_language"), total("pages")),
        str(total("questions")),
        str(sum(sum(path.rejected.values()) for path in paths)),
        _percent(total("plausible_options"), total("wrong_options")),
        f"{1000 * sum(path.seconds for path in paths) / len(paths):.0f}",
    ]


def count_line(name: str, counts: Mapping[str, int]) -> str:
    """Return counts by name on one line."""
    return f"{name}: {', '.join(f'{key} {count}' for key, count in counts.items()) or 'none'}"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table, its columns as wide as what is in them."""
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    lines = [head, ["-" * width for width in widths], *rows]
    return "\n".join(
        f"| {' | '.join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))} |"
        for line in lines
    )


def _bounds(figure: Figure) -> str:
    unit = f" {figure.unit}" if figure.unit else ""
    if figure.least is not None and figure.most is not None:
        return f"± {_number(figure.most)}{unit}"
    if figure.least is not None:
        return f"≥ {_number(figure.least)}{unit}"
    return f"≤ {_number(figure.most)}{unit}" if figure.most is not None else ""


def _value(figure: Figure) -> str:
    sign = "+" if figure.unit == "points" and round(figure.value, 1) > 0 else ""
    return f"{sign}{_number(figure.value)}{f' {figure.unit}' if figure.unit else ''}"


def _number(value: float) -> str:
    """Return up to one decimal, rounded towards worse where 100 % would be said of less."""
    if 99.9 < value < 100:
        return "99.9"
    return f"{round(value, 1) + 0.0:.1f}".removesuffix(".0")  # + 0.0: no -0


def _percent(part: int, whole: int) -> str:
    return f"{_number(100 * part / whole)} %" if whole else "-"
