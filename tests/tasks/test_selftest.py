from __future__ import annotations

import os
import signal
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import translation
from pytest_django import Settings

from tasks import lifecycle, registry
from tasks.exceptions import InvalidParams, UnknownKind
from tasks.models import TaskInfo
from tasks.owners import Owner
from tasks.selftest import KIND, Behavior
from tests.factories import ANYBODY, OPERATOR, call, deliver, make_user
from tests.processes import Worker, wait_for

pytestmark = pytest.mark.django_db


def submit(**params: Any) -> TaskInfo:
    return lifecycle.submit(KIND, params, owner=OPERATOR)


def run(**params: Any) -> TaskInfo:
    """Run a self-test for one attempt; return it as it is then."""
    task = submit(**params)
    call(deliver(task))
    return TaskInfo.objects.get(pk=task.pk)


def said(task: TaskInfo) -> list[str]:
    return list(task.messages.values_list("message", flat=True))


@pytest.fixture
def short_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    """Self-tests may take a second only."""
    handler = replace(registry.handler_of(KIND), timeout=timedelta(seconds=1))
    monkeypatch.setitem(registry._handlers, KIND, handler)


class TestSubmit:
    def test_a_caller_who_is_not_staff_does_not_know_the_kind(self) -> None:
        ana = make_user()
        for owner in (ANYBODY, Owner(f"user:{ana.pk}", ana)):
            with pytest.raises(UnknownKind) as refusal:
                lifecycle.submit(KIND, {}, owner=owner)
            assert KIND not in str(refusal.value).split("there are:")[1]
        assert not TaskInfo.objects.exists()

    def test_staff_may_submit_it(self) -> None:
        boss = make_user(is_staff=True)
        task = lifecycle.submit(KIND, {}, owner=Owner(f"user:{boss.pk}", boss))
        assert (task.status, task.max_attempts) == ("pending", 3)

    def test_what_is_left_out_is_nothing(self) -> None:
        assert submit().params == {"steps": 0, "seconds": 0, "behavior": "none", "size": 0}

    @pytest.mark.parametrize("behavior", list(Behavior))
    def test_the_highest_values_are_allowed(self, behavior: str) -> None:
        params = {"steps": 1000, "seconds": 600, "behavior": behavior, "size": 1_000_000}
        assert submit(**params).params == params

    @pytest.mark.parametrize(
        ("params", "field", "fix"),
        [
            ({"steps": 1001}, "steps", "a whole number from 0 to 1000"),
            ({"steps": -1}, "steps", "a whole number from 0 to 1000"),
            ({"steps": 1.0}, "steps", "a whole number"),
            ({"steps": True}, "steps", "a whole number"),
            ({"steps": "3"}, "steps", "a whole number"),
            ({"steps": None}, "steps", "a whole number"),
            ({"seconds": 600.1}, "seconds", "a number from 0 to 600"),
            ({"seconds": -0.1}, "seconds", "a number from 0 to 600"),
            ({"seconds": float("nan")}, "seconds", "a number"),
            ({"seconds": False}, "seconds", "a number"),
            ({"size": 1_000_001}, "size", "a whole number from 0 to 1000000"),
            ({"behavior": "explode"}, "behavior", "one of none, fail, retry, crash"),
            ({"behavior": ["none"]}, "behavior", "one of none"),
            ({"behaviour": "none"}, "behaviour", "The parameters are steps, seconds, behavior"),
        ],
    )
    def test_bad_parameters_store_nothing_and_say_what_would_do(
        self, params: Mapping[str, Any], field: str, fix: str
    ) -> None:
        with pytest.raises(InvalidParams) as refusal:
            submit(**params)
        assert refusal.value.field == field
        assert refusal.value.code == "invalid_request"
        assert fix in str(refusal.value)
        assert not TaskInfo.objects.exists()

    def test_it_speaks_the_language_of_whoever_submits_it(self) -> None:
        with translation.override("pt"):
            assert submit().language == "pt"


@pytest.mark.django_db(transaction=True)
class TestRun:
    def test_it_does_nothing_and_completes(self) -> None:
        task = run()
        assert (task.status, task.result) == ("completed", {"steps": [], "filler": ""})

    def test_each_step_shows_progress_and_is_kept(self) -> None:
        task = run(steps=3)
        assert task.result == {"steps": [1, 2, 3], "filler": ""}
        assert said(task)[1:-1] == [f"Step {number} of 3 done" for number in (1, 2, 3)]
        assert task.steps.count() == 3

    @pytest.mark.parametrize("steps", [0, 4])
    def test_the_seconds_are_for_all_steps_together(self, steps: int) -> None:
        task = run(steps=steps, seconds=0.4)
        assert task.started_at is not None
        assert task.completed_at is not None
        took = task.completed_at - task.started_at
        assert timedelta(seconds=0.4) <= took < timedelta(seconds=1.2)

    def test_the_result_is_as_large_as_asked_for(self) -> None:
        task = run(size=1_000_000)
        assert len(task.result["filler"]) == 1_000_000

    def test_it_fails_after_its_steps(self) -> None:
        task = run(steps=2, behavior="fail")
        assert (task.status, task.steps.count()) == ("failed", 2)
        assert task.error == "The self-test failed, as it was told to."

    def test_it_fails_for_now(self) -> None:
        task = run(behavior="retry")
        assert (task.status, task.attempt) == ("pending", 1)
        assert task.retry_at is not None

    @pytest.mark.usefixtures("short_timeout")
    @pytest.mark.parametrize("behavior", ["timeout", "socket", "query", "loop"])
    def test_what_does_not_end_is_stopped_at_the_timeout(self, behavior: str) -> None:
        task = run(behavior=behavior)
        assert task.status == "failed"
        assert "took longer than it may (1 seconds)" in task.error

    @pytest.mark.usefixtures("short_timeout")
    def test_what_is_deaf_is_killed_with_its_process(self, settings: Settings) -> None:
        settings.REUNE_TASKS = {"grace": timedelta(seconds=0.3)}
        task = submit(behavior="deaf")
        connection.close()
        child = os.fork()
        if child == 0:
            call(deliver(task))
            os._exit(0)
        _pid, status = os.waitpid(child, 0)
        assert os.WTERMSIG(status) == signal.SIGKILL
        task.refresh_from_db()
        assert task.status == "failed"
        assert "took longer than it may" in task.error


@pytest.mark.django_db(transaction=True)
def test_a_task_that_kills_its_worker_each_time_ends_failed_and_says_so() -> None:
    task = submit(steps=2, behavior="crash")
    with Worker(TASK_LEASE_SECONDS="0.9", TASK_HEARTBEAT_SECONDS="0.3"):
        wait_for(lambda: TaskInfo.objects.filter(status="failed").exists())
        after = lifecycle.submit(KIND, {}, owner=OPERATOR)
        wait_for(lambda: TaskInfo.objects.filter(pk=after.pk, status="completed").exists())
    task.refresh_from_db()
    assert task.attempt == task.max_attempts == 3
    assert "The worker died each time it ran this task" in task.error
    assert said(task).count("Step 1 of 2 done") == 1  # kept: the later attempts read it back
    assert task.entry is None
