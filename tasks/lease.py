"""
The thread that keeps a running task's lease, and interrupts the task.

One thread in each worker process, with a database connection of its own: it extends the lease,
writes what the task reports, hears cancels, tells those who watch the task, and watches the clock.
An interruption is one mechanism for four reasons: the thread signals the main thread, whose
handler raises Interrupted wherever the task is, in a socket read, a query, a sleep or a loop. While
an outcome is written the signal is held back. An exception that Python drops, as it does in
destructors, is raised again. A main thread that does not react is killed with its process; the
outcome is written for it first.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from enum import Enum
from multiprocessing.util import Finalize
from typing import Any
from uuid import UUID

import psycopg
from django.db import Error, connection

from tasks import lifecycle, processes, wire
from tasks.claims import Claim
from tasks.conf import get_conf
from tasks.exceptions import LeaseLost
from tasks.messages import Message

logger = logging.getLogger(__name__)

#: What `manage.py worker` sends its processes when it stops.
STOP_SIGNAL = signal.SIGUSR2
#: Raises Interrupted in the main thread. Django-Q uses SIGALRM, SIGTERM and SIGINT itself.
INTERRUPT_SIGNAL = signal.SIGUSR1


#: How often the thread looks at the clock and at what there is to write.
TICK_SECONDS = 0.2
#: What tasks change within this time is told to those who watch in one commit.
TELL_SECONDS = 0.05


class Reason(Enum):
    """Why a task is interrupted."""

    CANCELED = "canceled"
    TIMED_OUT = "timed_out"
    LEASE_LOST = "lease_lost"
    SHUTTING_DOWN = "shutting_down"


class Interrupted(BaseException):
    """Ends a handler. No Exception, so that `except Exception` in a handler cannot swallow it."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.value)
        self.reason = reason


class Attempt:
    """A claimed attempt while its handler runs: what it has to say and whether it may go on."""

    def __init__(self, claim: Claim, timeout: timedelta, give_up: Callable[[Reason], None]) -> None:
        self.claim = claim
        self.timeout = timeout
        self.give_up = give_up
        self.began = time.monotonic()
        self.reason: Reason | None = None
        self.asked_at = 0.0
        #: The handler has; what is left is to write the outcome, for which there is no hurry.
        self.has_ended = False
        self._is_interruptible = False
        self._report_dropped = sys.unraisablehook
        # Held while lines go to the database, so that they keep their order.
        self.writing = threading.Lock()
        self.progress = 0
        self._lines: list[tuple[float, str, str]] = []
        self.has_news = False

    def note(self, progress: int, text: str, level: str) -> None:
        """Remember what the task reports, until somebody writes it."""
        self.progress = max(self.progress, progress)
        if text:
            self._lines.append((time.monotonic(), text, level))
        self.has_news = True

    @contextmanager
    def unwritten(self) -> Iterator[list[Message]]:
        """Give the lines that are not in the database, in order; they are, if nothing is raised."""
        with self.writing:
            now = time.monotonic()
            self.has_news = False
            lines = list(self._lines)
            yield [Message(text, level, timedelta(seconds=now - at)) for at, text, level in lines]
            del self._lines[: len(lines)]

    @contextmanager
    def interruptible(self) -> Iterator[None]:
        """Run a handler: interruptions are raised inside, one that came before at once."""
        self._is_interruptible = True
        self._report_dropped, sys.unraisablehook = sys.unraisablehook, self._on_dropped
        try:
            self._raise_if_asked()
            yield
        finally:
            self._is_interruptible = False
            self.has_ended = True
            sys.unraisablehook = self._report_dropped

    @contextmanager
    def uninterrupted(self) -> Iterator[None]:
        """Hold interruptions back while the handler's own writes are under way."""
        self._is_interruptible = False
        try:
            yield
        finally:
            self._is_interruptible = True
        self._raise_if_asked()

    def ask_to_stop(self, reason: Reason) -> bool:
        """Set the reason, if there is none yet; say whether it is this one."""
        if self.reason is None:
            self.reason, self.asked_at = reason, time.monotonic()
            return True
        return False

    @property
    def must_be_interrupted(self) -> bool:
        """It is asked to stop, and knows nothing of it yet."""
        return self.reason is not None and self._is_interruptible

    def _on_dropped(self, dropped: sys.UnraisableHookArgs) -> None:
        """Take note of what was raised in a destructor or a callback of C, and went no further."""
        if isinstance(dropped.exc_value, Interrupted):
            self._is_interruptible = True
        else:
            self._report_dropped(dropped)

    def on_signal(self) -> None:
        """In the main thread, between two instructions of whatever it does."""
        if self._is_interruptible:
            self._raise_if_asked()

    def _raise_if_asked(self) -> None:
        if self.reason is not None:
            self._is_interruptible = False  # once is enough; the handler's cleanup is to finish
            raise Interrupted(self.reason)


