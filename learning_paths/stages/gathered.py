"""
What was found on the web about a topic that is not in the catalogue, as plain JSON.

The modules that ask the sources make it; the stages make a Topic of it.
"""

from __future__ import annotations

from typing import TypedDict


class Page(TypedDict):
    """
    An article above its first heading. `names` are titles that lead to it, `words` the length of
    the whole article, `kinds` the Wikidata items it is an instance or a subclass of.
    `is_individual` is true of one person, place or organisation.
    """

    title: str
    names: list[str]
    url: str
    qid: str
    text: str
    description: str
    words: int
    kinds: list[str]
    is_individual: bool
    source: str
    license: str | None
    attribution: str


class Part(TypedDict):
    """A stretch of the topic's own article under one heading. Level 1 is what stands above all."""

    level: int
    title: str
    text: str


class FoundPage(TypedDict):
    """A page of another source. `minutes` is None where the source does not tell."""

    title: str
    url: str
    language: str
    type: str
    minutes: int | None
    source: str
    license: str | None
    author: str | None
    description: str


class Gathered(TypedDict):
    """
    `topic` is the topic's own article, `parts` its text, `pages` the articles that may be its
    concepts, the likeliest first. `links` says which of them each one links to, by title.
    `chapters` are those of a book on the topic, in its order.
    """

    topic: Page
    parts: list[Part]
    pages: list[Page]
    links: dict[str, list[str]]
    chapters: list[str]
    found: list[FoundPage]
