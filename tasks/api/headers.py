"""What callers say in headers."""

from __future__ import annotations

import re

from django.http import HttpRequest
from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError

from tasks.api.serializers import LONGEST_WAIT_SECONDS

LONGEST_KEY = 200
_WAIT = re.compile(r'(?:^|[,;])\s*wait\s*=\s*"?(\d{1,6})"?\s*(?=$|[,;])', re.IGNORECASE | re.ASCII)


def idempotency_key(request: HttpRequest) -> str | None:
    """The Idempotency-Key, or None without one. Raises ValidationError."""
    key = request.headers.get("Idempotency-Key", "").strip()
    if len(key) > LONGEST_KEY or not key.isprintable():
        text = _("An Idempotency-Key has at most %(count)d characters, and a UUID does very well.")
        raise ValidationError({"Idempotency-Key": text % {"count": LONGEST_KEY}})
    return key or None


def preferred_wait(request: HttpRequest) -> int:
    """Seconds, by `Prefer: wait=…` (RFC 7240), no more than we are ready to wait; else 0."""
    match = _WAIT.search(request.META.get("HTTP_PREFER", ""))
    return min(int(match[1]), LONGEST_WAIT_SECONDS) if match else 0
