"""What the resource has beyond the old server's calls."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.db.models.functions import Now
from rest_framework.test import APIClient

from tasks import lifecycle
from tasks.messages import Message
from tasks.models import DeletedTask, TaskInfo, TaskLimit
from tests.factories import ECHO, claim_of, make_running_task, make_task, make_user
from tests.processes import Server
from tests.tasks.api.test_views import Clients, problem

pytestmark = pytest.mark.django_db


@pytest.fixture
def ana(client_of: Clients) -> APIClient:
    return client_of(make_user("ana"))


def ended(**overrides: Any) -> TaskInfo:
    return make_task(**{"status": "completed", "completed_at": Now()} | overrides)


class TestCreate:
    def test_a_task_is_accepted_and_its_address_told(self, ana: APIClient) -> None:
        response = ana.post("/tasks", {"kind": ECHO, "params": {"a": 1}, "priority": 3}, "json")
        body = response.json()
        assert response.status_code == 202
        assert response["Location"] == f"http://testserver/tasks/{body['id']}"
        assert response["Retry-After"] == "1"
        assert (body["status"], body["priority"], body["queue_position"]) == ("pending", 3, 1)
        assert TaskInfo.objects.get(pk=body["id"]).params == {"a": 1}

    def test_the_same_key_and_body_are_the_same_task(self, ana: APIClient) -> None:
        def submit(params: dict[str, Any]) -> Any:
            headers = {"Idempotency-Key": "k"}
            return ana.post("/tasks", {"kind": ECHO, "params": params}, "json", headers=headers)

        first, again = submit({"a": 1}), submit({"a": 1})
        assert (again.status_code, again.json()["id"]) == (202, first.json()["id"])
        problem(submit({"a": 2}), 422, "idempotency_key_reused")
        assert TaskInfo.objects.count() == 1

    def test_a_key_that_is_too_long_is_refused_not_cut(self, ana: APIClient) -> None:
        response = ana.post(
            "/tasks", {"kind": ECHO}, "json", headers={"Idempotency-Key": "k" * 201}
        )
        assert problem(response, 400, "invalid_request")["errors"][0]["field"] == "Idempotency-Key"

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({}, "kind"),
            ({"kind": ECHO, "params": []}, "params"),
            ({"kind": ECHO, "priority": 10}, "priority"),
            ({"kind": ECHO, "prio": 1}, "prio"),
            ([], ""),
        ],
    )
    def test_a_bad_body_is_refused_by_field(self, ana: APIClient, body: Any, field: str) -> None:
        errors = problem(ana.post("/tasks", body, "json"), 400, "invalid_request")["errors"]
        assert [error["field"] for error in errors] == [field]
        assert not TaskInfo.objects.exists()

    def test_what_nobody_runs_and_what_is_internal_is_unknown(self, ana: APIClient) -> None:
        for kind in ("cooking", "tasks.selftest"):
            problem(ana.post("/tasks", {"kind": kind}, "json"), 400, "unknown_kind")

    def test_a_priority_above_one_s_limit_is_refused(self, ana: APIClient) -> None:
        response = ana.post("/tasks", {"kind": ECHO, "priority": 9}, "json")
        problem(response, 403, "priority_refused")


class TestRetrieve:
    def test_both_addresses_show_the_same(self, client: APIClient) -> None:
        task = make_running_task()
        assert client.get(f"/tasks/{task.pk}").json() == client.get(f"/status/{task.pk}").json()

    def test_what_the_caller_has_is_not_sent_again(self, client: APIClient) -> None:
        task = make_running_task()
        etag = client.get(f"/tasks/{task.pk}")["ETag"]
        headers = {"If-None-Match": f'"other", {etag}'}
        response = client.get(f"/tasks/{task.pk}", headers=headers)
        assert (response.status_code, response.content) == (304, b"")
        assert (response["ETag"], response["Retry-After"]) == (etag, "1")
        lifecycle.report(claim_of(task), progress=1)
        response = client.get(f"/tasks/{task.pk}", headers=headers)
        assert response.status_code == 200
        assert response["ETag"] != etag

    def test_the_line_s_moving_is_a_change(self, client: APIClient) -> None:
        first, second = make_task(), make_task()
        before = client.get(f"/tasks/{second.pk}")
        lifecycle.cancel(first.pk, reason="for the test")
        after = client.get(f"/tasks/{second.pk}")
        assert (before.json()["queue_position"], after.json()["queue_position"]) == (2, 1)
        assert before["ETag"] != after["ETag"]

    def test_who_waits_for_a_slot_or_a_retry_has_no_place(self, client: APIClient) -> None:
        parked, retried = make_task(entry=None), make_running_task()
        lifecycle.retry_later(claim_of(retried), timedelta(seconds=20))
        for task, seconds in ((parked, 5), (retried, 20)):
            response = client.get(f"/tasks/{task.pk}")
            assert response.json()["queue_position"] is None
            assert abs(int(response["Retry-After"]) - seconds) <= 1

    def test_who_is_far_back_is_told_to_ask_later(self, client: APIClient) -> None:
        tasks = [make_task() for _ in range(31)]
        later = int(client.get(f"/tasks/{tasks[-1].pk}")["Retry-After"])
        assert later > int(client.get(f"/tasks/{tasks[0].pk}")["Retry-After"]) == 1

    def test_a_task_that_has_ended_says_no_more_when_to_ask(self, client: APIClient) -> None:
        assert "Retry-After" not in client.get(f"/tasks/{ended().pk}")

    @pytest.mark.parametrize(
        ("accepted", "is_compressed"),
        [
            ("gzip, deflate, br", True),
            ("*", True),
            ("br, gzip;q=0.5", True),
            ("gzip;q=0", False),
            ("gzip;q=0, *", False),
            ("gzipped", False),
            ("", False),
        ],
    )
    def test_a_large_result_goes_out_compressed_to_those_who_take_it(
        self, client: APIClient, accepted: str, is_compressed: bool
    ) -> None:
        task = make_running_task()
        lifecycle.complete(claim_of(task), {"long": "é" * 5000})
        plain = client.get(f"/tasks/{task.pk}")
        response = client.get(f"/tasks/{task.pk}", headers={"Accept-Encoding": accepted})
        assert response.has_header("Content-Encoding") is is_compressed
        content = gzip.decompress(response.content) if is_compressed else response.content
        assert content == plain.content
        assert response["ETag"] == plain["ETag"]
        assert "Accept-Encoding" in response["Vary"]

    def test_head_has_the_headers_and_options_the_methods(self, client: APIClient) -> None:
        task = make_running_task()
        head = client.head(f"/tasks/{task.pk}")
        assert (head.status_code, head["ETag"]) == (200, client.get(f"/tasks/{task.pk}")["ETag"])
        for path, methods in (
            (f"/tasks/{task.pk}", {"GET", "PATCH", "DELETE", "HEAD", "OPTIONS"}),
            ("/tasks", {"GET", "POST", "HEAD", "OPTIONS"}),
        ):
            options = client.options(path)
            assert options.status_code == 200
            assert set(options["Allow"].split(", ")) == methods

    def test_accept_does_not_matter(self, client: APIClient) -> None:
        task = make_running_task()
        response = client.get(f"/tasks/{task.pk}", headers={"Accept": "text/html"})
        assert response["Content-Type"] == "application/json"


@pytest.mark.django_db(transaction=True)
class TestWait:
    @pytest.mark.parametrize("way", ["query", "header"])
    def test_the_answer_comes_with_the_change(self, server: Server, way: str) -> None:
        task = make_running_task()
        etag = server.get(f"/tasks/{task.pk}").headers["ETag"]
        complete = threading.Timer(0.5, end_and_leave, [task])
        complete.start()
        headers = {"If-None-Match": etag} | ({"Prefer": "wait=20"} if way == "header" else {})
        query = "?wait=20" if way == "query" else ""
        response = server.get(f"/tasks/{task.pk}{query}", headers=headers)
        complete.join()
        assert response.json()["status"] == "completed"
        assert 0.3 < response.elapsed.total_seconds() < 5
        assert response.headers.get("Preference-Applied") == (
            "wait=20" if way == "header" else None
        )

    def test_what_is_news_to_the_caller_comes_at_once(self, server: Server) -> None:
        for task, etag in ((make_running_task(), 'W/"other"'), (ended(), "")):
            headers = {"If-None-Match": etag}
            response = server.get(f"/tasks/{task.pk}?wait=20", headers=headers)
            assert response.status_code == 200
            assert response.elapsed.total_seconds() < 5

    def test_after_the_time_an_unchanged_task_is_not_sent_again(self, server: Server) -> None:
        task = make_running_task()
        etag = server.get(f"/tasks/{task.pk}").headers["ETag"]
        response = server.get(f"/tasks/{task.pk}?wait=1", headers={"If-None-Match": etag})
        assert response.status_code == 304
        assert response.elapsed.total_seconds() >= 1

    @pytest.mark.parametrize("wait", ["-1", "26", "x"])
    def test_a_wait_out_of_range_is_refused(self, server: Server, wait: str) -> None:
        assert server.get(f"/tasks/{uuid4()}?wait={wait}").status_code == 400

    def test_more_requests_wait_than_there_are_connections(self, server: Server) -> None:
        """The server has a pool of four."""
        task = make_running_task()
        answers: list[int] = []

        def wait() -> None:
            answers.append(server.get(f"/tasks/{task.pk}?wait=20").status_code)

        threads = [threading.Thread(target=wait) for _ in range(12)]
        for thread in threads:
            thread.start()
        assert server.get("/tasks").ok
        end(task)
        for thread in threads:
            thread.join(10)
        assert answers == [200] * 12


def end(task: TaskInfo) -> None:
    lifecycle.complete(claim_of(task), {}, messages=[Message("done")])


def end_and_leave(task: TaskInfo) -> None:
    end(task)
    connection.close()


class TestChange:
    def test_the_priority_of_a_waiting_task_is_changed(self, client_of: Clients) -> None:
        staff = client_of(make_user("staff", is_staff=True))
        first, second = make_task(), make_task()
        body = staff.patch(f"/tasks/{second.pk}", {"priority": 9}, "json").json()
        assert (body["priority"], body["queue_position"]) == (9, 1)
        assert staff.get(f"/tasks/{first.pk}").json()["queue_position"] == 2

    @pytest.mark.parametrize("body", [{}, {"priority": 10}, {"priority": 1, "status": "failed"}])
    def test_nothing_else_is(self, client_of: Clients, body: Any) -> None:
        staff = client_of(make_user("staff", is_staff=True))
        response = staff.patch(f"/tasks/{make_task().pk}", body, "json")
        problem(response, 400, "invalid_request")

    def test_a_task_that_has_ended_keeps_its_own(self, client_of: Clients) -> None:
        staff = client_of(make_user("staff", is_staff=True))
        task = ended()
        response = staff.patch(f"/tasks/{task.pk}", {"priority": 9}, "json")
        body = problem(response, 409, "transition_refused")
        assert body["task"]["status"] == "completed"


class TestDelete:
    def test_an_ended_task_goes_with_all_it_had(self, client_of: Clients) -> None:
        ana = make_user()
        task = make_running_task(owner=ana, owner_key=f"user:{ana.pk}")
        lifecycle.keep_step(claim_of(task), "step", 1, {}, messages=[Message("x")])
        lifecycle.complete(claim_of(task), {})
        assert client_of(ana).delete(f"/tasks/{task.pk}").status_code == 204
        problem(client_of(ana).get(f"/tasks/{task.pk}"), 404, "not_found")

    def test_an_active_one_stays(self, client_of: Clients) -> None:
        task = make_running_task()
        staff = client_of(make_user("staff", is_staff=True))
        body = problem(staff.delete(f"/tasks/{task.pk}"), 409, "transition_refused")
        assert body["task"]["status"] == "running"
        assert TaskInfo.objects.filter(pk=task.pk).exists()

    def test_the_limit_a_day_counts_it_all_the_same(self, client_of: Clients) -> None:
        ana = make_user()
        TaskLimit.objects.create(user=ana, max_per_day=1)
        ended(owner=ana, owner_key=f"user:{ana.pk}")
        (body,) = client_of(ana).get("/tasks").json()
        assert client_of(ana).delete(f"/tasks/{body['id']}").status_code == 204
        response = client_of(ana).post("/tasks", {"kind": ECHO}, "json")
        problem(response, 429, "limit_exceeded")
        DeletedTask.objects.update(created_at=Now() - timedelta(hours=25))
        assert client_of(ana).post("/tasks", {"kind": ECHO}, "json").status_code == 202


class TestMessages:
    def test_they_follow_each_other_by_link(self, client: APIClient) -> None:
        task = make_running_task()
        lifecycle.report(claim_of(task), messages=[Message(f"line {n}") for n in range(1, 8)])
        url, seen = f"/tasks/{task.pk}/messages?limit=3", []
        while url:
            response = client.get(url)
            seen += [message["message"] for message in response.json()]
            url = response.get("Link", "").split(">")[0].lstrip("<")
        assert seen == [f"line {n}" for n in range(1, 8)]
        assert client.get(f"/tasks/{task.pk}/messages?after=7").json() == []

    @pytest.mark.parametrize("query", ["after=-1", "after=x", "limit=0", "limit=1001", "since=1"])
    def test_a_bad_parameter_is_refused(self, client: APIClient, query: str) -> None:
        response = client.get(f"/tasks/{make_task().pk}/messages?{query}")
        problem(response, 400, "invalid_request")


Call = Callable[[APIClient, str], Any]
CALLS: dict[str, Call] = {
    "read": lambda client, path: client.get(path),
    "messages": lambda client, path: client.get(f"{path}/messages"),
    "events": lambda client, path: client.get(f"{path}/events"),
    "cancel": lambda client, path: client.post(f"{path}/cancel"),
    "resume": lambda client, path: client.post(f"{path}/resume"),
    "change": lambda client, path: client.patch(path, {"priority": 1}, "json"),
    "delete": lambda client, path: client.delete(path),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
class TestOwnership:
    def test_another_user_s_task_is_not_there(
        self, client: APIClient, client_of: Clients, call: Call
    ) -> None:
        ana, rui = make_user("ana"), make_user("rui")
        task = ended(owner=ana, owner_key=f"user:{ana.pk}")
        for somebody in (client_of(rui), client):
            problem(call(somebody, f"/tasks/{task.pk}"), 404, "not_found")
        assert TaskInfo.objects.values_list("status", "priority").get() == ("completed", 5)

    def test_an_anonymous_task_can_only_be_read_by_others(
        self, client: APIClient, client_of: Clients, call: Call
    ) -> None:
        task = make_task(owner_key="ip:somebody else", status="failed", completed_at=Now())
        is_reading = call in (CALLS["read"], CALLS["messages"], CALLS["events"])
        for somebody in (client, client_of(make_user())):
            response = call(somebody, f"/tasks/{task.pk}")
            assert response.status_code == (200 if is_reading else 404)
        assert TaskInfo.objects.values_list("status", "priority").get() == ("failed", 5)
