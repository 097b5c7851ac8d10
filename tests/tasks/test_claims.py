from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db.models.functions import Now
from django_q.models import OrmQ

from tasks import lifecycle
from tasks.claims import Claim, Claimed
from tasks.conf import get_conf
from tasks.exceptions import LeaseLost, TransitionRefused
from tasks.messages import Message
from tasks.models import TaskInfo, TaskMessage, TaskStep
from tests.factories import ECHO, claim_of, deliver, make_running_task, make_task

pytestmark = pytest.mark.django_db


class TestClaim:
    def test_a_pending_task_runs_in_attempt_1(self) -> None:
        task = make_task(params={"word": "ai"}, language="pt")
        claimed = lifecycle.claim(deliver(task))
        task.refresh_from_db()
        assert claimed == Claimed(claim_of(task), ECHO, {"word": "ai"}, "pt", 2)
        assert (task.status, task.version) == ("running", 2)
        assert task.started_at is not None
        assert task.entry is not None

    def test_a_running_task_whose_lease_is_over_runs_again(self) -> None:
        task = make_running_task()
        assert lifecycle.claim(deliver(task)).claim.attempt == 2

    def test_a_delivery_that_comes_late_does_not_take_a_living_attempt(self) -> None:
        """A worker was paused between taking the entry and the claim; another was faster."""
        task = make_task()
        late = deliver(task)
        lifecycle.claim(deliver(task))
        with pytest.raises(TransitionRefused, match="it is running"):
            lifecycle.claim(late)

    def test_a_heartbeat_makes_an_older_delivery_late(self) -> None:
        task = make_running_task()
        late = deliver(task)
        lifecycle.extend_lease(claim_of(task, 1))
        with pytest.raises(TransitionRefused):
            lifecycle.claim(late)

    def test_a_delivery_of_an_entry_the_task_no_longer_has_is_refused(self) -> None:
        task, other = make_task(), make_task()
        strange = replace(deliver(task), task_id=other.pk)
        with pytest.raises(TransitionRefused):
            lifecycle.claim(strange)

    def test_no_attempt_goes_beyond_the_last(self) -> None:
        task = make_running_task(attempt=2)
        with pytest.raises(TransitionRefused):
            lifecycle.claim(deliver(task))

    @pytest.mark.parametrize("status", ["completed", "failed", "canceled"])
    def test_a_task_that_has_ended_is_not_claimed(self, status: str) -> None:
        task = make_task()
        delivery = deliver(task)
        TaskInfo.objects.update(status=status, completed_at=Now(), entry=None)
        with pytest.raises(TransitionRefused, match=status):
            lifecycle.claim(delivery)

    def test_a_deleted_task_is_not_claimed(self) -> None:
        task = make_task()
        delivery = deliver(task)
        task.delete()
        with pytest.raises(TransitionRefused, match="unknown"):
            lifecycle.claim(delivery)


class TestExtendLease:
    def test_the_entry_is_held_for_another_lease(self) -> None:
        task = make_running_task()
        OrmQ.objects.update(lock=Now())
        assert lifecycle.extend_lease(claim_of(task, 1)) is False
        assert OrmQ.objects.filter(lock__gt=Now() + get_conf().lease / 2).exists()

    def test_it_tells_that_a_cancel_was_asked_for(self) -> None:
        task = make_running_task()
        lifecycle.cancel(task.pk, reason="ana")
        assert lifecycle.extend_lease(claim_of(task, 1)) is True

    def test_without_the_entry_the_attempt_lives_on(self) -> None:
        """Somebody emptied the queue; `heal` gives the entry back."""
        task = make_running_task()
        OrmQ.objects.all().delete()
        assert lifecycle.extend_lease(claim_of(task, 1)) is False


LATE_WORDS: list[Callable[[Claim], object]] = [
    lambda claim: lifecycle.report(claim, progress=50, messages=[Message("late")]),
    lambda claim: lifecycle.keep_step(claim, "late", 1, "value"),
    lambda claim: lifecycle.complete(claim, {"late": True}),
    lambda claim: lifecycle.fail(claim, "late"),
    lambda claim: lifecycle.finish_cancel(claim),
    lambda claim: lifecycle.extend_lease(claim),
    lambda claim: lifecycle.retry_later(claim, timedelta(0)),
    lambda claim: lifecycle.release(claim),
]


@pytest.mark.parametrize(
    "speak",
    LATE_WORDS,
    ids=[
        "report",
        "keep_step",
        "complete",
        "fail",
        "finish_cancel",
        "extend_lease",
        "retry_later",
        "release",
    ],
)
class TestALateWorkerIsRefused:
    def test_when_another_attempt_runs(self, speak: Callable[[Claim], object]) -> None:
        task = make_running_task(attempt=2)
        self._refused(speak, task)

    def test_when_its_claim_was_forgotten_by_a_crash(
        self, speak: Callable[[Claim], object]
    ) -> None:
        """PostgreSQL lost the last moments, and the same number was given out again."""
        task = make_running_task(attempt=1)
        claim = replace(claim_of(task), started_at=task.created_at - timedelta(seconds=1))
        self._refused(speak, task, claim)

    @pytest.mark.parametrize("status", ["completed", "failed", "canceled"])
    def test_when_the_task_has_ended(self, speak: Callable[[Claim], object], status: str) -> None:
        task = make_running_task(status=status, completed_at=Now(), entry=None)
        self._refused(speak, task)

    def test_when_the_task_went_back_to_the_queue(self, speak: Callable[[Claim], object]) -> None:
        task = make_task(attempt=1)
        self._refused(speak, task)

    def _refused(
        self, speak: Callable[[Claim], object], task: TaskInfo, claim: Claim | None = None
    ) -> None:
        before = TaskInfo.objects.filter(pk=task.pk).values().get()
        with pytest.raises(LeaseLost):
            speak(claim or claim_of(task, 1))
        assert TaskInfo.objects.filter(pk=task.pk).values().get() == before
        assert not TaskMessage.objects.exists()
        assert not TaskStep.objects.exists()
        assert OrmQ.objects.count() == (0 if task.entry_id is None else 1)
