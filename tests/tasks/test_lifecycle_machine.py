"""
Verbs in any order, in two database sessions, also with one begun before the other's commit.

Hypothesis draws the verbs and whom they are about: tasks, deliveries and claims, old ones
too. After each the whole database is compared with what it was before.
"""

from __future__ import annotations

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
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tasks import lifecycle, maintenance
from tasks.broker import PostgresBroker
from tasks.claims import Claim, Claimed
from tasks.exceptions import LeaseLost, TransitionRefused
from tasks.limits import ANONYMOUS
from tasks.messages import Message
from tasks.models import FINAL, TaskInfo, TaskMessage, TaskStep
from tasks.queue import Delivery
from tasks.registry import Submission, task_handler
from tests.factories import ANYBODY, OPERATOR, echo

Verb = Callable[[], Any]
KIND = "tests.machine"
#: No more than an anonymous caller may have.
MOST_TASKS = 5
REFUSALS = LeaseLost, TransitionRefused
SAID = [Message("said")]

# Enough attempts for some to be lost, and few enough for them to come to an end.
task_handler(
    KIND,
    prepare=lambda params: Submission({}, "Machine"),
    timeout=timedelta(seconds=30),
    max_attempts=6,
)(echo)

#: What a worker says while it goes on.
GOING_ON: dict[str, Callable[[Claim], Any]] = {
    "extend_lease": lifecycle.extend_lease,
    "report": lambda claim: lifecycle.report(claim, progress=20, messages=SAID * 2),
    "report_less": lambda claim: lifecycle.report(claim, progress=5),
    "keep_step": lambda claim: lifecycle.keep_step(
        claim, "s", 1, claim.attempt, progress=40, messages=SAID
    ),
}
#: What it says at its end.
ENDING: dict[str, Callable[[Claim], Any]] = {
    "complete": lambda claim: lifecycle.complete(claim, {"by": claim.attempt}, messages=SAID),
    "fail": lambda claim: lifecycle.fail(claim, "No.", messages=SAID),
    "heed_a_cancel": lambda claim: (
        lifecycle.extend_lease(claim) and lifecycle.finish_cancel(claim, messages=SAID)
    ),
    "retry_later": lambda claim: lifecycle.retry_later(claim, timedelta(minutes=1), messages=SAID),
    "release": lambda claim: lifecycle.release(claim, messages=SAID),
}
WORDS = GOING_ON | ENDING
#: What others want of a task.
WISHES: dict[str, Callable[[UUID], Any]] = {
    "cancel": lambda task_id: lifecycle.cancel(task_id, reason="machine"),
    "resume": lifecycle.resume,
    "set_priority": lambda task_id: lifecycle.set_priority(task_id, 2, asked_by=OPERATOR.key),
}
#: What is done with a delivery.
USES: dict[str, Callable[[Delivery], Any]] = {
    "claim": lifecycle.claim,
    "settle": lifecycle.settle,
}


@dataclass(frozen=True)
class Act:
    """One verb, and how many deliveries or claims of the task were later than the one it takes."""

    name: str
    back: int = 0


ACTS = st.builds(
    Act,
    st.one_of(*(st.sampled_from(sorted(verbs)) for verbs in (GOING_ON, ENDING, WISHES, USES))),
    st.sampled_from([0, 0, 0, 1, 2]),
)


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


def submit_one(is_limited: bool) -> TaskInfo:
    return lifecycle.submit(KIND, {}, owner=ANYBODY if is_limited else OPERATOR)


def nth_last(items: list[Any] | None, back: int) -> Any:
    return items[max(-1 - back, -len(items))] if items else None


def answer_of(verb: Verb) -> Any:
    """What it returns, or the refusal it raises."""
    try:
        return verb()
    except REFUSALS as refusal:
        return refusal


