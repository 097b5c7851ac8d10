from __future__ import annotations

import pytest
from django.conf import settings
from django.test import Client, override_settings
from rest_framework.test import APIClient

from learning_paths.exceptions import LearningPathsError
from reune.errors import STATUS_OF_CODE
from tasks.exceptions import TasksError


def test_health_answers(client: APIClient) -> None:
    response = client.get("/health")
    assert (response.status_code, response.json()) == (200, {"status": "ok"})


@pytest.mark.parametrize("path", ["/nothing", "/tasks/", "/status/", "/generate_mcp_async/"])
@pytest.mark.parametrize("debug", [True, False])
def test_an_unknown_address_is_a_problem(client: APIClient, path: str, debug: bool) -> None:
    with override_settings(DEBUG=debug):
        response = client.get(path)
    assert response.status_code == 404
    assert response["Content-Type"] == "application/problem+json"
    assert response.json()["code"] == "not_found"


def test_a_forged_host_is_a_problem() -> None:
    with override_settings(DEBUG=False, ALLOWED_HOSTS=["reune.example"]):
        response = Client().get("/health/", headers={"Host": "evil.example"})
    assert response.status_code in (400, 404)
    assert response["Content-Type"] == "application/problem+json"


@pytest.mark.django_db
def test_a_fault_of_ours_tells_no_details(monkeypatch: pytest.MonkeyPatch) -> None:
    # The one table that names who is asking is gone: whatever the view does now goes wrong.
    monkeypatch.setattr(settings, "SECRET_KEY", None)
    client = Client(raise_request_exception=False)
    with override_settings(DEBUG=False):
        response = client.get("/tasks")
    assert response.status_code == 500
    assert response.json()["code"] == "server_error"
    assert "SECRET_KEY" not in response.content.decode()


def subclasses(base: type[Exception]) -> set[type[Exception]]:
    return {base} | {leaf for child in base.__subclasses__() for leaf in subclasses(child)}


def test_every_code_in_the_table_belongs_to_an_error() -> None:
    codes = {error.code for error in subclasses(TasksError) | subclasses(LearningPathsError)}  # type: ignore[attr-defined]
    assert STATUS_OF_CODE.keys() <= codes
