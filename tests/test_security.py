"""What must be refused, and what must not be told, by the real processes."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
import requests
from django.conf import settings
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.urls import NoReverseMatch, reverse
from knox.models import AuthToken
from pytest_django import Settings

from reune import checks
from tasks import lifecycle
from tasks.messages import Message
from tasks.models import TaskInfo, TaskStep
from tests.factories import claim_of, make_running_task, make_task, make_user
from tests.processes import Server, Worker, wait_for

PROXY = {"X-Forwarded-For": "203.0.113.7", "X-Forwarded-Proto": "https"}


def manage(*command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *command],
        cwd=settings.BASE_DIR,
        env={"PATH": "/usr/bin:/bin", **variables},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


class TestDeployCheck:
    """`check --deploy` does not connect to the database."""

    PRODUCTION = {
        "DATABASE_URL": "postgres://nobody@127.0.0.1:1/nothing",
        "SECRET_KEY": "Zq8kT2vYw5xN1bR7cJ4mL9pF3hS6dG0aUeXiOyBtVrM=",  # as Render makes them
        "ALLOWED_HOSTS": "reune.example",
    }

    def test_production_has_nothing_to_say(self) -> None:
        process = manage("check", "--deploy", "--fail-level", "DEBUG", **self.PRODUCTION)
        assert (process.returncode, process.stderr) == (0, "")
        assert process.stdout.startswith("System check identified no issues")

    def test_it_says_what_is_dangerous(self) -> None:
        bad = {"SECRET_KEY": "secret", "HTTPS": "false", "ALLOWED_HOSTS": "", "DEBUG": "true"}
        bad["ALLOWED_HOSTS"] = ","
        process = manage("check", "--deploy", **self.PRODUCTION | bad)
        found = set(re.findall(r"\((\w+\.\w+)\)", process.stderr))
        assert found >= {"reune.W001", "security.W004", "security.W010", "security.W016"}
        assert found >= {"security.W018", "security.W020"}

    @pytest.mark.parametrize("key", ["secret", "abc" * 20])
    def test_a_key_that_can_be_guessed_is_none(self, key: str, settings: Settings) -> None:
        settings.SECRET_KEY = key
        assert [one.id for one in checks.secret_key_cannot_be_guessed(None)] == ["reune.W001"]


@pytest.fixture(scope="module")
def behind_a_proxy(django_db_setup: None, django_db_blocker: Any) -> Iterator[Server]:
    """The web server as in production, behind one proxy that speaks TLS. Tests change no rows."""
    with django_db_blocker.unblock():
        with Server(HTTPS="true", NUM_PROXIES="1", LOG_FORMAT="json") as server:
            yield server
        connection.close()


class TestTransport:
    def test_who_came_over_plain_http_is_sent_to_https(self, behind_a_proxy: Server) -> None:
        headers = PROXY | {"X-Forwarded-Proto": "http"}
        options: dict[str, Any] = {"headers": headers, "allow_redirects": False}
        for answer in (
            behind_a_proxy.get("/tasks?limit=3", **options),
            behind_a_proxy.post("/tasks?limit=3", **options),
        ):
            assert answer.status_code == 308
            assert answer.headers["Location"] == (
                f"https://127.0.0.1:{behind_a_proxy.port}/tasks?limit=3"
            )
        assert behind_a_proxy.get("/health", **options).status_code == 200

    def test_who_came_without_a_proxy_is_not(self, behind_a_proxy: Server) -> None:
        answer = behind_a_proxy.get("/tasks", allow_redirects=False)
        assert answer.status_code == 200
        assert "Strict-Transport-Security" not in answer.headers

    def test_browsers_are_told_to_come_back_over_https(self, behind_a_proxy: Server) -> None:
        answer = behind_a_proxy.get("/health", headers=PROXY)
        assert answer.headers["Strict-Transport-Security"] == "max-age=2592000"

    def test_a_cookie_goes_over_https_only(self, behind_a_proxy: Server) -> None:
        cookie = behind_a_proxy.get("/admin/login/", headers=PROXY).headers["Set-Cookie"]
        assert cookie.startswith("csrftoken=")
        assert "; Secure" in cookie

    @pytest.mark.parametrize("path", ["/docs", "/schema", "/admin/login/", "/tasks", "/nothing"])
    def test_everything_has_a_policy(self, behind_a_proxy: Server, path: str) -> None:
        headers = behind_a_proxy.get(path, headers=PROXY).headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'self'" in policy
        assert "unsafe" not in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"


def send(server: Server, text: bytes) -> tuple[int, bytes]:
    """What the server answers to these bytes, and 0 if it only hangs up."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as wire:
        with suppress(BrokenPipeError, ConnectionResetError):
            wire.sendall(text)
        answer = b""
        with suppress(ConnectionResetError):
            while part := wire.recv(65536):
                answer += part
    return (int(answer.split()[1]) if answer else 0), answer


