from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from django.conf import settings

from tests.processes import wait_for

HOLD = """
import sys
from pathlib import Path
from reune import embedded_postgres
print(embedded_postgres.start(Path(sys.argv[1])), flush=True)
sys.stdin.read()
"""


class User:
    """A process that uses the server in `folder` until it is told to end."""

    def __init__(self, folder: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", HOLD, folder],
            cwd=settings.BASE_DIR,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ready(self) -> str:
        """The settings it got, once the server is up."""
        assert self.process.stdout
        return self.process.stdout.readline()

    def end(self) -> None:
        self.process.communicate(timeout=30)
        assert self.process.returncode == 0

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate(timeout=30)


def server_pid(folder: Path) -> int:
    pid_file = folder / "postgres" / "postmaster.pid"
    return int(pid_file.read_text().split()[0]) if pid_file.exists() else 0


def is_running(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    if is_running(pid := server_pid(tmp_path)):
        psutil.Process(pid).send_signal(signal.SIGQUIT)


@pytest.fixture
def use(folder: Path) -> Iterator[Callable[[], User]]:
    """Start a User of the server in `folder`; at the end of the test none is left."""
    users: list[User] = []

    def start() -> User:
        users.append(User(folder))
        return users[-1]

    yield start
    for user in users:
        user.kill()


def test_processes_share_one_server_and_the_last_to_exit_stops_it(
    folder: Path, use: Callable[[], User]
) -> None:
    first, second = use(), use()
    assert first.ready() == second.ready() != ""
    pid = server_pid(folder)
    assert is_running(pid)
    first.end()
    assert server_pid(folder) == pid
    assert is_running(pid)
    second.end()
    assert server_pid(folder) == 0
    assert not is_running(pid)


def test_a_killed_process_does_not_keep_the_server_for_ever(
    folder: Path, use: Callable[[], User]
) -> None:
    killed, orderly = use(), use()
    assert killed.ready()
    assert orderly.ready()
    pid = server_pid(folder)
    killed.kill()
    assert is_running(pid)
    orderly.end()
    assert not is_running(pid)


def test_a_server_that_was_killed_is_started_again(folder: Path, use: Callable[[], User]) -> None:
    user = use()
    assert user.ready()
    pid = server_pid(folder)
    psutil.Process(pid).kill()
    wait_for(lambda: not is_running(pid))
    again = use()
    assert again.ready()
    assert is_running(server_pid(folder))
    again.end()


def test_a_pid_file_that_names_another_program_is_no_server(
    folder: Path, use: Callable[[], User]
) -> None:
    user = use()
    assert user.ready()
    pid_file = folder / "postgres" / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    pid = int(lines[0])
    psutil.Process(pid).kill()
    user.kill()
    wait_for(lambda: not is_running(pid))
    pid_file.write_text("\n".join([str(psutil.Process().pid), *lines[1:]]) + "\n")
    again = use()
    assert again.ready()
    assert server_pid(folder) not in (0, psutil.Process().pid)
    again.end()
