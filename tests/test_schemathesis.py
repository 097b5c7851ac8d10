"""
Requests that nobody thought of, made by Schemathesis from the description, to a real server.

SCHEMATHESIS_EXAMPLES is how many are made up for each operation, beside those at every parameter's
bounds; `make chaos` asks for many.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from django.db.models.functions import Now
from knox.models import AuthToken

from learning_paths import library
from learning_paths.handlers import KIND
from learning_paths.models import LearningPath
from learning_paths.request import PathRequest
from tasks.models import TaskInfo, TaskLimit
from tests.factories import make_running_task, make_task, make_user
from tests.learning_paths.paths import real_path
from tests.processes import ROOT, Process, Server, Worker

EXAMPLES = int(os.environ.get("SCHEMATHESIS_EXAMPLES", "3"))
SEED = 1

pytestmark = pytest.mark.django_db(transaction=True)


@dataclass(frozen=True)
class Run:
    """Who asks, and what there is for them."""

    folder: Path
    tasks: list[TaskInfo]
    options: list[str] = field(default_factory=list)

    def against(self, server: Server) -> dict[str, Any]:
        """What Schemathesis reports; fails with what it says when it has found something."""
        config, report = self.folder / "schemathesis.toml", self.folder / "report.json"
        config.write_text((ROOT / "tests" / "schemathesis.toml").read_text() + self._dictionaries())
        command = [
            *(str(Path(sys.executable).parent / "schemathesis"), "--config-file", str(config)),
            *("run", f"{server.url}/schema", "--seed", str(SEED), "-n", str(EXAMPLES)),
            *("--report", "json", "--report-json-path", str(report), "--no-color"),
            *self.options,
        ]
        with Process(*command) as process:
            code = process.process.wait(120 + 20 * EXAMPLES)
            assert code == 0, process.output()
        found: dict[str, Any] = json.loads(report.read_text())
        return found

    def _dictionaries(self) -> str:
        tasks = json.dumps([str(task.pk) for task in self.tasks])
        paths = json.dumps([str(path.pk) for path in LearningPath.objects.all()])
        return f"[dictionaries.tasks]\nvalues = {tasks}\n[dictionaries.paths]\nvalues = {paths}\n"


@pytest.fixture(scope="module")
def web(django_db_setup: None, django_db_blocker: Any) -> Iterator[Server]:
    with django_db_blocker.unblock(), Server(THROTTLE_PER_SECOND="0") as server:
        yield server


@pytest.fixture
def tasks(worker: Worker) -> list[TaskInfo]:
    """One in each state, which anybody may read; no limit to new ones, and a path."""
    TaskLimit.objects.create(applies_to="anonymous", max_priority=9)
    request = PathRequest.from_params({"topic": "python", "language": "en"})
    library.keep(request, real_path("python", "en").document)
    same: dict[str, Any] = {"kind": KIND, "params": request.to_params()}
    ended = same | {"completed_at": Now(), "entry": None}
    return [
        make_task(**same, entry=None),
        make_running_task(**same),
        make_task(**ended, status="completed", result=real_path("python", "en").document),
        make_task(**ended, status="failed", error="no such topic"),
        make_task(**ended, status="canceled"),
    ]


def test_whoever_comes(web: Server, tasks: list[TaskInfo], tmp_path: Path) -> None:
    # Who comes may clear nothing, and by the time that tasks are changed all may have ended.
    refused = {"POST /clear_cache", "PATCH /tasks/{id}"}
    assert nothing_accepted(Run(tmp_path, tasks).against(web)) <= refused


def test_staff_with_a_token(web: Server, tasks: list[TaskInfo], tmp_path: Path) -> None:
    _, token = AuthToken.objects.create(make_user("staff", is_staff=True))
    options = ["--header", f"Authorization: Bearer {token}"]
    # They clear what is kept of paths before they read it; and as above.
    cleared = {f"GET /learning_paths/{{id}}{ending}" for ending in ("", ".md", ".html")}
    found = nothing_accepted(Run(tmp_path, tasks, options).against(web))
    assert found <= cleared | {"PATCH /tasks/{id}"}


def nothing_accepted(report: dict[str, Any]) -> set[str]:
    """The operations of which no request was valid: little has been tested of these."""
    assert report["operations"]["tested"] == report["operations"]["total"]
    return {
        name
        for name, phases in report["valid_rates"].items()
        if not sum(phase["accepted"] for phase in phases.values() if phase)
    }
