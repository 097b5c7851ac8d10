"""
Reads catalogue files.

Checked here is form only: the fields there are, their types and their languages. What makes a
good topic, `rules` says.
"""

from __future__ import annotations

import tomllib
from functools import lru_cache
from itertools import takewhile
from pathlib import Path
from typing import Any, TypeVar

from learning_paths.catalogue.form import read_table
from learning_paths.catalogue.names import TopicNames
from learning_paths.catalogue.topic import Topic, TopicEntry
from learning_paths.exceptions import CatalogueError

FOLDER = Path(__file__).parent

T = TypeVar("T")


# A topic takes 0.3 MB in each worker, and 13 ms to read again.
@lru_cache(maxsize=4)
def load_topic(topic_id: str) -> Topic:
    """Return the topic, shared: do not change it. Raises CatalogueError, also for an unknown id."""
    if topic_id not in topic_ids():
        raise CatalogueError(f"{topic_id}.toml: there is no such file")
    return read_topic(FOLDER / f"{topic_id}.toml")


@lru_cache(maxsize=1)
def topic_ids() -> tuple[str, ...]:
    """Return the id of every topic in the catalogue, sorted."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.toml")))


@lru_cache(maxsize=1)
def index() -> tuple[TopicEntry, ...]:
    """Return the entry of every topic in the catalogue, by id. Raises CatalogueError."""
    return tuple(read_entry(FOLDER / f"{topic_id}.toml") for topic_id in topic_ids())


def find_topic(text: str, language: str) -> TopicEntry | None:
    """Return the topic that `text` names, or None. TopicNames.find says how."""
    return _names().find(text, language)


def nearest_topics(text: str, language: str, limit: int = 3) -> list[TopicEntry]:
    """Return the topics to suggest instead of `text`, best first. TopicNames.nearest says how."""
    return _names().nearest(text, language, limit)


def read_topic(path: Path) -> Topic:
    """Return the topic in a file. Raises CatalogueError naming file, place and field."""
    return _read(path, path.read_text("utf-8"), Topic)


def read_entry(path: Path) -> TopicEntry:
    """
    Return the head of a file, which ends at its first [[array]].

    Heads take the place of a generated index: they cost 0.2 ms a topic, once per process, and
    cannot be out of date.
    """
    with path.open(encoding="utf-8") as file:
        head = "".join(takewhile(lambda line: not line.startswith("[["), file))
    return _read(path, head, TopicEntry)


@lru_cache(maxsize=1)
def _names() -> TopicNames:
    return TopicNames(index())


def _read(path: Path, text: str, kind: type[T]) -> T:
    try:
        raw: dict[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise CatalogueError(f"{path.name}: {error}") from error
    if raw.get("id") != path.stem:
        raise CatalogueError(f"{path.name}: id: must be the file's name, {path.stem!r}")
    return read_table(raw, kind, path.name)
