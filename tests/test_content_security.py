"""In a browser: nothing of our pages breaks the Content-Security-Policy they come with."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from reune.middleware import CONTENT_SECURITY_POLICY
from tests.factories import make_task, make_user
from tests.processes import Server

BROWSER = shutil.which("chromium") or shutil.which("google-chrome")
pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(BROWSER is None, reason="there is no browser on this machine"),
]


class Door(BaseHTTPRequestHandler):
    """Gives the browser a cookie, which goes to all ports of a host, and sends it on."""

    cookie = ""

    def do_GET(self) -> None:
        if not self.path.startswith("/http"):
            self.send_error(404)
            return
        self.send_response(302)
        self.send_header("Set-Cookie", self.cookie)
        self.send_header("Location", self.path.removeprefix("/"))
        self.end_headers()

    def log_message(self, *given: object) -> None:
        pass


@pytest.fixture
def door() -> Iterator[str]:
    """An address before which a URL may stand that staff alone may open."""
    client = Client()
    client.force_login(make_user("ana", is_staff=True, is_superuser=True))
    Door.cookie = f"sessionid={client.session.session_key}; Path=/"
    with HTTPServer(("127.0.0.1", 0), Door) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def look(url: str) -> tuple[str, list[str]]:
    """The page as the browser makes it, and what it says in its console."""
    assert BROWSER
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
    options += ["--enable-logging=stderr", "--virtual-time-budget=5000", "--dump-dom"]
    with tempfile.TemporaryDirectory() as profile:
        process = subprocess.run(
            [BROWSER, *options, f"--user-data-dir={profile}", url],
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
    said = re.findall(r":CONSOLE[^\]]*\] \"(.*)", process.stderr)
    return process.stdout, said


def test_the_documentation_works(server: Server) -> None:
    page, said = look(f"{server.url}/docs")
    assert "generate_mcp_async" in page, "Swagger UI has not rendered the description"
    assert said == []


def test_the_admin_works(server: Server, door: str) -> None:
    make_task()
    for path in (
        reverse("admin:index"),
        *(
            reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
            for model in admin.site._registry
            if model._meta.app_label == "tasks"
        ),
    ):
        page, said = look(f"{door}{server.url}{path}")
        assert "Log out" in page
        assert said == [], path


def test_what_breaks_the_policy_would_be_seen() -> None:
    """Or the tests above could not fail."""
    with HTTPServer(("127.0.0.1", 0), Breaking) as site:
        threading.Thread(target=site.serve_forever, daemon=True).start()
        _, said = look(f"http://127.0.0.1:{site.server_port}/")
        site.shutdown()
    assert any("Content Security Policy" in line for line in said)


class Breaking(Door):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        self.end_headers()
        self.wfile.write(b"<body style='color: red'><script>alert(1)</script>")
