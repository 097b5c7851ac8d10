"""What is counted, and that no count is lost or doubled on its way through the rows."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.functions import Now
from django_q.models import OrmQ
from prometheus_client.parser import text_string_to_metric_families

from tasks import lifecycle, maintenance, metrics, processes, scrape
from tasks.conf import get_conf
from tasks.exceptions import LeaseLost
from tasks.models import Process, TaskInfo
from tasks.processes import PAST, Presence
from tests.concurrently import at_once
from tests.factories import (
    ECHO,
    OPERATOR,
    call,
    claim_of,
    deliver,
    make_running_task,
    make_task,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _counts_begin_at_nothing(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    # Tests that count queries want the log as it is.
    monkeypatch.setattr(processes, "QUERIES_KEPT", BaseDatabaseWrapper.queries_limit)
    metrics._begin_anew()
    yield
    metrics._begin_anew()
    processes._presences.clear()


@pytest.fixture
def presence() -> Presence:
    return processes.begin("worker")


def read(text: str | None = None) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """Every sample by its name and labels, as Prometheus understands it."""
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text or scrape.exposition())
        for sample in family.samples
    }


def value(name: str, **labels: str) -> float:
    return read().get((name, frozenset(labels.items())), 0.0)


def ended(status: str, kind: str = ECHO) -> float:
    return value("reune_tasks_finished_total", kind=kind, status=status)


class TestWhatIsCounted:
    def test_a_task_s_life(self, presence: Presence) -> None:
        task = lifecycle.submit(ECHO, {}, owner=OPERATOR)
        assert value("reune_tasks_submitted_total", kind=ECHO) == 1
        TaskInfo.objects.update(queued_at=Now() - timedelta(seconds=3), updated_at=task.created_at)
        TaskInfo.objects.update(updated_at=Now() - timedelta(seconds=4))
        claimed = lifecycle.claim(deliver(task))
        assert value("reune_task_pickup_seconds_bucket", kind=ECHO, le="2.5") == 0
        assert value("reune_task_pickup_seconds_bucket", kind=ECHO, le="5.0") == 1
        assert TaskInfo.objects.get().worker == presence.id
        lifecycle.complete(claimed.claim, {})
        assert ended("completed") == 1
        assert value("reune_task_run_seconds_count", kind=ECHO, status="completed") == 1
        assert value("reune_task_total_seconds_count", kind=ECHO, status="completed") == 1
        assert value("reune_task_recovery_seconds_count", kind=ECHO) == 0

    def test_what_is_rolled_back_is_not_counted(self, presence: Presence) -> None:
        with transaction.atomic():
            lifecycle.submit(ECHO, {}, owner=OPERATOR)
            transaction.set_rollback(True)
        assert value("reune_tasks_submitted_total", kind=ECHO) == 0

    def test_a_cancel_is_measured_if_the_task_was_running(self, presence: Presence) -> None:
        lifecycle.cancel(make_task().pk, reason="")
        assert (ended("canceled"), value("reune_task_cancel_seconds_count", kind=ECHO)) == (1, 0)
        running = make_running_task()
        lifecycle.cancel(running.pk, reason="")
        TaskInfo.objects.filter(pk=running.pk).update(
            cancel_requested_at=Now() - timedelta(seconds=7)
        )
        lifecycle.finish_cancel(claim_of(running))
        assert (ended("canceled"), value("reune_task_cancel_seconds_count", kind=ECHO)) == (2, 1)
        assert value("reune_task_cancel_seconds_sum", kind=ECHO) == pytest.approx(7, abs=0.5)

    def test_a_recovery_is_measured_from_the_last_sign_of_life(self, presence: Presence) -> None:
        """A silent task's worker lives as long as its process says so."""
        dead = Process.objects.create(role="worker", pid=1, seen_at=Now() - timedelta(seconds=40))
        task = make_running_task(worker=dead.pk)
        long_ago = Now() - timedelta(hours=1)
        TaskInfo.objects.update(updated_at=long_ago, queued_at=long_ago)
        lifecycle.claim(deliver(task))
        sums = value("reune_task_recovery_seconds_sum", kind=ECHO)
        assert sums == pytest.approx(40, abs=0.5)
        assert value("reune_task_pickup_seconds_count", kind=ECHO) == 0

    def test_a_retry_is_picked_up_from_when_it_may_begin(self, presence: Presence) -> None:
        long_ago = Now() - timedelta(hours=1)
        task = make_task(retry_at=Now() - timedelta(seconds=2), updated_at=long_ago)
        TaskInfo.objects.update(queued_at=long_ago)
        lifecycle.claim(deliver(task))
        assert value("reune_task_pickup_seconds_sum", kind=ECHO) == pytest.approx(2, abs=0.5)

    def test_retries_and_lease_losses(
        self, presence: Presence, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        flaky = lifecycle.submit("tasks.selftest", {"behavior": "retry"}, owner=OPERATOR)
        call(deliver(flaky))
        assert value("reune_task_retries_total", kind="tasks.selftest") == 1

        def lose(*_: Any, **__: Any) -> None:
            raise LeaseLost("somebody else has it")

        monkeypatch.setattr(lifecycle, "complete", lose)
        call(deliver(make_task()))
        assert value("reune_task_lease_losses_total", kind=ECHO) == 1

    def test_what_waits_and_runs_now(self) -> None:
        make_task(priority=7, updated_at=Now() - timedelta(seconds=90))
        TaskInfo.objects.update(queued_at=Now() - timedelta(seconds=90))
        make_task(priority=5)
        make_task(entry=None)
        make_task(retry_at=Now() + timedelta(minutes=1))
        make_running_task()
        OrmQ.objects.filter(task_info=make_running_task().pk).update(lock=Now())
        for word, priority in (("worker", "7"), ("worker", "5"), ("slot", "5"), ("retry", "5")):
            labels = {"kind": ECHO, "priority": priority, "for": word}
            assert value("reune_tasks_waiting", **labels) == 1, labels
        oldest = value("reune_tasks_oldest_wait_seconds", kind=ECHO, priority="7")
        assert oldest == pytest.approx(90, abs=1)
        for state in ("running", "abandoned"):
            assert value("reune_tasks_running", kind=ECHO, state=state) == 1

    def test_durations_fall_into_their_buckets(self, presence: Presence) -> None:
        for seconds in (0.0025, 0.0026, -1, 5000):
            metrics.CANCEL.observe(timedelta(seconds=seconds), "x")
        counts = {
            dict(labels)["le"]: count
            for (name, labels), count in read().items()
            if name == "reune_task_cancel_seconds_bucket"
        }
        assert (counts["0.0025"], counts["0.005"], counts["1800.0"]) == (2, 3, 3)
        assert counts["+Inf"] == value("reune_task_cancel_seconds_count", kind="x") == 4

    def test_label_values_may_be_anything(self, presence: Presence) -> None:
        metrics.LEASE_LOSSES.add('a "b"\\\nc')
        assert value("reune_task_lease_losses_total", kind='a "b"\\\nc') == 1

    def test_labels_must_be_as_declared(self) -> None:
        with pytest.raises(ValueError, match="labels"):
            metrics.LEASE_LOSSES.add()

    def test_threads_do_not_overwrite_each_other(self, presence: Presence) -> None:
        def many() -> None:
            for _ in range(2000):
                metrics.POLLS.add("hit")

        at_once(*[many] * 8)
        assert value("reune_poll_cache_requests_total", result="hit") == 16_000

    def test_a_fork_counts_for_itself(self, presence: Presence) -> None:
        metrics.POLLS.add("hit")
        if (pid := os.fork()) == 0:
            os._exit(len(metrics.figures()) + (processes.here() is not None))
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def test_a_process_keeps_no_long_log_of_its_queries_in_debug_mode(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(BaseDatabaseWrapper, "queries_limit", 9000)
    monkeypatch.setattr(processes, "QUERIES_KEPT", 20)
    before = connection.queries_log
    try:
        processes.begin("worker")
        later = connections.create_connection("default")
        for log in (connection.queries_log, later.queries_log):
            assert log.maxlen == 20
    finally:
        connection.queries_log = before


class TestRows:
    def silence(self, presence: Presence) -> None:
        """Have it be unheard of for longer than any pause."""
        Process.objects.filter(pk=presence.id).update(seen_at=Now() - timedelta(days=1))

    def hits(self) -> float:
        return value("reune_poll_cache_requests_total", result="hit")

    def test_all_processes_count_together(self) -> None:
        one, other = Presence("web"), Presence("worker")
        metrics.POLLS.add("hit", by=3)
        one.report()
        other.report()  # as if it had counted the same
        assert self.hits() == 6

    def test_what_was_told_twice_counts_once(self, presence: Presence) -> None:
        metrics.POLLS.add("hit")
        for _ in range(3):
            presence.report()
        assert self.hits() == 1

    @pytest.mark.parametrize("is_in_order", [True, False], ids=["ended", "died"])
    def test_the_counts_outlive_the_process(self, presence: Presence, is_in_order: bool) -> None:
        metrics.POLLS.add("hit", by=5)
        metrics.STREAMS.change(+2)
        presence.report()
        assert value("reune_streams_open") == 2
        if is_in_order:
            processes.end()
        else:
            self.silence(presence)
        processes._presences.clear()
        for _ in range(2):
            maintenance.heal()
            assert Process.objects.get().pk == PAST
            assert (self.hits(), value("reune_streams_open")) == (5, 0)

    def test_a_process_that_was_taken_for_dead_goes_on_counting(self, presence: Presence) -> None:
        metrics.POLLS.add("hit", by=5)
        presence.report()
        self.silence(presence)
        maintenance.heal()
        metrics.POLLS.add("hit", by=2)
        assert self.hits() == 7
        metrics.POLLS.add("hit")
        assert self.hits() == 8
        assert Process.objects.count() == 2

    def test_those_who_live_are_not_folded(self, presence: Presence) -> None:
        metrics.POLLS.add("hit")
        presence.report()
        maintenance.heal()
        assert Process.objects.get().pk == presence.id

    def test_the_row_is_written_with_a_heartbeat_and_soon_after_news(
        self, presence: Presence
    ) -> None:
        def was_written(seconds_ago: float) -> bool:
            presence._written_at -= seconds_ago
            before = Process.objects.get().seen_at
            presence.report_when_due()
            return Process.objects.get().seen_at > before

        presence.report_when_due()
        assert not was_written(2)
        metrics.POLLS.add("hit")
        assert was_written(2)
        assert not was_written(2)
        assert was_written(get_conf().heartbeat.total_seconds())

    def test_it_does_not_wait_for_the_disk(self, presence: Presence) -> None:
        presence.report()
        with transaction.atomic(), connection.cursor() as cursor:
            presence.report()
            cursor.execute("SHOW synchronous_commit")
            assert cursor.fetchone() == ("off",)

    def test_what_a_command_counted_is_told_at_its_end(self) -> None:
        processes.end_command()
        assert not Process.objects.exists()
        metrics.POLLS.add("hit")
        processes.end_command()
        assert (Process.objects.get().role, self.hits()) == ("command", 1)

    def test_a_metric_of_another_release_is_kept(self, presence: Presence) -> None:
        presence.report()
        row = ["reune_of_old_total", [], "value", 3]
        Process.objects.update(figures=[row], ended_at=Now())
        processes._presences.clear()
        maintenance.heal()
        assert Process.objects.get().figures == [row]


class TestScrape:
    def test_who_asks_again_within_a_second_gets_the_same(
        self, django_assert_num_queries: Callable[[int], Any]
    ) -> None:
        one = scrape.Scrape()
        with django_assert_num_queries(2):
            texts = {one.text() for _ in range(20)}
        assert len(texts) == 1
        one._made_at -= 1.5
        make_task()
        assert one.text() not in texts