def request_of(
    line: bytes, *headers: bytes, body: bytes = b"", host: bytes = b"127.0.0.1"
) -> bytes:
    lines = [line, b"Host: " + host, *headers, b"Connection: close", b"", body]
    return b"\r\n".join(lines)


class TestStrangeRequests:
    """None of them is an error of ours, and after each the server answers."""

    @pytest.fixture(autouse=True)
    def _it_lives_on(self, behind_a_proxy: Server) -> Iterator[None]:
        yield
        assert behind_a_proxy.get("/health").ok
        assert '"level": "ERROR"' not in behind_a_proxy.output()

    @pytest.mark.parametrize(
        "host",
        [b"evil.example", b"127.0.0.1:1@evil.example", b"127.0.0.1, evil.example", b"", b"a b"],
    )
    def test_another_host_is_refused(self, behind_a_proxy: Server, host: bytes) -> None:
        status, answer = send(behind_a_proxy, request_of(b"GET /tasks HTTP/1.1", host=host))
        assert status == 400
        assert b"evil" not in answer

    def test_what_a_proxy_says_of_the_host_is_not_taken(self, behind_a_proxy: Server) -> None:
        headers = PROXY | {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "http"}
        answer = behind_a_proxy.get("/tasks", headers=headers, allow_redirects=False)
        assert answer.headers["Location"].startswith("https://127.0.0.1:")

    @pytest.mark.parametrize(
        "headers",
        [
            (b"Content-Length: 3", b"Content-Length: 5"),
            (b"Content-Length: -1",),
            (b"Content-Length: 1e3",),
            (b"Transfer-Encoding: chunked, identity",),
            (b"Bad Name: x",),
            (b"X-Request-ID: a\x00b",),
            (b"X: " + b"x" * 2_000_000,),
            tuple(b"X-%d: x" % number for number in range(2000)),
        ],
        ids=range(8),
    )
    def test_headers_that_cannot_be(self, behind_a_proxy: Server, headers: tuple[bytes]) -> None:
        line = b"POST /generate_mcp_async?topic=x HTTP/1.1"
        status, _ = send(behind_a_proxy, request_of(line, *headers, body=b"{}abc"))
        assert status in (0, 400, 431)

    def test_a_length_and_chunks_together_smuggle_nothing(self, behind_a_proxy: Server) -> None:
        smuggled = b"0\r\n\r\nGET /schema HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
        line = b"POST /generate_mcp_async?topic=x HTTP/1.1"
        headers = (b"Content-Length: 4", b"Transfer-Encoding: chunked")
        status, answer = send(behind_a_proxy, request_of(line, *headers, body=smuggled))
        assert status in (0, 400)
        assert answer.count(b"HTTP/1.1 ") <= 1

    @pytest.mark.parametrize(
        "path",
        [
            b"/static/../reune/settings.py",
            b"/static/%2e%2e/%2e%2e/reune/settings.py",
            b"/static/..%2f..%2freune%2fsettings.py",
            b"/static//etc/passwd",
            b"/static/%00",
            b"/..%5c..%5cetc/passwd",
            b"//evil.example/%2e%2e",
            b"/status/..%2f..%2fadmin",
            b"/%ff%fe",
            b"http://evil.example/status/x",
        ],
    )
    def test_a_path_that_leads_elsewhere(self, behind_a_proxy: Server, path: bytes) -> None:
        status, answer = send(behind_a_proxy, request_of(b"GET " + path + b" HTTP/1.1"))
        assert status in (400, 404), answer
        assert b"SECRET_KEY" not in answer
        assert b"root:" not in answer
        assert b"Location" not in answer

    @pytest.mark.parametrize(
        ("path", "kind"),
        [
            ("/tasks", "application/json"),
            ("/generate_mcp_async", "application/json"),
            ("/generate_mcp_async", "application/x-www-form-urlencoded"),
            ("/generate_mcp_async", "multipart/form-data"),
            ("/admin/login/", "application/x-www-form-urlencoded"),
            ("/admin/login/", "multipart/form-data"),
        ],
    )
    def test_a_body_that_is_too_large(self, behind_a_proxy: Server, path: str, kind: str) -> None:
        kind = f"{kind}; boundary=b" if "multipart" in kind else kind
        body = b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n' * ("multi" in kind)
        body += b"a=" + b"x" * settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        answer = behind_a_proxy.post(path, data=body, headers={"Content-Type": kind})
        # The admin's forms are refused before they are read: they have no CSRF token.
        assert answer.status_code in ((413,) if "admin" not in path else (400, 403, 413))

    @pytest.mark.parametrize("body", ["[" * 100_000, '{"a":' * 20_000, "[" * 500 + "]" * 500])
    @pytest.mark.parametrize("path", ["/tasks", "/generate_mcp_async"])
    def test_json_that_is_too_deep(self, behind_a_proxy: Server, path: str, body: str) -> None:
        answer = behind_a_proxy.post(path, data=body, headers={"Content-Type": "application/json"})
        assert (answer.status_code, answer.json()["code"]) == (400, "parse_error")

    def test_too_many_fields(self, behind_a_proxy: Server) -> None:
        form = "&".join(f"f{number}=1" for number in range(2000))
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        assert (
            behind_a_proxy.post("/generate_mcp_async", data=form, headers=kind).status_code == 400
        )

    def test_a_body_without_a_length_is_not_read_without_end(self, behind_a_proxy: Server) -> None:
        parts = (b"x" * 100_000 for _ in range(50))
        kind = {"Content-Type": "application/json"}
        answer = behind_a_proxy.post("/tasks", data=parts, headers=kind)
        assert answer.status_code in (400, 413)


