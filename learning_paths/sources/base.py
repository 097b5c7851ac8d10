"""
What a content source is, and the values that sources give.

Values are plain: texts without markup, tuples, numbers; JSON can hold each of them. Sources know
nothing of tasks, and raise SourceUnavailable and SourceRejected only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Literal, Protocol

from django.utils.translation import gettext as _

from learning_paths.catalogue.topic import LANGUAGES, Language, ResourceType
from learning_paths.conf import Conf
from learning_paths.exceptions import Reason, SourceError
from learning_paths.http import Answer, HttpClient
from learning_paths.sources.reading import query_text

#: What a source is for: pages to learn from, texts and structure to make a path of, or names.
Role = Literal["resources", "articles", "names"]


@dataclass(frozen=True)
class Provenance:
    """
    Where a text or a page came from, as the result has to say it.

    `license` is None where the source does not tell; then only the title and the link may be
    used. `attribution` is who to name. `retrieved_on` is an ISO date.
    """

    source: str
    title: str
    url: str
    license: str | None
    attribution: str
    retrieved_on: str


@dataclass(frozen=True)
class Query:
    """What pages are looked for: `text` within `topic`; `category` is one word of the catalogue."""

    text: str
    language: Language
    topic: str = ""
    category: str = ""
    limit: int = 10

    @property
    def words(self) -> str:
        """The text with its topic, each word once in a row."""
        return (
            self.text
            if self.topic.casefold() in self.text.casefold()
            else (f"{self.text} {self.topic}")
        )


@dataclass(frozen=True)
class Resource:
    """
    A page to learn from; best first where there are several.

    `key` is the source's own id. `language` is "" where the source does not tell. `minutes` is
    what the source knows, not a guess; `votes` counts what speaks for the page in the source's
    own measure (votes, editions, views), None where it has none. `is_free` means that it can be
    read without paying.
    """

    key: str
    title: str
    url: str
    language: str
    type: ResourceType
    description: str
    provenance: Provenance
    minutes: int | None = None
    author: str | None = None
    thumbnail: str | None = None
    votes: int | None = None
    tags: tuple[str, ...] = ()
    is_free: bool = True


@dataclass(frozen=True)
class Hit:
    """An article that a search found. `words` is its length, `snippet` where the words stand."""

    title: str
    words: int
    snippet: str


@dataclass(frozen=True)
class Section:
    """A stretch of an article under one heading. Level 1, without a title, is the lead."""

    level: int
    title: str
    text: str


@dataclass(frozen=True)
class Article:
    """
    A whole article. `names` are titles that redirect here, `qid` its Wikidata item or "".

    Everything made of the text carries `provenance` on.
    """

    title: str
    url: str
    language: str
    qid: str
    is_disambiguation: bool
    names: tuple[str, ...]
    sections: tuple[Section, ...]
    provenance: Provenance

    @property
    def lead(self) -> str:
        return self.sections[0].text if self.sections else ""

    @property
    def text(self) -> str:
        return "\n".join(section.text for section in self.sections)


@dataclass(frozen=True)
class Lead:
    """
    What stands above an article's first heading: a candidate for a concept.

    `names` are the titles it was asked for by, redirects among them; `description` a few words
    that tell it from its namesakes; `size` its length in bytes of wikitext, about eight a word.
    """

    title: str
    url: str
    language: str
    qid: str
    is_disambiguation: bool
    names: tuple[str, ...]
    text: str
    description: str
    size: int
    provenance: Provenance


@dataclass(frozen=True)
class Chapter:
    """A page of a book, in the order of the book. `title` is without the book's own."""

    title: str
    page: str
    url: str


