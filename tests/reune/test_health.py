"""GET /health/ready, with everything there and with one thing missing at a time."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models.functions import Now
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from reune import health
from tasks import processes
from tasks.conf import get_conf
from tasks.models import Process
from tests.description import Description
from tests.processes import Server, Worker, wait_for

LEASES = {"TASK_LEASE_SECONDS": "1.5", "TASK_HEARTBEAT_SECONDS": "0.5"}


@pytest.fixture(autouse=True)
def _nothing_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "_readiness", health.Readiness())


def make_worker(**overrides: Any) -> Process:
    return Process.objects.create(**{"role": "worker", "pid": 1} | overrides)


def missing(client: APIClient) -> list[str]:
    response = client.get("/health/ready")
    assert response.status_code == 503
    assert response["Content-Type"] == "application/problem+json"
    assert response.json()["code"] == "not_ready"
    return [one["field"] for one in response.json()["errors"]]


@pytest.mark.django_db
class TestReady:
    def test_with_a_worker_it_is_ready(self, client: APIClient) -> None:
        make_worker()
        response = client.get("/health/ready")
        assert (response.status_code, response.json()) == (200, {"status": "ready"})
        Description(client).check("get", "/health/ready", response)

    @pytest.mark.parametrize(
        "fields",
        [
            {"role": "web"},
            {"ended_at": Now()},
            {"seen_at": Now() - get_conf().lease - timedelta(seconds=1)},
        ],
        ids=["none of another role", "none that has ended", "none that is silent for a lease"],
    )
    def test_it_takes_a_worker(self, client: APIClient, fields: dict[str, Any]) -> None:
        make_worker(**fields)
        assert missing(client) == ["worker"]
        Description(client).check("get", "/health/ready", client.get("/health/ready"))

    def test_it_takes_all_migrations(self, client: APIClient) -> None:
        make_worker()
        with connection.cursor() as cursor:
            cursor.execute(
                "DELETE FROM django_migrations WHERE app = 'tasks' AND name LIKE '0004%'"
            )
        assert missing(client) == ["migrations"]

    def test_many_who_ask_at_once_cost_three_queries_a_second(
        self, client: APIClient, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        make_worker()
        with django_assert_num_queries(3):
            for _ in range(20):
                assert client.get("/health/ready").status_code == 200

    def test_it_sees_a_change_after_a_second(self, client: APIClient) -> None:
        assert missing(client) == ["worker"]
        make_worker()
        wait_for(lambda: client.get("/health/ready").status_code == 200, seconds=3)


@pytest.mark.django_db(transaction=True)
class TestRealProcesses:
    def test_a_worker_that_has_never_had_a_task_counts(self, server: Server) -> None:
        assert server.get("/health/ready").status_code == 503
        with Worker() as worker:
            wait_for(lambda: server.get("/health/ready").status_code == 200)
            assert worker.stop() == 0
            # It has said goodbye: nobody waits for a lease.
            wait_for(lambda: server.get("/health/ready").status_code == 503, seconds=5)

    def test_a_killed_worker_counts_for_a_lease_no_longer(self, client: APIClient) -> None:
        with Worker(**LEASES) as worker:
            wait_for(lambda: processes.alive().filter(role="worker").exists())
            for one in worker.family():
                one.kill()
        seen = Process.objects.get(role="worker")
        assert seen.ended_at is None
        lease = timedelta(seconds=1.5)
        wait_for(lambda: not Process.objects.filter(seen_at__gt=Now() - lease).exists(), seconds=4)
