"""
What a web process knows of changing tasks: their bodies as last read, and who waits for a change.

One thread LISTENs for word of changed tasks. A change drops the body that is kept and wakes those
who wait. What is kept is never older than a second, so a notification that got lost costs a
second; while the thread cannot LISTEN nothing is kept. Who may see a task is the caller's
question, asked with each request.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from uuid import UUID

import psycopg
from django.db import Error, connection

from tasks import body, metrics, processes, wire
from tasks.body import Body
from tasks.conf import get_conf
from tasks.models import TaskStatus

logger = logging.getLogger(__name__)

#: What the promise says of a body's age.
OLDEST_SECONDS = 1.0
#: For all bodies together. A learning path has some 150 kB.
KEPT_BYTES = 4_000_000
#: How soon the thread tries again after the database did not answer.
AGAIN_SECONDS = 0.2
LOCKS = 64


@dataclass(frozen=True)
class _Kept:
    body: Body
    #: The clock when its reading began: what it shows was true then or later.
    read_at: float


class Live:
    """The knowledge of one process. All methods may be called by any thread."""

    def __init__(self) -> None:
        self._kept: OrderedDict[UUID, _Kept] = OrderedDict()
        self.kept_bytes = 0
        #: One for each reading under way, taken away by a change meanwhile.
        self._readings: dict[UUID, object] = {}
        self._watches: defaultdict[UUID, set[threading.Event]] = defaultdict(set)
        self._lock = threading.Lock()
        self._one_reads = [threading.Lock() for _ in range(LOCKS)]
        self._listener = wire.Listener(wire.CHANGED)
        self._places = threading.BoundedSemaphore(get_conf().max_waiting)
        self._compared_at = 0.0
        self._end = wire.Bell()
        self._is_ended = False
        self.is_listening = False
        self._thread = threading.Thread(target=self._run, name="live", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End the thread and its connection."""
        self._is_ended = True
        self._end.ring()
        self._thread.join()
        self._end.close()

    def body(self, task_id: UUID) -> Body | None:
        """The task as it was at most a second ago; None if there is none of this id."""
        asked_at = time.monotonic()
        kept = self._fresh(task_id, asked_at)
        if kept is None:
            # Many may ask at once for what has just changed: one reads, the others wait for it.
            with self._one_reads[hash(task_id) % LOCKS]:
                kept = self._fresh(task_id, asked_at)
                if kept is None:
                    return self._read(task_id)
        metrics.POLLS.add("hit")
        return kept

    def forget(self, task_id: UUID) -> None:
        """Have the next one who asks read the task, and wake those who wait for it."""
        with self._lock:
            self._drop(task_id)
            self._readings.pop(task_id, None)
            for changed in self._watches.get(task_id, ()):
                changed.set()

    @contextmanager
    def watching(self, task_id: UUID) -> Iterator[threading.Event]:
        """Give an event that is set at each change of the task from now on."""
        changed = threading.Event()
        with self._lock:
            self._watches[task_id].add(changed)
        try:
            yield changed
        finally:
            with self._lock:
                self._watches[task_id].discard(changed)
                if not self._watches[task_id]:
                    del self._watches[task_id]

    def first_body(
        self, task_id: UUID, is_wanted: Callable[[Body], bool], *, within: float
    ) -> Body | None:
        """
        The task as soon as it is as wanted, or as it is after `within` seconds.

        Holds no database connection while it waits. Waits only if there is a place for one more.
        """
        deadline = time.monotonic() + within
        with self._place() as may_wait, self.watching(task_id) as changed:
            while True:
                changed.clear()
                found = self.body(task_id)
                left = deadline - time.monotonic()
                if found is None or is_wanted(found) or left <= 0 or not may_wait:
                    return found
                connection.close()
                changed.wait(left)

    @property
    def watched(self) -> set[UUID]:
        """The tasks that somebody waits for."""
        with self._lock:
            return set(self._watches)

    def take_place(self) -> bool:
        """Whether one more request may wait; then `leave_place` is due at its end."""
        return self._places.acquire(blocking=False)

    def leave_place(self) -> None:
        self._places.release()

    @contextmanager
    def _place(self) -> Iterator[bool]:
        has_place = self.take_place()
        try:
            yield has_place
        finally:
            if has_place:
                self.leave_place()

    # --- What is kept ---------------------------------------------------------------------

    def _fresh(self, task_id: UUID, asked_at: float) -> Body | None:
        kept = self._kept.get(task_id)
        if kept is None:
            return None
        is_young = self.is_listening and asked_at - kept.read_at < OLDEST_SECONDS
        return kept.body if is_young or kept.read_at >= asked_at else None

    def _read(self, task_id: UUID) -> Body | None:
        reading = object()
        with self._lock:
            self._readings[task_id] = reading
        read_at = time.monotonic()
        found = self._unchanged(task_id)
        metrics.POLLS.add("checked" if found else "read")
        found = found or body.read(task_id)
        with self._lock:
            # What has changed meanwhile is answered, but not kept.
            if self._readings.pop(task_id, None) is reading:
                self._drop(task_id)
                if found is not None:
                    self._keep(task_id, _Kept(found, read_at))
        return found

    def _unchanged(self, task_id: UUID) -> Body | None:
        """The body that is kept, if it only has to be looked at again: its place has no version."""
        kept = self._kept.get(task_id)
        if kept is None or kept.body.status == TaskStatus.PENDING:
            return None
        version, _ = body.versions([task_id]).get(task_id, (None, ""))
        return kept.body if version == kept.body.version else None

    def _keep(self, task_id: UUID, kept: _Kept) -> None:
        self._kept[task_id] = kept
        self.kept_bytes += kept.body.size
        while self.kept_bytes > KEPT_BYTES and len(self._kept) > 1:
            _, oldest = self._kept.popitem(last=False)
            self.kept_bytes -= oldest.body.size

    def _drop(self, task_id: UUID) -> None:
        if kept := self._kept.pop(task_id, None):
            self.kept_bytes -= kept.body.size

    # --- The thread -----------------------------------------------------------------------

    def _run(self) -> None:
        while not self._is_ended:
            try:
                self._look()
            except (Error, psycopg.Error) as error:
                logger.warning("live_unreachable error=%s", type(error).__name__)
                self.is_listening = False
                connection.close()
                time.sleep(AGAIN_SECONDS)
        processes.end()
        connection.close()

    def _look(self) -> None:
        pause = self._compared_at + OLDEST_SECONDS - time.monotonic()
        heard = self._listener.wait(max(0.0, pause), self._end)
        for notification in heard:
            with suppress(ValueError):  # what somebody else says on the channel is not for us
                self.forget(UUID(notification.payload))
        if self._listener.may_have_missed:
            self._listener.may_have_missed = False
            self._forget_all()
        self.is_listening = get_conf().listen
        if time.monotonic() - self._compared_at >= OLDEST_SECONDS:
            self._compare()
            self._compared_at = time.monotonic()
            processes.report_when_due()

    def _forget_all(self) -> None:
        for task_id in [*self._kept, *self._watches]:
            self.forget(task_id)

    def _compare(self) -> None:
        """Wake those whose task has changed without a word; in line, the place may have."""
        with self._lock:
            watched = {task_id: self._kept.get(task_id) for task_id in self._watches}
        if not watched:
            return
        there = body.versions(watched)
        for task_id, kept in watched.items():
            version, status = there.get(task_id, (None, None))
            if kept is None or kept.body.version != version or status == TaskStatus.PENDING:
                self.forget(task_id)


_lives: dict[int, Live] = {}
_first = threading.Lock()


def live() -> Live:
    """This process's; the first one who asks starts the thread."""
    with _first:
        if os.getpid() not in _lives:
            _lives.clear()
            _lives[os.getpid()] = Live()
        return _lives[os.getpid()]


def body_of(task_id: UUID) -> Body | None:
    """The task as it was at most a second ago; None if there is none of this id."""
    if connection.in_atomic_block:
        return body.read(task_id)  # what this transaction has changed, nobody else knows
    return live().body(task_id)


def forget(task_id: UUID) -> None:
    """Show what this process has just changed of the task to whoever asks next."""
    if running := _lives.get(os.getpid()):
        running.forget(task_id)


def close_live() -> None:
    """End this process's thread, if there is one."""
    if running := _lives.pop(os.getpid(), None):
        running.close()
