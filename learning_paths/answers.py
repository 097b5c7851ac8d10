"""
What sources answered before, and which hosts are to be left alone: kept in PostgreSQL.

All workers share it through Django's cache "sources". A cache that does not work costs requests,
never a path: its errors are logged and count as nothing found.
"""

from __future__ import annotations

import logging
import time
import zlib
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.core.cache import caches
from django.db import Error, connections

logger = logging.getLogger(__name__)

#: YouTube's terms allow no longer; the others are asked again after less (`Service.fresh_for`).
KEEP_FOR = timedelta(days=30)
#: Raise it when what is kept changes its shape.
VERSION = 1


@dataclass(frozen=True)
class Kept:
    """A good answer. `at` is in seconds since 1970, `etag` "" where there was none."""

    packed: bytes
    etag: str
    at: float

    @classmethod
    def of(cls, body: bytes, etag: str) -> Kept:
        return cls(zlib.compress(body), etag, time.time())

    @property
    def body(self) -> bytes:
        return zlib.decompress(self.packed)

    def is_younger_than(self, age: timedelta) -> bool:
        return time.time() - self.at < age.total_seconds()


def find(key: str) -> Kept | None:
    kept = _quietly("get", f"answer:{key}", version=VERSION)
    return Kept(*kept) if kept else None


def keep(key: str, kept: Kept) -> None:
    value = (kept.packed, kept.etag, kept.at)
    _quietly("set", f"answer:{key}", value, timeout=KEEP_FOR.total_seconds(), version=VERSION)


def leave_alone(host: str, seconds: float) -> None:
    """Have no worker ask `host` for so long."""
    until = time.time() + seconds
    _quietly("set", f"rest:{host}", until, timeout=seconds + 1, version=VERSION)


def rest_of(host: str) -> float:
    """Return how many seconds `host` is still to be left alone; 0.0 for one that may be asked."""
    until = _quietly("get", f"rest:{host}", version=VERSION)
    return max(0.0, until - time.time()) if until else 0.0


def _quietly(verb: str, *args: Any, **options: Any) -> Any:
    try:
        return getattr(caches["sources"], verb)(*args, **options)
    except Error as error:
        logger.warning("answer_cache_failed verb=%s error=%s", verb, type(error).__name__)
        connections["default"].close_if_unusable_or_obsolete()
        return None
