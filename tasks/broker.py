"""
The Django-Q broker: hands the entries of the queue to the workers of one cluster.

It takes no more than there are free workers, so that nothing waits in the memory of a cluster
while another is idle, and waits on LISTEN when there is nothing to take. The entry of a
dead worker becomes visible again by itself, when its lease is over.
"""

from __future__ import annotations

import logging
import os
import signal
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
from django.db import Error, connection
from django_q.brokers.orm import ORM
from django_q.conf import Conf as QConf
from django_q.models import OrmQ

from tasks import lease, maintenance, wire
from tasks.conf import get_conf
from tasks.queue import Delivery, package_of, return_lapsed

logger = logging.getLogger(__name__)

# SKIP LOCKED: what two clusters want at once, one gets, and the other takes the next. A statement
# of SQL, because the ORM has no UPDATE … RETURNING. The first rows are the entries that this
# cluster holds already, without a lock; the others have just been taken.
_TAKE = """
    WITH held AS (
        SELECT id FROM django_q_ormq WHERE id = ANY(%(taken)s) AND lock > now()
    ), next AS (
        SELECT id FROM django_q_ormq
        WHERE key = %(key)s AND lock <= now()
        ORDER BY lock, id LIMIT GREATEST(0, %(workers)s - (SELECT count(*) FROM held))
        FOR UPDATE SKIP LOCKED
    ), taken AS (
        UPDATE django_q_ormq AS entry
        SET lock = now() + CASE WHEN (
            SELECT task.id FROM tasks_taskinfo AS task WHERE task.entry_id = entry.id
        ) IS NULL THEN %(retry)s ELSE %(lease)s END
        -- An array, because the planner expects ten rows of one but a tenth of the table of a
        -- join, and would read all of a long queue.
        WHERE id = ANY (ARRAY(SELECT id FROM next))
        RETURNING id, lock, payload, set_config('synchronous_commit', 'off', true)
    ), known AS (
        SELECT id, lock, payload, (
            SELECT task.id FROM tasks_taskinfo AS task WHERE task.entry_id = taken.id
        ) AS task_id
        FROM taken
    )
    SELECT id, lock, task_id, CASE WHEN task_id IS NULL THEN payload END FROM known
    UNION ALL SELECT id, NULL, NULL, NULL FROM held
"""


class PostgresBroker(ORM):  # type: ignore[misc]  # django-q2 has no types
    """Hands out entries in order and at once, no more than there are free workers."""

    def __init__(self, list_key: str | None = None) -> None:
        super().__init__(list_key)
        #: Gives the delivery of a task to a worker. Without it (`manage.py qcluster`) it goes the
        #: way of all calls.
        self.deliver: Callable[[Delivery], None] | None = None
        self._taken: list[int] = []
        self._listener = wire.Listener(wire.QUEUE)
        self._returned_at = self._healed_at = 0.0
        self._pusher_pid = 0
        self._is_stopping = False

    def enqueue(self, task: str) -> int:
        """Queue what is no task of ours: a schedule's call."""
        entry: int = super().enqueue(task)
        wire.notify_on_commit(wire.QUEUE)
        return entry

    def dequeue(self) -> list[tuple[int | None, str]] | None:
        """
        Take entries for the free workers; return those that are calls, or after a while None.

        Without a database it waits for one: the cluster lives on.
        """
        self._hear_the_stop_signal()
        if self._is_stopping:
            time.sleep(0.05)
            return None
        try:
            self._mend_when_due()
            if calls := self._take():
                return calls
            # All there was is with the workers, or all workers have something.
            self._rest()
        except (Error, psycopg.Error) as error:
            logger.warning("queue_unreachable error=%s", type(error).__name__)
            connection.close()
            time.sleep(1)
        return None

    def delete(self, entry_id: int) -> None:
        """Remove the entry of a call that is no task: a worker is free."""
        OrmQ.objects.filter(pk=entry_id, task_info=None).delete()
        wire.tell_that_a_worker_is_free()

    def _rest(self) -> None:
        bells = [wire.free_worker] if wire.free_worker else []
        self._listener.wait(get_conf().poll.total_seconds(), *bells)
        for bell in bells:
            bell.silence()

    def _take(self) -> list[tuple[int | None, str]]:
        conf = get_conf()
        terms = {
            "taken": self._taken,
            "key": self.list_key,
            "workers": QConf.WORKERS,
            "retry": timedelta(seconds=QConf.RETRY),
            "lease": conf.lease,
        }
        with connection.cursor() as cursor:
            cursor.execute(_TAKE, terms)
            rows = cursor.fetchall()
        self._taken = [entry_id for entry_id, *_ in rows]
        fresh = sorted(row for row in rows if row[1] is not None)
        return [call for row in fresh if (call := self._hand_out(*row))]

    def _hand_out(
        self, entry_id: int, lock: datetime, task_id: UUID | None, payload: str
    ) -> tuple[int | None, str] | None:
        """The entry's id to acknowledge, and the call. A task's entry is not acknowledged."""
        if task_id is None:
            return entry_id, payload
        delivery = Delivery(task_id, entry_id, lock)
        if self.deliver is None:
            return None, package_of(delivery)
        self.deliver(delivery)
        return None

    def _mend_when_due(self) -> None:
        conf, now = get_conf(), time.monotonic()
        if now - self._returned_at >= conf.poll.total_seconds():
            is_first = self._returned_at == 0.0
            self._returned_at = now
            return_lapsed(None if is_first else 2 * conf.lease)
        if now - self._healed_at >= conf.heal_interval.total_seconds():
            self._healed_at = now
            maintenance.heal()

    def _hear_the_stop_signal(self) -> None:
        if self._pusher_pid != os.getpid():
            self._pusher_pid = os.getpid()
            signal.signal(lease.STOP_SIGNAL, self._stop)

    def _stop(self, number: int, frame: Any) -> None:
        self._is_stopping = True
