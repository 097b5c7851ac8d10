from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db.models.functions import Now
from django.utils.translation import gettext as _
from django_q.exceptions import TimeoutException
from django_q.models import OrmQ

from tasks import lifecycle, runner
from tasks.conf import get_conf
from tasks.exceptions import LeaseLost, TaskFailed
from tasks.lifecycle import Claim
from tasks.models import TaskInfo
from tasks.registry import Submission, task_handler
from tasks.runner import RunningTask
from tests.factories import ANYBODY, ECHO, make_running_task, make_task

pytestmark = pytest.mark.django_db

Handler = Callable[[RunningTask, dict[str, Any]], Any]
scripted: dict[str, Handler] = {}


@task_handler(
    "tests.scripted",
    prepare=lambda params: Submission(dict(params), "Scripted", "pt"),
    timeout=timedelta(seconds=30),
)
def run_script(task: RunningTask, params: dict[str, Any]) -> Any:
    return scripted["now"](task, params)


def run(handler: Handler, task: TaskInfo | None = None) -> TaskInfo:
    """Run `handler` as a task, in Portuguese, and return the task as it is then."""
    scripted["now"] = handler
    task = task or lifecycle.submit("tests.scripted", {}, owner=ANYBODY)
    runner.run(str(task.pk))
    return TaskInfo.objects.get(pk=task.pk)


def said(task: TaskInfo) -> list[str]:
    return list(task.messages.values_list("message", flat=True))


def test_a_task_runs_to_its_result() -> None:
    task = lifecycle.submit(ECHO, {"word": "ai"}, owner=ANYBODY)
    runner.run(str(task.pk))
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


@pytest.mark.django_db(transaction=True)
def test_a_task_stopped_by_the_timeout_fails_and_names_it() -> None:
    def handler(task: RunningTask, params: Any) -> Any:
        raise TimeoutException("as Django-Q's alarm does")

    task = run(handler)
    assert task.status == "failed"
    assert "30 segundos" in task.error


def test_a_late_delivery_changes_nothing() -> None:
    task = make_running_task()
    before = TaskInfo.objects.values().get()
    runner.run(str(task.pk))
    assert TaskInfo.objects.values().get() == before
    assert OrmQ.objects.count() == 1


def test_a_delivery_after_the_last_attempt_died_fails_the_task() -> None:
    lapsed = Now() - get_conf().lease - timedelta(seconds=1)
    task = make_running_task(attempt=2, started_at=lapsed)
    runner.run(str(task.pk))
    task.refresh_from_db()
    assert task.status == "failed"


def test_a_worker_that_was_overtaken_stops_quietly() -> None:
    def handler(task: RunningTask, params: Any) -> Any:
        TaskInfo.objects.update(attempt=2)
        task.report(50, "late")
        raise AssertionError("report must have raised LeaseLost")

    task = run(handler)
    assert (task.status, task.attempt) == ("running", 2)


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
        task = lifecycle.submit("tests.scripted", {}, owner=ANYBODY)
        with pytest.raises(SystemExit):
            runner.run(str(task.pk))
        TaskInfo.objects.update(started_at=Now() - get_conf().lease - timedelta(seconds=1))
        runner.run(str(task.pk))
        task.refresh_from_db()
        assert ran == ["once", "died"]
        assert (task.status, task.attempt, task.result) == ("completed", 2, {"n": [1, 2]})

    def test_the_value_is_the_same_fresh_and_read_back(self) -> None:
        value = {"b": 1, "a": {"zz": 1, "y": (1.0, None)}, "ççç": "x"}
        task = make_running_task()
        fresh = RunningTask(Claim(task.pk, 1)).step("s", lambda: value)
        again = RunningTask(Claim(task.pk, 1)).step("s", dict)
        assert (
            repr(fresh)
            == repr(again)
            == repr({"a": {"y": [1.0, None], "zz": 1}, "b": 1, "ççç": "x"})
        )

    def test_message_and_progress_come_with_the_value_and_once(self) -> None:
        task = make_running_task()
        for _attempt in (1, 2):
            RunningTask(Claim(task.pk, 1)).step(
                "s", lambda: [1, 2], progress=20, message=lambda value: f"found {len(value)}"
            )
        task.refresh_from_db()
        assert (task.progress, said(task)) == (20, ["found 2"])

    def test_a_step_of_a_lost_lease_is_not_kept(self) -> None:
        task = make_running_task()
        running = RunningTask(Claim(task.pk, 1))
        TaskInfo.objects.update(attempt=2)
        with pytest.raises(LeaseLost):
            running.step("s", lambda: 1)
        assert not task.steps.exists()


class TestReport:
    def test_ten_thousand_reports_are_few_writes_and_lose_no_line(
        self, django_assert_max_num_queries: Any
    ) -> None:
        task = make_task()
        running = RunningTask(lifecycle.claim(task.pk))
        with django_assert_max_num_queries(10 * get_conf().report_burst):
            for count in range(10_000):
                running.report(count // 100, f"line {count}")
        lifecycle.complete(Claim(task.pk, 1), {}, messages=running.take_unwritten())
        assert said(task) == [f"line {count}" for count in range(10_000)]
        times = list(task.messages.values_list("time", flat=True))
        assert times == sorted(times)
