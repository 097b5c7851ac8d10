"""The Action API over the corpus, as far as the sources use it, in both format versions."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from tests.content.corpus import Page, Wiki, corpus

Params = Mapping[str, str]

PROJECTS = ("wikipedia", "wikibooks", "wikiversity")
#: In one answer; tests make it less to see more answers.
MOST_LINKS = 500
_INVALID = re.compile(r"[#<>\[\]{}|]")


def answer(project: str, language: str, params: Params) -> dict[str, Any]:
    if params.get("action") != "query" or params.get("format") != "json":
        return error("badvalue", 'Unrecognized value for parameter "action".')
    wiki = corpus().wikis[project, language]
    if "list" in params:
        given = _LISTS[params["list"]](wiki, params)
    else:
        given = _query(project, language, wiki, params)
    return given if params.get("formatversion") == "2" else _version_1(given)


def error(code: str, info: str) -> dict[str, Any]:
    return {"error": {"code": code, "info": info, "docref": "See the API help."}, "servedby": "mw1"}


def search(wiki: Wiki, words: str) -> list[Page]:
    """Pages that have every word, those with the words in their title first."""
    wanted = folded_words(words)
    found = []
    for page in wiki.pages:
        names = folded_words(" ".join((page.title, *page.names)))
        if wanted and wanted <= folded_words(page.extract) | names:
            exact = any(folded_words(name) == wanted for name in (page.title, *page.names))
            found.append((not exact, -len(wanted & names), -page.size, page.title, page))
    return [entry[-1] for entry in sorted(found, key=lambda entry: entry[:-1])]


def _list_search(wiki: Wiki, params: Params) -> dict[str, Any]:
    pages = search(wiki, params["srsearch"])
    limit = int(params.get("srlimit", "10"))
    wanted = params.get("srprop", "size|wordcount|timestamp|snippet").split("|")
    hits = [
        {"ns": 0, "title": page.title, "pageid": page.pageid}
        | {name: value for name, value in _particulars(page).items() if name in wanted}
        for page in pages[:limit]
    ]
    info = {"totalhits": len(pages)} if "totalhits" in params.get("srinfo", "totalhits") else {}
    more = {"continue": {"sroffset": limit, "continue": "-||"}} if len(pages) > limit else {}
    return {"batchcomplete": True, **more, "query": {"searchinfo": info, "search": hits}}


def _particulars(page: Page) -> dict[str, Any]:
    first, _, rest = page.lead.partition(" ")
    return {
        "size": page.size,
        "wordcount": page.words,
        "snippet": f'<span class="searchmatch">{first}</span> {rest[:120]} &amp; …',
        "timestamp": "2026-03-25T15:46:00Z",
    }


def _list_allpages(wiki: Wiki, params: Params) -> dict[str, Any]:
    start = params.get("apcontinue", "")
    limit = int(params["aplimit"])
    pages = sorted(
        (page for page in wiki.pages if page.title.startswith(params["apprefix"])),
        key=lambda page: page.title,
    )
    pages = [page for page in pages if page.title >= start]
    more = (
        {"continue": {"apcontinue": pages[limit].title, "continue": "-||"}}
        if len(pages) > limit
        else {"batchcomplete": True}
    )
    given = [{"pageid": page.pageid, "ns": 0, "title": page.title} for page in pages[:limit]]
    return {**more, "query": {"allpages": given}}


_LISTS = {"search": _list_search, "allpages": _list_allpages}


def _query(project: str, language: str, wiki: Wiki, params: Params) -> dict[str, Any]:
    query: dict[str, Any] = {}
    if params.get("generator") == "search":
        found = search(wiki, params["gsrsearch"])[: int(params["gsrlimit"])]
        entries = [(_head(page) | {"index": rank}, page) for rank, page in enumerate(found, 1)]
        if not entries:
            return {"batchcomplete": True}
    else:
        entries = _titled(wiki, params, query)
    further: dict[str, str] = {}
    for prop in params.get("prop", "").split("|"):
        if prop:
            further |= _PROPS[prop](entries, params, project, language) or {}
    query["pages"] = [entry for entry, _ in entries]
    more = {"continue": {**further, "continue": "||"}} if further else {"batchcomplete": True}
    return {**more, "query": query}


Entries = list[tuple[dict[str, Any], Page | None]]


def _titled(wiki: Wiki, params: Params, query: dict[str, Any]) -> Entries:
    entries: Entries = []
    for given in params["titles"].split("|"):
        title = given.replace("_", " ")
        title = title[:1].upper() + title[1:]
        if _INVALID.search(title):
            reason = "The requested page title contains invalid characters."
            entries.append(({"title": given, "invalidreason": reason, "invalid": True}, None))
            continue
        if title != given:
            query.setdefault("normalized", []).append({"from": given, "to": title})
        page = wiki.find(title)
        if page and page.title != title and "redirects" in params:
            query.setdefault("redirects", []).append({"from": title, "to": page.title})
        head = _head(page) if page else {"ns": 0, "title": title, "missing": True}
        if head not in [entry for entry, _ in entries]:
            entries.append((head, page))
    return entries


def _head(page: Page) -> dict[str, Any]:
    return {"pageid": page.pageid, "ns": 0, "title": page.title}


def _extracts(entries: Entries, params: Params, *_: str) -> dict[str, str]:
    """Of whole articles one a request, of leads as many as `exlimit` says; then "continue"."""
    is_intro = "exintro" in params
    most = 20 if params.get("exlimit") == "max" else int(params.get("exlimit", "20"))
    most = min(20, most) if is_intro else 1
    start = int(params.get("excontinue", "0"))
    pages = [(entry, page) for entry, page in entries if page]
    for entry, page in pages[start : start + most]:
        text = page.lead if is_intro else page.extract
        if sentences := int(params.get("exsentences", "0")):
            text = " ".join(re.split(r"(?<=[.!?]) ", text)[:sentences])
        entry["extract"] = text
    return {"excontinue": str(start + most)} if len(pages) > start + most else {}


def _pageprops(entries: Entries, *_: Any) -> None:
    for entry, page in entries:
        if page and page.qid:
            entry["pageprops"] = {"wikibase_item": page.qid}
        if page and page.is_disambiguation:
            entry["pageprops"] = {"disambiguation": ""}


def _description(entries: Entries, *_: Any) -> None:
    for entry, page in entries:
        if page and page.description:
            entry |= {"description": page.description, "descriptionsource": "central"}


def _info(entries: Entries, params: Params, project: str, language: str) -> None:
    for entry, page in entries:
        if page:
            url = f"https://{language}.{project}.org/wiki/{page.title.replace(' ', '_')}"
            entry |= {"length": page.size, "fullurl": url, "canonicalurl": url}


def _links(entries: Entries, params: Params, *_: str) -> dict[str, str]:
    wanted = set(params["pltitles"].split("|")) if "pltitles" in params else None
    links = [
        (f"{page.pageid}|0|{title}", entry, title)
        for entry, page in sorted(entries, key=lambda one: one[0].get("pageid", 0))
        if page
        for title in sorted(page.links)
        if wanted is None or title in wanted
    ]
    places = [place for place, _, _ in links]
    start = places.index(params["plcontinue"]) if "plcontinue" in params else 0
    limit = min(MOST_LINKS, int(params["pllimit"]))
    for _, entry, title in links[start : start + limit]:
        entry.setdefault("links", []).append({"ns": 0, "title": title})
    return {"plcontinue": places[start + limit]} if len(links) > start + limit else {}


_PROPS = {
    "extracts": _extracts,
    "pageprops": _pageprops,
    "description": _description,
    "info": _info,
    "links": _links,
}


def _version_1(given: dict[str, Any]) -> dict[str, Any]:
    """Flags are empty strings, pages a map by id."""
    if "batchcomplete" in given:
        given["batchcomplete"] = ""
    pages = given.get("query", {}).get("pages")
    if pages is None:
        return given
    missing = 0
    table = {}
    for page in pages:
        for flag in ("missing", "invalid"):
            if page.get(flag):
                page[flag] = ""
        missing -= "pageid" not in page
        table[str(page.get("pageid", missing))] = page
    given["query"]["pages"] = table
    return given


def folded_words(text: str) -> set[str]:
    parts = unicodedata.normalize("NFKD", text.casefold())
    folded = "".join(char for char in parts if not unicodedata.combining(char))
    return {word.removesuffix("s") for word in re.findall(r"\w+", folded)}
