"""The examples of docs/clients.md, as a reader would run them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from tests.processes import Server, Worker

TEXT = (Path(settings.BASE_DIR) / "docs" / "clients.md").read_text()


def example(language: str) -> str:
    (code,) = re.findall(rf"^```{language}\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
    return str(code)


def run(command: list[str], server: Server, folder: Path) -> str:
    variables = {"PATH": os.environ["PATH"], "REUNE_URL": server.url}
    done = subprocess.run(
        command, cwd=folder, env=variables, capture_output=True, text=True, timeout=90, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_python_client_follows_a_task_to_its_path(
    server: Server, worker: Worker, tmp_path: Path
) -> None:
    script = tmp_path / "client.py"
    script.write_text(example("python"))
    lines = run([sys.executable, str(script)], server, tmp_path).splitlines()
    assert lines[0].endswith("Tarefa iniciada")
    assert lines[-1].endswith("- 12 nodes")


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_curl_commands_show_a_task_and_its_path(
    server: Server, worker: Worker, tmp_path: Path
) -> None:
    output = run(["bash", "-euo", "pipefail", "-c", example("sh")], server, tmp_path)
    assert "event: status" in output
    assert '"status": "completed"' in output
    assert '"nodes"' in (tmp_path / "path.json").read_text()
