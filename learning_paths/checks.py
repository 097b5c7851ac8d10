"""Settings that name what there is not are refused before anything runs."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.core.checks import CheckMessage, Error, register

from learning_paths.conf import get_conf


@register("worker")
def check_sources(**options: Any) -> list[CheckMessage]:
    # Here, as it brings the HTTP client: 7 MB that the web server, which runs no checks, is spared.
    from learning_paths.sources.registry import all_sources

    conf = get_conf()
    known = {source.name for source in all_sources()}
    given = {*(conf.sources or ()), *conf.source_urls, *conf.source_keys}
    return [
        Error(
            f"REUNE_LEARNING_PATHS names a content source that there is not: {name!r}.",
            hint=f"There are: {', '.join(sorted(known))}.",
            id="learning_paths.E001",
        )
        for name in sorted(given - known)
    ]


@register("worker")
def check_contact(**options: Any) -> list[CheckMessage]:
    """A line break would end the header in which the contact is sent."""
    contact = get_conf().contact
    if contact.isprintable() and contact.isascii():
        return []
    return [
        Error(
            "REUNE_CONTACT holds what an HTTP header cannot.",
            hint="Set it to an e-mail address or the URL of a page about this installation.",
            id="learning_paths.E002",
        )
    ]


@register("worker")
def check_language_model(**options: Any) -> list[CheckMessage]:
    """What is set by half would never be asked, and nobody would know why."""
    conf = get_conf()
    if conf.llm_url and not conf.llm_model:
        return [_half_set("LLM_URL", "LLM_MODEL", "the name of a model that the endpoint has")]
    if (conf.llm_model or conf.llm_key) and not conf.llm_url:
        given = "LLM_MODEL" if conf.llm_model else "LLM_KEY"
        return [_half_set(given, "LLM_URL", "the endpoint's base URL: https://llm.example.org/v1")]
    found: list[CheckMessage] = []
    if conf.llm_url and not _is_base_url(conf.llm_url):
        found.append(
            Error(
                "LLM_URL is not the base URL of an endpoint.",
                hint="Set it to http:// or https://, a host and a path, without a password, a query"
                " or a fragment: https://llm.example.org/v1, http://localhost:11434/v1. A key goes"
                " into LLM_KEY.",
                id="learning_paths.E004",
            )
        )
    if not (conf.llm_key.isascii() and conf.llm_key.isprintable()) or " " in conf.llm_key:
        found.append(
            Error(
                "LLM_KEY holds what an HTTP header cannot.",
                hint="Set LLM_KEY to the key alone, without spaces or line breaks around it.",
                id="learning_paths.E005",
            )
        )
    return found


def _half_set(given: str, missing: str, what: str) -> CheckMessage:
    return Error(
        f"{given} is set and {missing} is not: the language model is not asked.",
        hint=f"Set {missing} to {what}, or unset {given}.",
        id="learning_paths.E003",
    )


def _is_base_url(url: str) -> bool:
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018  # raises ValueError if it is none
    except ValueError:
        return False
    return (
        parts.scheme in ("http", "https")
        and bool(parts.hostname)
        and "@" not in parts.netloc
        and not parts.query
        and not parts.fragment
        and url.isascii()
        and url.isprintable()
        and " " not in url
    )
