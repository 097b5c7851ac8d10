"""Over HTTP, as whether there is CORS at all is decided when the server starts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests
from knox.models import AuthToken

from tests.factories import make_user
from tests.processes import Server

ORIGIN = "https://app.example"
ASKING = {"Origin": ORIGIN}


@pytest.fixture
def with_cors(transactional_db: None) -> Iterator[Server]:
    with Server(CORS_ALLOWED_ORIGINS=f"{ORIGIN},http://localhost:5173", ANONYMOUS="false") as one:
        yield one


def preflight(server: Server, method: str, *headers: str, origin: str = ORIGIN) -> dict[str, str]:
    response = requests.options(
        f"{server.url}/tasks",
        headers={
            "Origin": origin,
            "Access-Control-Request-Method": method,
            "Access-Control-Request-Headers": ", ".join(headers),
        },
        timeout=30,
    )
    assert response.status_code == 200
    return dict(response.headers)


def words(header: str) -> set[str]:
    return {word.strip().lower() for word in header.split(",")}


def test_a_web_client_may_send_and_read_what_the_api_has(with_cors: Server) -> None:
    wanted = ("authorization", "idempotency-key", "if-none-match", "last-event-id", "prefer")
    wanted += ("x-request-id",)
    # Browsers ask this without the token, so it has to be answered without one.
    allowed = {name.lower(): value for name, value in preflight(with_cors, "PATCH").items()}
    assert allowed["access-control-allow-origin"] == ORIGIN
    assert {*wanted, "content-type"} <= words(allowed["access-control-allow-headers"])
    assert {"get", "post", "patch", "delete"} <= words(allowed["access-control-allow-methods"])

    token = AuthToken.objects.create(make_user())[1]
    for headers in (ASKING, ASKING | {"Authorization": f"Bearer {token}"}):
        response = with_cors.get("/tasks", headers=headers)
        assert response.headers["Access-Control-Allow-Origin"] == ORIGIN
        assert words(response.headers["Access-Control-Expose-Headers"]) == {
            *("etag", "link", "location", "retry-after", "x-request-id")
        }
        assert "origin" in words(response.headers["Vary"])
    assert response.status_code == 200


def test_errors_can_be_read_too(with_cors: Server) -> None:
    for path, status in (("/tasks", 401), ("/nothing", 404)):
        response = with_cors.get(path, headers=ASKING)
        assert response.status_code == status
        assert response.headers["Access-Control-Allow-Origin"] == ORIGIN


def test_cookies_and_other_origins_are_not_let_in(with_cors: Server) -> None:
    assert "Access-Control-Allow-Credentials" not in preflight(with_cors, "GET")
    for origin in ("https://evil.example", f"{ORIGIN}.evil.example", "null", "http://app.example"):
        assert "Access-Control-Allow-Origin" not in preflight(with_cors, "GET", origin=origin)
        response = with_cors.get("/health", headers={"Origin": origin})
        assert "Access-Control-Allow-Origin" not in response.headers


def test_without_the_setting_no_origin_is_let_in(server: Server) -> None:
    response = server.get("/health", headers=ASKING)
    assert not {name for name in response.headers if name.lower().startswith("access-control")}
