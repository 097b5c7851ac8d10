"""
Wikipedia, Wikibooks and Wikiversity, through the Action API.

https://www.mediawiki.org/wiki/API:Main_page. Answers of `formatversion` 1 and 2 are both read:
a wiki that an operator names may be older than those of Wikimedia.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar, TypeVar
from urllib.parse import quote

from learning_paths.catalogue.topic import Language, ResourceType
from learning_paths.conf import Conf
from learning_paths.http import Answer, Service, readable
from learning_paths.sources.base import (
    Article,
    Chapter,
    Hit,
    Lead,
    Query,
    Resource,
    Role,
    Source,
    SourceBase,
)
from learning_paths.sources.mediawiki_answers import (
    complaint_of,
    continuation_of,
    hit_of,
    is_disambiguation,
    is_missing,
    links_of,
    names_of,
    pages_of,
    qid_of,
    sections_of,
)
from learning_paths.sources.reading import plain, query_text, read_each, text_of, visible, web_url

Value = TypeVar("Value")

# The API gives no more in one answer: extracts of leads, titles.
_LEADS_AT_ONCE = 20
_TITLES_AT_ONCE = 50
# Answers that say "continue" are followed so many times: 2,500 links, or 2,500 pages of a book.
_MOST_CONTINUATIONS = 5

#: What no title can hold; "|" would make two of one.
_NO_TITLE = re.compile(r"[#<>\[\]{}|\x00-\x1f\ud800-\udfff]")

_LINKS = {"prop": "links", "plnamespace": "0", "pllimit": "500"}
# Stands in the path of Wikimedia's own addresses.
_IN_URLS = "/:(),!'*"


class MediaWiki(SourceBase):
    """One project of Wikimedia in the languages of Reune."""

    role: ClassVar[Role] = "articles"
    needs = "REUNE_CONTACT"
    license = "CC BY-SA 4.0"
    type: ClassVar[ResourceType]

    @classmethod
    def is_set_up(cls, conf: Conf) -> bool:
        return bool(conf.contact)

    def _search(self, query: Query) -> Sequence[Resource]:
        params = {
            "generator": "search",
            "gsrsearch": query_text(query.words),
            "gsrnamespace": "0",
            "gsrlimit": str(query.limit),
            "prop": "extracts|info|pageprops",
            "inprop": "url",
            "exintro": "1",
            "explaintext": "1",
            "exsentences": "2",
            "exlimit": "max",
        }
        return self._ask(query.language, params, lambda answer: self._resources(query, answer))

    def find(self, text: str, language: Language, *, limit: int = 10) -> Sequence[Hit]:
        """Return the articles that a search finds, best first."""
        params = {
            "list": "search",
            "srsearch": query_text(text),
            "srnamespace": "0",
            "srlimit": str(limit),
            "srprop": "wordcount|snippet",
            "srinfo": "",
        }
        return self._ask(
            language, params, lambda answer: read_each(answer.json["query"]["search"], hit_of)
        )

    def article(self, title: str, language: Language) -> Article | None:
        """Return the whole article, through redirects; None if there is none of that title."""
        if not _is_title(title):
            return None
        params = {
            "titles": title,
            "redirects": "1",
            "prop": "extracts|info|pageprops",
            "inprop": "url",
            "explaintext": "1",
            "exsectionformat": "wiki",
        }
        return self._ask(language, params, lambda answer: self._article(answer, language))

    def leads(self, titles: Iterable[str], language: Language) -> Sequence[Lead]:
        """
        Return the leads of those articles that there are, in the order they were asked for.

        Titles that redirect to one article are one lead. One request for each 20 titles, more
        if the answers are long.
        """
        wanted = [title for title in dict.fromkeys(titles) if _is_title(title)]
        found: dict[str, Lead] = {}
        for batch in _batches(wanted, _LEADS_AT_ONCE):
            for lead in self._leads_of(batch, language):
                found.setdefault(lead.title, lead)
        places = {title: place for place, title in enumerate(wanted)}
        return sorted(
            found.values(),
            key=lambda lead: min(places.get(name, len(places)) for name in lead.names),
        )

    def links(self, title: str, language: Language) -> Sequence[str]:
        """Return the titles that an article links to, by alphabet; with those of its boxes."""
        if not _is_title(title):
            return []
        params = {"titles": title, "redirects": "1"} | _LINKS
        return [target for _, target in self._links_from(language, params)]

    def links_among(
        self, titles: Iterable[str], language: Language
    ) -> Mapping[str, frozenset[str]]:
        """Return for each article which of the others it links to."""
        wanted = [title for title in dict.fromkeys(titles) if _is_title(title)]
        batches = _batches(wanted, _TITLES_AT_ONCE)
        found: dict[str, set[str]] = {title: set() for title in wanted}
        for batch in batches:
            for targets in batches:
                params = {"titles": "|".join(batch), "pltitles": "|".join(targets)} | _LINKS
                for title, target in self._links_from(language, params):
                    found.setdefault(title, set()).add(target)
        return {title: frozenset(targets - {title}) for title, targets in found.items()}

    def chapters(self, book: str, language: Language) -> Sequence[Chapter]:
        """
        Return the pages of a book in the order in which its first page names them.

        Pages it does not name come after, by alphabet. Empty if there is no such book.
        """
        params = {
            "list": "allpages",
            "apprefix": f"{book}/",
            "apnamespace": "0",
            "apfilterredir": "nonredirects",
            "aplimit": "500",
        }
        parts = self._ask_on(
            language,
            params,
            lambda answer: [text_of(page["title"]) for page in answer.json["query"]["allpages"]],
        )
        pages = [page for part in parts for page in part if _is_title(page)]
        if not pages:
            return []
        first = self.article(book, language)
        chapters = [self._chapter(book, page, language) for page in pages]
        return _in_order_of(first.text if first else "", chapters)

    def page_url(self, title: str, language: Language) -> str:
        """Return the address of an article, for links to people."""
        path = quote(title.replace(" ", "_"), safe=_IN_URLS)
        return f"https://{language}.{self.name}.org/wiki/{path}"

    def _ask(
        self, language: Language, params: Mapping[str, str], read: Callable[[Answer], Value]
    ) -> Value:
        common = {"action": "query", "format": "json", "formatversion": "2", "maxlag": "5"}
        return self._client.ask(self._service(language), {**common, **params}, read)

    def _ask_on(
        self, language: Language, params: Mapping[str, str], read: Callable[[Answer], Value]
    ) -> list[Value]:
        """Ask, and ask for the rest while the answer says that there is more."""
        parts: list[Value] = []
        further: Mapping[str, str] = {}
        for _round in range(_MOST_CONTINUATIONS):
            part, further = self._ask(
                language,
                {**params, **further},
                lambda answer: (read(answer), continuation_of(answer)),
            )
            parts.append(part)
            if not further:
                break
        return parts

    def _service(self, language: Language) -> Service:
        return Service(title=self.title, url=self._base_url(language), complaint=complaint_of)

    def _resources(self, query: Query, answer: Answer) -> list[Resource]:
        pages = sorted(pages_of(answer.json), key=lambda page: int(page.get("index", 0)))
        return read_each(pages, lambda page: self._resource(page, query.language, answer))[
            : query.limit
        ]

    def _resource(
        self, page: Mapping[str, Any], language: Language, answer: Answer
    ) -> Resource | None:
        if is_missing(page) or is_disambiguation(page):
            return None
        url = self._url_of(page, language)
        return Resource(
            key=f"{language}:{int(page['pageid'])}",
            title=plain(page["title"]),
            url=url,
            language=language,
            type=self.type,
            description=plain(page.get("extract")),
            provenance=self._provenance(url, answer),
        )

    def _article(self, answer: Answer, language: Language) -> Article | None:
        page = next(iter(pages_of(answer.json)), None)
        if page is None or is_missing(page):
            return None
        url = self._url_of(page, language)
        return Article(
            title=text_of(page["title"]),
            url=url,
            language=language,
            qid=qid_of(page),
            is_disambiguation=is_disambiguation(page),
            names=names_of(answer.json).get(page["title"], ()),
            sections=sections_of(visible(text_of(page["extract"]))),
            provenance=self._provenance(url, answer),
        )

    def _leads_of(self, titles: Sequence[str], language: Language) -> list[Lead]:
        params = {
            "titles": "|".join(titles),
            "redirects": "1",
            "prop": "extracts|pageprops|description|info",
            "inprop": "url",
            "exintro": "1",
            "explaintext": "1",
            "exlimit": str(_LEADS_AT_ONCE),
        }
        answers = self._ask_on(language, params, lambda answer: answer)
        with readable(self.title):
            names: dict[str, tuple[str, ...]] = {}
            pages: dict[str, dict[str, Any]] = {}
            for answer in answers:  # each continuation has a part of the properties
                names |= names_of(answer.json)
                for page in pages_of(answer.json):
                    pages.setdefault(text_of(page["title"]), {}).update(page)
            return read_each(
                pages.values(), lambda page: self._lead(page, names, language, answers[0])
            )

    def _lead(
        self,
        page: Mapping[str, Any],
        names: Mapping[str, tuple[str, ...]],
        language: Language,
        answer: Answer,
    ) -> Lead | None:
        if is_missing(page):
            return None
        url = self._url_of(page, language)
        return Lead(
            title=text_of(page["title"]),
            url=url,
            language=language,
            qid=qid_of(page),
            is_disambiguation=is_disambiguation(page),
            names=(page["title"], *names.get(page["title"], ())),
            text=visible(text_of(page.get("extract", ""))).strip(),
            description=plain(page.get("description")),
            size=int(page.get("length", 0)),
            provenance=self._provenance(url, answer),
        )

    def _links_from(self, language: Language, params: Mapping[str, str]) -> list[tuple[str, str]]:
        parts = self._ask_on(language, params, lambda answer: links_of(answer.json))
        return [link for part in parts for link in part]

    def _chapter(self, book: str, page: str, language: Language) -> Chapter:
        return Chapter(
            title=page.removeprefix(f"{book}/"), page=page, url=self.page_url(page, language)
        )

    def _url_of(self, page: Mapping[str, Any], language: Language) -> str:
        return web_url(
            page.get("canonicalurl")
            or page.get("fullurl")
            or self.page_url(page["title"], language)
        )


class Wikipedia(MediaWiki):
    name = "wikipedia"
    title = "Wikipedia"
    url = "https://{language}.wikipedia.org/w/api.php"
    attribution = "Wikipedia contributors"
    type = "article"


class Wikibooks(MediaWiki):
    name = "wikibooks"
    title = "Wikibooks"
    url = "https://{language}.wikibooks.org/w/api.php"
    attribution = "Wikibooks contributors"
    type = "book"


class Wikiversity(MediaWiki):
    name = "wikiversity"
    title = "Wikiversity"
    url = "https://{language}.wikiversity.org/w/api.php"
    attribution = "Wikiversity contributors"
    type = "course"


def _in_order_of(text: str, chapters: Iterable[Chapter]) -> list[Chapter]:
    folded = text.casefold()

    def place(chapter: Chapter) -> tuple[int, str]:
        found = folded.find(chapter.title.casefold())
        return (found if found >= 0 else len(folded), chapter.title)

    return sorted(chapters, key=place)


def _is_title(title: str) -> bool:
    # 255 bytes: https://www.mediawiki.org/wiki/Manual:Page_title
    return bool(title.strip()) and not _NO_TITLE.search(title) and len(title.encode()) <= 255


def _batches(titles: Sequence[str], size: int) -> list[Sequence[str]]:
    return [titles[start : start + size] for start in range(0, len(titles), size)]


SOURCES: tuple[type[Source], ...] = (Wikipedia, Wikibooks, Wikiversity)
