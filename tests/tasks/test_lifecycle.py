from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import DataError
from django.db.models.functions import Now
from django_q.models import OrmQ
from django_q.signing import SignedPackage

from tasks import lifecycle
from tasks.claims import Claimed
from tasks.conf import get_conf
from tasks.exceptions import (
    IdempotencyKeyReused,
    LeaseLost,
    LimitExceeded,
    PriorityRefused,
    TransitionRefused,
    UnknownKind,
)
from tasks.messages import Message
from tasks.models import TaskInfo, TaskLimit, TaskMessage, TaskStatus
from tasks.owners import Owner
from tasks.registry import Submission, task_handler
from tasks.sql import fetch_one
from tests.concurrently import at_once
from tests.factories import (
    ANYBODY,
    ECHO,
    OPERATOR,
    claim_of,
    deliver,
    make_running_task,
    make_task,
)

pytestmark = pytest.mark.django_db


def said(task: TaskInfo) -> list[str]:
    return list(task.messages.values_list("message", flat=True))


@task_handler(
    "tests.made_before",
    prepare=lambda params: Submission({}, "Made", "en", result={"answer": 42}, message="Reused"),
    timeout=timedelta(seconds=30),
)
def made_before(task: Any, params: Any) -> dict[str, Any]:
    raise AssertionError("its result was known at submission")


task_handler(
    "tests.too_long",
    prepare=lambda params: Submission({}, "x" * 501),
    timeout=timedelta(seconds=30),
)(made_before)


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
        with pytest.raises(DataError):
            lifecycle.submit("tests.too_long", {}, owner=ANYBODY)
        assert not OrmQ.objects.exists()


class TestIdempotencyKey:
    def submit(self, params: dict[str, Any] | None = None, owner: Owner = OPERATOR) -> TaskInfo:
        return lifecycle.submit(ECHO, params or {}, owner=owner, idempotency_key="k")

    def test_the_same_key_and_body_give_the_same_task(self) -> None:
        first = self.submit({"a": 1, "b": 2})
        assert self.submit({"b": 2, "a": 1}).pk == first.pk
        assert OrmQ.objects.count() == 1

    def test_another_body_is_refused(self) -> None:
        self.submit({"a": 1})
        with pytest.raises(IdempotencyKeyReused):
            self.submit({"a": 2})

    def test_another_owner_has_keys_of_their_own(self) -> None:
        assert self.submit().pk != self.submit(owner=ANYBODY).pk

    def test_a_replay_is_no_submission_more(self) -> None:
        TaskLimit.objects.create(applies_to="anonymous", max_active=1)
        assert self.submit(owner=ANYBODY).pk == self.submit(owner=ANYBODY).pk

    @pytest.mark.django_db(transaction=True)
    @pytest.mark.parametrize("owner", [OPERATOR, ANYBODY])
    def test_at_once_they_make_one_task(self, owner: Owner) -> None:
        tasks = at_once(*[lambda: self.submit(owner=owner)] * 8)
        assert len({task.pk for task in tasks}) == 1
        assert TaskInfo.objects.count() == OrmQ.objects.count() == 1


class TestSettle:
    def test_a_task_that_died_in_its_last_attempt_fails_and_says_why(self) -> None:
        task = make_running_task(attempt=2)
        assert lifecycle.settle(deliver(task)) == "failed"
        task.refresh_from_db()
        assert "died each time" in task.error
        assert not OrmQ.objects.exists()

    def test_a_task_that_died_while_its_cancel_was_asked_for_is_canceled(self) -> None:
        task = make_running_task()
        lifecycle.cancel(task.pk, reason="ana")
        delivery = deliver(task)
        with pytest.raises(TransitionRefused):
            lifecycle.claim(delivery)
        assert lifecycle.settle(delivery) == "canceled"
        task.refresh_from_db()
        assert (task.status, task.cancel_reason, task.error) == ("canceled", "ana", "")

    def test_a_task_that_may_run_is_left_alone(self) -> None:
        task = make_running_task()
        with pytest.raises(TransitionRefused):
            lifecycle.settle(deliver(task))

    def test_a_late_delivery_does_not_end_a_living_last_attempt(self) -> None:
        task = make_running_task(attempt=2)
        late = deliver(task)
        lifecycle.extend_lease(claim_of(task, 2))
        with pytest.raises(TransitionRefused):
            lifecycle.settle(late)


