"""
The row of this process: that it lives, of which release it is, and what it has counted.

Workers and web processes write it with each heartbeat, and within a second when they have counted
something. So whoever asks one process (readiness, metrics, the doctor) hears of all of them, on
all hosts. What ended processes have counted is added up in one row.
"""

from __future__ import annotations

import json
import logging
import os
import platform
import threading
import time
from collections import deque
from typing import Any
from uuid import UUID, uuid4

from django.db import Error, connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import QuerySet
from django.db.models.functions import Now

from tasks import metrics
from tasks.conf import get_conf
from tasks.metrics import Figures
from tasks.models import Process
from tasks.sql import fetch_one

logger = logging.getLogger(__name__)

#: What is new is in the row after this time.
NEWS_SECONDS = 1.0
QUERIES_KEPT = 20
#: The row of all that have ended.
PAST = UUID(int=0)

# Only a clean shutdown of PostgreSQL need keep it: the next time says it all again.
_WRITE = """
    UPDATE tasks_process SET seen_at = now(), figures = %(figures)s::jsonb,
        ended_at = CASE WHEN %(is_over)s THEN now() END
    WHERE id = %(id)s RETURNING set_config('synchronous_commit', 'off', true)
"""
_BEGIN = """
    INSERT INTO tasks_process (id, role, host, pid, release, started_at, seen_at, figures)
    VALUES (%(id)s, %(role)s, %(host)s, %(pid)s, %(release)s, now(), now(), '[]')
    ON CONFLICT (id) DO NOTHING
"""
_FOLD = """
    DELETE FROM tasks_process
    WHERE id <> %(past)s AND (ended_at IS NOT NULL OR seen_at < now() - %(silence)s)
    RETURNING figures::text
"""


class Presence:
    """Of one process, from when it knows what it is; all methods may be called by any thread."""

    def __init__(self, role: str) -> None:
        self.id = uuid4()
        self._role = role
        self._is_known = False
        self._written: Figures = Figures()
        self._written_at = float("-inf")
        self._lock = threading.Lock()

    def report_when_due(self) -> None:
        """Write the row if it is time to. Raises Django's errors of the database."""
        age = time.monotonic() - self._written_at
        if age >= get_conf().heartbeat.total_seconds() or (
            age >= NEWS_SECONDS and metrics.figures() != self._written
        ):
            self.report()

    def report(self, *, is_over: bool = False) -> None:
        """Write the row now."""
        with self._lock:
            figures = metrics.figures()
            self._written_at = time.monotonic()
            if not self._write(figures, is_over=is_over):
                self._begin()
                figures = metrics.figures()
                self._write(figures, is_over=is_over)
            self._written = figures

    def _write(self, figures: Figures, *, is_over: bool) -> bool:
        terms = {"id": self.id, "figures": dumped(figures), "is_over": is_over}
        return fetch_one(_WRITE, terms) is not None

    def _begin(self) -> None:
        """
        Make the row. If there was one, the process was silent for long and counts as ended.

        What the row had then is in that of the past; from here on this is another process.
        """
        if self._is_known:
            metrics.take_away(self._written)
            self.id = uuid4()
        terms: dict[str, Any] = {
            "id": self.id,
            "role": self._role,
            "host": platform.node()[:100],
            "pid": os.getpid(),
            "release": get_conf().release,
        }
        with connection.cursor() as cursor:
            cursor.execute(_BEGIN, terms)
        self._is_known = True


_presences: dict[int, Presence] = {}


def begin(role: str) -> Presence:
    """Have this process be known as a worker, a web process or a command; from a fork on, anew."""
    _presences.clear()
    _keep_few_queries()
    return _presences.setdefault(os.getpid(), Presence(role))


def _keep_few_queries() -> None:
    """
    In debug mode Django keeps the last 9,000 queries of a connection, until a request ends.

    Where no requests are served these are hundreds of megabytes of results and messages.
    """
    BaseDatabaseWrapper.queries_limit = QUERIES_KEPT
    for each in connections.all(initialized_only=True):
        each.queries_log = deque(each.queries_log, maxlen=QUERIES_KEPT)


def here() -> Presence | None:
    """This process's presence, if it has begun."""
    return _presences.get(os.getpid())


def report_when_due() -> None:
    if presence := here():
        presence.report_when_due()


def end() -> None:
    """Say that this process is over, with all that it has counted, if the database hears it."""
    if presence := _presences.pop(os.getpid(), None):
        try:
            presence.report(is_over=True)
        except Error as error:  # then it counts as dead after a lease
            logger.warning("end_not_told error=%s", type(error).__name__)


def end_command() -> None:
    """Have what a command has counted be known; most have nothing."""
    if here() is None and metrics.figures():
        begin("command")
        end()


def alive() -> QuerySet[Process]:
    """Those heard of within a lease; the lease is three heartbeats or more."""
    return Process.objects.filter(ended_at=None, seen_at__gt=Now() - get_conf().lease).exclude(
        pk=PAST
    )


def fold() -> int:
    """
    Add what ended processes have counted to the row of the past; return how many there were.

    One that was silent for long is taken for dead. The caller has a transaction, in which nobody
    else does the same.
    """
    with connection.cursor() as cursor:
        # Long enough to look up when a dead worker was last heard of.
        terms: dict[str, Any] = {"past": PAST, "silence": 20 * get_conf().lease}
        cursor.execute(_FOLD, terms)
        rows = [loaded(text) for (text,) in cursor.fetchall()]
    if rows:
        past, _ = Process.objects.get_or_create(pk=PAST, defaults={"role": "past", "pid": 0})
        total = loaded(json.dumps(past.figures))
        for figures in rows:
            total.update(_lasting(figures))
        past.figures = json.loads(dumped(total))
        past.save(update_fields=["figures"])
    return len(rows)


def _lasting(figures: Figures) -> Figures:
    """Without levels: what is over has nothing open."""
    levels = {name for name, metric in metrics.known.items() if metric.type == "gauge"}
    return Figures({key: value for key, value in figures.items() if key[0] not in levels})


def dumped(figures: Figures) -> str:
    return json.dumps([[*key, value] for key, value in figures.items() if value])


def loaded(text: str) -> Figures:
    rows = json.loads(text)
    return Figures({(name, tuple(labels), part): value for name, labels, part, value in rows})
