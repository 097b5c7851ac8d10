"""
Verbs in any order, in two database sessions, also with one begun before the other's commit.

Hypothesis draws the verbs and whom they are about: tasks, deliveries and claims, old ones
too. After each the whole database is compared with what it was before.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Event
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.db.models.functions import Now
from django_q.models import OrmQ
from django_q.signing import SignedPackage
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    MultipleResults,
    RuleBasedStateMachine,
    initialize,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tasks import lifecycle, maintenance
from tasks.broker import PostgresBroker
from tasks.exceptions import LeaseLost, LimitExceeded, TransitionRefused
from tasks.lifecycle import Claim
from tasks.limits import ANONYMOUS
from tasks.messages import Message
from tasks.models import FINAL, TaskInfo, TaskMessage, TaskStep
from tasks.queue import Delivery
from tests.factories import ANYBODY, ECHO, OPERATOR

Verb = Callable[[], Any]
MOST_TASKS = 5
REFUSALS = LeaseLost, TransitionRefused, LimitExceeded
SAID = [Message("said")]

#: What a worker may say of its attempt.
OF_CLAIMS: dict[str, Callable[[Claim], Any]] = {
    "extend_lease": lifecycle.extend_lease,
    "report": lambda claim: lifecycle.report(claim, progress=20, messages=SAID * 2),
    "report_less": lambda claim: lifecycle.report(claim, progress=5),
    "keep_step": lambda claim: lifecycle.keep_step(
        claim, "s", 1, claim.attempt, progress=40, messages=SAID
    ),
    "complete": lambda claim: lifecycle.complete(claim, {"by": claim.attempt}, messages=SAID),
    "fail": lambda claim: lifecycle.fail(claim, "No.", messages=SAID),
    "heed_a_cancel": lambda claim: (
        lifecycle.extend_lease(claim) and lifecycle.finish_cancel(claim, messages=SAID)
    ),
    "retry_later": lambda claim: lifecycle.retry_later(claim, timedelta(minutes=1), messages=SAID),
    "release": lambda claim: lifecycle.release(claim, messages=SAID),
}
#: What others may want of a task.
OF_TASKS: dict[str, Callable[[UUID], Any]] = {
    "cancel": lambda task_id: lifecycle.cancel(task_id, reason="machine"),
    "resume": lifecycle.resume,
    "set_priority": lambda task_id: lifecycle.set_priority(task_id, 2),
}
OF_DELIVERIES: dict[str, Callable[[Delivery], Any]] = {
    "claim": lifecycle.claim,
    "settle": lifecycle.settle,
}


@dataclass(frozen=True)
class State:
    """The whole database, as far as tasks go."""

    tasks: dict[UUID, dict[str, Any]]
    entries: dict[int, datetime]
    steps: list[tuple[Any, ...]]
    messages: list[tuple[UUID, int, str]]


def look() -> State:
    return State(
        tasks={row["id"]: row for row in TaskInfo.objects.order_by("created_at").values()},
        entries=dict(OrmQ.objects.values_list("id", "lock")),
        steps=list(TaskStep.objects.order_by("id").values_list()),
        messages=list(TaskMessage.objects.order_by("id").values_list("task_id", "seq", "message")),
    )


class Session:
    """A thread with a database connection of its own."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1)
        self.pid: int = self.run(lambda: connection.cursor().connection.info.backend_pid)

    def run(self, verb: Verb) -> Any:
        return self._thread.submit(verb).result(timeout=30)

    def begin(self, verb: Verb) -> Future[Any]:
        return self._thread.submit(verb)

    def close(self) -> None:
        self.run(lambda: connection.close())
        self._thread.shutdown()


def answer_of(verb: Verb) -> Any:
    """What it returns, or the refusal it raises."""
    try:
        return verb()
    except REFUSALS as refusal:
        return refusal