class TestReport:
    def test_progress_and_messages_show_and_the_version_rises(self) -> None:
        task = make_running_task()
        lifecycle.report(claim_of(task, 1), progress=40, messages=[Message("a"), Message("b")])
        lifecycle.report(claim_of(task, 1), messages=[Message("c", TaskMessage.Level.WARNING)])
        task.refresh_from_db()
        assert (task.progress, task.version) == (40, 3)
        assert list(task.messages.values_list("seq", "level", "message")) == [
            (1, "info", "a"),
            (2, "info", "b"),
            (3, "warning", "c"),
        ]

    def test_progress_never_falls(self) -> None:
        task = make_running_task(progress=60)
        lifecycle.report(claim_of(task, 1), progress=10)
        task.refresh_from_db()
        assert task.progress == 60

    def test_a_message_has_the_time_at_which_it_was_said(self) -> None:
        task = make_running_task()
        lifecycle.report(
            claim_of(task, 1), messages=[Message("early", age=timedelta(minutes=1)), Message("now")]
        )
        early, now = task.messages.values_list("time", flat=True)
        assert now - early == timedelta(minutes=1)


class TestInPlace:
    """PostgreSQL updates a row without adding to any index (HOT) if no index has what changes."""

    @staticmethod
    def updates() -> int:
        """In this transaction, of tasks, in place."""
        row = fetch_one(
            "SELECT pg_stat_get_xact_tuples_hot_updated('tasks_taskinfo'::regclass)", []
        )
        assert row is not None
        return int(row[0])

    def test_a_claim(self) -> None:
        delivery = deliver(make_task())
        before = self.updates()
        lifecycle.claim(delivery)
        assert self.updates() == before + 1

    def test_progress(self) -> None:
        claim = claim_of(make_running_task())
        before = self.updates()
        lifecycle.report(claim, progress=30, messages=[Message("a")])
        assert self.updates() == before + 1

    def test_a_release(self) -> None:
        claim = claim_of(make_running_task())
        before = self.updates()
        lifecycle.release(claim)
        assert self.updates() == before + 2  # what it says, and that it waits

    def test_pages_keep_room_for_it(self) -> None:
        """A page that is full has none: with a long queue, nothing would be updated in place."""
        row = fetch_one("SELECT reloptions FROM pg_class WHERE relname = 'tasks_taskinfo'", [])
        assert row == (["fillfactor=80"],)


class TestOutcomes:
    def test_complete_ends_the_task_and_takes_it_out_of_the_queue(self) -> None:
        task = make_running_task(progress=30)
        lifecycle.complete(claim_of(task, 1), {"a": 1}, messages=[Message("done")])
        task.refresh_from_db()
        assert (task.status, task.progress, task.result) == ("completed", 100, {"a": 1})
        assert task.completed_at is not None
        assert said(task) == ["done"]
        assert not OrmQ.objects.exists()

    def test_fail_keeps_the_progress_and_says_why(self) -> None:
        task = make_running_task(progress=30)
        lifecycle.fail(claim_of(task, 1), "no such topic", progress=50)
        task.refresh_from_db()
        assert (task.status, task.progress, task.error) == ("failed", 50, "no such topic")
        assert task.result is None
        assert not OrmQ.objects.exists()

    def test_cancel_ends_a_waiting_task_and_records_why(self) -> None:
        task = make_task()
        lifecycle.cancel(task.pk, reason="ana: not needed")
        task.refresh_from_db()
        assert (task.status, task.cancel_reason) == ("canceled", "ana: not needed")
        assert task.cancel_requested_at is not None
        assert not OrmQ.objects.exists()

    @pytest.mark.parametrize("status", ["completed", "failed"])
    def test_cancel_refuses_a_task_that_has_ended(self, status: str) -> None:
        task = make_task(status=status, completed_at=Now())
        with pytest.raises(TransitionRefused, match=status):
            lifecycle.cancel(task.pk, reason="too late")

    def test_cancel_asks_the_worker_of_a_running_task(self) -> None:
        task = make_running_task()
        lifecycle.cancel(task.pk, reason="ana: not needed")
        task.refresh_from_db()
        assert (task.status, task.cancel_reason) == ("running", "ana: not needed")
        lifecycle.finish_cancel(claim_of(task, 1))
        task.refresh_from_db()
        assert (task.status, task.cancel_reason) == ("canceled", "ana: not needed")

    def test_only_a_cancel_that_was_asked_for_is_finished(self) -> None:
        task = make_running_task()
        with pytest.raises(LeaseLost):
            lifecycle.finish_cancel(claim_of(task))

    @pytest.mark.parametrize("make", [make_task, make_running_task])
    def test_a_second_cancel_changes_nothing(self, make: Callable[[], TaskInfo]) -> None:
        task = make()
        lifecycle.cancel(task.pk, reason="first")
        before = TaskInfo.objects.values().get()
        lifecycle.cancel(task.pk, reason="second")
        assert TaskInfo.objects.values().get() == before

    def test_a_cancel_asked_for_does_not_undo_a_result(self) -> None:
        task = make_running_task()
        lifecycle.cancel(task.pk, reason="ana")
        lifecycle.complete(claim_of(task, 1), {"a": 1})
        task.refresh_from_db()
        assert task.status == "completed"

    def test_retry_later_waits_in_line_and_the_attempt_counts(self) -> None:
        task = make_running_task()
        lifecycle.retry_later(claim_of(task, 1), timedelta(minutes=5), messages=[Message("wait")])
        after = TaskInfo.objects.get(pk=task.pk)
        assert (after.status, after.attempt, after.started_at) == ("pending", 1, None)
        assert after.entry is not None
        assert after.retry_at is not None
        assert abs(after.entry.lock - after.retry_at) < timedelta(seconds=1)
        assert timedelta(minutes=4) < after.retry_at - after.updated_at < timedelta(minutes=6)
        assert said(after) == ["wait"]

    def test_a_retry_that_runs_has_no_retry_at_any_more(self) -> None:
        task = make_running_task()
        lifecycle.retry_later(claim_of(task, 1), timedelta(minutes=5))
        lifecycle.claim(deliver(task))
        task.refresh_from_db()
        assert task.retry_at is None

    def test_release_does_not_count_the_attempt_and_keeps_the_place_in_line(self) -> None:
        task = make_task()
        before = OrmQ.objects.values_list("lock", flat=True).get()
        TaskInfo.objects.update(queued_at=before + 5 * get_conf().priority_head_start)
        claim = lifecycle.claim(deliver(task)).claim
        lifecycle.release(claim)
        after = TaskInfo.objects.get(pk=task.pk)
        assert after.status == "pending"
        assert after.max_attempts - after.attempt == task.max_attempts - task.attempt
        assert after.entry is not None
        assert after.entry.lock == before

    def test_what_a_released_worker_still_says_is_not_taken_for_the_next_ones(self) -> None:
        task = make_task()
        released = lifecycle.claim(deliver(task)).claim
        lifecycle.release(released)
        lifecycle.claim(deliver(task))
        with pytest.raises(LeaseLost):
            lifecycle.complete(released, {})


