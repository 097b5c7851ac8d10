"""Settings that name what there is not are refused before anything runs."""

from __future__ import annotations

from typing import Any

from django.core.checks import CheckMessage, Error, register

from learning_paths.conf import get_conf


@register
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


@register
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
