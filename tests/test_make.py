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
    # On a busy machine the server of the last command may still be on its way down.
    wait_for(lambda: not list(folder.glob("postgres/postmaster.pid")))


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


def test_a_script_gets_the_path_alone(home: dict[str, str]) -> None:
    options = ("--with-worker", "--json", "--nodes", "12")
    process = run(home, "generate_path", "chess", *options)
    assert process.returncode == 0, process.stderr
    assert len(json.loads(process.stdout)["nodes"]) == 12
    assert "100%" in process.stderr


def test_a_demo_that_fails_says_why(home: dict[str, str], tmp_path: Path) -> None:
    output = tmp_path / "path.json"
    process = generate(home, output, "astrologia")
    assert process.returncode == 1
    assert "Astronomia" in process.stderr
    assert not output.exists()


@pytest.mark.parametrize(
    ("topic", "language", "step"),
    [("apicultura", "pt", "Colmeia"), ("tipografía", "es", "Glifo")],
)
def test_the_demo_of_any_topic_needs_no_network_with_local_sources(
    home: dict[str, str], tmp_path: Path, topic: str, language: str, step: str
) -> None:
    output = tmp_path / "path.json"
    options = ["--language", language, "--fresh", "--with-worker", "--output", str(output)]
    process = subprocess.run(
        [BIN / "python", "-m", "tests.content", "manage.py", "generate_path", topic, *options],
        cwd=settings.BASE_DIR,
        env=home,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert process.returncode == 0, process.stderr
    assert step in process.stdout
    assert json.loads(output.read_text())["generator"]["mode"] == "wiki"


def test_make_demo_starts_the_local_sources_if_asked() -> None:
    def demo(*options: str) -> str:
        command = ["make", "--dry-run", "demo", "TOPIC=apicultura", *options]
        return subprocess.run(
            command, cwd=settings.BASE_DIR, capture_output=True, text=True, check=True
        ).stdout

    assert '-m tests.content manage.py generate_path "apicultura"' in demo("SOURCES=local")
    assert "tests.content" not in demo()


def test_a_topic_outside_the_catalogue_says_what_to_set(
    home: dict[str, str], tmp_path: Path
) -> None:
    process = generate(home, tmp_path / "path.json", "apicultura", "--language", "en")
    assert process.returncode == 1
    assert "Set REUNE_CONTACT=you@example.org to search Wikipedia." in process.stderr
    assert "nearest topics" in process.stderr


def test_without_a_network_it_says_that_wikipedia_is_not_there(
    home: dict[str, str], tmp_path: Path
) -> None:
    port = free_port()  # nobody listens
    urls = ",".join(f"{name}=http://127.0.0.1:{port}/" for name in ("wikipedia", "wikidata"))
    lonely = {**home, "REUNE_CONTACT": "me@example.org", "SOURCE_URLS": urls}
    process = generate(lonely, tmp_path / "path.json", "apicultura", "--language", "en")
    assert process.returncode == 1
    assert "Wikipedia is not available at the moment." in process.stderr


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
    assert process.returncode == 2
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