class TestResume:
    @pytest.mark.parametrize("end", ["failed", "canceled"])
    def test_a_task_goes_on_with_its_steps_and_new_attempts(self, end: str) -> None:
        task = make_running_task(attempt=2, progress=40)
        claim = claim_of(task, 2)
        lifecycle.keep_step(claim, "outline", 1, {"a": 1})
        if end == "failed":
            lifecycle.fail(claim, "no")
        else:
            lifecycle.cancel(task.pk, reason="ana")
            lifecycle.finish_cancel(claim)
        lifecycle.resume(task.pk)
        after = TaskInfo.objects.get(pk=task.pk)
        assert (after.status, after.progress, after.error) == ("pending", 40, "")
        assert (after.completed_at, after.cancel_requested_at, after.cancel_reason) == (
            None,
            None,
            "",
        )
        assert after.entry is not None
        assert after.steps.get().value == {"a": 1}
        assert after.max_attempts - after.attempt == 2
        assert lifecycle.claim(deliver(after)).claim.attempt == 3

    @pytest.mark.parametrize("make", [make_task, make_running_task])
    def test_an_active_task_stays_as_it_is(self, make: Callable[[], TaskInfo]) -> None:
        task = make()
        before = TaskInfo.objects.values().get()
        lifecycle.resume(task.pk)
        assert TaskInfo.objects.values().get() == before

    def test_a_completed_task_is_refused(self) -> None:
        task = make_task(status="completed", completed_at=Now())
        with pytest.raises(TransitionRefused, match="completed"):
            lifecycle.resume(task.pk)

    def test_it_keeps_to_the_limits(self) -> None:
        task = make_running_task(owner_key=ANYBODY.key)
        lifecycle.fail(claim_of(task, 1), "no")
        for _ in range(5):
            lifecycle.submit(ECHO, {}, owner=ANYBODY)
        with pytest.raises(LimitExceeded):
            lifecycle.resume(task.pk)
        task.refresh_from_db()
        assert task.status == "failed"


