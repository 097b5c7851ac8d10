"""MDN: documentation of the web. https://developer.mozilla.org; there is no official API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from learning_paths.catalogue.topic import Language
from learning_paths.http import Answer, Service
from learning_paths.sources.base import Query, Resource, Role, Source, SourceBase
from learning_paths.sources.reading import plain, query_text, read_each, text_of, web_url
from learning_paths.text import words

_LOCALES: Mapping[str, str] = {"pt": "pt-BR", "en": "en-US", "es": "es"}
_LANGUAGES: Mapping[str, Language] = {"pt-br": "pt", "en-us": "en", "es": "es"}
_WEB = frozenset(
    """
    html css javascript ecmascript typescript dom web webgl webassembly svg http https ajax
    frontend browser browsers navegador navegadores website websites
    """.split()  # noqa: SIM905  # a list of words is easier to read and to add to
)


class Mdn(SourceBase):
    name = "mdn"
    title = "MDN Web Docs"
    role: ClassVar[Role] = "resources"
    url = "https://developer.mozilla.org/api/v1"
    license = "CC BY-SA 2.5"
    attribution = "Mozilla Contributors"

    def _search(self, query: Query) -> Sequence[Resource]:
        if _WEB.isdisjoint(words(f"{query.topic} {query.text}")):
            return []
        service = Service(title=self.title, url=f"{self._base_url()}/search")
        params = {"q": query_text(query.text), "locale": _LOCALES[query.language], "page": "1"}
        return self._client.ask(
            service,
            params,
            lambda answer: read_each(
                answer.json["documents"], lambda found: self._page(found, answer)
            )[: query.limit],
        )

    def _page(self, found: Mapping[str, Any], answer: Answer) -> Resource:
        url = web_url(f"https://developer.mozilla.org{found['mdn_url']}")
        return Resource(
            key=text_of(found["mdn_url"]),
            title=plain(found["title"]),
            url=url,
            language=_LANGUAGES[str(found["locale"]).lower()],
            type="documentation",
            description=plain(found.get("summary")),
            provenance=self._provenance(url, answer),
        )


SOURCES: tuple[type[Source], ...] = (Mdn,)
