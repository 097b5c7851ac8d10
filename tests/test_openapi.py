"""The OpenAPI description: whole, valid, and what the server does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db.models.functions import Now
from django.test import override_settings
from jsonschema import Draft202012Validator
from rest_framework.test import APIClient

import learning_paths.api.urls
import tasks.api.urls
from tasks import lifecycle, live
from tasks.messages import Message
from tasks.models import TaskInfo
from tests.description import COMPONENTS, METHODS, Description
from tests.factories import ECHO, call, claim_of, deliver, make_running_task, make_task, make_user
from tests.tasks.api.test_views import Clients

NOBODY = "550e8400-e29b-41d4-a716-446655440000"


@pytest.fixture
def description(client: APIClient) -> Description:
    return Description(client)


class TestWhatIsThere:
    def test_it_is_openapi_3_1_and_its_generator_has_no_complaint(self) -> None:
        call_command("spectacular", validate=True, fail_on_warn=True, stdout=StringIO())

    def test_its_schemas_are_json_schemas(self, description: Description) -> None:
        assert description.document["openapi"].startswith("3.1")
        for schema in description.document["components"]["schemas"].values():
            Draft202012Validator.check_schema(schema)

    def test_every_route_is_in_it_and_nothing_else(self, description: Description) -> None:
        documented = {(method, path) for method, path, _ in description.operations()}
        of_the_project = ("/health", "/health/ready", "/metrics")
        assert documented == {*(("get", path) for path in of_the_project), *routes()}

    def test_everything_says_what_it_is(self, description: Description) -> None:
        for method, path, operation in description.operations():
            assert operation.get("summary"), (method, path)
            for parameter in operation.get("parameters", ()):
                assert parameter.get("description"), (method, path, parameter["name"])
            for status, response in operation["responses"].items():
                assert response["description"], (method, path, status)

    def test_every_error_has_an_example(self, description: Description) -> None:
        for method, path, operation in description.operations():
            for status, response in operation["responses"].items():
                if int(status) >= 400:
                    (content,) = response["content"].values()
                    assert content["examples"], (method, path, status)

    def test_its_examples_are_as_it_says(self, description: Description) -> None:
        examples = list(examples_of(description.document))
        assert len(examples) > 50
        for place, value in examples:
            description.validate(value, *place, "schema")

    @pytest.mark.django_db
    def test_the_page_of_it_needs_no_other_host(self, client: APIClient) -> None:
        page = client.get("/docs").content.decode()
        addresses = re.findall(r'(?:src|href)="([^"]+)"', page)
        assert len(addresses) >= 4
        for address in addresses:
            assert address.startswith("/")
            response = client.get(address)
            assert response.status_code == 200, address
            response.close()


def routes() -> Iterator[tuple[str, str]]:
    for pattern in (*tasks.api.urls.urlpatterns, *learning_paths.api.urls.urlpatterns):
        path = "/" + str(pattern.pattern).replace("<str:pk>", "{id}")
        view = pattern.callback
        names = getattr(view, "actions", None) or [
            name for name in METHODS if hasattr(view.view_class, name)
        ]
        # HTTP gives these two to whatever can be read, and to everything.
        yield from ((name, path) for name in names if name not in ("head", "options"))


def examples_of(node: Any, *place: str) -> Iterator[tuple[tuple[str, ...], Any]]:
    """The place of each content that has examples, with each."""
    if not isinstance(node, dict):
        return
    if "schema" in node:
        for example in node.get("examples", {}).values():
            yield place, example["value"]
    for name, inner in node.items():
        yield from examples_of(inner, *place, name)


@pytest.mark.django_db
class TestResponses:
    """What the server sends, in every state of a task, is as strictly what it says it sends."""

    def test_a_task_in_line(self, client: APIClient, description: Description) -> None:
        body = self.read(client, description, make_task())
        assert (body["status"], body["queue_position"]) == ("pending", 1)

    def test_a_task_without_a_slot(self, client: APIClient, description: Description) -> None:
        assert self.read(client, description, make_task(entry=None))["queue_position"] is None

    def test_a_running_task(self, client: APIClient, description: Description) -> None:
        task = make_running_task()
        lifecycle.report(claim_of(task), progress=40, messages=[Message("a"), Message("b")])
        assert self.read(client, description, task)["progress"] == 40

    def test_a_running_task_that_is_to_end(
        self, client: APIClient, description: Description
    ) -> None:
        task = make_running_task()
        lifecycle.cancel(task.pk, reason="for the test")
        body = self.read(client, description, task)
        assert (body["cancel_requested"], body["cancel_reason"]) == (True, "for the test")

    def test_a_task_that_waits_for_its_retry(
        self, client: APIClient, description: Description
    ) -> None:
        task = make_running_task()
        lifecycle.retry_later(claim_of(task), timedelta(seconds=20), messages=[Message("later")])
        assert isinstance(self.read(client, description, task)["retry_at"], float)

    def test_a_failed_task(self, client: APIClient, description: Description) -> None:
        task = make_running_task()
        lifecycle.fail(claim_of(task), "no such topic", messages=[Message("oh")])
        assert self.read(client, description, task)["error"] == "no such topic"

    def test_a_canceled_task(self, client: APIClient, description: Description) -> None:
        task = make_task()
        lifecycle.cancel(task.pk, reason="for the test")
        assert self.read(client, description, task)["status"] == "canceled"

    @pytest.mark.django_db(transaction=True)
    def test_a_completed_task_and_its_path(
        self, client: APIClient, description: Description
    ) -> None:
        url = "/generate_mcp_async?topic=python&num_nodes=12&level=advanced&hours_per_week=3"
        accepted = description.check("post", "/generate_mcp_async", client.post(url))
        task = TaskInfo.objects.get(pk=accepted["task_id"])
        call(deliver(task))
        body = self.read(client, description, task)
        assert body["status"] == "completed"
        description.validate(body["result"], *COMPONENTS, "LearningPath")
        get = "/generate_mcp" + url.removeprefix("/generate_mcp_async")
        assert description.check("get", "/generate_mcp", client.get(get)) == body["result"]
        (path,) = description.check("get", "/learning_paths", client.get("/learning_paths"))
        one = client.get(f"/learning_paths/{path['id']}")
        assert description.check("get", "/learning_paths/{id}", one) == body["result"]
        known = client.get(
            f"/learning_paths/{path['id']}", headers={"If-None-Match": one.headers["ETag"]}
        )
        description.check("get", "/learning_paths/{id}", known)
        assert known.status_code == 304
        for kind in ("md", "html"):
            url, place = f"/learning_paths/{path['id']}.{kind}", f"/learning_paths/{{id}}.{kind}"
            text = client.get(url)
            assert body["result"]["title"] in description.check("get", place, text)
            known = client.get(url, headers={"If-None-Match": text.headers["ETag"]})
            description.check("get", place, known)
            assert known.status_code == 304
        # An ended task's events end: all of its life in one answer.
        events = client.get(f"/tasks/{task.pk}/events")
        said = [event["event"] for event in description.check("get", EVENTS, events)]
        assert said == ["message"] * len(body["messages"]) + ["progress", "status"]
        live.close_live()

    def test_a_list_and_its_pages(self, client: APIClient, description: Description) -> None:
        for _ in range(3):
            submit(client, description)
        response = client.get("/tasks?limit=2")
        assert len(description.check("get", "/tasks", response)) == 2
        following = response.headers["Link"].split(">")[0].lstrip("<")
        assert len(description.check("get", "/tasks", client.get(following))) == 1

    def test_what_is_kept_and_whether_the_server_answers(
        self, client: APIClient, client_of: Clients, description: Description
    ) -> None:
        staff = client_of(make_user("staff", is_staff=True))
        description.check("get", "/health", client.get("/health"))
        description.check("get", "/cache_stats", client.get("/cache_stats"))
        description.check("post", "/clear_cache", staff.post("/clear_cache?pattern=a*"))

    def test_changes(self, client: APIClient, description: Description) -> None:
        task_id = submit(client, description)["id"]
        path = f"/tasks/{task_id}"
        lower = client.patch(path, {"priority": 1}, "json")
        assert description.check("patch", "/tasks/{id}", lower)["priority"] == 1
        for verb, after in (("cancel", "canceled"), ("resume", "pending"), ("cancel", "canceled")):
            response = client.post(f"{path}/{verb}")
            body = description.check("post", f"/tasks/{{id}}/{verb}", response)
            assert body["status"] == after
        description.check("delete", "/tasks/{id}", client.delete(path))

    def read(self, client: APIClient, description: Description, task: TaskInfo) -> Any:
        """The task as each of the calls that show it does; also when the caller has it already."""
        response = client.get(f"/tasks/{task.pk}")
        body = description.check("get", "/tasks/{id}", response)
        old = client.get(f"/status/{task.pk}")
        assert description.check("get", "/status/{id}", old) == body
        known = {"If-None-Match": response.headers["ETag"], "Prefer": "wait=0"}
        again = client.get(f"/tasks/{task.pk}", headers=known)
        assert again.status_code == 304
        description.check("get", "/tasks/{id}", again)
        messages = client.get(f"/tasks/{task.pk}/messages")
        said = description.check("get", "/tasks/{id}/messages", messages)
        assert said == body["messages"]
        return body


EVENTS = "/tasks/{id}/events"
GENERATE = "/generate_mcp_async"


def submit(client: APIClient, description: Description) -> Any:
    body = {"kind": "learning_path", "params": {"topic": "python", "num_nodes": None}}
    return description.check("post", "/tasks", client.post("/tasks", body, "json"))


@pytest.mark.django_db
class TestProblems:
    """One of each status."""

    def test_400(self, client: APIClient, description: Description) -> None:
        for method, path, response in (
            ("post", "/tasks", client.post("/tasks", {"kind": "cooking"}, "json")),
            ("post", "/tasks", client.post("/tasks", {"kind": 1, "x": 2}, "json")),
            ("post", "/tasks", client.post("/tasks", "{", content_type="application/json")),
            ("post", GENERATE, client.post(f"{GENERATE}?topic=python&num_nodes=99")),
            ("get", "/generate_mcp", client.get("/generate_mcp?topic=python&min_width=9")),
            ("get", "/tasks", client.get("/tasks?state=failed")),
            ("get", "/tasks/{id}", client.get(f"/tasks/{NOBODY}?wait=26")),
        ):
            assert response.status_code == 400
            description.check(method, path, response)

    def test_401(self, client: APIClient, description: Description) -> None:
        description.check("post", "/clear_cache", client.post("/clear_cache"))
        wrong = client.get("/tasks", headers={"Authorization": "Bearer none"})
        assert description.check("get", "/tasks", wrong)["code"] == "authentication_failed"

    def test_403(self, client: APIClient, client_of: Clients, description: Description) -> None:
        response = client_of(make_user()).post("/clear_cache")
        assert description.check("post", "/clear_cache", response)["status"] == 403
        body = {"kind": ECHO, "priority": 9}
        response = client.post("/tasks", body, "json")
        assert description.check("post", "/tasks", response)["code"] == "priority_refused"

    def test_403_for_a_session_without_its_csrf_token(
        self, client: APIClient, description: Description
    ) -> None:
        client.force_login(make_user())
        response = client.post("/tasks", {"kind": ECHO}, "json")
        assert response.status_code == 403
        description.check("post", "/tasks", response)

    @pytest.mark.parametrize("task_id", [NOBODY, "x"])
    def test_404(self, client: APIClient, description: Description, task_id: str) -> None:
        for method, path, _ in description.operations():
            if "{id}" in path:
                call = getattr(client, method)
                given = ({"priority": 1}, "json") if method == "patch" else ()
                response = call(path.replace("{id}", task_id), *given)
                assert response.status_code == 404
                description.check(method, path, response)

    def test_409_comes_with_the_task(self, client_of: Clients, description: Description) -> None:
        staff = client_of(make_user("staff", is_staff=True))
        ended = f"/tasks/{make_task(status='completed', completed_at=Now()).pk}"
        for method, path, response in (
            ("patch", "/tasks/{id}", staff.patch(ended, {"priority": 1}, "json")),
            ("delete", "/tasks/{id}", staff.delete(f"/tasks/{make_task().pk}")),
            ("post", "/tasks/{id}/cancel", staff.post(f"{ended}/cancel")),
            ("post", "/tasks/{id}/resume", staff.post(f"{ended}/resume")),
        ):
            assert response.status_code == 409
            assert description.check(method, path, response)["task"]["id"]

    def test_413(self, client: APIClient, description: Description) -> None:
        large = "x" * (settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)
        for path in ("/tasks", GENERATE):
            response = client.post(path, {"topic": large}, "json")
            assert response.status_code == 413
            description.check("post", path, response)

    def test_415(self, client: APIClient, description: Description) -> None:
        for path in ("/tasks", GENERATE):
            response = client.post(path, "topic,python", content_type="text/csv")
            assert response.status_code == 415
            description.check("post", path, response)

    def test_422(self, client: APIClient, description: Description) -> None:
        for topic in ("python", "xadrez"):
            response = client.post(
                GENERATE, {"topic": topic}, "json", headers={"Idempotency-Key": "k"}
            )
        assert response.status_code == 422
        description.check("post", GENERATE, response)

    def test_429(self, client: APIClient, description: Description) -> None:
        for _ in range(6):
            response = client.post(f"{GENERATE}?topic=python")
        assert description.check("post", GENERATE, response)["code"] == "limit_exceeded"
        with override_settings(REUNE_THROTTLE={"per_second": 0.001, "burst": 1}):
            for _ in range(2):
                response = client.get("/tasks", REMOTE_ADDR="203.0.113.29")
        assert description.check("get", "/tasks", response)["code"] == "throttled"

    def test_503(self, client: APIClient, description: Description) -> None:
        no_place = settings.REUNE_TASKS | {"max_waiting": 0}
        live.close_live()
        with override_settings(REUNE_TASKS=no_place):
            task_id = submit(client, description)["id"]
            for path, url, code in (
                (EVENTS, f"/tasks/{task_id}/events", "no_place_to_wait"),
                ("/generate_mcp", "/generate_mcp?topic=python", "still_running"),
            ):
                response = client.get(url)
                assert response.status_code == 503
                assert description.check("get", path, response)["code"] == code
