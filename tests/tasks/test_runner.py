from __future__ import annotations

import contextlib
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import psutil
import pytest
from django.db import connection
from django.utils.translation import gettext as _
from django_q.models import OrmQ
from pytest_django import Settings

from tasks import lease, lifecycle, runner
from tasks.claims import Claim
from tasks.exceptions import TaskFailed
from tasks.models import TaskInfo
from tasks.registry import Submission, task_handler
from tasks.runner import RunningTask
from tests.factories import ECHO, OPERATOR, call, claim_of, deliver, make_running_task
from tests.processes import wait_for

pytestmark = pytest.mark.django_db(transaction=True)

Handler = Callable[[RunningTask, dict[str, Any]], Any]
scripted: dict[str, Handler] = {}


@task_handler(
    "tests.scripted",
    prepare=lambda params: Submission(dict(params), "Scripted", "pt"),
    timeout=timedelta(seconds=2),
)
def run_script(task: RunningTask, params: dict[str, Any]) -> Any:
    return scripted["now"](task, params)


def submit() -> TaskInfo:
    return lifecycle.submit("tests.scripted", {}, owner=OPERATOR)


def run(handler: Handler, task: TaskInfo | None = None) -> TaskInfo:
    """Run `handler` as a task, in Portuguese, and return the task as it is then."""
    scripted["now"] = handler
    task = task or submit()
    call(deliver(task))
    return TaskInfo.objects.get(pk=task.pk)


def said(task: TaskInfo) -> list[str]:
    return list(task.messages.values_list("message", flat=True))


def test_a_task_runs_to_its_result() -> None:
    task = lifecycle.submit(ECHO, {"word": "ai"}, owner=OPERATOR)
    call(deliver(task))
    task.refresh_from_db()
    assert (task.status, task.progress, task.result) == ("completed", 100, {"word": "ai"})
    assert said(task) == ["Task started", "Task completed"]


def test_a_task_speaks_its_own_language() -> None:
    task = run(lambda task, params: {"text": _("Task started")})
    assert task.result == {"text": "Tarefa iniciada"}
    assert said(task)[0] == "Tarefa iniciada"


def test_a_failure_the_handler_explains_is_the_error() -> None:
    def handler(task: RunningTask, params: Any) -> Any:
        raise TaskFailed("Não há material sobre isso.")

    task = run(handler)
    assert (task.status, task.error) == ("failed", "Não há material sobre isso.")
    assert task.messages.order_by("-seq")[0].level == "error"


def test_a_failure_nobody_foresaw_tells_no_secrets(caplog: pytest.LogCaptureFixture) -> None:
    def handler(task: RunningTask, params: Any) -> Any:
        raise KeyError("password=hunter2")

    task = run(handler)
    assert task.status == "failed"
    assert "KeyError" in task.error
    assert "hunter2" not in task.error
    assert "hunter2" in caplog.text


@pytest.mark.parametrize("result", [{1, 2}, float("nan"), "\x00"])
def test_a_result_that_is_no_json_fails_the_task(result: Any) -> None:
    assert run(lambda task, params: {"bad": result}).status == "failed"


def test_a_late_delivery_changes_nothing() -> None:
    task = make_running_task()
    late = deliver(task)
    lifecycle.extend_lease(claim_of(task, 1))
    before = TaskInfo.objects.values().get()
    call(late)
    assert TaskInfo.objects.values().get() == before
    assert OrmQ.objects.count() == 1


def test_a_delivery_of_another_broker_changes_nothing() -> None:
    task = submit()
    runner.run(str(task.pk))
    task.refresh_from_db()
    assert task.status == "pending"


def test_a_delivery_after_the_last_attempt_died_fails_the_task() -> None:
    task = make_running_task(attempt=2)
    call(deliver(task))
    task.refresh_from_db()
    assert task.status == "failed"


