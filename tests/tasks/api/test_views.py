from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from django.db.models.functions import Now
from rest_framework.test import APIClient

from tasks import lifecycle
from tasks.messages import Message
from tasks.models import TaskInfo
from tasks.owners import Owner
from tests.factories import claim_of, make_running_task, make_task, make_user

pytestmark = pytest.mark.django_db

Clients = Callable[[Any], APIClient]


def problem(response: Any, status: int, code: str) -> dict[str, Any]:
    """Assert that the response is a problem with this status and code; return its body."""
    body = response.json()
    assert response.status_code == status, body
    assert response["Content-Type"] == "application/problem+json"
    assert body["status"] == status
    assert body["code"] == code
    assert isinstance(body["detail"], str)
    assert len(body["detail"]) > 10
    return dict(body)


class TestStatus:
    def test_a_running_task_has_the_fields_of_the_contract(self, client: APIClient) -> None:
        task = make_running_task(description="Generate MCP for topic: python")
        lifecycle.report(claim_of(task, 1), progress=40, messages=[Message("Tarefa iniciada")])
        body = client.get(f"/status/{task.pk}").json()
        times = [body.pop(name) for name in ("created_at", "updated_at")]
        (message,) = body.pop("messages")
        assert all(isinstance(time, float) for time in [*times, message["time"]])
        assert message["message"] == "Tarefa iniciada"
        assert body == {
            "id": str(task.pk),
            "kind": task.kind,
            "description": "Generate MCP for topic: python",
            "status": "running",
            "progress": 40,
            "priority": 5,
            "queue_position": None,
            "attempt": 1,
            "retry_at": None,
            "cancel_requested": False,
            "completed_at": None,
        }

    def test_a_completed_task_has_its_result_and_a_failed_one_its_error(
        self, client: APIClient
    ) -> None:
        done, failed = make_running_task(), make_running_task()
        lifecycle.complete(claim_of(done, 1), {"nodes": {}})
        lifecycle.fail(claim_of(failed, 1), "no such topic")
        body = client.get(f"/status/{done.pk}").json()
        assert (body["status"], body["progress"], body["result"]) == (
            "completed",
            100,
            {"nodes": {}},
        )
        assert isinstance(body["completed_at"], float)
        assert "error" not in body
        body = client.get(f"/status/{failed.pk}").json()
        assert (body["status"], body["error"]) == ("failed", "no such topic")
        assert "result" not in body

    def test_whole_seconds_keep_their_decimal_point(self, client: APIClient) -> None:
        """A Dart client reads a double and throws on 1700000000."""
        task = make_task(created_at=datetime.fromtimestamp(1_700_000_000, UTC))
        assert b'"created_at" : 1700000000.0,' in client.get(f"/status/{task.pk}").content

    @pytest.mark.parametrize("task_id", ["abc", "550e8400", "x" * 5000, "%00", "1 OR 1=1"])
    def test_what_is_no_task_id_is_not_found_and_says_so(
        self, client: APIClient, task_id: str
    ) -> None:
        body = problem(client.get(f"/status/{task_id}"), 404, "not_found")
        assert "not a task id" in body["detail"]

    def test_an_unknown_task_is_not_found_rather_than_pending(self, client: APIClient) -> None:
        task_id = uuid4()
        body = problem(client.get(f"/status/{task_id}"), 404, "not_found")
        assert str(task_id) in body["detail"]

    def test_the_sentence_is_in_the_callers_language(self, client: APIClient) -> None:
        response = client.get(f"/status/{uuid4()}", headers={"Accept-Language": "pt-BR"})
        assert "Não há nenhuma tarefa" in response.json()["detail"]

    def test_other_methods_are_refused(self, client: APIClient) -> None:
        response = client.delete(f"/status/{make_task().pk}")
        problem(response, 405, "method_not_allowed")
        assert "GET" in response["Allow"]


