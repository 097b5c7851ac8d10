"""Open Library: books. https://openlibrary.org/dev/docs/api/search"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from learning_paths.http import Answer, Service
from learning_paths.sources.base import Query, Resource, Role, Source, SourceBase
from learning_paths.sources.reading import plain, query_text, read_each, text_of, web_url

_LANGUAGE = {"pt": "por", "en": "eng", "es": "spa"}
#: A borrowed one needs an account, which costs nothing.
_FREE = ("public", "borrowable")
_FIELDS = (
    "key,title,author_name,first_publish_year,edition_count,ebook_access,cover_i,language,subject"
)


class OpenLibrary(SourceBase):
    name = "openlibrary"
    title = "Open Library"
    role: ClassVar[Role] = "resources"
    url = "https://openlibrary.org"

    def _search(self, query: Query) -> Sequence[Resource]:
        service = Service(title=self.title, url=f"{self._base_url()}/search.json")
        params = {
            "q": query_text(query.words),
            "fields": _FIELDS,
            "limit": str(query.limit),
            "language": _LANGUAGE[query.language],
        }
        return self._client.ask(
            service,
            params,
            lambda answer: read_each(
                answer.json["docs"], lambda book: self._book(book, query, answer)
            )[: query.limit],
        )

    def _book(self, book: Mapping[str, Any], query: Query, answer: Answer) -> Resource:
        url = web_url(f"https://openlibrary.org{book['key']}")
        authors = ", ".join(map(str, book.get("author_name", [])[:3]))
        year = book.get("first_publish_year")
        cover = book.get("cover_i")
        return Resource(
            key=text_of(book["key"]),
            title=plain(book["title"]),
            url=url,
            language=query.language,
            type="book",
            description=plain(", ".join(map(str, filter(None, (authors, year))))),
            provenance=self._provenance(url, answer),
            author=plain(authors) or None,
            thumbnail=f"https://covers.openlibrary.org/b/id/{int(cover)}-M.jpg" if cover else None,
            votes=int(book.get("edition_count", 0)),
            tags=tuple(plain(subject, 60) for subject in book.get("subject", [])[:5]),
            is_free=book.get("ebook_access") in _FREE,
        )


SOURCES: tuple[type[Source], ...] = (OpenLibrary,)
