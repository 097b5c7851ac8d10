"""Every kind of response, read as strictly as the Flutter client of the old server reads it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db.models.functions import Now
from rest_framework.test import APIClient

from learning_paths.catalogue.topic import LANGUAGES
from tasks import lifecycle
from tasks.messages import Message
from tasks.models import TaskInfo
from tests import dart
from tests.factories import call, claim_of, deliver, make_running_task, make_task

pytestmark = pytest.mark.django_db
WHOLE = datetime.fromtimestamp(1_700_000_000, UTC)


def read(client: APIClient, task: TaskInfo) -> Any:
    return dart.task(client.get(f"/status/{task.pk}").json())


def test_the_acceptance(client: APIClient) -> None:
    dart.accepted(client.post("/generate_mcp_async?topic=python").json())


def test_a_waiting_task(client: APIClient) -> None:
    assert read(client, make_task())["status"] == "pending"


def test_a_task_that_waits_for_its_next_attempt(client: APIClient) -> None:
    task = make_running_task()
    lifecycle.retry_later(claim_of(task), timedelta(seconds=9), messages=[Message("later")])
    assert read(client, task)["status"] == "pending"


def test_a_running_task_whose_instants_are_whole_seconds(client: APIClient) -> None:
    task = make_running_task(created_at=WHOLE, updated_at=WHOLE)
    task.messages.create(seq=1, time=WHOLE, message="Tarefa iniciada")
    found = read(client, task)
    assert found["created_at"] == found["messages"][0]["time"] == 1_700_000_000.0


def test_an_ended_task_whose_instants_are_whole_seconds(client: APIClient) -> None:
    task = make_task(status="failed", error="no", completed_at=WHOLE)
    assert read(client, task)["completed_at"] == 1_700_000_000.0


def test_a_failed_and_a_canceled_task(client: APIClient) -> None:
    failed, canceled = make_running_task(), make_task()
    lifecycle.fail(claim_of(failed), "no such topic")
    lifecycle.cancel(canceled.pk, reason="for the test")
    assert read(client, failed)["error"] == "no such topic"
    assert read(client, canceled)["status"] == "canceled"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_completed_task_with_its_path(client: APIClient, language: str) -> None:
    url = f"/generate_mcp_async?topic=python&num_nodes=30&max_resources=30&language={language}"
    task = TaskInfo.objects.get(pk=client.post(url).json()["task_id"])
    call(deliver(task))
    path = read(client, task)["result"]
    assert len(path["nodes"]) == 30
    assert any(node["quiz"] for node in path["nodes"].values())
    assert any(node["exerciseSet"] for node in path["nodes"].values())
    assert any(node["resources"] for node in path["nodes"].values())
    again = client.post(url).json()
    assert dart.learning_path(client.get(f"/status/{again['task_id']}").json()["result"]) == path


def test_a_list(client: APIClient) -> None:
    client.post("/generate_mcp_async?topic=python")
    make_task(owner_key=TaskInfo.objects.get().owner_key, status="failed", completed_at=Now())
    assert len(dart.list_of(dart.task)(client.get("/tasks").json())) == 2


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("post", "/generate_mcp_async", 400),
        ("post", "/clear_cache", 401),
        ("get", "/status/unknown", 404),
        ("get", "/nowhere", 404),
        ("delete", "/status/unknown", 405),
    ],
)
def test_a_problem(client: APIClient, method: str, path: str, status: int) -> None:
    response = getattr(client, method)(path)
    assert response.status_code == status
    assert dart.problem(response.json())["detail"]


@pytest.mark.parametrize(
    ("name", "value"),
    [("created_at", "1700000000"), ("progress", "40.0"), ("description", "null")],
)
def test_the_reader_is_as_strict_as_dart(client: APIClient, name: str, value: str) -> None:
    body = client.get(f"/status/{make_task().pk}").json()
    with pytest.raises(dart.CastError, match=name):
        dart.task(body | {name: json.loads(value)})
