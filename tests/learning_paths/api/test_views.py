from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db.models.functions import Now
from django_q.models import OrmQ
from rest_framework.test import APIClient

from learning_paths import library
from learning_paths.models import LearningPath
from learning_paths.request import PathRequest
from tasks.models import TaskInfo
from tests.factories import call, deliver

pytestmark = pytest.mark.django_db

URL = "/generate_mcp_async"
Send = Callable[[APIClient, dict[str, Any]], Any]


def accepted(response: Any) -> TaskInfo:
    """Assert that the response is the contract's; return the task it made."""
    body = response.json()
    assert response.status_code == 200, body
    assert body.keys() == {"task_id", "status", "message"}
    assert body["status"] == "accepted"
    return TaskInfo.objects.get(pk=body["task_id"])


def refused(response: Any) -> dict[str, Any]:
    """Assert that the response is a 400 problem and nothing was stored; return its body."""
    body = response.json()
    assert response.status_code == 400, body
    assert response["Content-Type"] == "application/problem+json"
    assert isinstance(body["detail"], str)
    assert not TaskInfo.objects.exists()
    assert not OrmQ.objects.exists()
    return dict(body)


class TestEveryWayToAsk:
    def test_query_string_without_a_body(self, client: APIClient) -> None:
        response = client.post(f"{URL}?topic=python&num_nodes=20&language=pt")
        task = accepted(response)
        assert response.json()["message"] == "Task created successfully"
        assert task.description == "Generate MCP for topic: python"
        assert (task.params["num_nodes"], task.language) == (20, "pt")
        assert task.params["max_resources"] == 15

    def test_query_string_with_an_empty_json_body(self, client: APIClient) -> None:
        """What the Flutter client sends."""
        task = accepted(client.post(f"{URL}?topic=python", content_type="application/json"))
        assert task.params["topic"] == "python"

    def test_json(self, client: APIClient) -> None:
        body = {"topic": "python", "num_nodes": 12, "similarity_threshold": 0.2, "language": "en"}
        task = accepted(client.post(URL, body, format="json"))
        assert task.params | body == task.params

    def test_form(self, client: APIClient) -> None:
        body = "topic=python&num_nodes=12"
        task = accepted(client.post(URL, body, content_type="application/x-www-form-urlencoded"))
        assert task.params["num_nodes"] == 12

    @pytest.mark.parametrize(
        "send",
        [
            lambda client, asked: client.post(f"{URL}?{urlencode(asked)}"),
            lambda client, asked: client.post(URL, asked, format="json"),
            lambda client, asked: client.post(URL, asked, format="multipart"),
            lambda client, asked: client.post(
                "/tasks", {"kind": "learning_path", "params": asked}, format="json"
            ),
        ],
        ids=["query", "json", "form", "task"],
    )
    def test_a_level_and_hours(self, client: APIClient, send: Send) -> None:
        asked = {"topic": "python", "level": "beginner", "hours_per_week": 3}
        assert send(client, asked).status_code in (200, 202)
        params = TaskInfo.objects.get().params
        assert params | asked == params

    def test_a_client_without_cookies_needs_no_csrf_token(self, client: APIClient) -> None:
        accepted(client.post(f"{URL}?topic=python"))


def test_a_request_sent_twice_with_one_idempotency_key_is_one_task(client: APIClient) -> None:
    headers = {"Idempotency-Key": "7c1e"}
    first = accepted(client.post(f"{URL}?topic=python", headers=headers))
    assert accepted(client.post(f"{URL}?topic=python", headers=headers)).pk == first.pk
    response = client.post(f"{URL}?topic=xadrez", headers=headers)
    assert response.status_code == 422
    assert response.json()["code"] == "idempotency_key_reused"


