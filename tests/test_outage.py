"""PostgreSQL goes away while web and worker run, and comes back."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from django.conf import settings

from reune import embedded_postgres
from tests.processes import free_port, stop_postgres, wait_for

BIN = Path(sys.executable).parent


@pytest.fixture
def service(tmp_path: Path) -> Iterator[str]:
    """The address of `make run` on a database of its own, in `tmp_path`."""
    port = free_port()
    variables = {"PATH": f"{BIN}:/usr/bin:/bin", "DATA_DIR": str(tmp_path), "PORT": str(port)}
    migrate = [BIN / "python", "manage.py", "migrate", "--verbosity", "0"]
    subprocess.run(migrate, cwd=settings.BASE_DIR, env=variables, check=True)
    with subprocess.Popen(
        [BIN / "python", "-m", "reune.embedded_postgres", "honcho", "start"],
        cwd=settings.BASE_DIR,
        env=variables,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as process:
        url = f"http://127.0.0.1:{port}"
        wait_for(lambda: answers(url))
        yield url
        process.terminate()
        process.wait(60)


def answers(url: str) -> bool:
    try:
        return requests.get(f"{url}/health", timeout=5).ok
    except requests.ConnectionError:
        return False


def submit(url: str, nodes: int) -> requests.Response:
    return requests.post(f"{url}/generate_mcp_async?topic=xadrez&num_nodes={nodes}", timeout=30)


def what_is_missing(url: str) -> list[str]:
    answer = requests.get(f"{url}/health/ready", timeout=30)
    assert answer.status_code in (200, 503)
    return [one["field"] for one in answer.json().get("errors", ())]


def has_completed(url: str, task_id: str) -> bool:
    task: dict[str, Any] = requests.get(f"{url}/status/{task_id}", timeout=30).json()
    return task["status"] == "completed"


def test_everything_goes_on_by_itself_after_an_outage(service: str, tmp_path: Path) -> None:
    before = submit(service, 10).json()["task_id"]
    wait_for(lambda: has_completed(service, before))
    waiting = submit(service, 11).json()["task_id"]
    stop_postgres(tmp_path)
    for response in (submit(service, 12), requests.get(f"{service}/status/{before}", timeout=30)):
        assert response.status_code == 503
        assert response.headers["Content-Type"] == "application/problem+json"
        assert int(response.headers["Retry-After"]) > 0
        assert response.json()["code"] == "database_unreachable"
    assert answers(service)
    assert what_is_missing(service) == ["database"]
    embedded_postgres.start(tmp_path)
    wait_for(lambda: submit(service, 13).ok)
    wait_for(lambda: has_completed(service, waiting))
    assert has_completed(service, before)
    wait_for(lambda: what_is_missing(service) == [])