@dataclass(frozen=True)
class Entity:
    """
    A Wikidata item. Maps are by language, `sitelinks` by wiki ("ptwiki"); ids are Q-ids.

    `is_individual` is true of one person, one place and one organisation.
    """

    qid: str
    labels: Mapping[str, str] = field(default_factory=dict)
    descriptions: Mapping[str, str] = field(default_factory=dict)
    aliases: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    sitelinks: Mapping[str, str] = field(default_factory=dict)
    instance_of: tuple[str, ...] = ()
    subclass_of: tuple[str, ...] = ()
    part_of: tuple[str, ...] = ()
    has_part: tuple[str, ...] = ()
    facet_of: tuple[str, ...] = ()
    is_individual: bool = False


class Source(Protocol):
    """
    A content source, for one job.

    `needs` names the environment variable without which it stays off, "" if none. `languages`
    are those it has pages in.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    role: ClassVar[Role]
    languages: ClassVar[tuple[Language, ...]]
    needs: ClassVar[str]

    def __init__(self, client: HttpClient, conf: Conf) -> None: ...

    @classmethod
    def is_set_up(cls, conf: Conf) -> bool: ...

    def search(self, query: Query) -> Sequence[Resource]:
        """
        Return at most `query.limit` resources, best first.

        No match, a language the source does not have and a topic it is not for are empty.
        Raises SourceUnavailable if a later try may succeed, SourceRejected if not.
        """
        ...


class SourceBase:
    """What sources have in common: where they are, and how their answers are attributed."""

    name: ClassVar[str]
    title: ClassVar[str]
    url: ClassVar[str] = ""
    languages: ClassVar[tuple[Language, ...]] = LANGUAGES
    needs: ClassVar[str] = ""
    license: ClassVar[str | None] = None
    attribution: ClassVar[str] = ""

    def __init__(self, client: HttpClient, conf: Conf) -> None:
        self._client = client
        self._conf = conf

    @classmethod
    def is_set_up(cls, conf: Conf) -> bool:
        return True

    def search(self, query: Query) -> Sequence[Resource]:
        if query.language not in self.languages or not query_text(query.text):
            return []
        return self._search(query)

    def _search(self, query: Query) -> Sequence[Resource]:
        """Ask. The query is in a language of the source, and has words."""
        raise NotImplementedError

    @property
    def _key(self) -> str:
        return self._conf.source_keys.get(self.name, "")

    def _base_url(self, language: str = "") -> str:
        url = self._conf.source_urls.get(self.name, self.url)
        return url.replace("{language}", language).rstrip("/")

    def _provenance(self, url: str, answer: Answer, *, license: str | None = None) -> Provenance:
        """`license` is that of this one page, if the source tells."""
        return Provenance(
            source=self.name,
            title=self.title,
            url=url,
            license=license or self.license,
            attribution=self.attribution or self.title,
            retrieved_on=answer.retrieved_at.date().isoformat(),
        )


def explain(error: SourceError) -> str:
    """Return a sentence for people, in the active language."""
    return _sentence(error.reason) % {"source": error.source}


def _sentence(reason: Reason) -> str:
    sentences = {
        Reason.SLOW: _("%(source)s did not answer in time."),
        Reason.DOWN: _("%(source)s is not available at the moment."),
        Reason.THROTTLED: _("%(source)s answers no more questions for a while."),
        Reason.RESTING: _("%(source)s was not asked: it did not work a moment ago."),
        Reason.UNREADABLE: _("%(source)s gave an answer that could not be read."),
        Reason.BUDGET: _("%(source)s was not asked: the time for searching was used up."),
        Reason.REFUSED: _("%(source)s refused the question."),
        Reason.TOO_LARGE: _("%(source)s gave an answer that was too long."),
        Reason.UNSAFE: _("%(source)s led to an address that is not safe to visit."),
    }
    return sentences[reason]


def explain_not_set_up(source: type[Source]) -> str:
    """Return a sentence that tells what to set, in the active language."""
    settings = {
        "REUNE_CONTACT": "REUNE_CONTACT=you@example.org",
        "SEARXNG_URL": "SEARXNG_URL=https://search.example.org",
    }
    return _("Set %(setting)s to search %(source)s.") % {
        "setting": settings.get(source.needs, f"{source.needs}=…"),
        "source": source.title,
    }
