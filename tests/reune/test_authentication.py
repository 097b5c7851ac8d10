from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from http.cookies import SimpleCookie
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import path
from knox.models import AuthToken, get_digest_token
from pytest_django import Settings
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.test import APIClient
from rest_framework.views import APIView

from learning_paths.api import urls as learning_path_urls
from reune import authentication
from reune.authentication import REMEMBERED_SECONDS, Memory
from tasks.api import urls as task_urls
from tests.factories import make_user
from tests.processes import Server, wait_for

#: What a refusal may take longer than what is remembered, on a slow machine.
TOLERANCE_SECONDS = 1.0

seen: list[User | AnonymousUser] = []


class Whoami(APIView):
    """Says who the API takes the caller for, and asks the database nothing itself."""

    def get(self, request: Request) -> Response:
        seen.append(request.user)
        return Response({"name": request.user.get_username()})

    post = get


urlpatterns = [path("whoami", Whoami.as_view())]
only_whoami = pytest.mark.urls(__name__)
pytestmark = pytest.mark.django_db


def make_token(user: User, **fields: Any) -> str:
    return str(AuthToken.objects.create(user, **fields)[1])


def bearer(token: str) -> APIClient:
    client = APIClient(enforce_csrf_checks=True)
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    return client


def signed_in(user: User) -> APIClient:
    client = APIClient(enforce_csrf_checks=True)
    client.force_login(user)
    return client


def by_token(user: User) -> APIClient:
    return bearer(make_token(user))


CREDENTIALS = pytest.mark.parametrize("caller_of", [by_token, signed_in])
Callers = Callable[[User], APIClient]


def name_of(client: APIClient) -> str:
    return str(client.get("/whoami").json()["name"])


@only_whoami
class TestTokens:
    def test_the_database_keeps_only_a_hash(self) -> None:
        token = make_token(make_user())
        assert name_of(bearer(token)) == "ana"
        with connection.cursor() as cursor:
            cursor.execute("SELECT knox_authtoken::text FROM knox_authtoken")
            ((row,),) = cursor.fetchall()
        assert token not in row
        assert token.removeprefix("reune_")[15:] not in row

    def test_without_a_word_about_days_a_token_does_not_expire(self) -> None:
        make_token(make_user())
        assert AuthToken.objects.get().expiry is None

    @pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER "])
    def test_the_scheme_is_read_as_http_has_it(self, scheme: str) -> None:
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION=f"{scheme} {make_token(make_user())} ")
        assert name_of(client) == "ana"

    def test_another_scheme_is_not_ours(self) -> None:
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION="Basic YW5hOnNlY3JldA==")
        assert name_of(client) == ""

    @pytest.mark.parametrize(
        "token",
        ["", "nonsense", "reune_" + "0" * 64, "two words", "nul\0", "\xff\xfe", "ção", "x" * 5000],
    )
    def test_a_wrong_token_is_refused_and_the_answer_says_what_is_wanted(self, token: str) -> None:
        response = bearer(token).get("/whoami")
        body = response.json()
        assert (response.status_code, body["code"]) == (401, "authentication_failed")
        assert response["WWW-Authenticate"] == "Bearer"
        assert response["Content-Type"] == "application/problem+json"

    def test_an_expired_token_is_refused(self) -> None:
        token = make_token(make_user(), expiry=timedelta(seconds=-1))
        assert bearer(token).get("/whoami").status_code == 401

    def test_the_token_of_an_inactive_user_is_refused(self) -> None:
        token = make_token(make_user(is_active=False))
        assert bearer(token).get("/whoami").status_code == 401

    def test_half_a_token_is_no_token(self) -> None:
        """What the database finds it by is not enough."""
        token = make_token(make_user())
        assert bearer(token[:15]).get("/whoami").status_code == 401
        assert bearer(token[:-1] + "!").get("/whoami").status_code == 401

    def test_a_token_comes_before_a_session(self) -> None:
        client = signed_in(make_user("session"))
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {make_token(make_user())}")
        assert name_of(client) == "ana"


