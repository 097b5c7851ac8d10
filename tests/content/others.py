"""What the sources that are no wikis answer, made of the corpus in the shapes of their APIs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from tests.content.corpus import Page, concepts, corpus
from tests.content.mediawiki import error, folded_words

Given = list[tuple[str, str]]
Entry = tuple[str, str, str]  # id, title, text


def wikidata(path: str, given: Given) -> tuple[int, Any]:
    params = dict(given)
    if params.get("action") == "wbgetentities":
        ids = params["ids"].split("|")
        if len(ids) > 50:
            return 200, error("toomanyvalues", 'Too many values supplied for parameter "ids".')
        return 200, {"entities": {qid: _entity(qid) for qid in ids}, "success": 1}
    if params.get("action") == "wbsearchentities":
        return 200, _entity_search(params)
    return 200, error("badvalue", 'Unrecognized value for parameter "action".')


def _entity(qid: str) -> dict[str, Any]:
    pages = [page for page in corpus().pages() if page.qid == qid]
    if not pages:
        return {"id": qid, "missing": ""}
    topic = next(page for page in corpus().pages() if page.id == pages[0].topic)
    claims: dict[str, Any] = {"P31": [_statement("P31", "Q151885")]}
    if pages[0].id.startswith("noise:"):
        claims = _claims_of_noise(pages[0])
    elif pages[0].id != topic.id:
        claims |= {
            "P361": [_statement("P361", topic.qid)],
            "P1269": [_statement("P1269", topic.qid)],
            "P279": [{"mainsnak": {"snaktype": "somevalue", "property": "P279"}, "rank": "normal"}],
        }
    return {
        "type": "item",
        "id": qid,
        "labels": {p.language: {"language": p.language, "value": p.title} for p in pages},
        "descriptions": {
            p.language: {"language": p.language, "value": p.description}
            for p in pages
            if p.description
        },
        "aliases": {
            p.language: [{"language": p.language, "value": name} for name in p.names]
            for p in pages
            if p.names
        },
        "claims": claims,
        "sitelinks": {
            f"{p.language}wiki": {"site": f"{p.language}wiki", "title": p.title, "badges": []}
            for p in pages
        },
        "lastrevid": 1,
    }


def _claims_of_noise(page: Page) -> dict[str, Any]:
    """What tells a person, a year, a place, a list and an association: in this order in files."""
    topics = corpus().topics[page.language]
    topic = next(one for one in topics if one["id"] == page.topic)
    place = [title for title, _ in topic["noise"]].index(page.title)
    kind = ("Q5", "Q577", "Q107390", "Q13406463", "Q163740")[place]
    proof = {0: "P569", 2: "P625", 4: "P159"}.get(place)
    return {"P31": [_statement("P31", kind)]} | ({proof: [{"rank": "normal"}]} if proof else {})


def _statement(prop: str, target: str) -> dict[str, Any]:
    value = {"entity-type": "item", "id": target, "numeric-id": int(target[1:])}
    return {
        "id": f"{prop}-1",
        "type": "statement",
        "rank": "normal",
        "mainsnak": {
            "snaktype": "value",
            "property": prop,
            "datatype": "wikibase-item",
            "datavalue": {"value": value, "type": "wikibase-entityid"},
        },
    }


def _entity_search(params: Mapping[str, str]) -> dict[str, Any]:
    wanted = folded_words(params["search"])
    found = [
        {
            "id": page.qid,
            "label": page.title,
            "description": page.description,
            "concepturi": f"http://www.wikidata.org/entity/{page.qid}",
            "match": {"type": "label", "language": page.language, "text": page.title},
        }
        for page in corpus().pages()
        if page.qid
        and page.language == params["language"]
        and wanted <= folded_words(" ".join((page.title, *page.names)))
    ]
    limit = int(params.get("limit", "7"))
    return {"searchinfo": {"search": params["search"]}, "search": found[:limit], "success": 1}


def openlibrary(path: str, given: Given) -> tuple[int, Any]:
    params = dict(given)
    language = {"por": "pt", "eng": "en", "spa": "es"}[params.get("language", "eng")]
    found = []
    for topic in corpus().topics[language]:
        for number, (title, author, year, access) in enumerate(topic["books"]):
            if _matches(params["q"], f"{title} {topic['title']}"):
                found.append(
                    {
                        "key": f"/works/OL{_number(topic['id'])}{number}W",
                        "title": title,
                        "author_name": [author],
                        "first_publish_year": year,
                        "edition_count": 3 + number,
                        "ebook_access": access,
                        "has_fulltext": access == "public",
                        "language": [params.get("language", "eng")],
                        **({"cover_i": 4000 + number} if number % 2 else {}),
                    }
                )
    docs = found[: int(params.get("limit", "10"))]
    return 200, {
        "numFound": len(found),
        "start": 0,
        "numFoundExact": True,
        "num_found": len(found),
        "documentation_url": "https://openlibrary.org/dev/docs/api/search",
        "q": params["q"],
        "offset": None,
        "docs": docs,
    }


def stackexchange(path: str, given: Given) -> tuple[int, Any]:
    params = dict(given)
    site = params["site"]
    language = site.split(".")[0] if site.startswith(("pt.", "es.")) else "en"
    host = f"{site}.com" if site.endswith("stackoverflow") else f"{site}.stackexchange.com"
    items = [
        {
            "tags": [name, "beginner"],
            "owner": {
                "display_name": "Ana &amp; Co",
                "reputation": 101,
                "link": f"https://{host}/users/1",
            },
            "is_answered": True,
            "view_count": 900 + number,
            "accepted_answer_id": 64_000 + number,
            "answer_count": 2,
            "score": 3 + number % 20,
            "creation_date": 1_628_604_773,
            "last_activity_date": 1_772_824_126,
            "question_id": number,
            "content_license": "CC BY-SA 4.0",
            "link": f"https://{host}/questions/{number}/{name}",
            "title": f"Can&#39;t get it: {title}?",
        }
        for number, (name, title, text) in enumerate(_entries(language), 12_345)
        if _matches(params["q"], f"{title} {text}")
    ]
    size = int(params.get("pagesize", "30"))
    return 200, {
        "items": items[:size],
        "has_more": len(items) > size,
        "quota_max": 300,
        "quota_remaining": 293,
    }


def mitlearn(path: str, given: Given) -> tuple[int, Any]:
    params = dict(given)
    kinds = [value for name, value in given if name == "resource_type"]
    found = [
        {
            "id": number,
            "readable_id": f"{number}.01+fall_2020",
            "title": f"Introduction to {title}",
            "description": f"<p>{text}</p>",
            "url": f"https://ocw.mit.edu/courses/{number}-{name}/",
            "resource_type": kind,
            "image": {"url": f"https://ocw.mit.edu/{number}.jpg"},
            "topics": [{"id": 1, "name": "Science"}],
            "offered_by": {"code": "ocw", "name": "MIT OpenCourseWare"},
            "platform": {"code": "ocw", "name": "MIT OpenCourseWare"},
            "free": True,
            "license_cc": True,
            "languages": ["en-us"],
            "duration": "",
            "time_commitment": "",
            **(
                {"video": {"duration": "PT48M12S"}}
                if kind == "video"
                else {"course": {"course_numbers": []}}
            ),
        }
        for number, (name, title, text) in enumerate(_entries("en"), 1)
        for kind in [kinds[number % len(kinds)]]
        if _matches(params["q"], f"{title} {text}")
    ]
    size = int(params.get("limit", "10"))
    return 200, {
        "count": len(found),
        "next": None,
        "previous": None,
        "results": found[:size],
        "metadata": {"aggregations": {}, "suggestions": []},
    }


_MDN_PAGES = {
    "Web/CSS/font-family": {
        "en": "The font-family CSS property names the typefaces that a page asks for.",
        "pt": "A propriedade CSS font-family nomeia os tipos de letra que a página pede.",
        "es": "La propiedad CSS font-family nombra las tipografías que pide la página.",
    },
    "Web/CSS/line-height": {
        "en": "The line-height CSS property sets the height of a line, the leading of type.",
        "pt": "A propriedade CSS line-height define a altura de linha, a entrelinha dos tipos.",
        "es": "La propiedad CSS line-height define el alto de línea, el interlineado.",
    },
    "Web/JavaScript/Reference/Global_Objects/Array": {
        "en": "The JavaScript Array object keeps several values under one name.",
        "pt": "O objeto Array de JavaScript guarda vários valores sob um nome.",
        "es": "El objeto Array de JavaScript guarda varios valores bajo un nombre.",
    },
}


def mdn(path: str, given: Given) -> tuple[int, Any]:
    params = dict(given)
    locales = [value for name, value in given if name == "locale"] or ["en-US"]
    documents = [
        {
            "mdn_url": f"/{locale}/docs/{slug}",
            "score": 50.0,
            "title": slug.rsplit("/", 1)[1],
            "locale": locale.lower(),
            "slug": slug.lower(),
            "popularity": 0.007,
            "summary": summaries[locale[:2]],
            "highlight": {"body": ["… <mark>property</mark> …"], "title": []},
        }
        for slug, summaries in _MDN_PAGES.items()
        for locale in locales
        if _matches(params["q"], f"{slug} {summaries[locale[:2]]} CSS HTML web")
    ]
    total = {"value": len(documents), "relation": "eq"}
    return 200, {
        "documents": documents,
        "metadata": {"took_ms": 5, "size": 10, "page": 1, "total": total},
        "suggestions": [],
    }


_VIDEO_TITLES = {"en": "{}, explained", "pt": "{}: entenda de uma vez", "es": "{}, paso a paso"}


def youtube(path: str, given: Given) -> tuple[int, Any]:
    params = dict(given)
    if not params.get("key"):
        return 403, {"error": {"code": 403, "message": "The request is missing a valid API key."}}
    if path.endswith("/videos"):
        return 200, {
            "kind": "youtube#videoListResponse",
            "items": [
                {
                    "id": video,
                    "contentDetails": {"duration": f"PT{7 + place}M33S"},
                    "statistics": {"viewCount": str(1000 * (place + 1))},
                }
                for place, video in enumerate(params["id"].split(","))
            ],
        }
    language = params["relevanceLanguage"]
    items = [
        {
            "kind": "youtube#searchResult",
            "etag": "x",
            "id": {"kind": "youtube#video", "videoId": f"{language}{number:09d}"},
            "snippet": {
                "publishedAt": "2025-01-01T00:00:00Z",
                "channelId": "UC1",
                "title": _VIDEO_TITLES[language].format(title),
                "description": text,
                "thumbnails": {"medium": {"url": f"https://i.ytimg.com/vi/{number}/mq.jpg"}},
                "channelTitle": "Tom &amp; Bia",
                "liveBroadcastContent": "none",
            },
        }
        for number, (name, title, text) in enumerate(_entries(language))
        if _matches(params["q"], f"{title} {text}")
    ]
    size = int(params["maxResults"])
    return 200, {
        "kind": "youtube#searchListResponse",
        "etag": "y",
        "regionCode": "BR",
        "pageInfo": {"totalResults": len(items), "resultsPerPage": size},
        "items": items[:size],
    }


_SITES = {
    "en": ("https://field-guide.example.org/{}", "{} – A field guide"),
    "pt": ("https://guia-de-campo.example.org/{}", "{} – Guia de campo"),
    "es": ("https://guia-practica.example.org/{}", "{} – Guía práctica"),
}


def searxng(path: str, given: Given) -> tuple[int, Any]:
    params = dict(given)
    if params.get("format") != "json":
        return 403, {}
    if not params.get("q"):
        return 400, {"error": "No query"}
    language = params["language"][:2]
    address, name_of_page = _SITES[language]
    results = [
        {
            "url": address.format(name),
            "title": name_of_page.format(title),
            "content": text,
            "engine": "duckduckgo",
            "engines": ["duckduckgo"],
            "score": round(1 / (1 + number), 3),
            "category": "general",
            "positions": [number + 1],
            "template": "default.html",
            "parsed_url": ["https", "example.org", "/", "", "", ""],
            "thumbnail": None,
            "img_src": "",
        }
        for number, (name, title, text) in enumerate(_entries(language))
        if _matches(params["q"], f"{title} {text}")
    ]
    return 200, {
        "query": params["q"],
        "results": results,
        "answers": [],
        "corrections": [],
        "infoboxes": [],
        "suggestions": [],
        "unresponsive_engines": [],
    }


def _entries(language: str) -> Iterator[Entry]:
    """Everything the corpus has in a language: topics and their concepts."""
    for topic in corpus().topics[language]:
        yield topic["id"], topic["title"], _bare(topic["lead"])
        for name, title, _, first, _ in concepts(topic):
            yield name, title, f"{_bare(first)} {topic['title']}."


def _bare(text: str) -> str:
    return re.sub(r"\[[a-z0-9-]+\|([^\]]+)\]|\[([a-z0-9-]+)\]", r"\1\2", text)


def _matches(query: str, text: str) -> bool:
    wanted = folded_words(query)
    return bool(wanted) and wanted <= folded_words(text)


def _number(name: str) -> int:
    return sum(map(ord, name))