class TestStep:
    def test_a_step_that_ran_is_read_back_in_the_next_attempt(self) -> None:
        ran: list[str] = []

        def work(task: RunningTask, params: Any) -> Any:
            value = task.step("once", lambda: ran.append("once") or {"n": (1, 2)}, progress=30)
            if len(ran) == 1:
                ran.append("died")
                raise SystemExit  # as a killed worker, it leaves no outcome
            return value

        scripted["now"] = work
        task = submit()
        with pytest.raises(SystemExit):
            call(deliver(task))
        call(deliver(task))
        task.refresh_from_db()
        assert ran == ["once", "died"]
        assert (task.status, task.attempt, task.result) == ("completed", 2, {"n": [1, 2]})

    def test_a_value_of_another_version_is_computed_again(self) -> None:
        def old(task: RunningTask, params: Any) -> Any:
            task.step("s", lambda: "old")
            raise TaskFailed("no")

        def new(task: RunningTask, params: Any) -> Any:
            return [
                task.step("s", lambda: "new", version=2),
                task.step("s", lambda: "?", version=2),
            ]

        task = run(old)
        lifecycle.resume(task.pk)
        assert run(new, task).result == ["new", "new"]
        assert task.steps.get().value == "new"

    def test_the_value_is_the_same_fresh_and_read_back(self) -> None:
        value = {"b": 1, "a": {"zz": 1, "y": (1.0, None)}, "ççç": "x"}
        seen: list[str] = []

        def work(task: RunningTask, params: Any) -> Any:
            seen.append(repr(task.step("s", lambda: value)))
            if len(seen) == 1:
                raise TaskFailed("no")

        task = run(work)
        lifecycle.resume(task.pk)
        run(work, task)
        assert seen == [repr({"a": {"y": [1.0, None], "zz": 1}, "b": 1, "ççç": "x"})] * 2

    def test_message_and_progress_come_with_the_value_and_once(self) -> None:
        def work(task: RunningTask, params: Any) -> Any:
            task.step("s", lambda: [1, 2], progress=20, message=lambda value: f"found {len(value)}")
            if task.step("t", lambda: None) is None and not params:
                raise TaskFailed("no")

        task = run(work)
        assert task.progress == 20
        lifecycle.resume(task.pk)
        assert said(run(work, task)).count("found 2") == 1

    def test_a_step_of_a_lost_lease_is_not_kept(self) -> None:
        def work(task: RunningTask, params: Any) -> Any:
            TaskInfo.objects.update(attempt=2)
            task.step("s", lambda: 1)

        task = run(work)
        assert (task.status, task.attempt) == ("running", 2)
        assert not task.steps.exists()