HOSTILE = '<script>alert("1")</script><img src=x onerror=alert(1)>'


@pytest.mark.django_db
class TestWhatUsersWrote:
    def test_is_text_in_every_page_of_the_admin(self) -> None:
        """Of every model that is registered, in its list and in its form."""
        task = make_task(description=HOSTILE, params={"topic": HOSTILE}, error=HOSTILE)
        running = make_running_task(description=HOSTILE)
        lifecycle.report(claim_of(running), messages=[Message(HOSTILE)])
        TaskStep.objects.create(task=task, name=HOSTILE[:50], value={"a": HOSTILE})
        staff = make_user(HOSTILE[:100], is_staff=True, is_superuser=True)
        AuthToken.objects.create(staff)
        client = Client()
        client.force_login(staff)
        pages = [client.get(path) for path in admin_pages()]
        assert len(pages) > 10
        for page in pages:
            assert page.status_code == 200, page.request["PATH_INFO"]
            assert not re.search("<script>alert|<img src=x", page.text), page.request["PATH_INFO"]
        assert any("&lt;script&gt;" in page.text for page in pages)

    def test_is_data_in_every_answer_of_the_api(self, client: Any) -> None:
        task = make_task(description=HOSTILE, params={"topic": HOSTILE}, error=HOSTILE)
        for path in (f"/status/{task.pk}", f"/tasks/{task.pk}", f"/nothing/{HOSTILE}"):
            answer = client.get(path)
            assert "json" in answer["Content-Type"]
            assert json.loads(answer.content)
            assert answer["X-Content-Type-Options"] == "nosniff"


def admin_pages() -> Iterator[str]:
    yield reverse("admin:index")
    for model in admin.site._registry:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        yield reverse(f"{name}_changelist")
        for row in model._default_manager.all()[:3]:
            with suppress(NoReverseMatch):
                yield reverse(f"{name}_change", args=[row.pk])


@pytest.mark.django_db(transaction=True)
def test_the_logs_tell_no_secret() -> None:
    """Of web and worker, at the most talkative, in both formats and with the database away."""
    user = make_user("hunter2-name", is_staff=True)
    user.set_password("hunter2-password")
    user.save()
    token = AuthToken.objects.create(user)[1]
    nowhere = "postgres://reune:hunter2-database@127.0.0.1:1/reune"
    key = "hunter2-secret-key" * 3
    variables = {"LOG_LEVEL": "DEBUG", "SECRET_KEY": key}
    with (
        Server(LOG_FORMAT="json", **variables) as server,
        Worker(LOG_FORMAT="text", **variables) as worker,
        Server(DATABASE_URL=nowhere, **variables) as lost_server,
        Worker(DATABASE_URL=nowhere, **variables) as lost_worker,
    ):
        task_id = use_secrets(server, token)
        wait_for(lambda: TaskInfo.objects.get(pk=task_id).status == "failed")
        assert lost_server.get("/tasks", headers=bearing(token)).status_code == 503
        wait_for(lambda: "Connection refused" in lost_worker.output())
        logs = [one.output() for one in (server, worker, lost_server, lost_worker)]
    assert all(logs)
    assert "request_ended" in logs[0]
    assert "task_ended" in logs[1]
    for log in logs:
        for secret in (token, token[6:], "reune_wrong", "hunter2", "secret-topic"):
            assert secret not in log


def bearing(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def use_secrets(server: Server, token: str) -> str:
    """Have the server hear each of them, right and wrong; return the id of a task that fails."""
    with requests.Session() as browser:
        for password in ("hunter2-password", "hunter2-wrong"):
            page = browser.get(f"{server.url}/admin/login/", timeout=30).text
            csrf = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
            form = {"username": "hunter2-name", "password": password}
            form["csrfmiddlewaretoken"] = csrf[1] if csrf else ""
            browser.post(f"{server.url}/admin/login/", data=form, timeout=30)
            browser.cookies.clear()
    assert server.get("/tasks", headers=bearing("reune_wrong")).status_code == 401
    server.post("/generate_mcp_async?topic=secret-topic&num_nodes=10", headers=bearing(token))
    body = {"kind": "tasks.selftest", "params": {"behavior": "fail"}}
    return str(server.post("/tasks", json=body, headers=bearing(token)).json()["id"])
