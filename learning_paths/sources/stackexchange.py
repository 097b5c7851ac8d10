"""
Stack Exchange: questions with accepted answers. https://api.stackexchange.com/docs/advanced-search

300 calls a day for an address, 10,000 with a free key. A site is asked for a subject that is its
own, and for no other.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from learning_paths.exceptions import Reason
from learning_paths.http import Answer, Complaint, Reply, Service
from learning_paths.sources.base import Query, Resource, Role, Source, SourceBase
from learning_paths.sources.reading import plain, query_text, read_each, web_url
from learning_paths.text import tokens

# Sites in English by words of their subject; the first that has one is asked.
_SITES = {
    "cooking": "cooking cook baking bake bread recipe cuisine pastry",
    "gardening": "gardening garden plant soil compost beekeeping orchard lawn",
    "photo": "photography photo camera lens exposure",
    "music": "music guitar piano harmony rhythm melody",
    "chess": "chess",
    "astronomy": "astronomy star planet galaxy telescope cosmology",
    "earthscience": "geology volcanology volcano oceanography ocean climate meteorology earthquake",
    "chemistry": "chemistry molecule reaction",
    "biology": "biology genetics cell evolution paleontology ecology",
    "physics": "physics mechanics thermodynamics relativity optics quantum",
    "stats": "statistics probability regression",
    "datascience": "data science machine learning",
    "ai": "artificial intelligence",
    "math": "mathematics math algebra calculus geometry",
    "money": "finance investing budget loan",
    "mythology": "mythology myth",
    "history": "history war empire",
    "graphicdesign": "typography typeface font design lettering",
    "fitness": "fitness exercise training",
    "crafts": "crafts knitting sewing origami pottery",
    "portuguese": "portuguese",
    "spanish": "spanish",
    "stackoverflow": (
        "programming python javascript sql git css html java code database web software"
    ),
}
_SITE_OF_CATEGORY = {
    "technology": "stackoverflow",
    "maths": "math",
    "finance": "money",
    "history": "history",
}
_SITE_OF_WORD = {
    stem: site for site, words in reversed(_SITES.items()) for stem in tokens(words, "en")
}
# Only what programmers ask is there in other languages.
_PROGRAMMING = (
    "programming programacao programacion codigo software python javascript sql git html css"
)
_SITE_OF_PROGRAMMERS = {"pt": "pt.stackoverflow", "es": "es.stackoverflow"}
_SECONDS_LEFT = re.compile(r"more requests available in (\d+) seconds")


class StackExchange(SourceBase):
    name = "stackexchange"
    title = "Stack Exchange"
    role: ClassVar[Role] = "resources"
    url = "https://api.stackexchange.com/2.3"
    license = "CC BY-SA 4.0"

    def _search(self, query: Query) -> Sequence[Resource]:
        site = site_of(query)
        if site is None:
            return []
        service = Service(
            title=self.title,
            url=f"{self._base_url()}/search/advanced",
            complaint=_complaint,
            pause_after=lambda json: json.get("backoff", 0),
            secrets={"key": self._key} if self._key else {},
        )
        params = {
            "order": "desc",
            "sort": "relevance",
            "q": query_text(query.text),
            "accepted": "True",
            "site": site,
            "pagesize": str(query.limit),
            "page": "1",
        }
        return self._client.ask(
            service,
            params,
            lambda answer: read_each(
                answer.json["items"], lambda item: self._question(item, query, answer)
            )[: query.limit],
        )

    def _question(self, item: Mapping[str, Any], query: Query, answer: Answer) -> Resource:
        url = web_url(item["link"])
        author = plain(item.get("owner", {}).get("display_name"))
        return Resource(
            key=str(int(item["question_id"])),
            title=plain(item["title"], 200),
            url=url,
            language=query.language,
            type="qa",
            description=plain(", ".join(map(str, item.get("tags", [])))),
            provenance=self._provenance(url, answer, license=plain(item.get("content_license"))),
            author=author or None,
            votes=int(item.get("score", 0)),
            tags=tuple(plain(tag, 60) for tag in item.get("tags", [])[:5]),
        )


def site_of(query: Query) -> str | None:
    """Return the site that a question belongs to, as the API names it; None if there is none."""
    words = tokens(f"{query.topic} {query.text}", query.language)
    if query.language == "en":
        sites = (_SITE_OF_WORD[word] for word in words if word in _SITE_OF_WORD)
        return next(sites, _SITE_OF_CATEGORY.get(query.category))
    is_programming = not set(words).isdisjoint(tokens(_PROGRAMMING, query.language))
    if is_programming or query.category == "technology":
        return _SITE_OF_PROGRAMMERS[query.language]
    return None


def _complaint(reply: Reply) -> Complaint | None:
    """Errors come with 400, 502 and 200; the time to wait stands in the prose."""
    if not isinstance(reply.json, Mapping) or "error_id" not in reply.json:
        return None
    name = str(reply.json.get("error_name", ""))[:60]
    if name == "throttle_violation":
        left = _SECONDS_LEFT.search(str(reply.json.get("error_message")))
        wait = float(left[1]) if left else reply.retry_after
        return Complaint(Reason.THROTTLED, name, wait, is_retried=True)
    if name in ("internal_error", "temporarily_unavailable"):
        return Complaint(Reason.DOWN, name, is_retried=True)
    return Complaint(Reason.REFUSED, name)


SOURCES: tuple[type[Source], ...] = (StackExchange,)
