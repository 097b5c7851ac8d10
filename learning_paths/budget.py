"""What one job may spend on the network: a time that runs from its first request, and calls."""

from __future__ import annotations

import threading
import time


class BudgetSpent(Exception):
    """No time or no calls are left, or the job is over."""


class Budget:
    """Shared by the threads of a job."""

    def __init__(self, *, seconds: float, calls: int) -> None:
        self._seconds = seconds
        self._calls_left = calls
        self._deadline: float | None = None
        self._lock = threading.Lock()
        self._over = threading.Event()

    @property
    def is_spent(self) -> bool:
        try:
            self.remaining()
        except BudgetSpent:
            return True
        return False

    def remaining(self) -> float:
        """Return the seconds left. Raises BudgetSpent instead of returning 0."""
        with self._lock:
            if self._deadline is None:
                self._deadline = time.monotonic() + self._seconds
        left = self._deadline - time.monotonic()
        if left <= 0 or self._over.is_set():
            raise BudgetSpent
        return left

    def take_call(self) -> None:
        """Count a request that is about to be made. Raises BudgetSpent."""
        self.remaining()
        with self._lock:
            if self._calls_left <= 0:
                raise BudgetSpent
            self._calls_left -= 1

    def pause(self, seconds: float) -> None:
        """Wait. Raises BudgetSpent at once if there is not so much time, and when the job ends."""
        if seconds >= self.remaining() or self._over.wait(seconds):
            raise BudgetSpent

    def end(self) -> None:
        """Let every thread of the job stop at its next step."""
        self._over.set()