BAD: dict[str, tuple[str, str]] = {
    "missing topic": ("num_nodes=12", "topic"),
    "short topic": ("topic=ai", "topic"),
    "blank topic": ("topic=+++++", "topic"),
    "oversized topic": ("topic=" + "x" * 201, "topic"),
    "topic with a null": ("topic=py%00thon", "topic"),
    "letters for numbers": ("topic=python&num_nodes=many", "num_nodes"),
    "a fraction for a count": ("topic=python&num_nodes=12.5", "num_nodes"),
    "out of range": ("topic=python&num_nodes=31", "num_nodes"),
    "not a number": ("topic=python&similarity_threshold=nan", "similarity_threshold"),
    "infeasible tree": ("topic=python&num_nodes=20&max_width=3&max_height=4", "num_nodes"),
    "unknown level": ("topic=python&level=expert", "level"),
    "too many hours": ("topic=python&hours_per_week=41", "hours_per_week"),
    "unknown language": ("topic=python&language=fr", "language"),
    "unknown parameter": ("topic=python&num_node=12", "num_node"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_parameter_is_named_and_nothing_is_stored(client: APIClient, case: str) -> None:
    query, field = BAD[case]
    body = refused(client.post(f"{URL}?{query}"))
    assert body["code"] == "invalid_request"
    assert [error["field"] for error in body["errors"]] == [field]
    assert all(len(error["message"]) > 15 for error in body["errors"])


def test_a_tree_that_cannot_exist_names_the_inequality_and_the_nearest_fix(
    client: APIClient,
) -> None:
    query = "topic=python&num_nodes=20&max_width=3&max_height=4&language=en"
    detail = refused(client.post(f"{URL}?{query}"))["detail"]
    for part in ("num_nodes=20", "max_width=3", "max_height=4", "13", "max_width to 5"):
        assert part in detail


def test_the_refusal_is_in_the_language_of_the_request(client: APIClient) -> None:
    english = refused(client.post(f"{URL}?topic=ai&language=en"))["detail"]
    portuguese = refused(client.post(f"{URL}?topic=ai&language=pt"))["detail"]
    spanish = refused(client.post(f"{URL}?topic=ai&language=es"))["detail"]
    assert len({english, portuguese, spanish}) == 3


@pytest.mark.parametrize("body", ["{", "[]", '"python"', "3", "nul", "\xff"])
def test_a_body_that_is_no_json_object_is_refused(client: APIClient, body: str) -> None:
    refused(client.post(URL, body.encode("latin-1"), content_type="application/json"))


def test_another_content_type_is_refused(client: APIClient) -> None:
    response = client.post(URL, "topic=python", content_type="text/plain")
    assert response.status_code == 415
    assert response.json()["code"] == "unsupported_media_type"


@pytest.mark.django_db(transaction=True)
class TestReuse:
    QUERY = "?topic=python&num_nodes=12&language=es"

    def make(self, client: APIClient) -> TaskInfo:
        task = accepted(client.post(URL + self.QUERY))
        call(deliver(task))
        task.refresh_from_db()
        assert task.status == "completed", task.error
        return task

    def test_a_path_made_before_makes_a_task_that_is_born_completed(
        self, client: APIClient
    ) -> None:
        first = self.make(client)
        response = client.post(f"{URL}?topic=%20PYTHON%20&num_nodes=12&language=es")
        again = accepted(response)
        assert "made before" in response.json()["message"]
        assert (again.status, again.progress, again.result) == ("completed", 100, first.result)
        assert again.pk != first.pk
        assert not OrmQ.objects.exists()

    def test_another_request_is_made_anew(self, client: APIClient) -> None:
        self.make(client)
        for query in ("?topic=python&num_nodes=12&language=en", self.QUERY + "&level=beginner"):
            assert accepted(client.post(URL + query)).status == "pending"

    def test_after_30_days_it_is_made_anew_and_takes_the_place_of_the_old(
        self, client: APIClient
    ) -> None:
        self.make(client)
        LearningPath.objects.update(created_at=Now() - timedelta(days=30, seconds=1))
        self.make(client)
        assert LearningPath.objects.count() == 1
        request = PathRequest.from_params({"topic": "python", "num_nodes": 12, "language": "es"})
        assert library.find(request) is not None
