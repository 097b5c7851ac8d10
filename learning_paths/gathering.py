"""
Asking the sources about a topic that is not in the catalogue.

Each question is a step of the task, so that an interrupted task does not ask again. A source that
fails makes the path poorer and is told of; only without an article on the topic there is no path.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import log
from typing import Any, TypeVar, cast

from django.utils.translation import gettext as _
from rapidfuzz import fuzz

from learning_paths.budget import Budget
from learning_paths.catalogue.topic import Language
from learning_paths.conf import Conf
from learning_paths.exceptions import SourceError, UnknownTopic
from learning_paths.http import HttpClient
from learning_paths.request import PathRequest
from learning_paths.sources.base import (
    Article,
    Lead,
    Query,
    Resource,
    Source,
    explain,
    explain_not_set_up,
)
from learning_paths.sources.mediawiki import MediaWiki
from learning_paths.sources.registry import missing_sources, open_sources
from learning_paths.sources.wikidata import Wikidata
from learning_paths.stages.gathered import FoundPage, Gathered, Page, Part
from learning_paths.stages.values import SOURCE_FAILED, Diagnostic
from learning_paths.stages.web_candidates import bare, candidates, lessons
from learning_paths.task import Task
from learning_paths.text import fold, word_count
from learning_paths.together import ask_together

Value = TypeVar("Value")

#: A title must be about so near to what was asked for (rapidfuzz), or the first of the search.
_NEAR = 60
#: Of a word with several meanings so many others are named.
_OTHERS = 3
#: Links are asked for among the likeliest alone: two requests for a hundred.
_LINKED = 50
#: With fewer, the links of the first articles are followed as well.
_ENOUGH_PAGES = 40
_FOLLOWED = 6
_FOUND_PER_SOURCE = 15
_FROM_SOURCES = "resources"
#: Sources of articles whose books and courses are pages to learn from.
_PAGES_TOO = ("wikibooks", "wikiversity")


def gather(task: Task, request: PathRequest, conf: Conf) -> tuple[Gathered, list[Diagnostic]]:
    """
    Return what the web has on the topic, and what could not be had.

    Raises UnknownTopic, whose message says why there is nothing.
    """
    return _Gathering(task, request, conf).gather()


class _Gathering:
    """What is known of one topic by asking; every answer is a step of the task."""

    def __init__(self, task: Task, request: PathRequest, conf: Conf) -> None:
        self._task = task
        self._request = request
        self._conf = conf
        self._language: Language = request.language
        self._diagnostics: list[Diagnostic] = []
        self._told: set[str] = set()

    def gather(self) -> tuple[Gathered, list[Diagnostic]]:
        budget = Budget(
            seconds=self._conf.network_time.total_seconds(), calls=self._conf.network_calls
        )
        with HttpClient(self._conf, budget) as client:
            sources = open_sources(client, self._conf)
            wikipedia = sources.get("wikipedia")
            if not isinstance(wikipedia, MediaWiki):
                raise UnknownTopic(self._what_to_set())
            return self._gathered(wikipedia, sources, budget), self._diagnostics

    def _gathered(
        self, wikipedia: MediaWiki, sources: Mapping[str, Source], budget: Budget
    ) -> Gathered:
        language = self._language
        topic, parts = self._article(wikipedia)
        self._task.report(10, _("Reading about the topic: %(topic)s") % {"topic": topic["title"]})
        links: list[str] = self._try(
            "links", [], lambda: [*wikipedia.links(topic["title"], language)]
        )
        chapters = self._chapters(sources, topic["title"])
        titles = candidates(links, lessons(parts), chapters, language)
        topic, *pages = self._with_kinds([topic, *self._pages(wikipedia, titles)], sources)
        likeliest = [page["title"] for page in pages[:_LINKED]]
        among: dict[str, list[str]] = self._try(
            "links_among",
            {},
            lambda: {
                title: sorted(targets)
                for title, targets in wikipedia.links_among(likeliest, language).items()
            },
        )
        return Gathered(
            topic=topic,
            parts=parts,
            pages=pages,
            links=among,
            chapters=chapters,
            found=self._found(topic["title"], sources, budget),
        )

    # --- the topic -------------------------------------------------------------------------

    def _article(self, wikipedia: MediaWiki) -> tuple[Page, list[Part]]:
        found = self._needed("article", lambda: self._find(wikipedia))
        if found is None:
            raise UnknownTopic(
                _("Wikipedia has no article on “%(topic)s” in this language. Try another word.")
                % {"topic": self._request.topic}
            )
        others = [one for one in found["others"] if one != found["page"]["title"]]
        if others:
            self._say_which(found["page"]["title"], others[:_OTHERS])
        return found["page"], found["parts"]

    def _find(self, wikipedia: MediaWiki) -> dict[str, Any] | None:
        """The article that is called so, here or by a redirect, else the nearest of a search."""
        exact = wikipedia.article(self._request.topic, self._language)
        if exact is not None and not exact.is_disambiguation:
            return _found_article(exact, [])
        return self._search(wikipedia, is_ambiguous=exact is not None)

    def _search(self, wikipedia: MediaWiki, *, is_ambiguous: bool) -> dict[str, Any] | None:
        """The article whose title is nearest, longer ones first, and no disambiguation page."""
        wanted = fold(self._request.topic)
        hits = wikipedia.find(self._request.topic, self._language)
        ranked = sorted(
            enumerate(hits),
            key=lambda hit: (
                -fuzz.ratio(wanted, fold(bare(hit[1].title))) * log(2 + hit[1].words),
                hit[0],
            ),
        )
        near = [
            hit.title
            for place, hit in ranked
            if not place or fuzz.token_set_ratio(wanted, fold(bare(hit.title))) >= _NEAR
        ]
        for title in near[:3]:
            article = wikipedia.article(title, self._language)
            if article is not None and not article.is_disambiguation:
                return _found_article(article, self._meanings(wikipedia) if is_ambiguous else [])
        return None

    def _meanings(self, wikipedia: MediaWiki) -> list[str]:
        """What the page that tells namesakes apart leads to; nothing if it cannot be asked."""
        try:
            return [*wikipedia.links(self._request.topic, self._language)]
        except SourceError:
            return []

    def _say_which(self, title: str, others: Sequence[str]) -> None:
        """Of a word with several meanings, which one the path is about."""
        sentence = _(
            "“%(topic)s” means several things. This path is about “%(title)s”; there are also:"
            " %(others)s."
        ) % {"topic": self._request.topic, "title": title, "others": ", ".join(others)}
        self._task.report(message=sentence, level="warning")
        self._diagnostics.append(
            Diagnostic(level="info", code="topic_is_ambiguous", message=sentence)
        )

    def _pages(self, wikipedia: MediaWiki, titles: list[str]) -> list[Page]:
        """
        The leads of these articles, and of what the likeliest of them speak of if they are few.

        A short article on the topic names only a part of what belongs to it.
        """
        language = self._language
        first = self._needed(
            "leads", lambda: [_lead(one) for one in wikipedia.leads(titles, language)]
        )
        pages = [one for one in first if one]
        if len(pages) >= _ENOUGH_PAGES:
            return pages

        def further() -> list[Page | None]:
            links = [
                link
                for one in pages[:_FOLLOWED]
                for link in wikipedia.links(one["title"], language)
            ]
            told = [Part(level=2, title="", text=one["text"]) for one in pages]
            known = {name for one in pages for name in (one["title"], *one["names"])}
            new = [title for title in candidates(links, told, [], language) if title not in known]
            return [_lead(one) for one in wikipedia.leads(new, language)]

        more: list[Page | None] = self._try("more_leads", [], further)
        known = {one["title"] for one in pages}
        return pages + [one for one in more if one and one["title"] not in known]

    def _chapters(self, sources: Mapping[str, Source], title: str) -> list[str]:
        books = sources.get("wikibooks")
        if not isinstance(books, MediaWiki):
            return []
        return self._try(
            "chapters", [], lambda: [one.title for one in books.chapters(title, self._language)]
        )

    def _with_kinds(self, pages: list[Page], sources: Mapping[str, Source]) -> list[Page]:
        """What each page is an instance or a subclass of; without Wikidata nothing."""
        wikidata = sources.get("wikidata")
        qids = [page["qid"] for page in pages if page["qid"]]
        if not isinstance(wikidata, Wikidata) or not qids:
            return pages
        told: dict[str, dict[str, Any]] = self._try(
            "kinds",
            {},
            lambda: {
                qid: {
                    "kinds": [*entity.instance_of, *entity.subclass_of],
                    "is_individual": entity.is_individual,
                }
                for qid, entity in wikidata.entities(qids, [self._language]).items()
            },
        )
        return [cast(Page, {**page, **told.get(page["qid"], {})}) for page in pages]

    # --- pages to learn from ---------------------------------------------------------------

    def _found(self, title: str, sources: Mapping[str, Source], budget: Budget) -> list[FoundPage]:
        """All other sources at the same time; what one of them fails at is told."""
        query = Query(
            text=bare(title),
            language=self._language,
            topic=bare(title),
            category=self._request.category or "",
            limit=_FOUND_PER_SOURCE,
        )
        asked = {
            source.title: source
            for source in sources.values()
            if source.role == _FROM_SOURCES or source.name in _PAGES_TOO
        }

        def ask() -> dict[str, Any]:
            calls = {name: (lambda one=one: one.search(query)) for name, one in asked.items()}
            answers = ask_together(calls, budget)
            return {
                name: explain(answer)
                if isinstance(answer, SourceError)
                else [_found_page(page) for page in answer]
                for name, answer in answers.items()
            }

        answers = self._task.step("found", ask, progress=20)
        pages: list[FoundPage] = []
        for name in sorted(answers):
            if isinstance(answers[name], str):
                self._tell(name, answers[name])
            else:
                pages += answers[name]
        return pages

    # --- asking ----------------------------------------------------------------------------

    def _needed(self, name: str, ask: Callable[[], Value]) -> Value:
        """A step without which there is no path."""
        try:
            return self._task.step(name, ask)
        except SourceError as error:
            raise UnknownTopic(
                _("“%(topic)s” is not in the catalogue, and the web could not be asked: %(why)s")
                % {"topic": self._request.topic, "why": explain(error)}
            ) from error

    def _try(self, name: str, otherwise: Value, ask: Callable[[], Value]) -> Value:
        """A step whose failure makes the path poorer, and is told."""

        def asked() -> dict[str, Any]:
            try:
                return {"answer": ask()}
            except SourceError as error:
                return {"source": error.source, "failed": explain(error)}

        found = self._task.step(name, asked)
        if "failed" in found:
            self._tell(found["source"], found["failed"])
            return otherwise
        answer: Value = found["answer"]
        return answer

    def _tell(self, source: str, sentence: str) -> None:
        """Once for each source: that it was then left alone is no further news."""
        if source not in self._told:
            self._told.add(source)
            self._task.report(message=sentence, level="warning")
            self._diagnostics.append(
                Diagnostic(level="warning", code=SOURCE_FAILED, message=sentence)
            )

    def _what_to_set(self) -> str:
        wikipedia = next(one for one in missing_sources(self._conf) if one.name == "wikipedia")
        return _("“%(topic)s” is not in the catalogue. %(what_to_set)s") % {
            "topic": self._request.topic,
            "what_to_set": explain_not_set_up(wikipedia),
        }


def _found_article(article: Article, others: Sequence[str]) -> dict[str, Any]:
    return {"page": _topic_page(article), "parts": _parts(article), "others": [*others]}


def _topic_page(article: Article) -> Page:
    return Page(
        title=article.title,
        names=[*article.names],
        url=article.url,
        qid=article.qid,
        text=article.lead,
        description="",
        words=word_count(article.text),
        kinds=[],
        is_individual=False,
        source=article.provenance.title,
        license=article.provenance.license,
        attribution=article.provenance.attribution,
    )


def _parts(article: Article) -> list[Part]:
    return [Part(level=one.level, title=one.title, text=one.text) for one in article.sections]


def _lead(lead: Lead) -> Page | None:
    """The article as a page; None for one that only tells namesakes apart."""
    if lead.is_disambiguation or not lead.text:
        return None
    return Page(
        title=lead.title,
        names=[name for name in lead.names if name != lead.title],
        url=lead.url,
        qid=lead.qid,
        text=lead.text,
        description=lead.description,
        words=lead.size // 8,
        kinds=[],
        is_individual=False,
        source=lead.provenance.title,
        license=lead.provenance.license,
        attribution=lead.provenance.attribution,
    )


def _found_page(page: Resource) -> FoundPage:
    return FoundPage(
        title=page.title,
        url=page.url,
        language=page.language,
        type=page.type,
        minutes=page.minutes,
        source=page.provenance.title,
        license=page.provenance.license,
        author=page.author,
        description=page.description,
    )