class Lifecycle(RuleBasedStateMachine):
    sessions: tuple[Session, Session]
    deliveries = Bundle("deliveries")
    claims = Bundle("claims")
    session_numbers = st.integers(0, 1)
    task_numbers = st.integers(0, MOST_TASKS - 1)

    def __init__(self) -> None:
        super().__init__()
        for model in (TaskInfo, OrmQ):
            model.objects.all().delete()
        self.before = look()

    # --- One verb after the other ---------------------------------------------------------

    @initialize(target=claims, limited=st.integers(1, 3))
    def some_run_already(self, limited: int) -> MultipleResults[Claim]:
        for number in range(4):
            self.submitted(0, is_limited=number < limited)
        return self.take_and_claim(0)

    @precondition(lambda self: len(self.before.tasks) < MOST_TASKS)
    @rule(session=session_numbers, is_limited=st.booleans())
    def submit(self, session: int, is_limited: bool) -> None:
        self.submitted(session, is_limited=is_limited)

    @rule(target=deliveries, session=session_numbers)
    def take(self, session: int) -> MultipleResults[Delivery]:
        """The broker gives what is due to workers that are slow to claim it."""
        return multiple(*self.taken(session))

    @rule(target=deliveries, session=session_numbers, task=task_numbers)
    def lapse_and_take(self, session: int, task: int) -> MultipleResults[Delivery]:
        self.lapse(self.task(task))
        return multiple(*self.taken(session))

    @rule(target=claims, session=session_numbers, task=task_numbers)
    def another_takes_over(self, session: int, task: int) -> MultipleResults[Claim]:
        self.lapse(self.task(task))
        return self.take_and_claim(session)

    @rule(target=claims, session=session_numbers, delivery=deliveries)
    def claim(self, session: int, delivery: Delivery) -> MultipleResults[Claim]:
        return multiple(*self.claimed(session, delivery))

    @rule(session=session_numbers, delivery=deliveries)
    def settle(self, session: int, delivery: Delivery) -> None:
        may = self.may_settle(delivery)
        answer = self.sessions[session].run(lambda: answer_of(lambda: lifecycle.settle(delivery)))
        self.check(answer)
        assert isinstance(answer, TransitionRefused) is not may

    @rule(session=session_numbers, claim=claims, word=st.sampled_from(sorted(OF_CLAIMS)))
    def worker_says(self, session: int, claim: Claim, word: str) -> None:
        is_owner = self.is_owner(claim)
        answer = self.sessions[session].run(lambda: answer_of(lambda: OF_CLAIMS[word](claim)))
        self.check(answer)
        assert isinstance(answer, LeaseLost) is not is_owner

    @rule(session=session_numbers, task=task_numbers, wish=st.sampled_from(sorted(OF_TASKS)))
    def somebody_wants(self, session: int, task: int, wish: str) -> None:
        answer = self.sessions[session].run(
            lambda: answer_of(lambda: OF_TASKS[wish](self.task(task)))
        )
        self.check(answer, resumed=self.task(task) if wish == "resume" else None)

    def submitted(self, session: int, *, is_limited: bool) -> UUID:
        owner = ANYBODY if is_limited else OPERATOR
        task: TaskInfo = self.sessions[session].run(lambda: lifecycle.submit(ECHO, {}, owner=owner))
        self.check(None)
        return task.pk

    def taken(self, session: int) -> list[Delivery]:
        taken = self.sessions[session].run(lambda: PostgresBroker("reune")._take())
        self.check(None)
        calls = [SignedPackage.loads(package)["args"] for _, package in taken]
        return [
            Delivery(UUID(task), entry, datetime.fromisoformat(at)) for task, entry, at in calls
        ]

    def claimed(self, session: int, delivery: Delivery) -> list[Claim]:
        may = self.may_claim(delivery)
        answer = self.sessions[session].run(lambda: answer_of(lambda: lifecycle.claim(delivery)))
        self.check(answer)
        assert isinstance(answer, TransitionRefused) is not may
        return [answer.claim] if may else []

    def take_and_claim(self, session: int) -> MultipleResults[Claim]:
        claimed = [self.claimed(session, delivery) for delivery in self.taken(session)]
        return multiple(*itertools.chain.from_iterable(claimed))

    def lapse(self, task: UUID) -> None:
        """The worker is silent for longer than a lease, or a back-off is over."""
        OrmQ.objects.filter(task_info=task).update(lock=Now() - timedelta(seconds=1))
        self.check(None)

    def task(self, number: int) -> UUID:
        return list(self.before.tasks)[number % len(self.before.tasks)]

    # --- Two at once ----------------------------------------------------------------------

    @rule(
        target=claims,
        claim=claims,
        word=st.sampled_from(sorted(OF_CLAIMS)),
        other=claims,
        other_word=st.sampled_from(sorted(OF_CLAIMS)),
    )
    def two_workers_speak(self, claim: Claim, word: str, other: Claim, other_word: str) -> Any:
        return self.together(lambda: OF_CLAIMS[word](claim), lambda: OF_CLAIMS[other_word](other))

    @rule(
        target=claims,
        claim=claims,
        word=st.sampled_from(sorted(OF_CLAIMS)),
        task=task_numbers,
        wish=st.sampled_from(sorted(OF_TASKS)),
        worker_is_first=st.booleans(),
    )
    def a_wish_meets_a_word(
        self, claim: Claim, word: str, task: int, wish: str, worker_is_first: bool
    ) -> Any:
        verbs = [lambda: OF_CLAIMS[word](claim), lambda: OF_TASKS[wish](self.task(task))]
        first, second = verbs if worker_is_first else reversed(verbs)
        return self.together(first, second, resumed=self.task(task) if wish == "resume" else None)

    @rule(
        target=claims,
        delivery=deliveries,
        use=st.sampled_from(sorted(OF_DELIVERIES)),
        other=deliveries,
        other_use=st.sampled_from(sorted(OF_DELIVERIES)),
    )
    def two_deliveries_meet(
        self, delivery: Delivery, use: str, other: Delivery, other_use: str
    ) -> Any:
        return self.together(
            lambda: OF_DELIVERIES[use](delivery), lambda: OF_DELIVERIES[other_use](other)
        )

    @rule(
        target=claims,
        delivery=deliveries,
        claim=claims,
        word=st.sampled_from(sorted(OF_CLAIMS)),
        delivery_is_first=st.booleans(),
    )
    def a_delivery_meets_a_word(
        self, delivery: Delivery, claim: Claim, word: str, delivery_is_first: bool
    ) -> Any:
        verbs: list[Verb] = [lambda: lifecycle.claim(delivery), lambda: OF_CLAIMS[word](claim)]
        return self.together(*(verbs if delivery_is_first else reversed(verbs)))

    @rule(
        target=claims,
        delivery=deliveries,
        task=task_numbers,
        wish=st.sampled_from(sorted(OF_TASKS)),
        delivery_is_first=st.booleans(),
    )
    def a_delivery_meets_a_wish(
        self, delivery: Delivery, task: int, wish: str, delivery_is_first: bool
    ) -> Any:
        verbs: list[Verb] = [
            lambda: lifecycle.claim(delivery),
            lambda: OF_TASKS[wish](self.task(task)),
        ]
        first, second = verbs if delivery_is_first else reversed(verbs)
        return self.together(first, second, resumed=self.task(task) if wish == "resume" else None)

    def together(
        self, first: Verb, second: Verb, resumed: UUID | None = None
    ) -> MultipleResults[Claim]:
        """Have the second begin when the first has done all but its commit."""
        is_done, may_commit = Event(), Event()
        here, there = self.sessions

        def all_but_commit() -> Any:
            try:
                with transaction.atomic():
                    answer = first()
                    is_done.set()
                    may_commit.wait(30)
                    return answer
            except REFUSALS as refusal:
                return refusal
            finally:
                is_done.set()

        answers = [here.begin(all_but_commit)]
        is_done.wait(30)
        answers.append(there.begin(lambda: answer_of(second)))
        wait_until_done_or_blocked(answers[1], there)
        may_commit.set()
        got = [answer.result(timeout=30) for answer in answers]
        maintenance.heal()  # what one skipped because the other had it
        self.check(None, resumed=resumed)
        return multiple(*(one.claim for one in got if isinstance(one, lifecycle.Claimed)))

    # --- What is true ---------------------------------------------------------------------

    def is_owner(self, claim: Claim) -> bool:
        task = self.before.tasks[claim.task_id]
        now = task["status"], task["attempt"], task["started_at"]
        return now == ("running", claim.attempt, claim.started_at)

    def is_latest(self, delivery: Delivery) -> bool:
        task = self.before.tasks[delivery.task_id]
        lock = self.before.entries.get(delivery.entry_id)
        return task["entry_id"] == delivery.entry_id and lock == delivery.leased_until

    def may_claim(self, delivery: Delivery) -> bool:
        task = self.before.tasks[delivery.task_id]
        is_wanted = task["cancel_requested_at"] is None and task["attempt"] < task["max_attempts"]
        return self.is_latest(delivery) and is_wanted

    def may_settle(self, delivery: Delivery) -> bool:
        return self.is_latest(delivery) and not self.may_claim(delivery)

    def check(self, answer: Any, resumed: UUID | None = None) -> None:
        """Compare with the state before. `answer` is a refusal if nothing may have changed."""
        now = look()
        if isinstance(answer, REFUSALS):
            assert now == self.before
        for task_id, old in self.before.tasks.items():
            check_change(old, now.tasks[task_id], may_resume=task_id == resumed)
        for task in now.tasks.values():
            check_task(task)
        assert set(now.entries) == {
            task["entry_id"] for task in now.tasks.values() if task["entry_id"]
        }
        check_slots(now)
        check_messages(self.before, now)
        self.before = now


