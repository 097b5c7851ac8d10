from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import requests
from django.db import connection

from tasks import lifecycle
from tasks.api.events import Seen, news
from tasks.body import Body, read
from tasks.messages import Message
from tasks.models import TaskInfo
from tests.factories import claim_of, make_running_task, make_task, make_user
from tests.processes import Server, wait_for

pytestmark = pytest.mark.django_db(transaction=True)


class Reader:
    """One who reads a stream, event by event, as the HTML standard tells."""

    def __init__(self, response: requests.Response) -> None:
        self.response = response
        self.lines = response.iter_lines(decode_unicode=True)
        self.last_id = ""

    def __iter__(self) -> Iterator[tuple[str, dict[str, Any]]]:
        event: dict[str, str] = {}
        for line in self.lines:
            if line and not line.startswith(":"):
                name, _, value = line.partition(": ")
                event[name] = value
            elif "data" in event:
                self.last_id = event["id"]
                yield event["event"], json.loads(event["data"])
                event = {}

    def until(self, kind: str, **terms: Any) -> list[tuple[str, dict[str, Any]]]:
        """Everything up to the first event that is so."""
        got = []
        for event in self:
            got.append(event)
            if event[0] == kind and terms.items() <= event[1].items():
                return got
        raise AssertionError(f"the stream ended after {got}")


@contextmanager
def reading(server: Server, task: TaskInfo, last_id: str = "") -> Iterator[Reader]:
    headers = {"Last-Event-ID": last_id} if last_id else {}
    with server.get(f"/tasks/{task.pk}/events", headers=headers, stream=True) as response:
        assert response.status_code == 200, response.text
        yield Reader(response)


def say(task: TaskInfo, progress: int, *texts: str) -> None:
    lifecycle.report(claim_of(task), progress=progress, messages=[Message(text) for text in texts])


def said(events: list[tuple[str, dict[str, Any]]]) -> list[str]:
    return [data["message"] for kind, data in events if kind == "message"]


def body_of(task: TaskInfo) -> Body:
    found = read(task.pk)
    assert found
    return found


def test_a_task_is_told_from_its_place_in_line_to_its_end(server: Server) -> None:
    task = make_task()
    with reading(server, task) as reader:
        events = reader.until("status")
        assert events[-1][1]["queue_position"] == 1
        TaskInfo.objects.filter(pk=task.pk).delete()
        task = make_running_task(id=task.pk)
        say(task, 40, "half", "way")
        events = reader.until("status", status="running")
        assert said(events) == ["half", "way"]
        assert ("progress", {"progress": 40}) in events
        assert [kind for kind, _ in events] == ["message", "message", "progress", "status"]
        lifecycle.complete(claim_of(task), {"big": "result"}, messages=[Message("done")])
        events = list(reader)
    assert said(events) == ["done"]
    kind, data = events[-1]
    assert (kind, data["status"]) == ("status", "completed")
    assert isinstance(data["completed_at"], float)
    assert "result" not in data


def test_who_comes_back_goes_on_without_loss_or_repetition(server: Server) -> None:
    task = make_running_task()
    say(task, 10, "one", "two", "three")
    seen = []
    with reading(server, task) as reader:
        for event in reader:
            seen.append(event)
            if said([event]) == ["two"]:
                break
    last_id = reader.last_id
    say(task, 20, "four")
    lifecycle.complete(claim_of(task), {}, messages=[Message("five")])
    with reading(server, task, last_id) as reader:
        seen += list(reader)
    assert said(seen) == ["one", "two", "three", "four", "five"]
    progress = [data["progress"] for kind, data in seen if kind == "progress"]
    assert progress == sorted(set(progress))
    assert progress[-1] == 100
    assert [data["status"] for kind, data in seen if kind == "status"][-1] == "completed"


def test_who_has_seen_the_end_is_told_not_to_come_back(server: Server) -> None:
    task = make_running_task()
    lifecycle.complete(claim_of(task), {})
    with reading(server, task) as reader:
        list(reader)
    response = server.get(f"/tasks/{task.pk}/events", headers={"Last-Event-ID": reader.last_id})
    assert (response.status_code, response.content) == (204, b"")


@pytest.mark.parametrize("last_id", ["0", "x", "1-2-running", "9" * 500, "1-2-running-1-0-7", "é"])
def test_an_id_that_is_none_of_ours_has_seen_nothing(last_id: str) -> None:
    assert Seen.from_id(last_id) == Seen()


def test_an_event_s_id_holds_all_that_its_reader_has_seen() -> None:
    task = make_running_task()
    say(task, 10, "one", "two")
    events = list(news(body_of(task), Seen()))
    for place, event in enumerate(events):
        later = list(news(body_of(task), Seen.from_id(event.seen.to_id())))
        assert [bytes(one) for one in later] == [bytes(one) for one in events[place + 1 :]]


def test_no_proxy_is_to_hold_events_back(server: Server) -> None:
    task = make_running_task()
    with reading(server, task) as reader:
        headers = reader.response.headers
        assert headers["Content-Type"] == "text/event-stream"
        assert headers["Cache-Control"] == "no-cache, no-transform"
        assert headers["X-Accel-Buffering"] == "no"
        assert "Content-Encoding" not in headers
    head = requests.head(f"{server.url}/tasks/{task.pk}/events", timeout=5)
    assert (head.status_code, head.headers["Content-Type"]) == (200, "text/event-stream")


@pytest.mark.parametrize("make", [make_running_task, make_task])
def test_streams_take_half_the_threads_and_give_them_back(make: Callable[[], TaskInfo]) -> None:
    task = make()
    with Server(WEB_THREADS="4") as server:
        path = f"/tasks/{task.pk}/events"
        with reading(server, task) as one, reading(server, task) as other:
            one.until("status")
            other.until("status")
            response = server.get(path)
            assert response.status_code == 503
            assert response.json()["code"] == "no_place_to_wait"
            assert int(response.headers["Retry-After"]) > 0
            assert server.get(f"/tasks/{task.pk}").ok
            assert server.get(f"/tasks/{task.pk}?wait=20").ok  # at once, as there is no place
        # Both readers have gone; the next heartbeat finds out.
        wait_for(lambda: stream_opens(server, path), seconds=12)


def stream_opens(server: Server, path: str) -> bool:
    with server.get(path, stream=True) as response:
        return response.ok


def test_a_stream_goes_on_when_the_listener_is_cut_off(server: Server) -> None:
    task = make_running_task()
    with reading(server, task) as reader:
        reader.until("status")
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            assert cursor.rowcount > 0
        say(task, 30, "cut off")
        assert said(reader.until("progress")) == ["cut off"]
        say(task, 40, "again")
        assert said(reader.until("progress")) == ["again"]


def test_a_deleted_task_ends_its_streams(server: Server) -> None:
    task = make_running_task()
    with reading(server, task) as reader:
        reader.until("status")
        TaskInfo.objects.filter(pk=task.pk).delete()
        assert list(reader) == []


def test_somebody_else_s_task_has_no_stream(server: Server) -> None:
    task = make_running_task(owner_key=f"user:{make_user().pk}")
    assert server.get(f"/tasks/{task.pk}/events").status_code == 404
