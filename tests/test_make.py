"""What `make demo` and `make run` do, as a newcomer sees it, on a data folder of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests
from django.conf import settings

from tests.processes import free_port, wait_for

BIN = Path(sys.executable).parent


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Variables of a checkout that nobody has used yet; migrated."""
    folder = tmp_path_factory.mktemp("checkout")
    variables = {"PATH": f"{BIN}:/usr/bin:/bin", "DATA_DIR": str(folder), "HOME": str(folder)}
    run(variables, "migrate", "--verbosity", "0")
    yield variables
    assert not list(folder.glob("postgres/postmaster.pid")), "a server was left running"


def run(variables: dict[str, str], *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [BIN / "python", "manage.py", *command],
        cwd=settings.BASE_DIR,
        env=variables,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def generate(home: dict[str, str], output: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return run(home, "generate_path", "--with-worker", "--output", str(output), *options)


@pytest.mark.parametrize(
    ("language", "message"),
    [("pt", "Tarefa iniciada"), ("en", "Task started"), ("es", "Tarea iniciada")],
)
def test_the_demo_shows_progress_and_writes_the_path(
    home: dict[str, str], tmp_path: Path, language: str, message: str
) -> None:
    output = tmp_path / "path.json"
    process = generate(home, output, "chess", "--language", language, "--nodes", "12", "--fresh")
    assert process.returncode == 0, process.stderr
    assert process.stderr == ""
    assert message in process.stdout
    assert "100%\n" in process.stdout
    assert str(output) in process.stdout
    document: dict[str, Any] = json.loads(output.read_text())
    assert (len(document["nodes"]), document["language"]) == (12, language)
    titles = [node["title"] for node in document["nodes"].values()]
    assert all(title in process.stdout for title in titles)


def test_a_demo_for_a_level_shows_its_weeks(home: dict[str, str], tmp_path: Path) -> None:
    output = tmp_path / "path.json"
    process = generate(home, output, "chess", "--level", "beginner", "--hours-per-week", "3")
    assert process.returncode == 0, process.stderr
    document: dict[str, Any] = json.loads(output.read_text())
    assert document["request"]["level"] == "beginner"
    for week in document["weekPlan"]["weeks"]:
        assert f"{week['week']:3}. {week['minutes']:4} min  " in process.stdout


def test_a_demo_that_fails_says_why(home: dict[str, str], tmp_path: Path) -> None:
    output = tmp_path / "path.json"
    process = generate(home, output, "astrologia")
    assert process.returncode == 1
    assert "Astronomia" in process.stderr
    assert not output.exists()


@pytest.mark.parametrize(
    "options",
    [
        ["ai"],
        ["python", "--nodes", "9"],
        ["python", "--language", "fr"],
        ["python", "--hours-per-week", "0"],
    ],
)
def test_a_demo_of_something_impossible_says_so(
    home: dict[str, str], tmp_path: Path, options: list[str]
) -> None:
    process = generate(home, tmp_path / "path.json", *options)
    assert process.returncode == 1
    assert process.stderr.startswith("CommandError: ")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_make_run_serves_until_it_is_told_to_stop(
    home: dict[str, str], number: signal.Signals
) -> None:
    port = free_port()
    with subprocess.Popen(
        [BIN / "python", "-m", "reune.embedded_postgres", "honcho", "start"],
        cwd=settings.BASE_DIR,
        env={**home, "PORT": str(port)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        url = f"http://127.0.0.1:{port}"
        wait_for(lambda: answers(url))
        created = requests.post(f"{url}/generate_mcp_async?topic=python", timeout=10).json()
        wait_for(
            lambda: (
                requests.get(f"{url}/status/{created['task_id']}", timeout=10).json()["status"]
                == "completed"
            )
        )
        family = psutil.Process(process.pid).children(recursive=True)
        if number == signal.SIGINT:  # as a terminal does
            os.killpg(process.pid, number)
        else:
            process.send_signal(number)
        output, _ = process.communicate(timeout=60)
    assert process.returncode == 0, output
    left = [one for one in family if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]
    assert not left, output


def answers(url: str) -> bool:
    try:
        return requests.get(f"{url}/health", timeout=5).ok
    except requests.ConnectionError:
        return False