def check_change(old: dict[str, Any], new: dict[str, Any], *, may_resume: bool) -> None:
    assert new["progress"] >= old["progress"]
    assert new["attempt"] >= old["attempt"]
    visible = "status", "progress", "attempt", "priority", "retry_at", "error", "result"
    is_changed = any(old[name] != new[name] for name in visible)
    assert new["version"] > old["version"] if is_changed else new["version"] >= old["version"]
    if old["status"] in FINAL and not may_resume:
        assert new == old
    if old["status"] == "completed":
        assert new == old


def check_task(task: dict[str, Any]) -> None:
    is_final = task["status"] in FINAL
    assert (task["completed_at"] is not None) is is_final
    if is_final:
        assert task["entry_id"] is None
    if task["status"] == "running":
        assert task["entry_id"] is not None
        assert task["started_at"] is not None
    if task["status"] == "canceled":
        assert task["cancel_requested_at"] is not None
    assert (task["result"] is not None) is (task["status"] == "completed")
    assert bool(task["error"]) is (task["status"] == "failed")


def check_slots(now: State) -> None:
    """No owner has more in line than may be, and nobody waits for a slot that is free."""
    mine = [task for task in now.tasks.values() if task["owner_key"] == ANYBODY.key]
    in_line = sum(task["entry_id"] is not None for task in mine)
    waiting = [t for t in now.tasks.values() if t["status"] == "pending" and not t["entry_id"]]
    assert ANONYMOUS.max_running is not None
    assert in_line <= ANONYMOUS.max_running
    assert not waiting or in_line == ANONYMOUS.max_running
    assert all(task["owner_key"] == ANYBODY.key for task in waiting)


def check_messages(before: State, now: State) -> None:
    """They are only added to, and numbered without gaps."""
    assert now.messages[: len(before.messages)] == before.messages
    seqs: dict[UUID, list[int]] = {}
    for task_id, seq, _ in now.messages:
        seqs.setdefault(task_id, []).append(seq)
    for numbers in seqs.values():
        assert numbers == list(range(1, len(numbers) + 1))


def wait_until_done_or_blocked(answer: Future[Any], session: Session) -> None:
    deadline = time.monotonic() + 30
    with connection.cursor() as cursor:
        while not answer.done():
            cursor.execute("SELECT cardinality(pg_blocking_pids(%s))", [session.pid])
            if cursor.fetchone() != (0,):
                return
            assert time.monotonic() < deadline


@pytest.fixture
def two_sessions(transactional_db: None) -> Iterator[None]:
    Lifecycle.sessions = Session(), Session()
    yield
    for session in Lifecycle.sessions:
        session.close()


@pytest.mark.usefixtures("two_sessions")
def test_no_order_of_verbs_breaks_the_rules() -> None:
    run_state_machine_as_test(
        Lifecycle,
        settings=settings(
            max_examples=30,
            stateful_step_count=30,
            deadline=None,
            report_multiple_bugs=False,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
