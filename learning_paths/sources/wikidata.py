"""
Wikidata: what things are called in each language, and what they are a kind or a part of.

https://www.wikidata.org/wiki/Wikidata:Data_access. All of it is CC0. Its query service (SPARQL) is
not used: it is often overloaded, and bans clients that go on asking.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any, ClassVar, TypeVar

from learning_paths.catalogue.topic import LANGUAGES, Language
from learning_paths.conf import Conf
from learning_paths.http import Answer, Service
from learning_paths.sources.base import Entity, Query, Resource, Role, Source, SourceBase
from learning_paths.sources.mediawiki_answers import complaint_of
from learning_paths.sources.reading import plain, query_text, read_each, text_of, web_url

Value = TypeVar("Value")

_ENTITIES_AT_ONCE = 50

_PROPERTIES = {
    "P31": "instance_of",
    "P279": "subclass_of",
    "P361": "part_of",
    "P527": "has_part",
    "P1269": "facet_of",
}
# Date of birth, coordinates, headquarters. Places and organisations are instances of thousands of
# classes, but these they have in common.
_OF_INDIVIDUALS = ("P569", "P625", "P159")


class Wikidata(SourceBase):
    name = "wikidata"
    title = "Wikidata"
    role: ClassVar[Role] = "names"
    url = "https://www.wikidata.org/w/api.php"
    needs = "REUNE_CONTACT"
    license = "CC0 1.0"
    attribution = "Wikidata contributors"

    @classmethod
    def is_set_up(cls, conf: Conf) -> bool:
        return bool(conf.contact)

    def _search(self, query: Query) -> Sequence[Resource]:
        """Return items by name, as the pages that describe them."""
        params = {
            "action": "wbsearchentities",
            "search": query_text(query.text),
            "language": query.language,
            "uselang": query.language,
            "type": "item",
            "limit": str(query.limit),
        }
        return self._ask(
            params,
            lambda answer: read_each(
                answer.json["search"], lambda found: self._item(found, query.language, answer)
            )[: query.limit],
        )

    def entities(
        self, qids: Iterable[str], languages: Sequence[Language] = LANGUAGES
    ) -> Mapping[str, Entity]:
        """Return by Q-id those items that there are; one request for each fifty."""
        wanted = [*dict.fromkeys(qids)]
        found: dict[str, Entity] = {}
        for start in range(0, len(wanted), _ENTITIES_AT_ONCE):
            params = {
                "action": "wbgetentities",
                "ids": "|".join(wanted[start : start + _ENTITIES_AT_ONCE]),
                "props": "labels|descriptions|aliases|claims|sitelinks",
                "languages": "|".join(languages),
            }
            for entity in self._ask(params, _entities):
                found[entity.qid] = entity
        return found

    def _ask(self, params: Mapping[str, str], read: Callable[[Answer], list[Value]]) -> list[Value]:
        service = Service(
            title=self.title,
            url=self._base_url(),
            complaint=complaint_of,
            fresh_for=timedelta(days=30),  # names change seldom
        )
        return self._client.ask(service, {"format": "json", "maxlag": "5", **params}, read)

    def _item(
        self, found: Mapping[str, Any], language: Language, answer: Answer
    ) -> Resource | None:
        url = f"https://www.wikidata.org/wiki/{found['id']}"
        return Resource(
            key=text_of(found["id"]),
            title=plain(found["label"]),
            url=web_url(url),
            language=language,
            type="article",
            description=plain(found.get("description")),
            provenance=self._provenance(url, answer),
        )


def _entities(answer: Answer) -> list[Entity]:
    return read_each(answer.json["entities"].values(), _entity)


def _entity(given: Mapping[str, Any]) -> Entity | None:
    if "missing" in given:
        return None
    claims = _filled(given, "claims")
    related = {field: tuple(_targets(claims.get(code, []))) for code, field in _PROPERTIES.items()}
    return Entity(
        qid=text_of(given["id"]),
        labels=_texts(given, "labels"),
        descriptions=_texts(given, "descriptions"),
        aliases={
            language: tuple(text_of(alias["value"]) for alias in aliases)
            for language, aliases in _filled(given, "aliases").items()
        },
        sitelinks={
            site: text_of(link["title"]) for site, link in _filled(given, "sitelinks").items()
        },
        is_individual=any(claims.get(code) for code in _OF_INDIVIDUALS),
        **related,
    )


def _filled(given: Mapping[str, Any], field: str) -> Mapping[str, Any]:
    """Return a map of the answer; an empty one is written [] by PHP."""
    return given.get(field) or {}


def _texts(given: Mapping[str, Any], field: str) -> dict[str, str]:
    return {language: text_of(text["value"]) for language, text in _filled(given, field).items()}


def _targets(statements: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the items of statements; "unknown" and "no value" have none."""
    return [
        text_of(statement["mainsnak"]["datavalue"]["value"]["id"])
        for statement in statements
        if statement["mainsnak"]["snaktype"] == "value" and statement["rank"] != "deprecated"
    ]


SOURCES: tuple[type[Source], ...] = (Wikidata,)
