from __future__ import annotations

import gzip
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from django.conf import settings

#: A request that fails for a reason nobody foresaw, in a process with the settings of production.
FAILS = """
import sys, types
from wsgiref.util import setup_testing_defaults
import django, sentry_sdk
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.urls import path
from tasks.context import working_for

django.setup()

def view(request):
    password = "hunter2-variable"
    raise ValueError(len(password))

urls = sys.modules["urls"] = types.ModuleType("urls")
urls.urlpatterns = [path("x", view)]
settings.ROOT_URLCONF = "urls"
environ = {"PATH_INFO": "/x", "QUERY_STRING": "topic=hunter2", "REQUEST_METHOD": "GET"}
environ |= {"HTTP_X_REQUEST_ID": "r1", "HTTP_AUTHORIZATION": "hunter2", "HTTP_REFERER": "hunter2"}
setup_testing_defaults(environ)
with working_for(task="7f", attempt=2):
    list(get_wsgi_application()(environ, lambda status, headers: None))
sentry_sdk.flush(10)
"""


class Sentry(BaseHTTPRequestHandler):
    events: list[dict[str, Any]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        for line in body.splitlines():
            if "exception" in (item := json.loads(line)):
                self.events.append(item)
        self.send_response(200)
        self.end_headers()

    def log_message(self, *given: object) -> None:
        pass


@pytest.fixture
def dsn() -> Iterator[str]:
    Sentry.events = []
    with HTTPServer(("127.0.0.1", 0), Sentry) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://key@127.0.0.1:{server.server_port}/1"
        server.shutdown()


def run(code: str, dsn: str) -> subprocess.CompletedProcess[str]:
    variables = {
        "DJANGO_SETTINGS_MODULE": "reune.settings",
        "DATABASE_URL": "postgres://nobody@127.0.0.1:1/nothing",
        "SECRET_KEY": "hunter2-key",
        "SENTRY_DSN": dsn,
        "ALLOWED_HOSTS": "127.0.0.1",
    }
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=settings.BASE_DIR,
        env={"PATH": "/usr/bin:/bin", **variables},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_an_error_arrives_with_its_task_and_without_what_users_wrote(dsn: str) -> None:
    pytest.importorskip("sentry_sdk")
    process = run(FAILS, dsn)
    (event,) = Sentry.events or [process.stderr]
    assert isinstance(event, dict), event
    assert event["exception"]["values"][0]["type"] == "ValueError"
    assert event["release"].startswith("reune@")
    assert {name: str(event["tags"][name]) for name in ("request", "task", "attempt")} == {
        "request": "r1",
        "task": "7f",
        "attempt": "2",
    }
    assert "hunter2" not in json.dumps(event)


def test_a_dsn_without_the_package_is_refused() -> None:
    code = "import sys; sys.modules['sentry_sdk'] = None; import reune.settings"
    process = run(code, "http://key@127.0.0.1:1/1")
    assert process.returncode != 0
    assert "sentry-sdk is not installed" in process.stderr
