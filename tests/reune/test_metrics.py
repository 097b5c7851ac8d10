"""GET /metrics: who may read it, and that it tells what really happened, in real processes."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import psutil
import pytest
from django.contrib.auth.models import User
from knox.models import AuthToken
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import Settings
from rest_framework.test import APIClient

from tasks import lifecycle
from tasks.models import Process, TaskInfo
from tests.factories import OPERATOR, make_user
from tests.processes import Server, Worker, wait_for

SELFTEST = "tasks.selftest"
LEASES = {"TASK_LEASE_SECONDS": "1.5", "TASK_HEARTBEAT_SECONDS": "0.5"}


@pytest.mark.django_db
class TestWhoMayRead:
    def status(self, client: APIClient, token: str = "") -> int:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return int(client.get("/metrics", headers=headers).status_code)

    def test_nobody_but_staff_unless_it_is_set(
        self, client: APIClient, client_of: Callable[[User], APIClient]
    ) -> None:
        assert self.status(client) == 401
        assert self.status(client_of(make_user())) == 403
        staff = client_of(make_user("staff", is_staff=True))
        assert self.status(staff) == 200
        assert staff.get("/metrics")["Content-Type"].startswith("text/plain; version=0.0.4")

    def test_a_staff_user_s_token(self, client: APIClient) -> None:
        _, token = AuthToken.objects.create(make_user("staff", is_staff=True))
        assert self.status(client, token) == 200

    def test_the_bearer_of_the_token(self, client: APIClient, settings: Settings) -> None:
        settings.METRICS_TOKEN = "s3cret"
        assert self.status(client, "s3cret") == 200
        assert self.status(client, "s3cres") == 401
        assert self.status(client) == 401

    def test_the_token_opens_nothing_else(self, client: APIClient, settings: Settings) -> None:
        settings.METRICS_TOKEN = "s3cret"
        response = client.get("/tasks", headers={"Authorization": "Bearer s3cret"})
        assert response.status_code == 401

    def test_no_token_is_not_an_empty_one(self, client: APIClient) -> None:
        assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 401

    def test_everybody_if_it_is_set(self, client: APIClient, settings: Settings) -> None:
        settings.METRICS_OPEN = True
        assert self.status(client) == 200


@pytest.mark.django_db(transaction=True)
class TestWhatReallyHappened:
    @pytest.fixture
    def servers(self) -> Iterator[list[Server]]:
        with Server(METRICS_OPEN="1", **LEASES) as one, Server(METRICS_OPEN="1", **LEASES) as two:
            yield [one, two]

    def read(self, server: Server) -> dict[str, dict[tuple[str, ...], float]]:
        """By name, and the values of the labels in their order."""
        found: dict[str, dict[tuple[str, ...], float]] = {}
        for family in text_string_to_metric_families(server.get("/metrics").text):
            for sample in family.samples:
                found.setdefault(sample.name, {})[tuple(sample.labels.values())] = sample.value
        return found

    def ended(self, servers: list[Server]) -> dict[tuple[str, ...], float]:
        """How many tasks ended, by kind and status, as soon as both servers say the same."""
        one, two = (self.read(server).get("reune_tasks_finished_total", {}) for server in servers)
        return one if one == two else {}

    def run_some(self, servers: list[Server]) -> None:
        """Two paths, and self-tests that complete, fail, and are canceled while they run."""
        for behavior in ("none", "none", "fail", "timeout"):
            params = {"steps": 1, "seconds": 0.1, "behavior": behavior}
            task = lifecycle.submit(SELFTEST, params, owner=OPERATOR)
        wait_for(lambda: TaskInfo.objects.get(pk=task.pk).steps.exists())
        lifecycle.cancel(task.pk, reason="")
        for nodes, server in enumerate(servers, start=10):
            created = server.post(f"/generate_mcp_async?topic=python&num_nodes={nodes}").json()
            for _ in range(3):
                assert server.get(f"/status/{created['task_id']}").ok
        wait_for(lambda: sum(self.ended(servers).values()) == 6)

    def test_it_counts_over_all_processes(self, servers: list[Server]) -> None:
        with Worker(**LEASES) as worker, Worker(**LEASES):
            self.run_some(servers)
            # Kills its process at each of its three attempts.
            crash = lifecycle.submit(SELFTEST, {"behavior": "crash"}, owner=OPERATOR)
            wait_for(lambda: TaskInfo.objects.get(pk=crash.pk).completed_at)
            worker.stop()  # what it has counted stays
            wait_for(lambda: sum(self.ended(servers).values()) == 7)
            found = self.read(servers[0])
        for (kind, status), count in found["reune_tasks_finished_total"].items():
            there = TaskInfo.objects.filter(kind=kind, status=status)
            assert count == there.count(), (kind, status)
            assert found["reune_task_total_seconds_count"][kind, status] == count
        assert found["reune_tasks_submitted_total"]["learning_path",] == 2
        assert found["reune_task_cancel_seconds_count"][SELFTEST,] == 1
        assert found["reune_task_cancel_seconds_bucket"][SELFTEST, "2.5"] == 1
        assert sum(found["reune_poll_cache_requests_total"].values()) == 6
        assert found["reune_task_pickup_seconds_count"]["learning_path",] == 2

    def test_it_measures_recoveries(self, servers: list[Server]) -> None:
        with Worker(**LEASES), Worker(**LEASES):
            task = lifecycle.submit(SELFTEST, {"steps": 4, "seconds": 6}, owner=OPERATOR)
            running = TaskInfo.objects.filter(pk=task.pk, status="running")
            by = wait_for(lambda: running.values_list("worker", flat=True).first())
            process = wait_for(lambda: Process.objects.filter(pk=by).first())
            psutil.Process(process.pid).kill()
            name = "reune_task_recovery_seconds_count"
            wait_for(lambda: self.read(servers[0]).get(name) == {(SELFTEST,): 1})
            # A lease from the last heartbeat, and what it takes a free worker to look.
            took = self.read(servers[0])["reune_task_recovery_seconds_sum"][SELFTEST,]
            assert 1.4 < took < 4

    def test_it_counts_open_streams(self, servers: list[Server]) -> None:
        task = lifecycle.submit(SELFTEST, {}, owner=OPERATOR)
        streams = [server.get(f"/tasks/{task.pk}/events", stream=True) for server in servers]
        first, second = servers
        wait_for(lambda: self.read(first)["reune_streams_open"][()] == 2, seconds=5)
        for stream in streams:
            stream.close()
        wait_for(lambda: self.read(second)["reune_streams_open"][()] == 0, seconds=15)
