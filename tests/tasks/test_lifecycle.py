from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.db.models.functions import Now
from django_q.models import OrmQ
from django_q.signing import SignedPackage

from tasks import lifecycle
from tasks.conf import get_conf
from tasks.exceptions import LeaseLost, TransitionRefused, UnknownKind
from tasks.lifecycle import Claim, Message
from tasks.models import TaskInfo, TaskMessage, TaskStatus, TaskStep
from tasks.registry import Submission, task_handler
from tests.factories import ANYBODY, ECHO, make_running_task, make_task

pytestmark = pytest.mark.django_db

LAPSED = Now() - get_conf().lease - timedelta(seconds=1)


def said(task: TaskInfo) -> list[str]:
    return list(task.messages.values_list("message", flat=True))


@task_handler(
    "tests.made_before",
    prepare=lambda params: Submission({}, "Made", "en", result={"answer": 42}, message="Reused"),
    timeout=timedelta(seconds=30),
)
def made_before(task: Any, params: Any) -> dict[str, Any]:
    raise AssertionError("its result was known at submission")


def refuse(params: Any) -> Submission:
    raise ValueError("no such thing")


task_handler("tests.refused", prepare=refuse, timeout=timedelta(seconds=30))(made_before)


class TestSubmit:
    def test_a_task_waits_in_the_queue_with_what_the_kind_made_of_it(self) -> None:
        task = lifecycle.submit(ECHO, {"word": "ai"}, owner=ANYBODY)
        assert (task.status, task.params, task.priority) == ("pending", {"word": "ai"}, 5)
        assert (task.attempt, task.max_attempts) == (0, 2)
        assert task.entry is not None
        package = SignedPackage.loads(task.entry.payload)
        assert (package["func"], package["args"]) == ("tasks.runner.run", (str(task.pk),))

    def test_an_unknown_kind_stores_nothing_and_names_the_known(self) -> None:
        with pytest.raises(UnknownKind, match="learning_path"):
            lifecycle.submit("nonsense", {}, owner=ANYBODY)
        assert not TaskInfo.objects.exists()

    def test_parameters_the_kind_refuses_store_nothing(self) -> None:
        with pytest.raises(ValueError, match="no such thing"):
            lifecycle.submit("tests.refused", {}, owner=ANYBODY)
        assert not TaskInfo.objects.exists()
        assert not OrmQ.objects.exists()

    def test_a_result_known_at_once_makes_a_task_that_is_born_completed(self) -> None:
        task = lifecycle.submit("tests.made_before", {}, owner=ANYBODY)
        assert (task.status, task.progress, task.result) == ("completed", 100, {"answer": 42})
        assert task.entry is None
        assert task.completed_at is not None
        assert said(task) == ["Reused"]
        assert not OrmQ.objects.exists()

    @pytest.mark.django_db(transaction=True)
    def test_task_and_queue_entry_come_in_one_commit(self) -> None:
        """A failure after the entry was written leaves neither."""
        with pytest.raises(Exception, match="tasks_taskinfo_priority_0_to_9"):
            lifecycle.submit(ECHO, {}, owner=ANYBODY, priority=10)
        assert not OrmQ.objects.exists()


class TestClaim:
    def test_a_pending_task_runs_in_attempt_1(self) -> None:
        task = make_task()
        assert lifecycle.claim(task.pk) == Claim(task.pk, attempt=1)
        task.refresh_from_db()
        assert (task.status, task.version) == ("running", 2)
        assert task.started_at is not None
        assert task.entry is not None

    def test_a_delivery_that_comes_late_does_not_take_a_living_attempt(self) -> None:
        task = make_running_task()
        with pytest.raises(TransitionRefused, match="it is running"):
            lifecycle.claim(task.pk)

    def test_a_running_task_whose_worker_is_dead_runs_again(self) -> None:
        task = make_running_task(started_at=LAPSED)
        assert lifecycle.claim(task.pk) == Claim(task.pk, attempt=2)

    def test_no_attempt_goes_beyond_the_last(self) -> None:
        task = make_running_task(started_at=LAPSED, attempt=2)
        with pytest.raises(TransitionRefused):
            lifecycle.claim(task.pk)

    @pytest.mark.parametrize("status", ["completed", "failed", "canceled"])
    def test_a_task_that_has_ended_is_not_claimed(self, status: str) -> None:
        task = make_task(status=status, completed_at=Now())
        with pytest.raises(TransitionRefused, match=status):
            lifecycle.claim(task.pk)

    def test_a_deleted_task_is_not_claimed(self) -> None:
        with pytest.raises(TransitionRefused, match="unknown"):
            lifecycle.claim(uuid4())