class TestWhoSeesWhat:
    def test_an_anonymous_task_is_readable_by_whoever_has_its_id(
        self, client: APIClient, client_of: Clients
    ) -> None:
        task = make_task(owner_key="ip:somebody else")
        assert client.get(f"/status/{task.pk}").status_code == 200
        assert client_of(make_user()).get(f"/status/{task.pk}").status_code == 200

    def test_a_users_task_is_not_there_for_others(
        self, client: APIClient, client_of: Clients
    ) -> None:
        ana, rui = make_user("ana"), make_user("rui")
        task = make_task(owner=ana, owner_key=f"user:{ana.pk}")
        assert client_of(ana).get(f"/status/{task.pk}").status_code == 200
        problem(client_of(rui).get(f"/status/{task.pk}"), 404, "not_found")
        problem(client.get(f"/status/{task.pk}"), 404, "not_found")
        assert client_of(rui).get("/tasks").json() == client.get("/tasks").json() == []

    def test_staff_see_everything(self, client_of: Clients) -> None:
        task = make_task(owner_key="user:123")
        staff = client_of(make_user("staff", is_staff=True))
        assert staff.get(f"/status/{task.pk}").status_code == 200
        assert [one["id"] for one in staff.get("/tasks").json()] == [str(task.pk)]

    def test_anonymous_callers_do_not_list_each_others_tasks(self, client: APIClient) -> None:
        response = client.post("/generate_mcp_async?topic=python", REMOTE_ADDR="192.0.2.1")
        mine = client.get("/tasks", REMOTE_ADDR="192.0.2.1").json()
        assert [one["id"] for one in mine] == [response.json()["task_id"]]
        assert client.get("/tasks", REMOTE_ADDR="192.0.2.2").json() == []

    def test_the_address_of_a_caller_is_not_stored(self, client: APIClient) -> None:
        client.post("/generate_mcp_async?topic=python", REMOTE_ADDR="192.0.2.1")
        assert "192.0.2.1" not in str(TaskInfo.objects.values().get())


class TestList:
    def test_tasks_come_newest_first_without_results(self, client_of: Clients) -> None:
        ana = make_user()
        owner = Owner(f"user:{ana.pk}", ana)
        for _ in range(3):
            task = make_running_task(owner=ana, owner_key=owner.key)
            lifecycle.complete(claim_of(task, 1), {"big": "result"}, messages=[Message("done")])
        body = client_of(ana).get("/tasks").json()
        assert len(body) == 3
        assert [one["created_at"] for one in body] == sorted(
            (one["created_at"] for one in body), reverse=True
        )
        assert all("result" not in one for one in body)
        assert all(one["messages"][0]["message"] == "done" for one in body)

    def test_pages_follow_each_other_by_link_without_gap_or_repetition(
        self, client_of: Clients
    ) -> None:
        staff = client_of(make_user("staff", is_staff=True))
        same_instant = datetime(2026, 1, 1, tzinfo=UTC)
        expected = {str(make_task(created_at=same_instant).pk) for _ in range(7)}
        seen: list[str] = []
        url = "/tasks?limit=3"
        while url:
            response = staff.get(url)
            page = response.json()
            assert isinstance(page, list)
            assert len(page) <= 3
            seen += [one["id"] for one in page]
            links = response.headers.get("Link", "").split(", ")
            following = [link for link in links if link.endswith('rel="next"')]
            url = following[0].split(">")[0].lstrip("<") if following else ""
        assert sorted(seen) == sorted(expected)

    def test_status_and_kind_filter(self, client_of: Clients) -> None:
        staff = client_of(make_user("staff", is_staff=True))
        pending = make_task()
        make_task(kind="learning_path", status="failed", completed_at=Now())
        assert [one["id"] for one in staff.get("/tasks?status=pending").json()] == [str(pending.pk)]
        assert len(staff.get("/tasks?kind=learning_path").json()) == 1
        assert staff.get("/tasks?kind=learning_path&status=pending").json() == []

    @pytest.mark.parametrize(
        ("query", "field"),
        [
            ("limit=0", "limit"),
            ("limit=101", "limit"),
            ("limit=ten", "limit"),
            ("status=happy", "status"),
            ("kind=cooking", "kind"),
            ("colour=red", "colour"),
        ],
    )
    def test_a_bad_filter_is_refused_by_name(
        self, client: APIClient, query: str, field: str
    ) -> None:
        body = problem(client.get(f"/tasks?{query}"), 400, "invalid_request")
        assert [error["field"] for error in body["errors"]] == [field]

    def test_a_broken_cursor_is_not_a_server_error(self, client: APIClient) -> None:
        problem(client.get("/tasks?cursor=%F0%9F%98%80"), 400, "invalid_request")
        problem(client.get("/tasks?cursor=cD1vdXJz"), 404, "not_found")

    def test_the_number_of_queries_does_not_grow_with_the_list(
        self, client_of: Clients, django_assert_num_queries: Any
    ) -> None:
        staff = client_of(make_user("staff", is_staff=True))
        for count in (2, 6):
            for _ in range(count):
                lifecycle.report(claim_of(make_running_task()), messages=[Message("x")])
            with django_assert_num_queries(2):
                assert len(json.loads(staff.get("/tasks").content)) >= count


