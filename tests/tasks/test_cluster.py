"""Real `manage.py worker` processes, stopped and killed."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import psutil
import pytest
from django.db import connection
from django_q.conf import Conf as QConf

from tasks import lifecycle
from tasks.cluster import RECYCLED, Calls, PacketQueue, Timer
from tasks.models import TaskInfo
from tasks.queue import Delivery
from tests.factories import OPERATOR, deliver, make_task
from tests.processes import Worker, wait_for

pytestmark = pytest.mark.django_db(transaction=True)

#: Short enough for a test; a lease is three heartbeats.
LEASES = {"TASK_LEASE_SECONDS": "1.5", "TASK_HEARTBEAT_SECONDS": "0.5"}


@pytest.fixture
def start() -> Iterator[Callable[[], Worker]]:
    workers: list[Worker] = []

    def begin() -> Worker:
        workers.append(Worker(**LEASES))
        return workers[-1]

    yield begin
    for worker in workers:
        worker.__exit__()


def submit(**params: object) -> TaskInfo:
    return lifecycle.submit("tasks.selftest", params, owner=OPERATOR)


def fresh(task: TaskInfo) -> TaskInfo:
    return TaskInfo.objects.get(pk=task.pk)


def is_running(task: TaskInfo) -> bool:
    return fresh(task).status == "running" and fresh(task).steps.exists()


def worker_process(worker: Worker) -> psutil.Process:
    """The one with a lease thread: command → sentinel → worker, monitor, pusher."""
    sentinel = psutil.Process(worker.process.pid).children()[0]
    return min(sentinel.children(), key=lambda child: child.pid)


@pytest.fixture
def queue() -> Iterator[PacketQueue]:
    queue = PacketQueue()
    yield queue
    queue._reader.close()
    queue._writer.close()


class TestCalls:
    """What a worker does between two calls."""

    def test_it_runs_what_is_delivered_and_returns_what_is_called(self, queue: PacketQueue) -> None:
        task = make_task()
        queue.put(deliver(task))
        queue.put("a call")
        assert Calls(queue, Timer()).get() == "a call"
        assert fresh(task).status == "completed"

    def test_after_so_many_tasks_it_has_itself_replaced(
        self, queue: PacketQueue, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(QConf, "RECYCLE", 2)
        timer = Timer()
        calls = Calls(queue, timer)
        tasks = [make_task() for _ in range(2)]
        for task in tasks:
            queue.put(deliver(task))
        assert (calls.get(), timer.value) == ("STOP", RECYCLED)
        assert {fresh(task).status for task in tasks} == {"completed"}

    def test_an_error_of_the_database_is_not_its_end(
        self, queue: PacketQueue, caplog: pytest.LogCaptureFixture
    ) -> None:
        queue.put(Delivery("no uuid", 1, datetime.now(UTC)))  # type: ignore[arg-type]  # an error
        queue.put("a call")
        assert Calls(queue, Timer()).get() == "a call"
        assert "delivery_given_up task=no uuid error=DataError" in caplog.text


class TestStop:
    @pytest.mark.parametrize("whole_group", [False, True], ids=["the process", "its group"])
    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
    def test_a_running_task_is_handed_back_within_2_seconds_and_goes_on_elsewhere(
        self, start: Callable[[], Worker], number: signal.Signals, whole_group: bool
    ) -> None:
        worker = start()
        task = submit(steps=4, seconds=4)
        wait_for(lambda: is_running(task))
        if whole_group:
            os.killpg(worker.process.pid, number)
        else:
            worker.process.send_signal(number)
        wait_for(lambda: fresh(task).status == "pending", seconds=2)
        assert worker.process.wait(10) == 0, worker.output()
        kept = set(fresh(task).steps.values_list("name", "created_at"))
        assert kept
        start()
        wait_for(lambda: fresh(task).status == "completed")
        after = fresh(task)
        assert set(after.steps.values_list("name", "created_at")) >= kept
        assert after.attempt == 2
        assert after.max_attempts - after.attempt == task.max_attempts - 1

    def test_what_ignores_the_stop_is_killed_in_the_end(self, start: Callable[[], Worker]) -> None:
        worker = start()
        task = submit(behavior="deaf")
        wait_for(lambda: fresh(task).status == "running")
        worker.process.terminate()
        # The lease thread's grace is 10 s; then the task is handed back and the process killed.
        assert worker.process.wait(25) == 0, worker.output()
        assert fresh(task).status == "pending"


class TestKill:
    def test_an_idle_worker_s_death_does_not_stop_the_cluster(
        self, start: Callable[[], Worker]
    ) -> None:
        """It waits in the task queue, whose lock nobody else may need then."""
        worker = start()
        task = submit()
        wait_for(lambda: fresh(task).status == "completed")
        worker_process(worker).kill()
        task = submit()
        wait_for(lambda: fresh(task).status == "completed")

    def test_a_task_goes_on_after_its_worker_was_killed(self, start: Callable[[], Worker]) -> None:
        worker = start()
        task = submit(steps=3, seconds=1.5)
        wait_for(lambda: is_running(task))
        worker_process(worker).kill()
        wait_for(lambda: fresh(task).status == "completed")
        assert fresh(task).attempt == 2

    @pytest.mark.parametrize("whom", ["sentinel", "pusher", "monitor"])
    def test_the_cluster_lives_on_without_any_of_its_processes(
        self, start: Callable[[], Worker], whom: str
    ) -> None:
        worker = start()
        task = submit()
        wait_for(lambda: fresh(task).status == "completed")
        sentinel = psutil.Process(worker.process.pid).children()[0]
        parts = sorted(sentinel.children(), key=lambda child: child.pid)
        victims = {"sentinel": sentinel, "monitor": parts[1], "pusher": parts[2]}
        victims[whom].kill()
        task = submit()
        wait_for(lambda: fresh(task).status == "completed")

    def test_nobody_outlives_a_killed_command(self, start: Callable[[], Worker]) -> None:
        worker = start()
        wait_for(lambda: len(worker.family()) == 5)
        family = worker.family()
        worker.process.kill()
        worker.process.wait()
        wait_for(
            lambda: (
                not [
                    one
                    for one in family
                    if one.is_running() and one.status() != psutil.STATUS_ZOMBIE
                ]
            )
        )


def test_a_lost_database_connection_is_no_end(start: Callable[[], Worker]) -> None:
    start()
    task = submit(steps=10, seconds=2)
    wait_for(lambda: is_running(task))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    wait_for(lambda: fresh(task).status == "completed")
    task = submit()
    wait_for(lambda: fresh(task).status == "completed")
