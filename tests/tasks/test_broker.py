from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import chain
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext
from django_q.conf import Conf as QConf
from django_q.models import OrmQ
from django_q.signing import SignedPackage
from django_q.tasks import async_task

from tasks import lifecycle, queue
from tasks.broker import PostgresBroker
from tasks.claims import Claim
from tasks.models import TaskInfo
from tasks.queue import Delivery
from tests.concurrently import at_once, meanwhile_in_a_transaction
from tests.factories import ECHO, OPERATOR, deliver, make_running_task, make_task

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> Iterator[PostgresBroker]:
    """The broker of a cluster of two workers."""
    monkeypatch.setattr(QConf, "WORKERS", 2)
    yield PostgresBroker(QConf.CLUSTER_NAME)
    connection.close()  # it LISTENs


def task_ids(entries: list[tuple[int | None, str]] | None) -> list[str]:
    return [SignedPackage.loads(payload)["args"][0] for _, payload in entries or []]


def claim_all(entries: list[tuple[int | None, str]] | None) -> dict[str, Claim]:
    """Begin every task that was taken; its claim by its id."""
    claims = {}
    for _, payload in entries or []:
        task_id, entry_id, leased_until = SignedPackage.loads(payload)["args"]
        lease = datetime.fromisoformat(leased_until)
        claims[task_id] = lifecycle.claim(Delivery(UUID(task_id), entry_id, lease)).claim
    return claims


def submit(**options: Any) -> str:
    return str(lifecycle.submit(ECHO, {}, owner=OPERATOR, **options).pk)


class TestTake:
    def test_no_more_than_there_are_free_workers(self, broker: PostgresBroker) -> None:
        waiting = [submit() for _ in range(3)]
        assert sorted(task_ids(broker.dequeue())) == sorted(waiting[:2])
        assert broker.dequeue() is None

    def test_a_task_that_ends_frees_its_worker(self, broker: PostgresBroker) -> None:
        waiting = [submit() for _ in range(3)]
        claims = claim_all(broker.dequeue())
        lifecycle.complete(claims[waiting[0]], {})
        assert task_ids(broker.dequeue()) == [waiting[2]]

    def test_a_task_that_is_tried_again_later_frees_its_worker(
        self, broker: PostgresBroker
    ) -> None:
        waiting = [submit() for _ in range(3)]
        claims = claim_all(broker.dequeue())
        lifecycle.retry_later(claims[waiting[0]], timedelta(minutes=5))
        assert task_ids(broker.dequeue()) == [waiting[2]]

    def test_the_order_is_priority_and_then_time(self, broker: PostgresBroker) -> None:
        first, second, urgent = submit(), submit(), submit(priority=9)
        QConf.WORKERS = 1
        assert task_ids(broker.dequeue()) == [urgent]
        QConf.WORKERS = 2
        assert task_ids(broker.dequeue()) == [first]
        assert second

    def test_a_head_start_wears_off_so_that_nothing_starves(self, broker: PostgresBroker) -> None:
        QConf.WORKERS = 1
        old = submit(priority=0)
        OrmQ.objects.update(lock=Now() - timedelta(hours=2))
        submit(priority=9)
        assert task_ids(broker.dequeue()) == [old]

    def test_what_another_cluster_is_taking_is_skipped(self, broker: PostgresBroker) -> None:
        """Neither waits for the other."""
        QConf.WORKERS = 1
        first, second = submit(), submit()
        lock = "SELECT FROM django_q_ormq ORDER BY lock LIMIT 1 FOR UPDATE"
        with meanwhile_in_a_transaction(lambda: connection.cursor().execute(lock)):
            began = time.monotonic()
            assert task_ids(broker.dequeue()) == [second]
            assert time.monotonic() - began < 5
        assert first

    def test_no_entry_goes_to_two_clusters(self, broker: PostgresBroker) -> None:
        waiting = [submit() for _ in range(8)]
        brokers = [PostgresBroker(QConf.CLUSTER_NAME) for _ in range(6)]
        taken = at_once(*[lambda one=one: task_ids(one._take()) for one in brokers])
        assert sorted(chain.from_iterable(taken)) == sorted(waiting)

    def test_a_dead_worker_s_task_goes_back_to_its_place_in_line(
        self, broker: PostgresBroker
    ) -> None:
        """And not behind what was submitted while it ran."""
        QConf.WORKERS = 1
        first = submit()
        broker.dequeue()
        submit()
        OrmQ.objects.filter(task_info=first).update(lock=Now() - timedelta(milliseconds=1))
        assert task_ids(PostgresBroker(QConf.CLUSTER_NAME).dequeue()) == [first]

    def test_an_entry_is_taken_again_only_after_its_lease(self, broker: PostgresBroker) -> None:
        task = submit()
        assert task_ids(broker.dequeue()) == [task]
        other = PostgresBroker(QConf.CLUSTER_NAME)
        assert other.dequeue() is None
        OrmQ.objects.update(lock=Now() - timedelta(seconds=1))
        assert task_ids(other.dequeue()) == [task]

    def test_the_delivery_can_be_claimed(self, broker: PostgresBroker) -> None:
        submit()
        ((_, payload),) = broker.dequeue() or []
        task_id, entry_id, leased_until = SignedPackage.loads(payload)["args"]
        entry = OrmQ.objects.get()
        assert (entry.pk, entry.lock.isoformat()) == (entry_id, leased_until)
        assert entry.task_info.pk == TaskInfo.objects.get(pk=task_id).pk

    def test_a_task_queued_under_another_secret_key_is_taken_all_the_same(
        self, broker: PostgresBroker
    ) -> None:
        task = submit()
        OrmQ.objects.update(payload="signed by nobody")
        assert task_ids(broker.dequeue()) == [task]

    def test_in_our_cluster_a_task_goes_to_the_workers_as_it_is_and_a_call_to_django_q(
        self, broker: PostgresBroker
    ) -> None:
        delivered: list[Delivery] = []
        broker.deliver = delivered.append
        task = submit()
        async_task("math.sqrt", 4, broker=broker)
        ((_, payload),) = broker.dequeue() or []
        assert SignedPackage.loads(payload)["func"] == "math.sqrt"
        assert str(lifecycle.claim(*delivered).claim.task_id) == task

    def test_after_a_delivery_it_looks_again_when_there_is_something_new(
        self, broker: PostgresBroker
    ) -> None:
        """It took all there was, or as many as there are free workers."""
        broker.deliver = lambda delivery: None
        submit()
        with CaptureQueriesContext(connection) as queries:
            assert broker.dequeue() is None
        assert len([one for one in queries if "WITH held" in one["sql"]]) == 1