class Lifecycle(RuleBasedStateMachine):
    sessions: tuple[Session, Session]
    session_numbers = st.integers(0, 1)
    task_numbers = st.integers(0, MOST_TASKS - 1)

    def __init__(self) -> None:
        super().__init__()
        for model in (TaskInfo, OrmQ):
            model.objects.all().delete()
        self.before = look()
        self.deliveries: dict[UUID, list[Delivery]] = {}
        self.claims: dict[UUID, list[Claim]] = {}

    @initialize()
    def some_run_already(self) -> None:
        for is_limited in (True, True, False):
            self.submit(0, is_limited)
        self.another_takes_over(0, 0)

    @precondition(lambda self: len(self.before.tasks) < MOST_TASKS)
    @rule(session=session_numbers, is_limited=st.booleans())
    def submit(self, session: int, is_limited: bool) -> None:
        self.sessions[session].run(lambda: submit_one(is_limited))
        self.check()

    @rule(session=session_numbers, task=task_numbers)
    def deliver(self, session: int, task: int) -> None:
        self.delivered(session, task)

    def delivered(self, session: int, task: int) -> list[UUID]:
        """The lease or the back-off is over; a broker gives what is due to slow workers."""
        OrmQ.objects.filter(task_info=self.task(task)).update(lock=Now() - timedelta(seconds=1))
        packages = self.sessions[session].run(lambda: PostgresBroker("reune")._take())
        self.check()
        calls = [SignedPackage.loads(package)["args"] for _, package in packages]
        for task_id, entry_id, lock in calls:
            delivery = Delivery(UUID(task_id), entry_id, datetime.fromisoformat(lock))
            self.deliveries.setdefault(delivery.task_id, []).append(delivery)
        return [UUID(task_id) for task_id, _, _ in calls]

    @rule(session=session_numbers, task=task_numbers)
    def another_takes_over(self, session: int, task: int) -> None:
        """It is delivered, and claimed at once."""
        for task_id in self.delivered(session, task):
            self.act(session, task_id, Act("claim"))

    @rule(session=session_numbers, task=task_numbers, act=ACTS)
    def one_acts(self, session: int, task: int, act: Act) -> None:
        self.act(session, self.task(task), act)

    def act(self, session: int, task_id: UUID, act: Act) -> None:
        if (verb := self.verb(task_id, act)) is None:
            return
        may = self.may(task_id, act)
        answer = self.sessions[session].run(lambda: answer_of(verb))
        self.check(answer, resumed=task_id if act.name == "resume" else None)
        assert isinstance(answer, REFUSALS) is not may, (act, answer)

    @rule(task=task_numbers, first=ACTS, second=ACTS)
    def two_act_at_once(self, task: int, first: Act, second: Act) -> None:
        """The second begins when the first has done all but its commit."""
        task_id = self.task(task)
        verbs = self.verb(task_id, first), self.verb(task_id, second)
        if verbs[0] is None or verbs[1] is None:
            return
        answers = self.together(verbs[0], verbs[1])
        is_resumed = "resume" in (first.name, second.name)
        self.check(resumed=task_id if is_resumed else None)
        done = [
            act.name
            for act, answer in zip((first, second), answers, strict=True)
            if not isinstance(answer, REFUSALS) and answer is not False
        ]
        assert sum(name in ENDING for name in done) <= 1, done
        assert done != ["claim", "claim"]

    @precondition(lambda self: len(self.before.tasks) < MOST_TASKS)
    @rule(task=task_numbers, act=ACTS, submit_is_first=st.booleans())
    def somebody_submits_meanwhile(self, task: int, act: Act, submit_is_first: bool) -> None:
        task_id = self.task(task)
        if (verb := self.verb(task_id, act)) is None:
            return
        verbs: list[Verb] = [lambda: submit_one(is_limited=True), verb]
        self.together(*(verbs if submit_is_first else reversed(verbs)))
        self.check(resumed=task_id if act.name == "resume" else None)

    @precondition(lambda self: len(self.before.tasks) < MOST_TASKS - 1)
    @rule()
    def two_submit(self) -> None:
        self.together(*[lambda: submit_one(is_limited=True)] * 2)
        self.check()

    # --- How it is done -------------------------------------------------------------------

    def task(self, number: int) -> UUID:
        return list(self.before.tasks)[number % len(self.before.tasks)]

    def verb(self, task_id: UUID, act: Act) -> Verb | None:
        """None if there is no delivery or claim for it yet."""
        if wish := WISHES.get(act.name):
            return lambda: wish(task_id)
        if use := USES.get(act.name):
            delivery = nth_last(self.deliveries.get(task_id), act.back)
            return delivery and (lambda: self.noted(use(delivery)))
        claim = nth_last(self.claims.get(task_id), act.back)
        return claim and (lambda: WORDS[act.name](claim))

    def noted(self, answer: Any) -> Any:
        if isinstance(answer, Claimed):
            self.claims.setdefault(answer.claim.task_id, []).append(answer.claim)
        return answer

    def together(self, first: Verb, second: Verb) -> list[Any]:
        """What they return, or the refusals they raise."""
        is_done, may_commit = Event(), Event()
        here, there = self.sessions

        def all_but_commit() -> Any:
            try:
                with transaction.atomic():
                    answer = first()
                    is_done.set()
                    may_commit.wait(30)
                    return answer
            finally:
                is_done.set()

        answers = [here.begin(lambda: answer_of(all_but_commit))]
        is_done.wait(30)
        answers.append(there.begin(lambda: answer_of(second)))
        wait_until_done_or_blocked(answers[1], there)
        may_commit.set()
        got = [answer.result(timeout=30) for answer in answers]
        maintenance.heal()  # what one skipped because the other had it
        return got

    # --- What is true ---------------------------------------------------------------------

    def may(self, task_id: UUID, act: Act) -> bool:
        """Whether the rules allow it, now that nobody else does anything."""
        task = self.before.tasks[task_id]
        if act.name in USES:
            delivery = nth_last(self.deliveries[task_id], act.back)
            is_latest = (task["entry_id"], self.before.entries.get(task["entry_id"])) == (
                delivery.entry_id,
                delivery.leased_until,
            )
            may_run = not task["cancel_requested_at"] and task["attempt"] < task["max_attempts"]
            return is_latest and may_run is (act.name == "claim")
        if act.name in WORDS:
            claim = nth_last(self.claims[task_id], act.back)
            now = task["status"], task["attempt"], task["started_at"]
            return now == ("running", claim.attempt, claim.started_at)
        refusing = {
            "cancel": ("completed", "failed"),
            "resume": ("completed",),
            "set_priority": FINAL,
        }
        return task["status"] not in refusing[act.name]

    def check(self, answer: Any = None, *, resumed: UUID | None = None) -> None:
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
            max_examples=50,
            stateful_step_count=50,
            deadline=None,
            report_multiple_bugs=False,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
