"""The files by which others run Reune: what they name exists, and the free layout holds."""

from __future__ import annotations

import json
import re
import signal
import sys
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import psutil
import pytest
import requests
import yaml
from django.conf import settings

from reune import __version__
from tasks import lifecycle
from tasks.models import TaskInfo, TaskStatus, TaskStep
from tests import blueprint
from tests.factories import OPERATOR
from tests.processes import Process, free_port, procfile, wait_for

ROOT = Path(settings.BASE_DIR)
BIN = Path(sys.executable).parent
FREE, STANDARD = "render.yaml", "deploy/render-standard.yaml"
#: What Render itself, Python and pip read.
FOREIGN = {"PYTHON_VERSION", "PATH", "PYTHONUNBUFFERED", "PIP_NO_CACHE_DIR"}
FOREIGN |= {"PIP_DISABLE_PIP_VERSION_CHECK"}
#: Seconds from SIGTERM to SIGKILL, for a service that says nothing else.
RENDER_PATIENCE = 30


def read(name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / name).read_text())
    return found


def service(name: str, kind: str) -> dict[str, Any]:
    (found,) = [one for one in read(name)["services"] if one["type"] == kind]
    return dict(found)


# --- What the files name ------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "rules"), [(FREE, "FREE"), (STANDARD, "STANDARD")])
def test_a_blueprint_keeps_renders_rules(name: str, rules: str) -> None:
    jsonschema.validate(read(name), getattr(blueprint, rules))


@pytest.mark.parametrize("name", [FREE, STANDARD])
def test_a_blueprint_refers_only_to_what_it_has(name: str) -> None:
    found = read(name)
    databases = {one["name"] for one in found["databases"]}
    groups = {one["name"] for one in found.get("envVarGroups", ())}
    variables = [one for service in found["services"] for one in service["envVars"]]
    assert {one["fromDatabase"]["name"] for one in variables if "fromDatabase" in one} <= databases
    assert {one["fromGroup"] for one in variables if "fromGroup" in one} == groups


@pytest.mark.parametrize("name", [FREE, STANDARD])
def test_every_service_has_the_database_and_one_generated_key(name: str) -> None:
    found = read(name)
    groups = {one["name"]: one["envVars"] for one in found.get("envVarGroups", ())}
    keys = 0
    for one in found["services"]:
        shared = [
            each for given in one["envVars"] for each in groups.get(given.get("fromGroup"), ())
        ]
        names = [each.get("key") for each in [*one["envVars"], *shared]]
        assert names.count("DATABASE_URL") == names.count("SECRET_KEY") == 1
        keys += "SECRET_KEY" in {each.get("key") for each in one["envVars"]}
    everywhere = [*found["services"], *found.get("envVarGroups", ())]
    generated = [each for one in everywhere for each in one["envVars"] if "generateValue" in each]
    assert [each["key"] for each in generated] == ["SECRET_KEY"]
    assert keys <= 1, "web and worker would have different ones"


def known_variables() -> set[str]:
    """What settings.py, or a shell that starts a process of the Procfile, reads."""
    text = (ROOT / "reune" / "settings.py").read_text()
    names = set(re.findall(r"""env\.\w+\(\s*"([A-Z_]+)\"""", text))
    names |= {f"{name.upper()}_DAYS" for name in re.findall(r'"(keep_\w+)"', text)}
    return names | set(re.findall(r"\$\{?([A-Z_]+)", (ROOT / "Procfile").read_text()))


