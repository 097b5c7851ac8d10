"""What the clients of a load note: times, errors, and the tasks that were promised to them."""

from __future__ import annotations

import threading
import time
from collections import Counter, defaultdict, deque


class Ledger:
    """For one run; safe to use from many threads."""

    def __init__(self, ports: list[int], token: str, *, may_break: bool) -> None:
        self.ports = ports
        self.token = token
        #: Whether web processes are killed: then a broken connection is no error.
        self.may_break = may_break
        self.times: defaultdict[str, list[float]] = defaultdict(list)
        self.errors: Counter[str] = Counter()
        self.broken: Counter[str] = Counter()
        #: How each accepted task is to end.
        self.promised: dict[str, str] = {}
        #: The latest of them, to be looked at by those who do not submit.
        self.recent: deque[str] = deque(maxlen=50)
        self.is_over = threading.Event()
        self._lock = threading.Lock()

    def took(self, call: str, seconds: float) -> None:
        with self._lock:
            self.times[call].append(seconds)

    def went_wrong(self, what: str) -> None:
        with self._lock:
            self.errors[what] += 1

    def broke(self, call: str) -> None:
        """A connection did, or was refused."""
        with self._lock:
            counts = self.broken if self.may_break else self.errors
            counts[f"connection lost in {call}"] += 1

    def accepted(self, task_id: str, *, ends: str) -> None:
        with self._lock:
            self.promised[task_id] = ends
            self.recent.append(task_id)

    def pause(self, seconds: float) -> bool:
        """Wait, but not beyond the end; say whether to go on."""
        return not self.is_over.wait(seconds)

    def newest(self, place: int = 1) -> str | None:
        """The task that was accepted last, or so many before."""
        with self._lock:
            return self.recent[-place] if len(self.recent) >= place else None

    def run_for(self, seconds: float) -> None:
        time.sleep(seconds)
        self.is_over.set()
