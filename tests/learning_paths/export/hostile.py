"""Paths whose every text wants to be something else, as a caller or a source could write it."""

from __future__ import annotations

from typing import Any, cast

from learning_paths.schema import LearningPathDocument
from tests.learning_paths.paths import make_path

#: Ends attributes, elements and comments; links, images, code, tables, headings, entities.
HOSTILE = (
    "</title></style></h1><script>alert(1)</script>"
    '<img src=x onerror=alert(2)>" onmouseover="alert(3)" \'--> '
    "[a](javascript:alert(4)) ![b](https://evil.example/b.png) <javascript:alert(5)> "
    "`c` **d** __e__ ~~f~~ | g | &lt;script&gt; &#106; {{ h }} {% i %} $j$ [k]: javascript:l"
)
ADDRESSES = (
    "javascript:alert(6)",
    " JavaScript:alert(7)",
    "data:text/html,<script>alert(8)</script>",
    'https://evil.example/"><script>alert(9)</script>',
    "https://evil.example/a) [m](javascript:alert(10)",
    "//evil.example/n",
    "https://[",
)
#: What a program looks at; the rest is for people.
_KEPT = {
    *("id", "rootNodeId", "parentId", "language", "kind", "type", "state", "evidence", "level"),
    *("verificationMethod", "prerequisites", "mode", "seed", "conceptId", "topic", "version"),
}


def hostile_path(text: str = HOSTILE) -> LearningPathDocument:
    """A whole path with `text` for every text a reader sees, and addresses as bad."""
    document = make_path(language="en", hours_per_week=1).document
    page = next(one for node in document["nodes"].values() for one in node["resources"])
    credit = {"title": "", "url": page["url"], "source": "", "author": "", "license": "CC BY 4.0"}
    made = _replaced({**document, "attribution": [credit]}, text, iter(ADDRESSES * 100))
    return cast(LearningPathDocument, made)


def _replaced(value: Any, text: str, addresses: Any, name: str = "") -> Any:
    if isinstance(value, dict):
        # Ids of nodes are keys and stay; so do the options that decide.
        return {key: _replaced(one, text, addresses, key) for key, one in value.items()}
    if isinstance(value, list):
        if name in _KEPT:
            return value
        return [_replaced(one, text, addresses, name) for one in value]
    if not isinstance(value, str) or name in _KEPT:
        return value
    if name == "url":
        return next(addresses)
    return f"Plain.\n\n- {text}\n\n```{text}\n{text}\n```\n{text}" if name == "solution" else text