class TestCancelAndResume:
    def test_a_waiting_task_is_canceled_and_resumed(self, client_of: Clients) -> None:
        ana = make_user()
        client = client_of(ana)
        task = make_task(owner=ana, owner_key=f"user:{ana.pk}")
        body = client.post(f"/tasks/{task.pk}/cancel").json()
        assert (body["status"], body["cancel_reason"]) == ("canceled", "ana, over the API")
        assert body["cancel_requested"] is True
        body = client.post(f"/tasks/{task.pk}/resume").json()
        assert (body["status"], body["cancel_requested"]) == ("pending", False)

    @pytest.mark.parametrize("verb", ["cancel", "resume"])
    def test_a_second_time_changes_nothing(self, client: APIClient, verb: str) -> None:
        created = client.post("/generate_mcp_async?topic=python").json()
        bodies = [client.post(f"/tasks/{created['task_id']}/{verb}").json() for _ in range(2)]
        assert bodies[0] == bodies[1]

    @pytest.mark.parametrize("verb", ["cancel", "resume"])
    def test_what_cannot_be_done_is_a_conflict(self, client_of: Clients, verb: str) -> None:
        task = make_task(status="completed", completed_at=Now())
        staff = client_of(make_user("staff", is_staff=True))
        body = problem(staff.post(f"/tasks/{task.pk}/{verb}"), 409, "transition_refused")
        assert body["detail"] == "This cannot be done: the task is completed."
        spoken = staff.post(f"/tasks/{task.pk}/{verb}", headers={"Accept-Language": "es"}).json()
        assert spoken["detail"] == "No es posible: el estado de la tarea es “completada”."

    @pytest.mark.parametrize("verb", ["cancel", "resume"])
    def test_somebody_else_s_task_is_not_there(
        self, client: APIClient, client_of: Clients, verb: str
    ) -> None:
        """Also an anonymous one, which its id is enough to read."""
        task = make_task(owner_key="ip:somebody else")
        problem(client.post(f"/tasks/{task.pk}/{verb}"), 404, "not_found")
        problem(client_of(make_user()).post(f"/tasks/{task.pk}/{verb}"), 404, "not_found")
        task.refresh_from_db()
        assert task.status == "pending"


class TestLimits:
    def test_one_task_too_many_is_refused_with_the_limit_s_name(self, client: APIClient) -> None:
        for count in range(5):
            assert (
                client.post(f"/generate_mcp_async?topic=python&num_nodes={10 + count}").status_code
                == 200
            )
        response = client.post("/generate_mcp_async?topic=python&num_nodes=20")
        body = problem(response, 429, "limit_exceeded")
        assert int(response["Retry-After"]) > 0
        assert [error["field"] for error in body["errors"]] == ["max_active"]
        assert TaskInfo.objects.count() == 5