class TestPriority:
    def order(self) -> list[Any]:
        return list(TaskInfo.objects.order_by("entry__lock").values_list("description", flat=True))

    def test_a_higher_priority_goes_before_a_head_start_s_worth(self) -> None:
        lifecycle.submit(ECHO, {}, owner=OPERATOR)
        TaskInfo.objects.update(description="earlier")
        urgent = lifecycle.submit(ECHO, {}, owner=OPERATOR, priority=9)
        TaskInfo.objects.filter(pk=urgent.pk).update(description="urgent")
        assert self.order() == ["urgent", "earlier"]

    def test_it_can_be_changed_while_the_task_waits(self) -> None:
        tasks = [lifecycle.submit(ECHO, {}, owner=OPERATOR) for _ in range(2)]
        for task, name in zip(tasks, ["first", "second"], strict=True):
            TaskInfo.objects.filter(pk=task.pk).update(description=name)
        assert self.order() == ["first", "second"]
        lifecycle.set_priority(tasks[0].pk, 0, asked_by=OPERATOR.key)
        assert self.order() == ["second", "first"]

    def test_a_running_task_keeps_its_lease(self) -> None:
        task = make_running_task()
        before = OrmQ.objects.values_list("lock", flat=True).get()
        lifecycle.set_priority(task.pk, 3, asked_by=OPERATOR.key)
        assert OrmQ.objects.values_list("lock", flat=True).get() == before

    def test_a_finished_task_has_none_to_change(self) -> None:
        task = make_task(status="completed", completed_at=Now())
        with pytest.raises(TransitionRefused):
            lifecycle.set_priority(task.pk, 3, asked_by=OPERATOR.key)

    def test_an_owner_may_not_ask_for_more_than_their_highest(self) -> None:
        with pytest.raises(PriorityRefused, match="5"):
            lifecycle.submit(ECHO, {}, owner=ANYBODY, priority=6)
        assert not TaskInfo.objects.exists()
        task = make_task()
        with pytest.raises(PriorityRefused, match="5"):
            lifecycle.set_priority(task.pk, 6, asked_by=ANYBODY.key)

    def test_a_task_that_staff_have_moved_forward_stays_there_when_its_owner_resumes_it(
        self,
    ) -> None:
        task = make_task()
        lifecycle.set_priority(task.pk, 9, asked_by=OPERATOR.key)
        lifecycle.cancel(task.pk, reason="for the test")
        lifecycle.resume(task.pk)
        task.refresh_from_db()
        assert (task.status, task.priority) == ("pending", 9)


@pytest.mark.django_db(transaction=True)
class TestConcurrently:
    def test_an_end_that_waited_for_a_step_numbers_its_lines_after_it(self) -> None:
        """What commits while it waits is not in its snapshot."""
        task = make_running_task()
        claim = claim_of(task)
        for count in range(5):
            at_once(
                lambda: lifecycle.report(claim, messages=[Message("report")] * 3),
                lambda count=count: lifecycle.keep_step(
                    claim, f"step {count}", 1, None, messages=[Message("step")] * 3
                ),
            )
        lifecycle.complete(claim, {}, messages=[Message("end")])
        assert list(task.messages.values_list("seq", flat=True)) == list(range(1, 32))

    def test_of_many_claims_one_gets_the_task(self) -> None:
        delivery = deliver(make_task(max_attempts=100))
        results = at_once(*[lambda: lifecycle.claim(delivery)] * 8)
        assert sum(isinstance(one, Claimed) for one in results) == 1
        assert sum(isinstance(one, TransitionRefused) for one in results) == 7

    def test_a_task_is_canceled_or_claimed_but_not_both(self) -> None:
        for _ in range(10):
            task = make_task()
            delivery = deliver(task)
            claimed, canceled = at_once(
                lambda delivery=delivery: lifecycle.claim(delivery),
                lambda task=task: lifecycle.cancel(task.pk, reason="race"),
            )
            assert canceled is None
            task.refresh_from_db()
            assert task.status == ("running" if isinstance(claimed, Claimed) else "canceled")
            assert task.cancel_requested_at is not None
            assert (task.entry is None) == (task.status == TaskStatus.CANCELED)

    def test_a_task_ends_once(self) -> None:
        task = make_running_task()
        claim = claim_of(task, 1)
        results = at_once(
            *[lambda: lifecycle.complete(claim, {}), lambda: lifecycle.fail(claim, "no")] * 4
        )
        assert results.count(None) == 1
        assert sum(isinstance(one, LeaseLost) for one in results) == 7

    def test_messages_are_numbered_without_gaps(self) -> None:
        task = make_running_task()
        claim = claim_of(task, 1)
        results = at_once(*[lambda: lifecycle.report(claim, messages=[Message("x")] * 3)] * 8)
        assert results == [None] * 8
        assert list(task.messages.values_list("seq", flat=True)) == list(range(1, 25))