class Keeper:
    """
    Keeps the leases of the attempts that a process runs, one after the other.

    Made in the main thread, which gets the signals.
    """

    def __init__(self) -> None:
        self.is_stopping = False
        self._attempt: Attempt | None = None
        self._main = threading.get_ident()
        self._is_closed = threading.Event()
        self._listener = wire.Listener(wire.CANCEL)
        self._beat_at = self._written_at = self._told_at = 0.0
        self._changed: deque[UUID] = deque()
        self._change = wire.Bell()
        wire.courier = self._carry
        signal.signal(INTERRUPT_SIGNAL, self._on_interrupt)
        signal.signal(STOP_SIGNAL, self._on_stop)
        self._thread = threading.Thread(target=self._run, name="lease", daemon=True)
        self._thread.start()

    @contextmanager
    def holding(self, attempt: Attempt) -> Iterator[None]:
        """Keep the lease of `attempt` meanwhile."""
        self._beat_at = self._written_at = time.monotonic()
        self._attempt = attempt
        if self.is_stopping:
            attempt.ask_to_stop(Reason.SHUTTING_DOWN)
        try:
            yield
        finally:
            self._attempt = None

    def close(self) -> None:
        """End the thread and its connection."""
        wire.courier = None
        self._is_closed.set()
        self._change.ring()
        self._thread.join()
        self._change.close()

    def _carry(self, task_id: UUID) -> None:
        """Have the thread tell those who watch the task; called by either thread."""
        self._changed.append(task_id)
        self._change.ring()

    # --- In the main thread ---------------------------------------------------------------

    def _on_interrupt(self, number: int, frame: Any) -> None:
        if attempt := self._attempt:
            attempt.on_signal()

    def _on_stop(self, number: int, frame: Any) -> None:
        self.is_stopping = True
        if attempt := self._attempt:
            attempt.ask_to_stop(Reason.SHUTTING_DOWN)
            attempt.on_signal()

    # --- In the lease thread --------------------------------------------------------------

    def _run(self) -> None:
        while not self._is_closed.is_set():
            try:
                self._look()
            except (Error, psycopg.Error) as error:
                logger.warning("lease_unreachable error=%s", type(error).__name__)
                connection.close()
                self._watch_the_clock()
                time.sleep(TICK_SECONDS)
        with suppress(Error, psycopg.Error):  # a hint; who watches looks for itself as well
            self._tell()
        connection.close()

    def _look(self) -> None:
        heard = self._wait()
        if self._listener.may_have_missed:
            self._listener.may_have_missed = False
            self._beat_at = 0.0  # a heartbeat sees a cancel as well
        processes.report_when_due()
        if (attempt := self._attempt) is None:
            return
        if any(one.payload == str(attempt.claim.task_id) for one in heard):
            self._interrupt(attempt, Reason.CANCELED)
        self._watch_the_clock()
        now = time.monotonic()
        if now - self._beat_at >= self._beat_seconds():
            self._beat(attempt)
        if attempt.has_news and now - self._written_at >= _seconds(get_conf().report_interval):
            self._write(attempt)

    def _wait(self) -> list[psycopg.Notify]:
        """Until something is heard, a task has changed, or it is time to look again."""
        pause = self._told_at + TELL_SECONDS - time.monotonic()
        if pause > 0:
            return self._listener.wait(pause)
        heard = self._listener.wait(TICK_SECONDS, self._change)
        self._change.silence()
        self._tell()
        return heard

    def _tell(self) -> None:
        """Tell those who watch of all that has changed."""
        changed = {self._changed.popleft() for _ in range(len(self._changed))}
        if changed:
            self._told_at = time.monotonic()
            wire.notify_each(wire.CHANGED, map(str, changed))

    def _watch_the_clock(self) -> None:
        """What has to happen without a database too: time out, and kill what is stuck."""
        attempt = self._attempt
        if attempt is None or attempt.has_ended:
            return
        now = time.monotonic()
        if now - attempt.began >= _seconds(attempt.timeout):
            self._interrupt(attempt, Reason.TIMED_OUT)
        if attempt.must_be_interrupted:
            signal.pthread_kill(self._main, INTERRUPT_SIGNAL)
        if attempt.reason and now - attempt.asked_at >= _seconds(get_conf().grace):
            self._kill(attempt, attempt.reason)

    def _beat_seconds(self) -> float:
        """Without LISTEN a heartbeat is what sees a cancel, so it comes with each poll."""
        conf = get_conf()
        return _seconds(conf.heartbeat if conf.listen else min(conf.heartbeat, conf.poll))

    def _beat(self, attempt: Attempt) -> None:
        self._beat_at = time.monotonic()
        try:
            is_canceled = lifecycle.extend_lease(attempt.claim)
        except LeaseLost:
            self._interrupt(attempt, Reason.LEASE_LOST)
        else:
            if is_canceled:
                self._interrupt(attempt, Reason.CANCELED)

    def _write(self, attempt: Attempt) -> None:
        if attempt.writing.locked():
            return  # the main thread is at it
        self._written_at = time.monotonic()
        try:
            with attempt.unwritten() as lines:
                lifecycle.report(attempt.claim, progress=attempt.progress, messages=lines)
        except LeaseLost:
            self._interrupt(attempt, Reason.LEASE_LOST)

    def _interrupt(self, attempt: Attempt, reason: Reason) -> None:
        if attempt.ask_to_stop(reason):
            claim = attempt.claim
            logger.info(
                "task_interrupted task=%s attempt=%d reason=%s",
                claim.task_id,
                claim.attempt,
                reason.value,
            )
            signal.pthread_kill(self._main, INTERRUPT_SIGNAL)

    def _kill(self, attempt: Attempt, reason: Reason) -> None:
        """End the process of a task that ignores its interruption, after writing the outcome."""
        claim = attempt.claim
        logger.error(
            "task_killed task=%s attempt=%d reason=%s", claim.task_id, claim.attempt, reason.value
        )
        attempt.writing = threading.Lock()  # the main thread may be stuck with the old one
        try:
            attempt.give_up(reason)
        finally:
            os.kill(os.getpid(), signal.SIGKILL)


def _seconds(duration: timedelta) -> float:
    return duration.total_seconds()


_keepers: dict[int, Keeper] = {}


def keeper() -> Keeper:
    """This process's; a fork gets one of its own."""
    if os.getpid() not in _keepers:
        _keepers.clear()
        _keepers[os.getpid()] = Keeper()
    return _keepers[os.getpid()]


def start_keeper(**sent: Any) -> None:
    """Receive Django-Q's post_spawn, in the new worker."""
    processes.begin("worker")
    Finalize(None, processes.end, exitpriority=0)  # a child of multiprocessing has no atexit
    keeper()


def close_keeper() -> None:
    """End this process's lease thread and its connection, if there is one."""
    if running := _keepers.pop(os.getpid(), None):
        running.close()
