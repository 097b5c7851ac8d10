"""
SearXNG: the web, through a search engine of the operator's own. https://docs.searxng.org

Its settings have to allow the format json, which they do not by default (403).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from learning_paths.catalogue.topic import ResourceType
from learning_paths.conf import Conf
from learning_paths.exceptions import Reason
from learning_paths.http import Answer, Complaint, Reply, Service
from learning_paths.page_urls import host_of
from learning_paths.sources.base import Query, Resource, Role, Source, SourceBase
from learning_paths.sources.reading import plain, query_text, read_each, web_url

_LOCALES = {"pt": "pt-BR", "en": "en", "es": "es"}
_VIDEO_HOSTS = ("youtube.com", "youtu.be", "vimeo.com")
_QUESTION_HOSTS = ("stackexchange.com", "stackoverflow.com", "quora.com")
_COURSE_HOSTS = ("ocw.mit.edu", "coursera.org", "edx.org", "khanacademy.org", "udemy.com")


class SearXng(SourceBase):
    name = "searxng"
    title = "SearXNG"
    role: ClassVar[Role] = "resources"
    needs = "SEARXNG_URL"

    @classmethod
    def is_set_up(cls, conf: Conf) -> bool:
        return bool(conf.source_urls.get(cls.name))

    def _search(self, query: Query) -> Sequence[Resource]:
        service = Service(title=self.title, url=f"{self._base_url()}/search", complaint=_complaint)
        params = {
            "q": query_text(query.words),
            "format": "json",
            "language": _LOCALES[query.language],
            "categories": "general",
            "pageno": "1",
            "safesearch": "1",
        }
        return self._client.ask(
            service,
            params,
            lambda answer: read_each(
                answer.json["results"], lambda found: self._page(found, answer)
            )[: query.limit],
        )

    def _page(self, found: Mapping[str, Any], answer: Answer) -> Resource:
        url = web_url(found["url"])
        return Resource(
            key=url,
            title=plain(found["title"]),
            url=url,
            language="",  # the language asked for is a wish: engines answer in others too
            type=_type_of(url),
            description=plain(found.get("content")),
            provenance=self._provenance(url, answer),
        )


def _type_of(url: str) -> ResourceType:
    host = host_of(url)
    if _is_of(host, _VIDEO_HOSTS):
        return "video"
    if _is_of(host, _QUESTION_HOSTS):
        return "qa"
    if _is_of(host, _COURSE_HOSTS):
        return "course"
    return "documentation" if host.startswith(("docs.", "developer.")) else "article"


def _is_of(host: str, known: Sequence[str]) -> bool:
    return any(host == one or host.endswith(f".{one}") for one in known)


def _complaint(reply: Reply) -> Complaint | None:
    """No results, and engines that did not answer: it is blind, which is not "nothing found"."""
    if reply.status != 200 or reply.json is None or reply.json["results"]:
        return None
    if reply.json.get("unresponsive_engines"):
        return Complaint(Reason.DOWN, "no engine answered")
    return None


SOURCES: tuple[type[Source], ...] = (SearXng,)
