"""Whether an attempt that failed is tried again, and when. Pure."""

from __future__ import annotations

import random
from datetime import timedelta

from django.db import InterfaceError, OperationalError

#: Doubles with each attempt, from the first to the longest.
FIRST_DELAY = timedelta(seconds=5)
LONGEST_DELAY = timedelta(minutes=10)


def is_retryable(error: BaseException) -> bool:
    """An error says itself whether a later attempt may succeed; a lost database always may."""
    if isinstance(error, OperationalError | InterfaceError):
        return True
    return bool(getattr(error, "retryable", False))


def delay_after(attempt: int, error: BaseException) -> timedelta:
    """
    How long to wait after `attempt` (1 is the first) failed with `error`.

    Exponential with full jitter over the upper half, so that tasks which failed together do not
    come back together; never sooner than a remote asked for (`error.retry_after`).
    """
    longest: timedelta = min(LONGEST_DELAY, FIRST_DELAY * 2 ** min(attempt - 1, 20))
    delay = longest * random.uniform(0.5, 1.0)
    asked: timedelta | None = getattr(error, "retry_after", None)
    return max(delay, asked) if asked else delay
