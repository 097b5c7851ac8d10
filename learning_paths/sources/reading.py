"""Making clean values of what sources answer."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Callable, Iterable
from typing import Any, TypeVar
from urllib.parse import urlsplit

from learning_paths.http import MISREADINGS

Value = TypeVar("Value")

DESCRIPTION_LENGTH = 300

# Control and format characters, and halves of surrogate pairs.
_UNSEEN = ("Cc", "Cf", "Cs")
_TAG = re.compile(r"<[^<>]*>")
_ISO_DURATION = re.compile(
    r"P(?:(?P<days>\d+)D)?(?:T(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+)S)?)?"
)
# Letters, digits, spaces, and what names are written with (C++, C#, .NET, d'água, re-entry).
_NOT_IN_A_QUERY = re.compile(r"[^\w\s+#.'\-]|(?<!\w)-")


def plain(text: object, limit: int = DESCRIPTION_LENGTH) -> str:
    """
    Return one line without markup, entities, or what cannot be seen.

    Longer than `limit` characters it ends at a word with "…". None is "".
    """
    if text is None:
        return ""
    line = visible(html.unescape(_TAG.sub(" ", text_of(text))))
    line = " ".join(line.split())
    if len(line) <= limit:
        return line
    return f"{line[:limit].rsplit(' ', 1)[0].rstrip(' ,;:.')}…"


def text_of(value: object) -> str:
    """Return a value that has to be text as it is. Raises TypeError if it is none."""
    if not isinstance(value, str):
        raise TypeError(type(value).__name__)
    return value


def visible(text: str) -> str:
    """Return `text` in NFC without control and format characters; line breaks stay."""
    composed = unicodedata.normalize("NFC", text)
    return "".join(
        char for char in composed if char in "\n\t" or unicodedata.category(char) not in _UNSEEN
    )


def query_text(text: str, limit: int = 200) -> str:
    """Return the words of a question without a search engine's operators."""
    words = _NOT_IN_A_QUERY.sub(" ", visible(text)).split()
    return " ".join(words)[:limit].strip()


def web_url(url: object) -> str:
    """Return an address that a reader may be sent to. Raises ValueError for any other."""
    url = text_of(url).strip()
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username is not None:
        raise ValueError("no address of the web")
    return url


def image_url(url: object) -> str | None:
    """Return the address of a picture that a page may show; None if there is none."""
    return web_url(url) if url else None


def minutes_of(duration: str) -> int | None:
    """Read an ISO 8601 duration (PT15M33S), rounded up; None for nothing, or a live stream."""
    match = _ISO_DURATION.fullmatch(duration)
    if not match:
        return None
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    total = ((days * 24 + hours) * 60 + minutes) * 60 + seconds
    return -(-total // 60) or None


def read_each(items: Iterable[Any], read: Callable[[Any], Value | None]) -> list[Value]:
    """
    Return what `read` makes of each item, without the Nones and those that cannot be read.

    If none can be read, something else is wrong, and the last one's error is raised.
    """
    values: list[Value] = []
    misread: Exception | None = None
    could_read = False
    for item in items:
        try:
            value = read(item)
        except MISREADINGS as error:
            misread = error
            continue
        could_read = True
        if value is not None:
            values.append(value)
    if misread and not could_read:
        raise misread
    return values
