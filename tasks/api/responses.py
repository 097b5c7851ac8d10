"""A task's body as an HTTP response: whole, compressed, or not at all because it is known."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.utils.http import parse_etags

from tasks.body import Body

#: Smaller bodies fit in one packet as they are.
COMPRESS_FROM_BYTES = 1400
_CODING = re.compile(r"(?:^|,)\s*(gzip|\*)\s*(?:;\s*q=(\d(?:\.\d*)?))?\s*(?=,|$)")


def task_response(request: HttpRequest, body: Body, status: int = 200) -> HttpResponse:
    """The task; 304 and no content if who reads it says that they have this very body."""
    is_read = request.method in ("GET", "HEAD")
    if is_read and known_etags(request) & {body.etag, "*"}:
        response: HttpResponse = HttpResponseNotModified()
    else:
        response = json_response(request, body.content, lambda: body.compressed, status=status)
    response["ETag"] = body.etag
    response["Cache-Control"] = "private, no-cache"
    if body.retry_after is not None:
        response["Retry-After"] = str(body.retry_after)
    return response


def known_etags(request: HttpRequest) -> set[str]:
    """What If-None-Match names. All of ours are weak, and so is the comparison."""
    return set(parse_etags(request.META.get("HTTP_IF_NONE_MATCH", "")))


def json_response(
    request: HttpRequest,
    content: bytes,
    compressed: Callable[[], bytes] | None = None,
    *,
    status: int = 200,
) -> HttpResponse:
    """JSON text as it is, or with gzip if it is worth it and the caller takes it."""
    return text_response(request, content, "application/json", compressed, status=status)


def text_response(
    request: HttpRequest,
    content: bytes,
    content_type: str,
    compressed: Callable[[], bytes] | None = None,
    *,
    status: int = 200,
) -> HttpResponse:
    """Text of any type, compressed as JSON is."""
    is_compressed = len(content) >= COMPRESS_FROM_BYTES and takes_gzip(request)
    if is_compressed:
        content = compressed() if compressed else gzip.compress(content, compresslevel=1)
    response = HttpResponse(content, content_type=content_type, status=status)
    if is_compressed:
        response["Content-Encoding"] = "gzip"
    response["Vary"] = "Accept-Encoding"
    return response


def takes_gzip(request: HttpRequest) -> bool:
    """RFC 9110, 12.5.3: gzip, or anything, and not with a weight of zero."""
    wanted = _CODING.findall(request.META.get("HTTP_ACCEPT_ENCODING", "").lower())
    weights = {coding: float(weight or 1) for coding, weight in wanted}
    return weights.get("gzip", weights.get("*", 0)) > 0
