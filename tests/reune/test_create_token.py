from __future__ import annotations

from datetime import timedelta
from io import StringIO

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.utils import timezone
from knox.models import AuthToken
from rest_framework.test import APIClient

from tests.factories import make_user

pytestmark = pytest.mark.django_db


def create_token(*arguments: str) -> str:
    """Run the command; return what it printed on its standard output."""
    out = StringIO()
    call_command("create_token", *arguments, stdout=out, stderr=StringIO())
    return out.getvalue().strip()


def test_it_prints_the_token_alone_and_the_token_works() -> None:
    make_user()
    token = create_token("ana")
    assert len(token.split()) == 1
    assert AuthToken.objects.get().expiry is None
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    assert client.get("/tasks").json() == []


def test_a_token_can_have_an_end() -> None:
    make_user()
    create_token("ana", "--days", "30")
    expiry = AuthToken.objects.get().expiry
    assert timedelta(days=29, hours=23) < expiry - timezone.now() <= timedelta(days=30)


@pytest.mark.parametrize("days", ["0", "-1", "1.5", "soon", "1000000000000", "³"])
def test_an_end_is_a_number_of_days(days: str) -> None:
    make_user()
    with pytest.raises(CommandError, match="days from 1 to"):
        create_token("ana", f"--days={days}")


def test_an_unknown_user_is_named_with_the_fix() -> None:
    with pytest.raises(CommandError, match=r"no user 'ana'.*--create-user"):
        create_token("ana")
    assert not User.objects.exists()


def test_it_makes_the_user_if_told_and_only_once() -> None:
    tokens = {create_token("ana", "--create-user") for _ in range(2)}
    assert len(tokens) == 2
    user = User.objects.get()
    assert (user.username, user.has_usable_password(), user.is_staff) == ("ana", False, False)


def test_an_inactive_user_gets_none() -> None:
    make_user(is_active=False)
    with pytest.raises(CommandError, match="inactive"):
        create_token("ana")
    assert not AuthToken.objects.exists()


@pytest.mark.parametrize("name", ["not a name", "", "x" * 151])
def test_what_cannot_be_a_user_name_is_refused(name: str) -> None:
    with pytest.raises(CommandError, match="cannot be a user name"):
        create_token(name, "--create-user")