class TestExhaust:
    def test_a_task_that_died_in_its_last_attempt_fails_and_says_why(self) -> None:
        task = make_running_task(started_at=LAPSED, attempt=2)
        lifecycle.exhaust(task.pk)
        task.refresh_from_db()
        assert task.status == "failed"
        assert "died each time" in task.error
        assert not OrmQ.objects.exists()

    def test_an_attempt_that_may_be_alive_is_left_alone(self) -> None:
        task = make_running_task(attempt=2)
        with pytest.raises(TransitionRefused):
            lifecycle.exhaust(task.pk)


class TestReport:
    def test_progress_and_messages_show_and_the_version_rises(self) -> None:
        task = make_running_task()
        lifecycle.report(Claim(task.pk, 1), progress=40, messages=[Message("a"), Message("b")])
        lifecycle.report(Claim(task.pk, 1), messages=[Message("c", TaskMessage.Level.WARNING)])
        task.refresh_from_db()
        assert (task.progress, task.version) == (40, 3)
        assert list(task.messages.values_list("seq", "level", "message")) == [
            (1, "info", "a"),
            (2, "info", "b"),
            (3, "warning", "c"),
        ]

    def test_progress_never_falls(self) -> None:
        task = make_running_task(progress=60)
        lifecycle.report(Claim(task.pk, 1), progress=10)
        task.refresh_from_db()
        assert task.progress == 60

    def test_a_message_has_the_time_at_which_it_was_said(self) -> None:
        task = make_running_task()
        lifecycle.report(
            Claim(task.pk, 1), messages=[Message("early", age=timedelta(minutes=1)), Message("now")]
        )
        early, now = task.messages.values_list("time", flat=True)
        assert now - early == timedelta(minutes=1)


LATE_WORDS: list[Callable[[Claim], None]] = [
    lambda claim: lifecycle.report(claim, progress=50, messages=[Message("late")]),
    lambda claim: lifecycle.keep_step(claim, "late", 1),
    lambda claim: lifecycle.complete(claim, {"late": True}),
    lambda claim: lifecycle.fail(claim, "late"),
    lambda claim: lifecycle.retry_later(claim, timedelta(0)),
    lambda claim: lifecycle.release(claim),
]


@pytest.mark.parametrize(
    "speak", LATE_WORDS, ids=["report", "keep_step", "complete", "fail", "retry_later", "release"]
)
class TestALateWorkerIsRefused:
    def test_when_another_attempt_runs(self, speak: Callable[[Claim], None]) -> None:
        task = make_running_task(attempt=2)
        self._refused(speak, task)

    @pytest.mark.parametrize("status", ["completed", "failed", "canceled"])
    def test_when_the_task_has_ended(self, speak: Callable[[Claim], None], status: str) -> None:
        task = make_running_task(status=status, completed_at=Now(), entry=None)
        self._refused(speak, task)

    def test_when_the_task_went_back_to_the_queue(self, speak: Callable[[Claim], None]) -> None:
        task = make_task(attempt=1)
        self._refused(speak, task)

    def _refused(self, speak: Callable[[Claim], None], task: TaskInfo) -> None:
        before = TaskInfo.objects.filter(pk=task.pk).values().get()
        with pytest.raises(LeaseLost):
            speak(Claim(task.pk, attempt=1))
        assert TaskInfo.objects.filter(pk=task.pk).values().get() == before
        assert not TaskMessage.objects.exists()
        assert not TaskStep.objects.exists()
        assert OrmQ.objects.count() == (0 if task.entry_id is None else 1)


