"""What the Action API of MediaWiki answers, read: formatversion 1 and 2 alike."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from learning_paths.exceptions import Reason
from learning_paths.http import Answer, Complaint, Reply
from learning_paths.sources.base import Hit, Section
from learning_paths.sources.reading import plain, text_of

_HEADING = re.compile(r"^(={2,6})[ \t]*(.+?)[ \t]*\1[ \t]*$", re.MULTILINE)

# Errors of the API that pass: https://www.mediawiki.org/wiki/API:Errors_and_warnings, and the
# search engine's own.
_PASSING = {
    "maxlag": Reason.THROTTLED,
    "ratelimited": Reason.THROTTLED,
    "readonly": Reason.DOWN,
    "search-backend-error": Reason.DOWN,
    "cirrussearch-too-busy-error": Reason.DOWN,
    "cirrussearch-backend-error": Reason.DOWN,
    "timeout": Reason.DOWN,
}


def complaint_of(reply: Reply) -> Complaint | None:
    """Errors come with status 200, and say what they are in the body."""
    error = reply.json.get("error") if isinstance(reply.json, Mapping) else None
    if not error:
        return None
    code = str(error["code"])
    if reason := _PASSING.get(code) or (
        Reason.DOWN if code.startswith("internal_api_error") else None
    ):
        return Complaint(reason, code, reply.retry_after, is_retried=True)
    return Complaint(Reason.REFUSED, code[:60])


def continuation_of(answer: Answer) -> dict[str, str]:
    return {str(name): str(value) for name, value in answer.json.get("continue", {}).items()}


def pages_of(json: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the pages: a list in formatversion 2, a map by id before; nothing if none matched."""
    if json.keys().isdisjoint(("query", "batchcomplete", "continue")):
        raise KeyError("query")
    pages = json.get("query", {}).get("pages", [])
    return list(pages.values()) if isinstance(pages, dict) else list(pages)


def is_missing(page: Mapping[str, Any]) -> bool:
    """Before formatversion 2 a flag is an empty string."""
    return any(page.get(flag, False) is not False for flag in ("missing", "invalid"))


def is_disambiguation(page: Mapping[str, Any]) -> bool:
    return "disambiguation" in page.get("pageprops", {})


def qid_of(page: Mapping[str, Any]) -> str:
    return text_of(page.get("pageprops", {}).get("wikibase_item", ""))


def names_of(json: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """Return for each title the other titles that led to it, by a redirect or another spelling."""
    query = json.get("query", {})
    steps = {
        text_of(step["from"]): text_of(step["to"])
        for kind in ("normalized", "redirects")
        for step in query.get(kind, [])
    }
    names: dict[str, list[str]] = {}
    for start in steps:
        names.setdefault(_end_of(start, steps), []).append(start)
    return {title: tuple(starts) for title, starts in names.items()}


def _end_of(title: str, steps: Mapping[str, str]) -> str:
    for _step in steps:  # not "while": a redirect may lead back to itself
        title = steps.get(title, title)
    return title


def hit_of(found: Mapping[str, Any]) -> Hit:
    return Hit(
        title=text_of(found["title"]),
        words=int(found.get("wordcount", 0)),
        snippet=plain(found.get("snippet")),
    )


def links_of(json: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [
        (text_of(page["title"]), text_of(link["title"]))
        for page in pages_of(json)
        for link in page.get("links", [])
        if link["ns"] == 0
    ]


def sections_of(extract: str) -> tuple[Section, ...]:
    """Cut a text at its headings (== History ==); the lead is the first, even if empty."""
    parts = _HEADING.split(extract)  # lead, then marks, title and text of each section
    sections = [Section(1, "", parts[0].strip())]
    for marks, title, text in zip(parts[1::3], parts[2::3], parts[3::3], strict=True):
        sections.append(Section(len(marks), title, text.strip()))
    return tuple(sections)