class TestWaiting:
    def test_a_submission_wakes_an_idle_broker(self, broker: PostgresBroker) -> None:
        def submit_soon() -> float:
            time.sleep(0.3)
            submit()
            return time.monotonic()

        def take() -> float:
            broker.dequeue()  # LISTENs, and finds nothing for a second
            assert broker.dequeue()
            return time.monotonic()

        assert broker.dequeue() is None
        submitted, taken = at_once(submit_soon, take)
        assert taken - submitted < 0.9  # well before the next poll

    def test_it_lives_on_without_its_connection(self, broker: PostgresBroker) -> None:
        task = submit()
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            (pid,) = cursor.fetchone()
        at_once(
            lambda: connection.cursor().execute("SELECT pg_terminate_backend(%s)", [pid]),
        )
        assert broker.dequeue() is None
        assert task_ids(broker.dequeue()) == [task]


class TestAcknowledge:
    def test_an_acknowledgement_leaves_the_entry_of_a_task(self, broker: PostgresBroker) -> None:
        task = make_running_task()
        broker.acknowledge(task.entry_id)
        assert OrmQ.objects.filter(pk=task.entry_id).exists()

    def test_the_delivery_of_a_task_asks_for_none(self, broker: PostgresBroker) -> None:
        submit()
        ((acknowledge, _),) = broker.dequeue() or []
        assert acknowledge is None

    def test_a_call_that_is_no_task_goes_with_its_acknowledgement(
        self, broker: PostgresBroker
    ) -> None:
        async_task("math.sqrt", 4, broker=broker)
        ((acknowledge, payload),) = broker.dequeue() or []
        assert SignedPackage.loads(payload)["func"] == "math.sqrt"
        assert acknowledge is not None
        broker.acknowledge(acknowledge)
        assert not OrmQ.objects.exists()


def test_an_entry_keeps_its_place_while_a_late_worker_puts_it_back(broker: PostgresBroker) -> None:
    late = deliver(make_task())
    OrmQ.objects.update(lock=Now() + timedelta(seconds=99))
    before = OrmQ.objects.get().lock
    queue.put_back(late)
    assert OrmQ.objects.get().lock == before