def named_variables() -> Iterator[tuple[str, str]]:
    for name in (FREE, STANDARD):
        found = read(name)
        for one in [*found["services"], *found.get("envVarGroups", ())]:
            yield from ((name, each["key"]) for each in one["envVars"] if "key" in each)
    for match in re.finditer(r"^ENV (.+)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE):
        yield from (("Dockerfile", one) for one in re.findall(r"(\w+)=", match[1]))
    for name, one in read("compose.yaml")["services"].items():
        if name != "database":
            yield from (("compose.yaml", each) for each in one["environment"])


def test_every_variable_is_one_that_is_read() -> None:
    known = known_variables() | FOREIGN
    assert {"DATABASE_URL", "WORKERS", "KEEP_FAILED_DAYS", "PORT"} <= known
    assert not [(name, one) for name, one in named_variables() if one not in known]


def test_web_and_worker_start_alike_everywhere() -> None:
    lines = procfile()
    assert service(STANDARD, "web")["startCommand"] == lines["web"]
    assert service(STANDARD, "worker")["startCommand"] == lines["worker"]
    command = re.findall(r"^CMD (.+)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)[-1]
    assert json.loads(command) == ["sh", "-c", lines["web"]]
    assert read("compose.yaml")["services"]["worker"]["command"] == lines["worker"].split()[2:]


def test_compose_passes_on_every_variable_but_those_of_its_own() -> None:
    services = read("compose.yaml")["services"]
    ours = {name: one for name, one in services.items() if name != "database"}
    assert {one["env_file"] for one in ours.values()} == {".env"}
    # What .env says of the port is for the machine, and of the pool for the web process.
    inside = services["web"]["ports"][0].rsplit(":", 1)[1]
    assert {one["environment"]["PORT"] for one in ours.values()} == {inside}
    pool = services["worker"]["environment"]["DATABASE_POOL_SIZE"]
    assert procfile()["worker"].startswith(f"DATABASE_POOL_SIZE={pool} ")


def test_a_worker_may_take_as_long_as_it_gives_its_tasks() -> None:
    limit = settings.REUNE_TASKS.get("stop_within", None)
    stop_within = limit.total_seconds() if limit else 25
    assert service(STANDARD, "worker")["maxShutdownDelaySeconds"] > stop_within
    grace = read("compose.yaml")["services"]["worker"]["stop_grace_period"]
    assert int(grace.removesuffix("s")) > stop_within


def test_the_image_has_what_runs_and_nothing_else() -> None:
    text = (ROOT / "Dockerfile").read_text()
    copied = {
        word
        for words in re.findall(r"^COPY (?!--from)(.+) \S+$", text, re.MULTILINE)
        for word in words.split()
    }
    assert all((ROOT / one).exists() for one in copied)
    allowed = {
        line[1:] for line in (ROOT / ".dockerignore").read_text().split() if line.startswith("!")
    }
    assert copied == allowed
    apps = {one.name for one in ROOT.iterdir() if (one / "apps.py").exists()}
    assert apps | {"reune", "manage.py"} <= copied
    assert "USER 10001" in text


def test_ci_runs_what_a_developer_runs() -> None:
    jobs = read(".github/workflows/ci.yml")["jobs"]
    commands = {name: [step.get("run") for step in job["steps"]] for name, job in jobs.items()}
    assert ".ci/run" in commands["check"]
    assert "make audit" in commands["audit"]
    assert all("timeout-minutes" in job for job in jobs.values())


def test_the_documents_lead_somewhere() -> None:
    """Every path that a document at the top links to, and every target of make it names."""
    targets = set(re.findall(r"^(\w[\w-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"):
        text = (ROOT / name).read_text()
        for link in re.findall(r"\]\((?!http)([^)#]+)", text):
            assert (ROOT / link).exists(), (name, link)
        assert set(re.findall(r"`make ([a-z-]+)", text)) <= targets, name


def test_the_version_stands_in_one_place() -> None:
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert "version" not in pyproject["project"]
    assert pyproject["tool"]["setuptools"]["dynamic"]["version"] == {"attr": "reune.__version__"}
    assert settings.SPECTACULAR_SETTINGS["VERSION"] == __version__


# --- The free layout, for real ------------------------------------------------------------------


class FreeLayout(Process):
    """What Render starts for render.yaml, on the test database; answers when it is made."""

    def __init__(self, **extra: str) -> None:
        found = service(FREE, "web")
        given = {one["key"]: one["value"] for one in found["envVars"] if "value" in one}
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        variables = given | {"PATH": f"{BIN}:/usr/bin:/bin", "PORT": str(port)} | extra
        super().__init__("sh", "-c", found["startCommand"], **variables)
        wait_for(self._answers)

    def _answers(self) -> bool:
        assert self.process.poll() is None, self.output()
        try:
            return requests.get(f"{self.url}/health", timeout=5).ok
        except requests.ConnectionError:
            return False


@pytest.mark.django_db(transaction=True)
def test_the_free_layout_is_stopped_amid_a_task_and_goes_on_from_its_last_step() -> None:
    task_id = lifecycle.submit("tasks.selftest", {"steps": 8, "seconds": 4}, owner=OPERATOR).pk
    with FreeLayout() as layout:
        wait_for(lambda: TaskStep.objects.filter(task=task_id).count() >= 2)
        family = layout.family()
        began = time.monotonic()
        layout.stop(signal.SIGTERM, seconds=RENDER_PATIENCE)
        _, alive = psutil.wait_procs(
            family, timeout=max(0.1, began + RENDER_PATIENCE - time.monotonic())
        )
        assert not alive, layout.output()
        assert TaskInfo.objects.get(pk=task_id).status == TaskStatus.PENDING
        done = list(TaskStep.objects.filter(task=task_id).values_list("pk", "created_at"))
    with FreeLayout():
        wait_for(lambda: TaskInfo.objects.get(pk=task_id).status == TaskStatus.COMPLETED)
    kept = list(TaskStep.objects.filter(task=task_id).values_list("pk", "created_at"))
    assert len(done) >= 2
    assert kept[: len(done)] == done
