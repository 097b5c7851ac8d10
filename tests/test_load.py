"""`make load`, for a few seconds, and that its verdict is one."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from django.conf import settings
from django.db.models.functions import Now

from bench.load import verdict
from tasks.models import TaskMessage
from tests.factories import make_running_task, make_task
from tests.processes import environment

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_short_load_loses_nothing_and_says_so() -> None:
    command = [sys.executable, "-m", "bench.load", "--minutes", "0.08"]
    variables = environment()
    command += ["--database", variables["DATABASE_URL"], "--most-memory", "10"]
    done = subprocess.run(
        command,
        cwd=settings.BASE_DIR,
        env=variables,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    failures = [line for line in done.stdout.splitlines() if line.startswith("FAILED")]
    # The only fault is the one that was asked for.
    assert len(failures) == 1, done.stdout + done.stderr
    assert "more than 10.0" in failures[0]
    assert done.returncode == 1
    for call in ("POST /tasks", "GET with ETag", "POST …/cancel", "GET …/events, to the end"):
        assert f"| {call} |" in done.stdout


class TestVerdict:
    @pytest.fixture
    def database(self) -> Iterator[Any]:
        with psycopg.connect(environment()["DATABASE_URL"], autocommit=True) as database:
            yield database

    def test_what_was_not_kept_is_lost(self, database: Any) -> None:
        unknown, waiting, running = str(uuid4()), make_task(), make_running_task()
        failed = make_task(status="failed", completed_at=Now(), error="oh")
        done = make_task(status="completed", completed_at=Now())
        promised = {str(task.pk): "completed" for task in (waiting, running, failed, done)}
        found = "\n".join(verdict.lost(database, promised | {unknown: "completed"}))
        assert f"{unknown} was accepted and is not there" in found
        assert f"{waiting.pk} is pending for ever" in found
        assert f"{running.pk} is running for ever" in found
        assert f"{failed.pk} is failed (oh), not completed" in found
        assert str(done.pk) not in found

    def test_an_unanswered_submission_has_to_end_too(self, database: Any) -> None:
        task = make_task()
        assert verdict.lost(database, {}) == [f"{task.pk} is pending for ever"]

    def test_an_end_that_was_said_twice_counts(self, database: Any) -> None:
        task = make_task(status="completed", completed_at=Now())
        for seq in (1, 2):
            TaskMessage.objects.create(task=task, seq=seq, time=Now(), message="Task completed")
        assert verdict.lost(database, {str(task.pk): "completed"}) == [f"{task.pk} ended twice"]
