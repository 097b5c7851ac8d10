"""Each finding of the doctor, made to happen."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import timedelta
from io import StringIO
from typing import Any

import psycopg
import pytest
from django.conf import settings as project_settings
from django.core.management import call_command
from django.db import connection
from django.db.models.functions import Now
from django_q.models import OrmQ, Schedule
from pytest_django import Settings

from tasks import doctor
from tasks.doctor import CLEANUP, Level
from tasks.maintenance import cleanup
from tasks.models import Process, TaskInfo
from tests.factories import make_running_task, make_task
from tests.processes import environment, wait_for

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _a_place_that_is_well(db: Any, settings: Settings) -> None:
    settings.DEBUG = True  # or what `check --deploy` says is found as well
    Process.objects.create(role="worker", pid=1, release="1")
    Schedule.objects.filter(func=CLEANUP).delete()
    Schedule.objects.create(func=CLEANUP, schedule_type="D", next_run=Now() + timedelta(hours=5))


def codes() -> set[str]:
    return {finding.code for finding in doctor.examine()}


def execute(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


def run(*options: str) -> tuple[int, str]:
    """The exit code and what is written."""
    out = StringIO()
    try:
        call_command("tasks_doctor", *options, stdout=out)
    except SystemExit as end:
        return int(str(end.code)), out.getvalue()
    return 0, out.getvalue()


def test_where_nothing_is_wrong_nothing_is_found() -> None:
    make_task()
    make_running_task()
    assert run() == (0, "Nothing is wrong.\n")
    assert run("--json") == (0, '{"findings": []}\n')
    assert f"{cleanup.__module__}.{cleanup.__name__}" == CLEANUP


class TestExitCodes:
    def test_1_for_warnings(self) -> None:
        Schedule.objects.all().delete()
        code, text = run()
        assert code == 1
        assert text.startswith("WARNING  no_cleanup: ")

    def test_2_for_errors_also_beside_warnings(self) -> None:
        Schedule.objects.all().delete()
        Process.objects.all().delete()
        code, text = run("--json")
        found = json.loads(text)["findings"]
        assert code == 2
        assert [one["code"] for one in found] == ["no_worker", "no_cleanup"]
        assert all(one["fix"] and one["text"] for one in found)
        assert [one["level"] for one in found] == [Level.ERROR, Level.WARNING]


class TestConfigurationAndDatabase:
    def test_in_production_what_check_deploy_says(self, settings: Settings) -> None:
        settings.DEBUG = False
        settings.SECRET_KEY = "short"
        assert "check.reune.W001" in codes()

    def test_what_the_settings_silence_is_not_found(self, settings: Settings) -> None:
        settings.DEBUG = False
        silenced = {f"check.{one}" for one in settings.SILENCED_SYSTEM_CHECKS}
        assert not codes() & silenced
        settings.SILENCED_SYSTEM_CHECKS = []
        assert codes() & silenced

    def test_a_setting_that_breaks_a_promise(self, settings: Settings) -> None:
        settings.Q_CLUSTER = {**settings.Q_CLUSTER, "broker_class": None}
        assert codes() == {"check.tasks.E001"}

    def test_migrations_that_are_missing_are_all_that_is_found(self) -> None:
        execute("DELETE FROM django_migrations WHERE app = 'tasks' AND name LIKE '0004%'")
        Process.objects.all().delete()
        assert codes() == {"migrations"}

    def test_no_database(self) -> None:
        assert self.codes_at("postgres://nobody@127.0.0.1:1/nothing") == {"database"}

    def codes_at(self, url: str) -> set[str]:
        variables = environment(DATABASE_URL=url, DEBUG="true")
        command = [sys.executable, "manage.py", "tasks_doctor", "--json"]
        done = subprocess.run(
            command, cwd=project_settings.BASE_DIR, env=variables, capture_output=True, check=False
        )
        return {one["code"] for one in json.loads(done.stdout)["findings"]}

    @pytest.mark.parametrize("seconds", [-5, 5])
    def test_a_clock_that_is_off(self, monkeypatch: pytest.MonkeyPatch, seconds: int) -> None:
        now = time.time
        monkeypatch.setattr(time, "time", lambda: now() + seconds)
        assert codes() == {"clock"}

    def test_connections_that_run_out(self) -> None:
        url = environment()["DATABASE_URL"]
        (most,) = doctor._row("SELECT current_setting('max_connections')::int")
        with ExitStack() as stack:
            for _ in range(int(0.82 * most)):
                with suppress(psycopg.OperationalError):
                    stack.enter_context(psycopg.connect(url))
            assert codes() == {"connections"}

    def test_autovacuum_that_is_off(self, transactional_db: None) -> None:
        try:
            execute("ALTER SYSTEM SET autovacuum = off")
            execute("SELECT pg_reload_conf()")
            wait_for(lambda: "autovacuum" in codes(), seconds=5)
        finally:
            execute("ALTER SYSTEM RESET autovacuum")
            execute("SELECT pg_reload_conf()")
        wait_for(lambda: "autovacuum" not in codes(), seconds=5)

    def test_a_table_of_dead_rows(self, transactional_db: None) -> None:
        execute("ALTER TABLE django_q_ormq SET (autovacuum_enabled = off)")
        try:
            execute(
                "INSERT INTO django_q_ormq (key, payload, lock)"
                " SELECT 'reune', '', now() FROM generate_series(1, 12000)"
            )
            execute("DELETE FROM django_q_ormq")
            execute("SELECT pg_stat_force_next_flush()")
            assert "dead_rows" in codes()
        finally:
            execute("ALTER TABLE django_q_ormq RESET (autovacuum_enabled)")
            execute("VACUUM django_q_ormq")

    def test_a_pooler(self, transactional_db: None) -> None:
        name = connection.settings_dict["NAME"]
        with pooler() as port:
            url = f"postgres://postgres@127.0.0.1:{port}/{name}?sslmode=disable&gssencmode=disable"
            assert "pooler" in self.codes_at(url)
        assert "pooler" not in self.codes_at(environment()["DATABASE_URL"])


@contextmanager
def pooler() -> Iterator[int]:
    """
    Passes one session on to the test's server, under another number, as PgBouncer does.

    The number comes in the message BackendKeyData: K, length 12, number, key.
    """
    options = connection.settings_dict
    host, port = options["HOST"] or options["OPTIONS"]["host"], options["PORT"] or 5432
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.socket(socket.AF_UNIX) as there:
        there.connect(f"{host}/.s.PGSQL.{port}")

        def serve() -> None:
            here, _ = listener.accept()
            with here:
                thread = threading.Thread(target=copy, args=(here, there), daemon=True)
                thread.start()
                copy(there, here)

        def copy(source: socket.socket, target: socket.socket) -> None:
            with suppress(OSError):
                while data := source.recv(65536):
                    place = data.find(b"K\x00\x00\x00\x0c")
                    if source is there and place >= 0:
                        data = data[: place + 5] + b"\x00\x00\x00\x07" + data[place + 9 :]
                    target.sendall(data)

        threading.Thread(target=serve, daemon=True).start()
        yield int(listener.getsockname()[1])
        there.shutdown(socket.SHUT_RDWR)


class TestTasks:
    def test_no_worker(self) -> None:
        Process.objects.update(seen_at=Now() - timedelta(minutes=5))
        assert codes() == {"no_worker"}

    def test_releases_that_differ(self) -> None:
        Process.objects.create(role="web", pid=2, release="2")
        assert codes() == {"releases"}

    def test_a_lease_that_is_over(self) -> None:
        OrmQ.objects.filter(task_info=make_running_task().pk).update(lock=Now())
        assert codes() == {"stale_leases"}

    def test_a_task_that_is_silent(self) -> None:
        make_running_task(updated_at=Now() - timedelta(hours=2))
        assert codes() == {"silent_tasks"}

    def test_a_task_that_waits_for_long(self) -> None:
        make_task(updated_at=Now() - timedelta(hours=2))
        TaskInfo.objects.update(queued_at=Now() - timedelta(hours=2))
        assert codes() == {"waiting_tasks"}

    def test_a_running_task_without_an_entry(self) -> None:
        make_running_task(entry=None, updated_at=Now() - timedelta(minutes=2))
        assert codes() == {"tasks_without_entry"}

    def test_an_entry_without_a_task(self) -> None:
        OrmQ.objects.create(key="reune", payload="", lock=Now() - timedelta(hours=2))
        assert codes() == {"entries_without_task"}
        execute(doctor.DELETE_ORPHANS)
        assert codes() == set()

    def test_an_entry_for_nobody(self) -> None:
        OrmQ.objects.create(key="other", payload="", lock=Now())
        assert codes() == {"foreign_entries"}

    def test_a_cleanup_that_is_gone(self) -> None:
        Schedule.objects.all().delete()
        assert codes() == {"no_cleanup"}
        call_command("shell", command=doctor.SCHEDULE_CLEANUP)
        assert codes() == set()

    def test_a_cleanup_that_is_late(self) -> None:
        Schedule.objects.update(next_run=Now() - timedelta(days=2))
        assert codes() == {"cleanup_late"}

    def test_one_late_schedule_beside_a_good_one_is_fine(self) -> None:
        Schedule.objects.create(func=CLEANUP, next_run=Now() - timedelta(days=2))
        assert codes() == set()
