"""Which services the content server speaks for, and how each answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.content import mediawiki, others

Answer = Callable[[str, list[tuple[str, str]]], tuple[int, Any]]


@dataclass(frozen=True)
class Service:
    """`path` is what follows the host in the setting; `answer` gets path and parameters."""

    path: str
    answer: Answer
    headers: Mapping[str, str] = field(default_factory=dict)


def _wiki(project: str) -> Answer:
    def answer(path: str, params: list[tuple[str, str]]) -> tuple[int, Any]:
        language = path.split("/")[1]
        return 200, mediawiki.answer(project, language, dict(params))

    return answer


SERVICES = {
    **{project: Service("/{language}/w/api.php", _wiki(project)) for project in mediawiki.PROJECTS},
    "wikidata": Service("/w/api.php", others.wikidata),
    "openlibrary": Service("", others.openlibrary),
    "stackexchange": Service("/2.3", others.stackexchange),
    "mitlearn": Service("/api/v1", others.mitlearn),
    "mdn": Service("/api/v1", others.mdn, {"ETag": '"mdn-1"', "Cache-Control": "max-age=86400"}),
    "youtube": Service("/youtube/v3", others.youtube),
    "searxng": Service("", others.searxng),
}
