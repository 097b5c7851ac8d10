"""MIT Learn: free courses and lectures, in English. https://api.learn.mit.edu/api/v1/schema/"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from learning_paths.catalogue.topic import Language, ResourceType
from learning_paths.http import Answer, Params, Service
from learning_paths.sources.base import Query, Resource, Role, Source, SourceBase
from learning_paths.sources.reading import (
    image_url,
    minutes_of,
    plain,
    query_text,
    read_each,
    web_url,
)

_TYPES: Mapping[str, ResourceType] = {"course": "course", "video": "video"}


class MitLearn(SourceBase):
    name = "mitlearn"
    title = "MIT Learn"
    role: ClassVar[Role] = "resources"
    languages: ClassVar[tuple[Language, ...]] = ("en",)
    url = "https://api.learn.mit.edu/api/v1"

    def _search(self, query: Query) -> Sequence[Resource]:
        service = Service(title=self.title, url=f"{self._base_url()}/learning_resources_search/")
        params: Params = {
            "q": query_text(query.text),
            "resource_type": ["course", "video"],
            "free": "true",
            "limit": str(query.limit),
            "offset": "0",
        }
        return self._client.ask(
            service,
            params,
            lambda answer: read_each(
                answer.json["results"], lambda found: self._resource(found, answer)
            )[: query.limit],
        )

    def _resource(self, found: Mapping[str, Any], answer: Answer) -> Resource | None:
        kind = _TYPES.get(str(found["resource_type"]))
        if kind is None or not _is_english(found):
            return None
        url = web_url(found["url"])
        license = "CC BY-NC-SA 4.0" if found.get("license_cc") is True else None
        return Resource(
            key=str(int(found["id"])),
            title=plain(found["title"]),
            url=url,
            language="en",
            type=kind,
            description=plain(found.get("description")),
            provenance=self._provenance(url, answer, license=license),
            minutes=minutes_of(_of(found, "video").get("duration") or ""),
            author=plain(_of(found, "offered_by").get("name")) or None,
            thumbnail=image_url(_of(found, "image").get("url")),
            tags=tuple(plain(topic["name"], 60) for topic in found.get("topics", [])[:5]),
        )


def _is_english(found: Mapping[str, Any]) -> bool:
    """Return whether it is in English, as nearly all is; few say otherwise."""
    languages = found.get("languages") or ["en"]
    return any(str(code).startswith("en") for code in languages)


def _of(found: Mapping[str, Any], field: str) -> Mapping[str, Any]:
    return found.get(field) or {}


SOURCES: tuple[type[Source], ...] = (MitLearn,)
