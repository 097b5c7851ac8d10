"""
A limit on how fast one caller may ask, whatever they ask for: a guard against floods, apart from
the limits on tasks in `tasks/limits.py`.

It is kept in the memory of the process, so that it costs a poll nothing; with several web
processes a caller may have the rate at each. DRF's own throttles keep the time of every request
of the window and send that list through the cache, pickled, with each request; here a caller is
one number.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING

from django.conf import settings
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from tasks.models import USER_PREFIX
from tasks.owners import client_address

if TYPE_CHECKING:
    # While this module is imported by the settings of DRF, there are no views yet.
    from rest_framework.views import APIView

#: How many callers are kept; the one not seen for longest goes first. About 2 MB.
CALLERS = 10_000


@dataclass(frozen=True)
class Rate:
    """`burst` requests at once, and `per_second` in the long run. A rate of 0 is no limit."""

    per_second: float
    burst: int

    @property
    def is_unlimited(self) -> bool:
        return self.per_second <= 0


def get_rate() -> Rate:
    """Read when used, so that tests can override."""
    return Rate(**settings.REUNE_THROTTLE)


class Buckets:
    """
    A token bucket for each caller, safe to use from many threads.

    A bucket is kept as the instant at which it would be full again (the generic cell rate
    algorithm, ITU-T I.371): each request moves it on by the time one request is worth, and one
    that would move it further than a whole burst ahead of now is refused. Refused requests do
    not count.
    """

    def __init__(self, size: int = CALLERS) -> None:
        self._size = size
        self._full_at: OrderedDict[str, float] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._full_at)

    def take(self, caller: str, rate: Rate) -> float:
        """Count a request; return 0, or after how many seconds to try again if it is refused."""
        if rate.is_unlimited:
            return 0.0
        worth = 1 / rate.per_second
        now = monotonic()
        with self._lock:
            full_at = max(self._full_at.get(caller, 0.0), now) + worth
            if (wait := full_at - now - max(rate.burst, 1) * worth) > _ROUNDING:
                self._full_at.move_to_end(caller)  # who asks on is not forgotten
                return wait
            self._full_at[caller] = full_at
            self._full_at.move_to_end(caller)
            if len(self._full_at) > self._size:
                self._full_at.popitem(last=False)
        return 0.0

    def wait(self, caller: str, rate: Rate) -> float:
        """After how many seconds a request would be let through; 0 is now. Counts nothing."""
        if rate.is_unlimited:
            return 0.0
        worth = 1 / rate.per_second
        ahead = self._full_at.get(caller, 0.0) - monotonic()
        return max(0.0, ahead + worth - max(rate.burst, 1) * worth)


#: Seconds; a sum of floats may be this far off, and nobody need wait that long.
_ROUNDING = 1e-6

#: Of this process. What a caller asked, and how often their credentials were wrong.
requests = Buckets()
failures = Buckets()


class FloodThrottle(BaseThrottle):
    """At most so many requests a second from one user, or from one address."""

    _wait = 0.0

    def allow_request(self, request: Request, view: APIView) -> bool:
        self._wait = requests.take(_caller(request), get_rate())
        return not self._wait

    def wait(self) -> float:
        return self._wait


def _caller(request: Request) -> str:
    """Unlike a task's owner, this stays in memory, so the address need not be hashed."""
    user = request.user
    return f"{USER_PREFIX}{user.pk}" if user.is_authenticated else client_address(request)
