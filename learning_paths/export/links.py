"""Which addresses a reader may be led to."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlsplit

#: What may stand in an address as it is (RFC 3986); the rest is written in percent.
_AS_THEY_ARE = "%/:?#@!$&'*+,;=~-._"
_LICENCE = re.compile(r"CC (BY(?:-NC)?(?:-SA|-ND)?)[ -](\d\.\d)")


def safe_url(url: str) -> str:
    """
    Return the address, or "" if it is no plain web address.

    What sources say is not trusted: javascript: and data: run in the reader's browser. The result
    holds no quote, bracket, space or backslash, so it ends neither an attribute nor a link.
    """
    try:
        parts = urlsplit(url.strip())
        host = parts.hostname
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or not host:
        return ""
    return quote(url.strip(), safe=_AS_THEY_ARE)


def with_safe_url(resource: Mapping[str, Any]) -> dict[str, Any]:
    """Return the resource, its `url` safe_url's."""
    return {**resource, "url": safe_url(resource["url"])}


def licence_url(licence: str | None) -> str:
    """Return where a Creative Commons licence is to be read, as it asks for; "" for others."""
    if found := _LICENCE.fullmatch(licence or ""):
        return f"https://creativecommons.org/licenses/{found[1].lower()}/{found[2]}/"
    return "https://creativecommons.org/publicdomain/zero/1.0/" if licence == "CC0" else ""