class TestOutcomes:
    def test_complete_ends_the_task_and_takes_it_out_of_the_queue(self) -> None:
        task = make_running_task(progress=30)
        lifecycle.complete(Claim(task.pk, 1), {"a": 1}, messages=[Message("done")])
        task.refresh_from_db()
        assert (task.status, task.progress, task.result) == ("completed", 100, {"a": 1})
        assert task.completed_at is not None
        assert said(task) == ["done"]
        assert not OrmQ.objects.exists()

    def test_fail_keeps_the_progress_and_says_why(self) -> None:
        task = make_running_task(progress=30)
        lifecycle.fail(Claim(task.pk, 1), "no such topic")
        task.refresh_from_db()
        assert (task.status, task.progress, task.error) == ("failed", 30, "no such topic")
        assert task.result is None
        assert not OrmQ.objects.exists()

    def test_cancel_ends_a_waiting_task_and_records_why(self) -> None:
        task = make_task()
        lifecycle.cancel(task.pk, reason="ana: not needed")
        task.refresh_from_db()
        assert (task.status, task.cancel_reason) == ("canceled", "ana: not needed")
        assert task.cancel_requested_at is not None
        assert not OrmQ.objects.exists()

    @pytest.mark.parametrize("status", ["running", "completed", "failed", "canceled"])
    def test_cancel_refuses_a_task_that_does_not_wait(self, status: str) -> None:
        final = status != "running"
        task = make_task(status=status, completed_at=Now() if final else None)
        with pytest.raises(TransitionRefused, match=status):
            lifecycle.cancel(task.pk, reason="too late")
        assert OrmQ.objects.count() == (0 if final else 1)

    def test_retry_later_waits_with_a_new_entry_and_the_attempt_counts(self) -> None:
        task = make_running_task()
        lifecycle.retry_later(Claim(task.pk, 1), timedelta(minutes=5), messages=[Message("wait")])
        after = TaskInfo.objects.get(pk=task.pk)
        assert (after.status, after.attempt, after.started_at) == ("pending", 1, None)
        assert after.entry_id != task.entry_id
        lock = OrmQ.objects.values_list("lock", flat=True).get()
        assert timedelta(minutes=4) < lock - after.updated_at < timedelta(minutes=6)
        assert said(after) == ["wait"]

    def test_release_does_not_count_the_attempt(self) -> None:
        task = make_running_task(attempt=2)
        lifecycle.release(Claim(task.pk, 2))
        after = TaskInfo.objects.get(pk=task.pk)
        assert (after.status, after.attempt) == ("pending", 1)
        assert after.entry is not None
        assert lifecycle.claim(task.pk) == Claim(task.pk, attempt=2)


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """Run each call in a thread with a connection of its own; return values or exceptions."""
    results: list[Any] = [None] * len(calls)
    start = threading.Barrier(len(calls))

    def run(place: int) -> None:
        try:
            start.wait(10)
            results[place] = calls[place]()
        except Exception as error:  # noqa: BLE001  # handed to the test
            results[place] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[place]) for place in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return results


@pytest.mark.django_db(transaction=True)
class TestConcurrently:
    def test_of_many_claims_one_gets_the_task(self) -> None:
        task = make_task()
        results = at_once(*[lambda: lifecycle.claim(task.pk)] * 8)
        claims = [one for one in results if isinstance(one, Claim)]
        refusals = [one for one in results if isinstance(one, TransitionRefused)]
        assert (len(claims), len(refusals)) == (1, 7)

    def test_a_task_is_canceled_or_claimed_but_not_both(self) -> None:
        for _ in range(10):
            task = make_task()
            claimed, canceled = at_once(
                lambda task=task: lifecycle.claim(task.pk),
                lambda task=task: lifecycle.cancel(task.pk, reason="race"),
            )
            assert isinstance(claimed, Claim) != (canceled is None)
            task.refresh_from_db()
            assert (task.status == TaskStatus.RUNNING) == isinstance(claimed, Claim)
            assert (task.entry is None) == (task.status == TaskStatus.CANCELED)

    def test_a_task_ends_once(self) -> None:
        task = make_running_task()
        claim = Claim(task.pk, 1)
        results = at_once(
            *[lambda: lifecycle.complete(claim, {}), lambda: lifecycle.fail(claim, "no")] * 4
        )
        assert results.count(None) == 1
        assert sum(isinstance(one, LeaseLost) for one in results) == 7

    def test_messages_are_numbered_without_gaps(self) -> None:
        task = make_running_task()
        claim = Claim(task.pk, 1)
        results = at_once(*[lambda: lifecycle.report(claim, messages=[Message("x")] * 3)] * 8)
        assert results == [None] * 8
        assert list(task.messages.values_list("seq", flat=True)) == list(range(1, 25))
