"""Bodies of requests, as far as we read them: not without end, and not without bottom."""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO, Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.utils.translation import gettext as _
from rest_framework import parsers
from rest_framework.exceptions import ParseError

#: No call of ours needs more than three. Python's own limit is 1000 with its stack, and whatever
#: looks at the value later (the encoder of JSON) has less left of it than the decoder had.
DEEPEST = 20


class JSONParser(parsers.JSONParser):
    """JSON that is not nested too deep for whoever reads it after us."""

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        try:
            value = super().parse(stream, media_type, parser_context)
        except RecursionError:
            raise _too_deep() from None
        if _is_deeper(value, DEEPEST):
            raise _too_deep()
        return value


class MultiPartParser(parsers.MultiPartParser):
    """
    Forms with parts, no larger than any other body.

    Django sets no limit to files, and writes large ones to the disk before any view can say that
    it wants none.
    """

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        length = (parser_context or {})["request"].META.get("CONTENT_LENGTH") or 0
        if int(length) > (settings.DATA_UPLOAD_MAX_MEMORY_SIZE or 0):
            raise RequestDataTooBig
        return super().parse(stream, media_type, parser_context)


def _is_deeper(value: Any, most: int) -> bool:
    """Whether containers lie in each other more than `most` deep. Does not recurse itself."""
    level = [value]
    for _depth in range(most + 1):
        containers = [one for one in level if isinstance(one, (dict, list))]
        if not containers:
            return False
        level = [
            inner
            for one in containers
            for inner in (one.values() if isinstance(one, dict) else one)
        ]
    return True


def _too_deep() -> ParseError:
    return ParseError(_("The JSON is nested too deep."))
