"""JSON as hosts send it, without anything PostgreSQL cannot hold."""

from __future__ import annotations

import json
import re
from typing import Any

# NUL and halves of surrogate pairs, as JSON writes them; PostgreSQL holds neither.
_UNSTORABLE = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")
_UNSTORABLE_CHARACTER = re.compile("[\0\ud800-\udfff]")


def json_or_none(body: bytes) -> Any:
    """Return what the body says, None if it is no JSON."""
    try:
        return json_of(body)
    except (ValueError, RecursionError):
        return None


def json_of(body: bytes) -> Any:
    """Return what the body says. Raises ValueError and RecursionError."""
    text = body.decode("utf-8-sig")
    value = json.loads(text, parse_constant=_refuse)
    return _storable(value) if _UNSTORABLE.search(text) else value


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


def _storable(value: Any) -> Any:
    if isinstance(value, str):
        return _UNSTORABLE_CHARACTER.sub("", value)
    if isinstance(value, list):
        return [_storable(one) for one in value]
    if isinstance(value, dict):
        return {_storable(name): _storable(one) for name, one in value.items()}
    return value
