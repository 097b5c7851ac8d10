from __future__ import annotations

import json
import logging
import sys
from typing import Any

import pytest

from reune.logs import JsonFormatter, TextFormatter
from tasks.context import working_for
from tasks.models import TaskInfo
from tests.factories import make_user
from tests.processes import Process, Server, Worker, wait_for

#: Each begins a line for somebody: a terminal, `str.splitlines`, a collector of logs.
LINE_ENDS = ["\n", "\r", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029"]


def record(message: str, *values: Any, exc_info: Any = None) -> logging.LogRecord:
    return logging.LogRecord("tasks", logging.INFO, "file.py", 1, message, values, exc_info)


def as_json(message: str, *values: Any, **given: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(JsonFormatter().format(record(message, *values, **given)))
    return found


def an_error(message: str) -> Any:
    try:
        raise ValueError(message)
    except ValueError:
        return sys.exc_info()


class TestJson:
    def test_a_line_has_the_keys_of_the_message_as_they_are(self) -> None:
        line = as_json("task_ended task=%s attempt=%d seconds=%.3f", "7f", 2, 1.23456)
        assert line["message"] == "task_ended task=7f attempt=2 seconds=1.235"
        assert (line["task"], line["attempt"], line["seconds"]) == ("7f", 2, 1.23456)
        assert (line["level"], line["logger"]) == ("INFO", "tasks")
        assert line["time"].endswith("+00:00")

    def test_a_directive_without_a_name_is_skipped(self) -> None:
        line = as_json("at 100%% of %s in task=%s", "disk", "7f")
        assert line["task"] == "7f"
        assert line["message"] == "at 100% of disk in task=7f"

    def test_a_line_says_for_whom_it_works(self) -> None:
        with working_for(request="r1"), working_for(task="7f", attempt=1):
            line = as_json("something")
        assert (line["request"], line["task"], line["attempt"]) == ("r1", "7f", 1)
        assert "task" not in as_json("something")

    def test_a_value_cannot_pass_for_another_key(self) -> None:
        assert as_json("a=%s", 'x" level="ERROR', exc_info=None)["level"] == "INFO"
        assert as_json("level=%s", "FORGED")["level"] == "INFO"
        assert "b" not in as_json("a=%s", "x b=1")

    def test_a_traceback_stands_in_the_line(self) -> None:
        assert "ValueError: no" in as_json("task_raised", exc_info=an_error("no"))["exception"]

    @pytest.mark.parametrize("end", [*LINE_ENDS, "\udcff"])
    def test_nothing_ends_the_line(self, end: str) -> None:
        text = JsonFormatter().format(record("a=%s", f"x{end}y", exc_info=an_error(f"x{end}y")))
        assert len(text.splitlines()) == 1
        assert text.encode().isascii()


class TestText:
    def test_a_line_adds_what_it_does_not_say_itself(self) -> None:
        with working_for(task="7f", attempt=1, request=""):
            text = TextFormatter().format(record("task_ended task=%s", "7f"))
        assert text.endswith("INFO tasks task_ended task=7f attempt=1")

    @pytest.mark.parametrize("end", [*LINE_ENDS, "\x1b[2J", "\udcff"])
    def test_nothing_forges_a_line(self, end: str) -> None:
        forged = f"x{end}2026-11-21 ERROR tasks task_lost"
        text = TextFormatter().format(record("a=%s", forged, exc_info=an_error(forged)))
        head, *traceback = text.splitlines()
        assert "task_lost" in head
        assert all(line.startswith("    ") for line in traceback)
        assert text.replace("\n", "").isprintable()


def lines(process: Process) -> list[dict[str, Any]]:
    return [json.loads(line) for line in process.output().splitlines()]


@pytest.mark.django_db(transaction=True)
def test_a_request_is_found_again_in_the_log_of_its_task() -> None:
    with Server(LOG_FORMAT="json") as server, Worker(LOG_FORMAT="json") as worker:
        params = {"topic": "xadrez", "num_nodes": 10}
        headers = {"X-Request-ID": "from-the-proxy.1"}
        answer = server.post("/generate_mcp_async", params=params, headers=headers)
        task_id = answer.json()["task_id"]
        wait_for(lambda: TaskInfo.objects.get(pk=task_id).status == "completed")
        (ended,) = wait_for(
            lambda: [one for one in lines(worker) if one["message"].startswith("task_ended")]
        )
        (asked,) = [one for one in lines(server) if one["message"].startswith("request_ended")]
    assert answer.headers["X-Request-ID"] == "from-the-proxy.1"
    assert asked["request"] == ended["request"] == "from-the-proxy.1"
    assert (ended["task"], ended["attempt"]) == (task_id, 1)
    assert (asked["route"], asked["status"]) == ("generate_mcp_async", 200)


@pytest.mark.django_db
def test_a_request_without_an_id_gets_one(client: Any) -> None:
    first, second = client.get("/health"), client.get("/health")
    assert len(first["X-Request-ID"]) == 32
    assert first["X-Request-ID"] != second["X-Request-ID"]


@pytest.mark.django_db
@pytest.mark.parametrize("given", ["a b", "a\nb", "é", "x" * 65, "a;b", "", "<b>", "\x00"])
def test_an_id_that_is_none_is_not_taken(client: Any, given: str) -> None:
    answer = client.get("/health", HTTP_X_REQUEST_ID=given)
    assert answer["X-Request-ID"] != given
    assert len(answer["X-Request-ID"]) == 32


@pytest.mark.django_db
def test_the_task_keeps_the_id_for_its_log(client_of: Any) -> None:
    client = client_of(make_user(is_staff=True))
    answer = client.post(
        "/tasks",
        {"kind": "tasks.selftest", "params": {}},
        format="json",
        HTTP_X_REQUEST_ID="r-17",
    )
    assert TaskInfo.objects.get(pk=answer.json()["id"]).request_id == "r-17"


@pytest.mark.django_db
def test_what_changes_something_is_logged_by_its_route(
    client: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "reune.middleware")
    client.get("/status/0")
    client.post("/generate_mcp_async?topic=secret&num_nodes=1")
    (message,) = [one.getMessage() for one in caplog.records if one.name == "reune.middleware"]
    assert message.startswith("request_ended method=POST route=generate_mcp_async status=400 ")
    assert "secret" not in caplog.text
