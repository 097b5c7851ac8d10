"""
The articles that the content server has, made of the topic files beside this module.

A file is one topic in one language. Each article has a first sentence, which defines, and a further
one; `[id]` and `[id|shown]` are links. The article on the topic gathers the first sentences under
its headings; the others go on with what their neighbours say of them, and so have the links, the
mentions and the length of real ones. All sentences were written for these tests.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "topics"
LANGUAGES = ("pt", "en", "es")

_LINK = re.compile(r"\[([a-z0-9-]+)(?:\|([^\]]+))?\]")
# What a wiki of each language calls the sections that every article has.
_CONTEXT = {"en": "Context", "pt": "Contexto", "es": "Contexto"}
_SEE_ALSO = {"en": "See also", "pt": "Ver também", "es": "Véase también"}
_REFERENCES = {"en": "References", "pt": "Referências", "es": "Referencias"}
_MAY_REFER_TO = {"en": "may refer to", "pt": "pode referir-se a", "es": "puede referirse a"}
#: First words that have a capital in the middle of a sentence too.
_PROPER = ("Earth", "Varroa")
_BOOK = {"en": "Contents", "pt": "Índice", "es": "Índice"}


@dataclass
class Page:
    """A page of a wiki. `links` are titles, those of boxes too; `names` redirect here."""

    id: str
    topic: str
    language: str
    title: str
    extract: str
    names: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    description: str = ""
    is_disambiguation: bool = False
    qid: str = ""
    pageid: int = 0

    @property
    def lead(self) -> str:
        return self.extract.split("\n\n\n== ", 1)[0]

    @property
    def words(self) -> int:
        return len(self.extract.split())

    @property
    def size(self) -> int:
        """Bytes of wikitext: marks and references add about half."""
        return round(len(self.extract.encode()) * 1.5)


class Wiki:
    """One project in one language."""

    def __init__(self, pages: Iterable[Page]) -> None:
        self.pages = list(pages)
        self._by_name = {name: page for page in self.pages for name in page.names}
        self._by_name |= {page.title: page for page in self.pages}

    def find(self, title: str) -> Page | None:
        return self._by_name.get(title)


@dataclass(frozen=True)
class Corpus:
    """`wikis` by project and language, `topics` as the files have them, by language."""

    wikis: Mapping[tuple[str, str], Wiki]
    topics: Mapping[str, list[dict[str, Any]]]

    def pages(self) -> Iterator[Page]:
        """All articles of Wikipedia."""
        for (project, _), wiki in sorted(self.wikis.items()):
            if project == "wikipedia":
                yield from wiki.pages


@cache
def corpus() -> Corpus:
    topics = {
        language: [
            tomllib.loads(path.read_text()) for path in sorted(FOLDER.glob(f"*.{language}.toml"))
        ]
        for language in LANGUAGES
    }
    wikis = {
        (project, language): Wiki(page for topic in given for page in make(topic, language))
        for project, make in (
            ("wikipedia", _articles),
            ("wikibooks", _book),
            ("wikiversity", _course),
        )
        for language, given in topics.items()
    }
    _number(wikis)
    return Corpus(wikis, topics)


def concepts(topic: Mapping[str, Any]) -> list[list[str]]:
    """The rows of a topic's articles: id, title, other names, first sentence, further ones."""
    return [row for section in topic["sections"] for row in section["articles"]]


def _number(wikis: Mapping[tuple[str, str], Wiki]) -> None:
    """Give pages their numbers, and those of one thing one Wikidata item."""
    pageids = count(1001)
    items: dict[tuple[str, str], int] = {}
    for (project, _language), wiki in wikis.items():
        for page in wiki.pages:
            page.pageid = next(pageids)
            number = items.setdefault((project, page.id), len(items) + 1)
            page.qid = "" if page.is_disambiguation else f"Q{700_000_000 + number}"


