from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as project_settings
from django.core.checks import run_checks
from django.core.checks.registry import registry
from pytest_django import Settings

from tasks.management.commands.worker import Command
from tests.processes import environment


def found() -> set[str | None]:
    return {message.id for message in run_checks() if str(message.id).startswith("tasks.")}


def test_the_project_s_own_configuration_has_no_faults() -> None:
    assert found() == set()


@pytest.mark.parametrize(
    ("change", "finding"),
    [
        ({"broker_class": None}, "tasks.E001"),
        ({"broker_class": "django_q.brokers.orm.ORM"}, "tasks.E001"),
        ({"orm": "other"}, "tasks.E002"),
    ],
)
def test_a_queue_that_would_break_a_promise_is_refused(
    settings: Settings, change: dict[str, Any], finding: str
) -> None:
    settings.Q_CLUSTER = project_settings.Q_CLUSTER | change
    assert found() == {finding}


def test_a_lease_shorter_than_three_heartbeats_is_refused(settings: Settings) -> None:
    settings.REUNE_TASKS = {"lease": timedelta(seconds=29), "heartbeat": timedelta(seconds=10)}
    assert found() == {"tasks.E003"}


@pytest.mark.parametrize("address", [{"PORT": "6432"}, {"HOST": "x-pooler.example"}])
def test_a_pgbouncer_is_pointed_out_unless_listen_is_off(
    settings: Settings, address: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    database = project_settings.DATABASES["default"] | address
    monkeypatch.setitem(project_settings.DATABASES, "default", database)
    assert found() == {"tasks.W001"}
    settings.REUNE_TASKS = {"listen": False}
    assert found() == set()


def test_a_worker_looks_at_all_of_ours_before_it_runs() -> None:
    ours = [
        check
        for check in registry.get_checks()
        if check.__module__.startswith(("tasks.", "learning_paths."))
    ]
    assert len(ours) >= 6
    assert not [check for check in ours if not {*check.tags} & {*Command.requires_system_checks}]


def test_a_worker_does_not_load_what_answers_requests() -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "manage.py", "worker", "--workers", "0"],
        cwd=project_settings.BASE_DIR,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "at least 1" in done.stderr
    assert "tasks.cluster" in loaded
    assert not loaded & {"reune.urls", "tasks.api.views", "drf_spectacular.utils"}
