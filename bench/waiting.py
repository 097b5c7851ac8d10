"""Waiting for something to be so."""

from __future__ import annotations

import time
from collections.abc import Callable


def wait_until(condition: Callable[[], object], *, seconds: float, every: float = 0.002) -> float:
    """Return the instant at which the condition was seen to hold; TimeoutError after `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{condition} does not hold after {seconds} s")
        time.sleep(every)
    return time.time()
