"""The other calls of the server that was here before, and the finished paths as a resource."""

from __future__ import annotations

import threading
from typing import Any

import pytest
import requests
from rest_framework.test import APIClient

from learning_paths import library
from learning_paths.models import LearningPath
from learning_paths.request import PathRequest
from tasks import lifecycle
from tasks.models import TaskInfo
from tests.factories import claim_of, deliver, make_user
from tests.processes import Server, Worker, wait_for
from tests.tasks.api.test_views import Clients, problem

pytestmark = pytest.mark.django_db
DOCUMENT = {"title": "Caminho", "nodes": {"a": {}}}


def keep(topic: str = "python", **document: Any) -> LearningPath:
    request = PathRequest.from_params({"topic": topic})
    library.keep(request, DOCUMENT | document)
    return LearningPath.objects.get(key=request.key())


class TestGenerate:
    @pytest.mark.django_db(transaction=True)
    def test_the_path_is_the_answer(self, server: Server, worker: Worker) -> None:
        response = server.get("/generate_mcp?topic=xadrez&num_nodes=10")
        assert response.status_code == 200, response.text
        document = response.json()
        assert len(document["nodes"]) == 10
        assert document["rootNodeId"] in document["nodes"]

    @pytest.mark.django_db(transaction=True)
    def test_who_comes_too_early_joins_the_same_task_later(self) -> None:
        with Server(WEB_THREADS="2") as server:
            holds = requests.get(
                f"{server.url}/tasks/{submitted(server)}/events", stream=True, timeout=30
            )
            next(holds.iter_lines())  # the one place to wait is taken
            response = server.get("/generate_mcp?topic=xadrez")
            body = response.json()
            assert (response.status_code, body["code"]) == (503, "still_running")
            assert response.headers["Location"] == f"/tasks/{body['task']['id']}"
            assert int(response.headers["Retry-After"]) > 0
            assert server.get("/generate_mcp?topic=xadrez").json()["task"] == body["task"]
            holds.close()

    @pytest.mark.django_db(transaction=True)
    @pytest.mark.parametrize("end", ["fail", "cancel"])
    def test_a_task_that_fails_or_is_canceled_is_a_problem(self, server: Server, end: str) -> None:
        answers: list[requests.Response] = []
        asks = threading.Thread(
            target=lambda: answers.append(server.get("/generate_mcp?topic=xadrez"))
        )
        asks.start()
        task = wait_for(lambda: TaskInfo.objects.first())
        if end == "fail":
            lifecycle.claim(deliver(task))
            task.refresh_from_db()
            lifecycle.fail(claim_of(task), "no such topic")
        else:
            lifecycle.cancel(task.pk, reason="for the test")
        asks.join(10)
        (response,) = answers
        assert (response.status_code, response.json()["code"]) == (422, "task_failed")
        if end == "fail":
            assert response.json()["detail"] == "no such topic"

    def test_bad_parameters_are_refused(self, client: APIClient) -> None:
        body = problem(client.get("/generate_mcp?topic=xadrez&num_nodes=1"), 400, "invalid_request")
        assert [error["field"] for error in body["errors"]] == ["num_nodes"]
        assert not TaskInfo.objects.exists()


def submitted(server: Server) -> str:
    task_id: str = server.post("/generate_mcp_async?topic=python").json()["task_id"]
    return task_id


