from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Callable
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings
from rest_framework.test import APIClient

from tasks import body, lifecycle, live
from tasks.body import Body
from tasks.models import TaskInfo
from tests.concurrently import at_once
from tests.factories import claim_of, make_running_task, make_task
from tests.processes import wait_for

pytestmark = pytest.mark.django_db(transaction=True)


def shown(task: TaskInfo) -> int:
    """The progress that a poll of this moment shows."""
    found = live.body_of(task.pk)
    assert found
    return int(found.fields["progress"])


def change_silently(task: TaskInfo, progress: int) -> None:
    """As if the notification got lost."""
    TaskInfo.objects.filter(pk=task.pk).update(progress=progress, version=1000 + progress)


def listening() -> live.Live:
    source = live.live()
    wait_for(lambda: source.is_listening)
    return source


def cut_off_the_listener() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND query = 'LISTEN reune_changed'"
        )
        assert cursor.rowcount == 1


class TestCache:
    def test_a_thousand_polls_of_an_unchanged_task_are_a_query_a_second(
        self, client: APIClient, settings: Settings
    ) -> None:
        settings.REUNE_THROTTLE = {"per_second": 0, "burst": 1}
        task = make_running_task()
        listening()
        began = time.monotonic()
        with CaptureQueriesContext(connection) as queries:
            for _ in range(1000):
                assert client.get(f"/status/{task.pk}").status_code == 200
        assert len(queries) <= 1 + (time.monotonic() - began)

    def test_a_change_is_shown_at_once(self) -> None:
        task = make_running_task()
        listening()
        assert shown(task) == 0
        lifecycle.report(claim_of(task), progress=40)
        wait_for(lambda: shown(task) == 40, seconds=0.7)

    def test_a_change_nobody_told_of_is_shown_after_a_second(self) -> None:
        task = make_running_task()
        listening()
        assert shown(task) == 0
        change_silently(task, 40)
        assert shown(task) == 0
        wait_for(lambda: shown(task) == 40, seconds=1.5)

    def test_nothing_is_kept_while_the_thread_cannot_listen(self, settings: Settings) -> None:
        settings.REUNE_TASKS = {"listen": False}
        task = make_running_task()
        for progress in (0, 10, 20):
            change_silently(task, progress)
            assert shown(task) == progress

    def test_a_listener_that_was_cut_off_listens_again(self) -> None:
        task = make_running_task()
        source = listening()
        cut_off_the_listener()
        wait_for(lambda: not source.is_listening)
        change_silently(task, 10)
        assert shown(task) == 10
        wait_for(lambda: source.is_listening)
        lifecycle.report(claim_of(task), progress=40)
        wait_for(lambda: shown(task) == 40, seconds=0.7)

    def test_what_changed_while_nobody_listened_is_not_kept(self) -> None:
        task = make_running_task()
        source = listening()
        assert shown(task) == 0
        cut_off_the_listener()
        change_silently(task, 10)
        wait_for(lambda: not source.is_listening)
        wait_for(lambda: source.is_listening)
        wait_for(lambda: shown(task) == 10, seconds=0.3)

    def test_what_is_no_task_is_not_kept(self) -> None:
        task_id = uuid4()
        listening()
        assert live.body_of(task_id) is None
        make_task(id=task_id)
        assert live.body_of(task_id) is not None

    def test_a_change_during_a_reading_is_not_hidden_by_what_was_read(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        task = make_running_task()
        source = listening()
        read = body.read

        def read_and_be_overtaken(task_id: UUID) -> Body | None:
            found = read(task_id)
            change_silently(task, 40)
            source.forget(task_id)  # the notification comes before the reader is done
            return found

        monkeypatch.setattr(body, "read", read_and_be_overtaken)
        assert shown(task) == 0
        monkeypatch.setattr(body, "read", read)
        assert shown(task) == 40

    def test_of_many_who_ask_at_once_one_reads(self, monkeypatch: pytest.MonkeyPatch) -> None:
        task = make_running_task()
        listening()
        readings: list[UUID] = []
        read = body.read

        def slowly(task_id: UUID) -> Body | None:
            readings.append(task_id)
            time.sleep(0.2)  # the others come meanwhile
            return read(task_id)

        monkeypatch.setattr(body, "read", slowly)
        at_once(*[lambda: live.body_of(task.pk)] * 16)
        assert len(readings) == 1

    def test_no_more_is_kept_than_there_is_memory_for(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(live, "KEPT_BYTES", 20_000)
        source = listening()
        tasks = [make_running_task() for _ in range(30)]
        for task in tasks:
            assert shown(task) == 0
        with CaptureQueriesContext(connection) as queries:
            shown(tasks[-1])
            assert len(queries) == 0
            shown(tasks[0])
            assert len(queries) == 1
        for task in tasks:
            source.forget(task.pk)
        assert source.kept_bytes == 0

    def test_what_is_kept_of_a_large_result_is_counted(self) -> None:
        # A character of more than a byte makes a str of Python twice as long.
        result = {"text": "… and so on " * 10_000}
        task = make_task(status="completed", completed_at=Now(), progress=100, result=result)
        found = body.read(task.pk)
        assert found
        assert found.result == json.dumps(result, ensure_ascii=False)
        assert found.compressed
        assert found.etag
        held = sum(map(sys.getsizeof, vars(found).values()))
        assert 0.7 * found.size < held < found.size


class TestWaiting:
    def wait(self, task: TaskInfo, until: Callable[[Body], bool], within: float) -> list[Body]:
        """Wait in another thread; what it got is in the list when it is done."""
        got: list[Body] = []

        def run() -> None:
            try:
                found = live.live().first_body(task.pk, until, within=within)
                assert found
                got.append(found)
            finally:
                connection.close()

        threading.Thread(target=run).start()
        return got

    def test_who_waits_is_woken_by_the_change(self) -> None:
        task = make_running_task()
        listening()
        got = self.wait(task, lambda found: found.is_final, within=20)
        lifecycle.report(claim_of(task), progress=40)
        lifecycle.complete(claim_of(task), {"done": True})
        (found,) = wait_for(lambda: got, seconds=0.9)
        assert (found.status, found.result) == ("completed", '{"done": true}')

    @pytest.mark.parametrize("listen", [True, False])
    def test_who_waits_sees_a_change_nobody_told_of(self, settings: Settings, listen: bool) -> None:
        settings.REUNE_TASKS = {"listen": listen}
        task = make_running_task()
        live.live()
        got = self.wait(task, lambda found: found.fields["progress"] == 40, within=20)
        wait_for(lambda: task.pk in live.live().watched)
        change_silently(task, 40)
        wait_for(lambda: got, seconds=2.5)

    def test_who_waits_in_line_sees_the_line_move(self) -> None:
        first, second = make_task(), make_task()
        listening()
        got = self.wait(second, lambda found: found.place == 1, within=20)
        wait_for(lambda: second.pk in live.live().watched)
        lifecycle.cancel(first.pk, reason="for the test")
        wait_for(lambda: got, seconds=2.5)

    def test_after_the_time_the_task_is_shown_as_it_is(self) -> None:
        task = make_running_task()
        listening()
        began = time.monotonic()
        assert live.live().first_body(task.pk, lambda found: False, within=0.3)
        assert time.monotonic() - began >= 0.3

    def test_who_finds_no_place_does_not_wait(self, settings: Settings) -> None:
        settings.REUNE_TASKS = {"max_waiting": 1}
        task = make_running_task()
        source = listening()
        assert source.take_place()
        began = time.monotonic()
        assert source.first_body(task.pk, lambda found: False, within=20)
        assert time.monotonic() - began < 5
        source.leave_place()
        assert source.take_place()

    def test_a_wait_holds_no_database_connection(self) -> None:
        task = make_running_task()
        listening()
        held: list[bool] = []

        def wanted(found: Body) -> bool:
            return bool(held)

        def run() -> None:
            live.live().first_body(task.pk, wanted, within=20)
            connection.close()

        thread = threading.Thread(target=run)
        thread.start()
        wait_for(lambda: task.pk in live.live().watched)
        with connection.cursor() as cursor:

            def sessions() -> int:
                cursor.execute(
                    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                )
                return int(cursor.fetchone()[0])

            wait_for(lambda: sessions() == 2)  # this test's and the listener's
        held.append(True)
        live.forget(task.pk)
        thread.join()
