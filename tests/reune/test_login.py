"""Passwords are not to be guessed at the admin's door."""

from __future__ import annotations

import logging

import pytest
from axes.models import AccessAttempt
from django.conf import settings as django_settings
from django.db import connection
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from tests.factories import make_user

pytestmark = pytest.mark.django_db

PASSWORD, WRONG = "correct horse battery", "hunter2-wrong"


@pytest.fixture(autouse=True)
def _staff(settings: Settings) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    ana = make_user("ana", is_staff=True)
    ana.set_password(PASSWORD)
    ana.save()


def log_in(password: str, *, name: str = "ana", address: str = "203.0.113.7") -> int:
    form = {"username": name, "password": password, "next": "/admin/"}
    return Client(REMOTE_ADDR=address).post("/admin/login/", form).status_code


def fail(times: int, **who: str) -> None:
    for number in range(times):
        # Whatever name is tried: it is the address that has to wait.
        assert log_in(WRONG, name=f"ana{number % 3}", **who) == 200


def test_after_ten_wrong_passwords_an_address_waits_even_with_the_right_one() -> None:
    fail(9)
    assert log_in(PASSWORD) == 302
    assert log_in(WRONG) == log_in(PASSWORD) == 429
    assert log_in(PASSWORD, address="203.0.113.8") == 302


def test_the_wait_ends() -> None:
    fail(9)
    assert log_in(WRONG) == 429
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE axes_accessattempt SET attempt_time = attempt_time - %s",
            [django_settings.AXES_COOLOFF_TIME],
        )
    assert log_in(PASSWORD) == 302


def test_who_waits_is_told_how_long_and_writes_nothing(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    fail(9)
    log_in(WRONG)
    before = list(AccessAttempt.objects.values())
    form = {"username": "ana", "password": PASSWORD}
    answer = Client(REMOTE_ADDR="203.0.113.7").post("/admin/login/", form)
    assert (answer.status_code, answer["Retry-After"]) == (429, "900")
    assert "15 minutes" in answer.text
    assert list(AccessAttempt.objects.values()) == before


def test_a_network_of_ipv6_is_one_caller() -> None:
    fail(9, address="2001:db8:1:2:3::4")
    assert log_in(WRONG, address="2001:db8:1:2:ffff::1") == 429
    assert log_in(PASSWORD, address="2001:db8:1:3::1") == 302


def test_a_caller_behind_a_proxy_is_not_the_proxy(settings: Settings) -> None:
    settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "NUM_PROXIES": 1}

    def answer(forwarded: str) -> int:
        client = Client(REMOTE_ADDR="10.0.0.1", headers={"X-Forwarded-For": forwarded})
        form = {"username": "ana", "password": WRONG}
        return client.post("/admin/login/", form).status_code

    # What stands before the proxy's own word, the caller has invented.
    assert [answer(f"198.51.100.{number}, 203.0.113.7") for number in range(10)][-1] == 429
    assert answer("203.0.113.7, 203.0.113.8") == 200


def test_passwords_are_kept_nowhere(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    fail(9)
    log_in(WRONG)
    log_in(PASSWORD)
    assert "login_locked_out" in caplog.text
    kept = f"{list(AccessAttempt.objects.values())} {caplog.text}"
    assert WRONG not in kept
    assert PASSWORD not in kept