def _articles(topic: Mapping[str, Any], language: str) -> Iterator[Page]:
    rows = concepts(topic)
    titles = {row[0]: row[1] for row in rows} | {topic["id"]: topic["title"]}
    yield _topic_page(topic, language, titles)
    for section in topic["sections"]:
        for row in section["articles"]:
            yield _article(row, section, rows, topic, language, titles)
    for title, sentence in topic["noise"]:
        yield Page(
            f"noise:{title}",
            topic["id"],
            language,
            title,
            _shown(sentence, titles),
            links=_targets(sentence, titles),
            description=topic["noise_description"],
        )
    for title, ids in topic["disambiguation"].items():
        lines = "\n".join(f"{titles[one]}" for one in ids if one in titles)
        yield Page(
            f"disambiguation:{ids[0]}",
            topic["id"],
            language,
            title,
            f"{title.split(' (')[0]} {_MAY_REFER_TO[language]}:\n{lines}",
            links=tuple(sorted(titles[one] for one in ids if one in titles)),
            is_disambiguation=True,
        )


def _topic_page(topic: Mapping[str, Any], language: str, titles: Mapping[str, str]) -> Page:
    parts = [topic["lead"]]
    for section in topic["sections"]:
        first, second, *rest = section["articles"]
        parts.append(f"\n\n\n== {section['title']} ==\n{section['text']}")
        for row in (first, second):
            parts.append(f"\n\n\n=== {row[1]} ===\n{row[3]} {row[4]}")
        parts.append("\n" + " ".join(row[3] for row in rest))
    parts.append(f"\n\n\n== {_SEE_ALSO[language]} ==\n" + "\n".join(n[0] for n in topic["noise"]))
    parts.append(f"\n\n\n== {_REFERENCES[language]} ==\n")
    text = "".join(parts)
    boxes = [noise[0] for noise in topic["noise"]]
    return Page(
        topic["id"],
        topic["id"],
        language,
        topic["title"],
        _shown(text, titles),
        names=tuple(topic["also"]),
        description=topic["description"],
        links=tuple(sorted({*titles.values(), *boxes} - {topic["title"]})),
    )


def _article(
    row: list[str],
    section: Mapping[str, Any],
    rows: list[list[str]],
    topic: Mapping[str, Any],
    language: str,
    titles: Mapping[str, str],
) -> Page:
    name, title, names, first, further = row
    own = f"{first} {further}"
    basics = [other for other in rows if other[0] in _ids(own)]
    fans = [other for other in rows if name in _ids(other[3] + other[4]) and other not in basics]
    text = (
        f"{own}\n\n\n== {section['title']} ==\n{section['text']}"
        + "".join(f" {other[3]}" for other in basics)
        + f"\n\n\n== {_CONTEXT[language]} ==\n"
        + " ".join(other[4] for other in fans[:4])
        + f"\n\n\n== {_SEE_ALSO[language]} ==\n{topic['title']}"
        + f"\n\n\n== {_REFERENCES[language]} ==\n"
    )
    return Page(
        name,
        topic["id"],
        language,
        title,
        _shown(text, titles),
        names=tuple(filter(None, names.split("|"))),
        description=section["title"],
        links=tuple(
            sorted({*_targets(text, titles), topic["title"], topic["noise"][0][0]} - {title})
        ),
    )


def _book(topic: Mapping[str, Any], language: str) -> Iterator[Page]:
    book = topic["book"]
    contents = "\n".join(title for title, _ in book["chapters"])
    yield Page(
        topic["id"],
        topic["id"],
        language,
        book["title"],
        f"{book['about']}\n\n\n== {_BOOK[language]} ==\n{contents}",
    )
    for number, (title, text) in enumerate(book["chapters"]):
        yield Page(
            f"{topic['id']}/{number}", topic["id"], language, f"{book['title']}/{title}", text
        )


def _course(topic: Mapping[str, Any], language: str) -> Iterator[Page]:
    yield Page(topic["id"], topic["id"], language, topic["title"], topic["course"])


def _shown(text: str, titles: Mapping[str, str]) -> str:
    """Text without marks; a link that shows nothing else shows its article's title, small."""
    return _LINK.sub(lambda link: link[2] or _small(titles.get(link[1], link[1])), text)


def _small(title: str) -> str:
    return title if title.startswith(_PROPER) else title[:1].lower() + title[1:]


def _ids(text: str) -> list[str]:
    return [link[1] for link in _LINK.finditer(text)]


def _targets(text: str, titles: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(sorted({titles[one] for one in _ids(text) if one in titles}))