@only_whoami
class TestMemory:
    @CREDENTIALS
    def test_a_thousand_quick_requests_cost_a_few_queries(
        self, caller_of: Callers, settings: Settings
    ) -> None:
        settings.REUNE_THROTTLE = {"per_second": 0, "burst": 0}
        client = caller_of(make_user())
        before = time.monotonic()
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert {name_of(client) for _ in range(1000)} == {"ana"}
        seconds = time.monotonic() - before
        # Two a second: the token or the session, and what comes with it.
        assert 2 <= len(queries) <= 2 * (seconds / REMEMBERED_SECONDS + 1)

    def test_a_revoked_token_is_refused_within_a_second(self) -> None:
        client = by_token(make_user())
        assert name_of(client) == "ana"
        AuthToken.objects.all().delete()
        assert_refused_in_time(lambda: client.get("/whoami").status_code == 401)

    def test_a_session_that_was_signed_out_elsewhere_ends_within_a_second(self) -> None:
        client = signed_in(make_user())
        same_browser = APIClient()
        same_browser.cookies = SimpleCookie(client.cookies.output(header="", sep=";"))
        assert name_of(client) == name_of(same_browser) == "ana"
        same_browser.logout()
        assert_refused_in_time(lambda: name_of(client) == "")

    @CREDENTIALS
    def test_a_user_who_was_made_inactive_is_refused_within_a_second(
        self, caller_of: Callers
    ) -> None:
        client = caller_of(make_user())
        assert name_of(client) == "ana"
        User.objects.update(is_active=False)
        assert_refused_in_time(lambda: client.get("/whoami").json().get("name", "") == "")

    def test_an_inactive_user_has_no_session_whatever_the_backend_says(
        self, settings: Settings
    ) -> None:
        backend = "django.contrib.auth.backends.AllowAllUsersModelBackend"
        settings.AUTHENTICATION_BACKENDS = [backend]
        assert name_of(signed_in(make_user(is_active=False))) == ""

    def test_a_new_password_ends_the_sessions_of_the_old_one(self) -> None:
        user = make_user()
        client = signed_in(user)
        assert name_of(client) == "ana"
        user.set_password("another")
        user.save()
        assert_refused_in_time(lambda: name_of(client) == "")

    def test_a_second_counts_from_before_the_database_was_asked(self) -> None:
        """A revocation while the answer is on its way is not slept over for longer."""
        memory, identity = Memory(), (User(pk=1), None)
        memory.put(b"late", identity, asked_at=time.monotonic() - REMEMBERED_SECONDS)
        memory.put(b"now", identity, asked_at=time.monotonic())
        assert (memory.get(b"late"), memory.get(b"now")) == (None, identity)

    def test_what_was_not_known_is_not_remembered(self) -> None:
        digest, token = get_digest_token()
        client = bearer(token)
        assert client.get("/whoami").status_code == 401
        user = make_user()
        AuthToken.objects.bulk_create([AuthToken(digest=digest, token_key=token[:15], user=user)])
        assert name_of(client) == "ana"

    def test_memory_holds_digests_and_not_so_many(self) -> None:
        token = make_token(make_user())
        assert name_of(bearer(token)) == "ana"
        assert authentication._memory._known
        assert token.encode() not in b"".join(authentication._memory._known)
        memory = Memory(size=3)
        for number in range(10):
            memory.put(bytes([number]), (User(), None), asked_at=time.monotonic())
        assert len(memory) == 3
        assert memory.get(bytes([9]))

    def test_two_requests_do_not_share_a_user(self) -> None:
        """They run at the same time, and a view may change what it was given."""
        client = by_token(make_user())
        seen.clear()
        assert name_of(client) == name_of(client) == "ana"
        assert seen[0] == seen[1]
        assert seen[0] is not seen[1]

    def test_a_token_and_a_session_key_of_the_same_letters_are_two_things(self) -> None:
        client = signed_in(make_user())
        assert name_of(client) == "ana"
        assert bearer(client.cookies["sessionid"].value).get("/whoami").status_code == 401

    def test_guessing_is_refused_without_asking_the_database(
        self, settings: Settings, django_assert_num_queries: Any
    ) -> None:
        settings.REUNE_THROTTLE = {"per_second": 0.001, "burst": 3}
        wrong = bearer("reune_" + "0" * 64)
        from_here = {"REMOTE_ADDR": "192.0.2.77"}
        assert [wrong.get("/whoami", **from_here).status_code for _ in range(3)] == [401] * 3
        stale = APIClient()
        stale.cookies["sessionid"] = "0" * 32
        with django_assert_num_queries(0):
            for client in (wrong, stale):
                response = client.get("/whoami", **from_here)
                assert (response.status_code, response.json()["code"]) == (429, "throttled")
                assert int(response["Retry-After"]) > 0
        assert wrong.get("/whoami", REMOTE_ADDR="192.0.2.78").status_code == 401


@only_whoami
class TestCsrf:
    @pytest.mark.parametrize("is_remembered", [False, True])
    def test_an_unsafe_method_by_session_needs_the_csrf_token(self, is_remembered: bool) -> None:
        client = signed_in(make_user())
        if is_remembered:
            assert name_of(client) == "ana"
        response = client.post("/whoami")
        assert (response.status_code, response.json()["code"]) == (403, "permission_denied")
        client.cookies["csrftoken"] = "c" * 32
        assert client.post("/whoami", headers={"X-CSRFToken": "c" * 32}).json()["name"] == "ana"

    def test_tokens_and_anonymous_callers_need_none(self) -> None:
        assert by_token(make_user()).post("/whoami").json() == {"name": "ana"}
        assert APIClient(enforce_csrf_checks=True).post("/whoami").json() == {"name": ""}


@only_whoami
def test_caches_are_told_that_the_answer_varies_by_cookie() -> None:
    client = signed_in(make_user())
    for _ in range(2):
        assert "Cookie" in client.get("/whoami")["Vary"]
    assert "Cookie" in APIClient().get("/whoami")["Vary"]


def test_with_anonymous_off_every_call_needs_to_know_who_asks(transactional_db: None) -> None:
    with Server(ANONYMOUS="false") as server:
        assert server.get("/health").status_code == 200
        for pattern in [*task_urls.urlpatterns, *learning_path_urls.urlpatterns]:
            url = "/" + str(pattern.pattern).replace("<str:pk>", "0" * 32)
            for ask in (server.get, server.post):
                response = ask(url)
                assert (response.status_code, response.headers.get("WWW-Authenticate")) == (
                    401,
                    "Bearer",
                ), url
                assert response.json()["code"] == "not_authenticated"
        header = {"Authorization": f"Bearer {make_token(make_user())}"}
        assert server.get("/tasks", headers=header).json() == []


def test_operators_see_and_revoke_tokens_in_the_admin() -> None:
    operator = APIClient()
    operator.force_login(make_user("operator", is_staff=True, is_superuser=True))
    token = make_token(make_user())
    listing = operator.get("/admin/knox/authtoken/").content.decode()
    assert "ana" in listing
    assert token not in listing
    digest = AuthToken.objects.get().pk
    answer = operator.post(f"/admin/knox/authtoken/{digest}/delete/", {"post": "yes"})
    assert answer.status_code == 302
    assert not AuthToken.objects.exists()


def assert_refused_in_time(is_refused: Callable[[], bool]) -> None:
    wait_for(is_refused, seconds=REMEMBERED_SECONDS + TOLERANCE_SECONDS)
