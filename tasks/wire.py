"""
LISTEN and NOTIFY: who waits for something in the database is told at once.

A notification is a hint. Whoever waits looks for itself when it has waited a while, so a lost
one costs time and nothing else.
"""

from __future__ import annotations

import contextlib
import os
import select
from collections.abc import Callable, Iterable
from typing import Any
from uuid import UUID

import psycopg
from django.db import connection, transaction

from tasks.conf import get_conf

#: Something may be taken from the queue.
QUEUE = "reune_queue"
#: A running task is to be canceled; the payload is its id.
CANCEL = "reune_cancel"
#: Something that can be seen of a task has changed; the payload is its id.
CHANGED = "reune_changed"


def notify_on_commit(channel: str, payload: str = "") -> None:
    """Tell the listeners once the transaction is on disk; a failure to do so is only logged."""
    transaction.on_commit(lambda: notify(channel, payload), robust=True)


def notify(channel: str, payload: str = "") -> None:
    """
    Tell the listeners, in a commit of its own that does not wait for the disk.

    A commit with a NOTIFY takes a lock of the whole instance, so it has to be a short one.
    """
    notify_each(channel, [payload])


def notify_each(channel: str, payloads: Iterable[str]) -> None:
    """The same for many, in one commit."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('synchronous_commit', 'off', true), pg_notify(%s, payload)"
            " FROM unnest(%s::text[]) AS payload",
            [channel, list(payloads)],
        )


#: Takes word of changed tasks to the listeners, where there is one who does that: a worker's lease
#: thread, which says many changes at once and so keeps the commits out of the way of the tasks.
courier: Callable[[UUID], None] | None = None


def tell_changed(task_id: UUID) -> None:
    """Let those who watch the task know, once the transaction is on disk."""
    transaction.on_commit(lambda: _deliver(task_id), robust=True)


def _deliver(task_id: UUID) -> None:
    if courier:
        courier(task_id)
    else:
        notify(CHANGED, str(task_id))


class Bell:
    """Tells one process of this cluster that another has something for it; rings add up to one."""

    def __init__(self) -> None:
        self._reader, self._writer = os.pipe()
        os.set_blocking(self._reader, False)
        os.set_blocking(self._writer, False)

    def fileno(self) -> int:
        return self._reader

    def ring(self) -> None:
        with contextlib.suppress(BlockingIOError):  # it has been rung often enough
            os.write(self._writer, b"!")

    def silence(self) -> None:
        with contextlib.suppress(BlockingIOError):
            os.read(self._reader, 65536)

    def close(self) -> None:
        os.close(self._reader)
        os.close(self._writer)


#: Rung by a worker that has become free, for its cluster's broker. Made by the cluster before it
#: forks; without one the database tells, and everybody else as well.
free_worker: Bell | None = None


def tell_that_a_worker_is_free() -> None:
    if free_worker:
        free_worker.ring()
    else:
        notify(QUEUE)


class Listener:
    """Waits on this thread's database connection, and LISTENs again after each reconnect."""

    def __init__(self, *channels: str) -> None:
        self._channels = channels
        self._connection: psycopg.Connection[Any] | None = None
        self._heard: list[psycopg.Notify] = []
        #: Set when a connection has begun to LISTEN: what was notified before, nobody has heard.
        self.may_have_missed = False

    def wait(self, seconds: float, *bells: Bell) -> list[psycopg.Notify]:
        """
        Return what was notified, or nothing after `seconds` or when one of `bells` was rung.

        Raises psycopg's and Django's errors when the database is gone.
        """
        if not get_conf().listen:
            select.select(bells, [], [], seconds)
            return []
        raw = self._listening()
        if not self._collect(raw):
            readers: list[Any] = [raw, *bells]
            select.select(readers, [], [], seconds)
            self._collect(raw)
        heard, self._heard = self._heard, []
        return heard

    def _listening(self) -> psycopg.Connection[Any]:
        connection.ensure_connection()
        raw: psycopg.Connection[Any] = connection.connection
        if raw is not self._connection:
            # What arrives with the answer to another query, psycopg hands to the handler.
            raw.add_notify_handler(self._heard_of)
            with connection.cursor() as cursor:
                for channel in self._channels:
                    cursor.execute(f"LISTEN {channel}")
            self._connection = raw
            self.may_have_missed = True
        return raw

    def _heard_of(self, notification: psycopg.Notify) -> None:
        self._heard.append(notification)

    def _collect(self, raw: psycopg.Connection[Any]) -> bool:
        """Take in what has arrived; say whether there is anything."""
        raw.pgconn.consume_input()
        while one := raw.pgconn.notifies():
            text = one.relname.decode(), one.extra.decode()
            self._heard.append(psycopg.Notify(*text, one.be_pid))
        return bool(self._heard)