class TestReport:
    def test_ten_thousand_reports_are_few_writes_and_lose_no_line(self) -> None:
        def work(task: RunningTask, params: Any) -> Any:
            for count in range(10_000):
                task.report(count // 101, f"line {count}")

        task = run(work)
        assert said(task)[1:-1] == [f"line {count}" for count in range(10_000)]
        times = list(task.messages.values_list("time", flat=True))
        assert times == sorted(times)
        assert task.version < 20

    def test_a_report_shows_while_the_task_goes_on(self) -> None:
        def work(task: RunningTask, params: Any) -> Any:
            task.report(40, "half way")
            wait_for(lambda: "half way" in said(TaskInfo.objects.get()), seconds=1.5)
            return TaskInfo.objects.get().progress

        assert run(work).result == 40


def forever(task: RunningTask, params: Any) -> Any:
    while True:
        time.sleep(60)


# Made before any task runs: an interruption between making them and `with` would leave them open.
HERE, THERE = socket.socketpair()


@pytest.fixture(scope="module", autouse=True)
def _close_the_sockets() -> Iterator[None]:
    yield
    HERE.close()
    THERE.close()


def in_a_socket(task: RunningTask, params: Any) -> Any:
    HERE.recv(1)


def in_a_query(task: RunningTask, params: Any) -> Any:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(60)")


def in_a_loop(task: RunningTask, params: Any) -> Any:
    while True:
        pass


def with_a_wide_except(task: RunningTask, params: Any) -> Any:
    while True:
        try:
            time.sleep(60)
        except Exception:  # noqa: BLE001  # what a careless handler does
            continue


class Lasting:
    def __del__(self) -> None:
        time.sleep(60)


def in_a_destructor(task: RunningTask, params: Any) -> Any:
    """Python drops what is raised there, and goes on."""
    Lasting()
    forever(task, params)


WAYS = [forever, in_a_socket, in_a_query, in_a_loop, with_a_wide_except, in_a_destructor]


def while_running(act: Callable[[TaskInfo], object], task: TaskInfo) -> threading.Thread:
    """Do something to the task from another process's place, once it runs."""

    def wait_and_act() -> None:
        try:
            wait_for(lambda: TaskInfo.objects.filter(status="running").exists())
            act(task)
        finally:
            connection.close()

    thread = threading.Thread(target=wait_and_act)
    thread.start()
    return thread


@pytest.mark.parametrize("handler", WAYS)
class TestInterruption:
    def test_a_cancel_ends_the_task_wherever_it_is(self, handler: Handler) -> None:
        task = submit()
        thread = while_running(lambda task: lifecycle.cancel(task.pk, reason="ana"), task)
        task = run(handler, task)
        thread.join()
        assert (task.status, task.cancel_reason) == ("canceled", "ana")
        assert said(task)[-1] == "Tarefa cancelada"
        assert task.completed_at is not None
        assert task.cancel_requested_at is not None
        assert task.completed_at - task.cancel_requested_at < timedelta(seconds=2)

    def test_the_timeout_ends_the_task_wherever_it_is(self, handler: Handler) -> None:
        task = run(handler)
        assert task.status == "failed"
        assert "2 segundos" in task.error

    def test_a_deploy_hands_the_task_back(self, handler: Handler) -> None:
        task = submit()
        thread = while_running(lambda task: os.kill(os.getpid(), lease.STOP_SIGNAL), task)
        task = run(handler, task)
        thread.join()
        assert task.status == "pending"
        assert task.max_attempts - task.attempt == 3
        assert task.entry is not None
        assert "reinicia" in said(task)[-1]


def test_a_lost_lease_ends_the_attempt_quietly(settings: Settings) -> None:
    settings.REUNE_TASKS = {"heartbeat": timedelta(seconds=0.2), "lease": timedelta(seconds=0.6)}
    task = submit()
    thread = while_running(lambda task: TaskInfo.objects.update(attempt=2), task)
    task = run(forever, task)
    thread.join()
    assert (task.status, task.attempt) == ("running", 2)


def test_without_listen_a_cancel_is_seen_at_the_next_poll(settings: Settings) -> None:
    settings.REUNE_TASKS = {"listen": False, "poll": timedelta(seconds=0.3)}
    task = submit()
    thread = while_running(lambda task: lifecycle.cancel(task.pk, reason="ana"), task)
    assert run(forever, task).status == "canceled"
    thread.join()


def test_a_stopping_worker_puts_a_task_back_that_it_has_not_begun() -> None:
    task = submit()
    lease.keeper()
    os.kill(os.getpid(), lease.STOP_SIGNAL)
    delivery = deliver(task)
    call(delivery)
    task.refresh_from_db()
    assert (task.status, task.attempt) == ("pending", 0)
    assert task.entry is not None
    assert task.entry.lock < delivery.leased_until


def test_an_interruption_waits_until_an_outcome_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """The signal comes in the middle of the write; the task is completed, once."""
    complete = lifecycle.complete

    def complete_under_fire(claim: Claim, result: Any, **options: Any) -> None:
        lifecycle.cancel(claim.task_id, reason="too late")
        os.kill(os.getpid(), lease.STOP_SIGNAL)
        time.sleep(0.5)
        complete(claim, result, **options)

    monkeypatch.setattr(lifecycle, "complete", complete_under_fire)
    task = run(lambda task, params: {"a": 1})
    assert (task.status, task.result) == ("completed", {"a": 1})


def test_a_result_that_waits_for_the_database_is_not_killed_by_the_timeout(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The outcome takes longer than timeout and grace together."""
    settings.REUNE_TASKS = {"grace": timedelta(seconds=0.1)}
    complete = lifecycle.complete

    def complete_slowly(*arguments: Any, **options: Any) -> None:
        time.sleep(2.6)
        complete(*arguments, **options)

    monkeypatch.setattr(lifecycle, "complete", complete_slowly)
    assert run(lambda task, params: {"a": 1}).status == "completed"


def test_a_task_that_ignores_its_interruption_is_killed_with_its_process() -> None:
    """In a process of its own, which it takes along."""
    task = submit()
    task_id = task.pk
    connection.close()
    child = os.fork()
    if child == 0:
        settings_of_child = {"grace": timedelta(seconds=0.5)}
        from django.conf import settings

        settings.REUNE_TASKS = settings_of_child

        def deaf(task: RunningTask, params: Any) -> Any:
            while True:
                try:
                    time.sleep(60)
                except BaseException:  # noqa: BLE001  # it ignores everything
                    continue

        scripted["now"] = deaf
        call(deliver(TaskInfo.objects.get(pk=task_id)))
        os._exit(0)
    try:
        process = psutil.Process(child)
        assert process.wait(15) == -signal.SIGKILL
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
    task.refresh_from_db()
    assert task.status == "failed"
    assert "2 segundos" in task.error


class TestRetry:
    def test_an_error_that_may_pass_is_tried_again_later_and_says_when(self) -> None:
        def work(task: RunningTask, params: Any) -> Any:
            raise TaskFailed("A fonte não responde.", retryable=True)

        task = run(work)
        assert (task.status, task.attempt) == ("pending", 1)
        assert task.retry_at is not None
        assert said(task)[-1].startswith("A fonte não responde. Nova tentativa em ")

    def test_what_a_remote_asks_for_is_respected(self) -> None:
        def work(task: RunningTask, params: Any) -> Any:
            raise TaskFailed("429", retryable=True, retry_after=timedelta(minutes=7))

        task = run(work)
        assert task.retry_at is not None
        assert task.retry_at - task.updated_at > timedelta(minutes=6)

    def test_the_last_attempt_fails(self) -> None:
        def work(task: RunningTask, params: Any) -> Any:
            raise TaskFailed("429", retryable=True)

        task = submit()
        for _attempt in range(3):
            task = run(work, task)
        assert (task.status, task.attempt, task.error) == ("failed", 3, "429")

    def test_an_error_that_will_not_pass_fails_at_once(self) -> None:
        def work(task: RunningTask, params: Any) -> Any:
            raise ValueError("bug")

        assert run(work).status == "failed"


def test_a_kind_this_worker_does_not_know_is_left_to_another_and_fails_in_the_end() -> None:
    task = submit()
    TaskInfo.objects.update(kind="tests.of_the_next_release", max_attempts=2)
    call(deliver(task))
    task.refresh_from_db()
    assert (task.status, task.attempt) == ("pending", 1)
    assert task.retry_at is not None
    call(deliver(task))
    task.refresh_from_db()
    assert task.status == "failed"
    assert "tests.of_the_next_release" in task.error