class TestCache:
    def test_stats_count_paths_hits_and_bytes(self, client: APIClient) -> None:
        empty = {"paths": 0, "hits": 0, "size_bytes": 0}
        assert client.get("/cache_stats").json() == {"status": "success", "stats": empty}
        keep()
        client.post("/generate_mcp_async?topic=python")
        client.post("/generate_mcp_async?topic=python")
        stats = client.get("/cache_stats").json()["stats"]
        assert (stats["paths"], stats["hits"]) == (1, 2)
        assert stats["size_bytes"] > 0

    @pytest.mark.parametrize(
        ("pattern", "left"),
        [
            ("*", set()),
            ("python", {"xadrez", "python 3"}),
            ("PYTHON*", {"xadrez"}),
            ("*3", {"python", "xadrez"}),
            ("p.*", {"python", "xadrez", "python 3"}),
            ("", {"python", "xadrez", "python 3"}),
        ],
    )
    def test_staff_clear_what_is_like_the_pattern(
        self, client_of: Clients, pattern: str, left: set[str]
    ) -> None:
        for topic in ("python", "python 3", "xadrez"):
            keep(topic)
        staff = client_of(make_user("staff", is_staff=True))
        response = staff.post(f"/clear_cache?pattern={pattern}")
        count = 3 - len(left)
        assert response.json() == {
            "status": "success",
            "message": f"Cleared {count} items from cache",
            "pattern": pattern,
            "count": count,
            "domain_cache_cleared": pattern == "*",
        }
        assert set(LearningPath.objects.values_list("topic", flat=True)) == left

    def test_others_do_not(self, client: APIClient, client_of: Clients) -> None:
        keep()
        problem(client_of(make_user()).post("/clear_cache"), 403, "permission_denied")
        problem(client.post("/clear_cache"), 401, "not_authenticated")
        assert LearningPath.objects.exists()

    def test_a_misspelt_parameter_clears_nothing(self, client_of: Clients) -> None:
        keep()
        staff = client_of(make_user("staff", is_staff=True))
        problem(staff.post("/clear_cache?patern=x"), 400, "invalid_request")
        assert LearningPath.objects.exists()


class TestLearningPaths:
    def ask(self, client: APIClient, topic: str) -> None:
        assert client.post(f"/generate_mcp_async?topic={topic}").status_code == 200

    def test_the_list_has_what_the_caller_asked_for(
        self, client: APIClient, client_of: Clients
    ) -> None:
        ana = make_user("ana")
        keep("python", title="Python do início")
        keep("xadrez")
        self.ask(client_of(ana), "python")
        (path,) = client_of(ana).get("/learning_paths").json()
        created_at = path.pop("created_at")
        assert isinstance(created_at, float)
        path_id = str(LearningPath.objects.get(topic="python").pk)
        assert path == {
            "id": path_id,
            "topic": "python",
            "title": "Python do início",
            "language": "pt",
            "nodes": 15,
            "url": f"http://testserver/learning_paths/{path_id}",
        }
        assert client.get("/learning_paths").json() == []
        staff = client_of(make_user("staff", is_staff=True))
        assert len(staff.get("/learning_paths").json()) == 2

    def test_the_list_has_pages(self, client_of: Clients) -> None:
        for topic in ("python", "xadrez", "astronomia"):
            keep(topic)
        staff, url, seen = (
            client_of(make_user("staff", is_staff=True)),
            "/learning_paths?limit=2",
            [],
        )
        while url:
            response = staff.get(url)
            seen += [path["topic"] for path in response.json()]
            links = [one for one in response.get("Link", "").split(", ") if "next" in one]
            url = links[0].split(">")[0].lstrip("<") if links else ""
        assert seen == ["astronomia", "xadrez", "python"]

    def test_by_its_id_anybody_reads_a_path_and_not_twice_the_same(self, client: APIClient) -> None:
        path = keep()
        response = client.get(f"/learning_paths/{path.pk}")
        assert response.json() == DOCUMENT
        headers = {"If-None-Match": response["ETag"]}
        assert client.get(f"/learning_paths/{path.pk}", headers=headers).status_code == 304
        keep(title="new")
        assert client.get(f"/learning_paths/{path.pk}", headers=headers).status_code == 200

    @pytest.mark.parametrize("path_id", ["550e8400-e29b-41d4-a716-446655440000", "x", "%00"])
    def test_what_is_not_there_is_not_found(self, client: APIClient, path_id: str) -> None:
        problem(client.get(f"/learning_paths/{path_id}"), 404, "not_found")
