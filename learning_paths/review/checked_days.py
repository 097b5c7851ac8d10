"""Writes into a catalogue file on which day a link was seen to be there."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from learning_paths.catalogue.loader import read_topic
from learning_paths.catalogue.topic import CatalogueResource, Topic
from learning_paths.exceptions import CatalogueError

_PAGE = re.compile(r"\s*\[\[(?:concepts\.)?resources\]\]")
_TABLE = re.compile(r"\s*\[")
_URL = re.compile(r'\s*url\s*=\s*"([^"]*)"')
_CHECKED = re.compile(r"\s*checked\s*=")


def write_checked(path: Path, urls: Collection[str], day: date) -> int:
    """
    Set `checked` of these pages to `day`, and return how many were changed.

    Nothing else in the file changes, its comments and order included. Raises CatalogueError, and
    leaves the file as it is, if the result would not be the same topic.
    """
    before, text = read_topic(path), path.read_text("utf-8")
    dated = "".join(line for block in _blocks(text) for line in _dated(block, urls, day))
    after = _read(dated, path.name)
    if _undated(after) != _undated(before):
        raise CatalogueError(f"{path.name}: the days could not be written safely")
    path.write_text(dated, "utf-8")
    pairs = zip(_pages(before), _pages(after), strict=True)
    return sum(old.checked != new.checked for old, new in pairs)


def _read(text: str, name: str) -> Topic:
    """Return the topic that a file of this name would have."""
    with TemporaryDirectory() as folder:
        trial = Path(folder) / name
        trial.write_text(text, "utf-8")
        return read_topic(trial)


def _blocks(text: str) -> Iterator[list[str]]:
    """Yield the lines from each [table] or [[array]] to the next."""
    block: list[str] = []
    for line in text.splitlines(keepends=True):
        if _TABLE.match(line) and block:
            yield block
            block = []
        block.append(line)
    yield block


def _dated(block: list[str], urls: Collection[str], day: date) -> list[str]:
    url = next((found[1] for line in block if (found := _URL.match(line))), None)
    if not _PAGE.match(block[0]) or url not in urls:
        return block
    kept = [line for line in block if not _CHECKED.match(line)]
    last = max(place for place, line in enumerate(kept) if "=" in line and not line.startswith("#"))
    end = "" if kept[last].endswith("\n") else "\n"
    return [*kept[: last + 1], f'{end}checked = "{day.isoformat()}"\n', *kept[last + 1 :]]


def _undated(topic: Topic) -> Topic:
    def bare(pages: tuple[CatalogueResource, ...]) -> tuple[CatalogueResource, ...]:
        return tuple(replace(page, checked=None) for page in pages)

    concepts = tuple(replace(one, resources=bare(one.resources)) for one in topic.concepts)
    return replace(topic, concepts=concepts, resources=bare(topic.resources))


def _pages(topic: Topic) -> list[CatalogueResource]:
    return [*(page for one in topic.concepts for page in one.resources), *topic.resources]
