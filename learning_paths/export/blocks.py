"""The texts of a path as blocks: they have paragraphs, points after "- " and fenced programs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import groupby

_FENCED = re.compile(r"^```([^`\n]*)\n(.*?)^```[ \t]*$", re.MULTILINE | re.DOTALL)
_EMPTY_LINES = re.compile(r"\n[ \t]*\n")


@dataclass(frozen=True)
class Block:
    """`kind` is "lines", whose breaks and indents count, "points" or "code"."""

    kind: str
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        return "\n".join(self.lines)


def blocks(text: str) -> list[Block]:
    """Return the blocks of a text in order; none if it is empty."""
    found: list[Block] = []
    end = 0
    for program in _FENCED.finditer(text):
        found += _prose(text[end : program.start()])
        found.append(Block("code", tuple(program[2].splitlines())))
        end = program.end()
    return found + _prose(text[end:])


def _prose(text: str) -> list[Block]:
    return [
        Block("points", tuple(line[2:] for line in lines)) if are_points else Block("lines", lines)
        for part in _EMPTY_LINES.split(text.strip("\n"))
        for are_points, group in groupby(part.splitlines(), key=lambda line: line.startswith("- "))
        if (lines := tuple(group)) and any(line.strip() for line in lines)
    ]
