"""Make a token for the API: `manage.py create_token ana`."""

from __future__ import annotations

from argparse import ArgumentTypeError
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from knox.models import AuthToken

MOST_DAYS = 36_500


class Command(BaseCommand):
    help = (
        "Makes a token for the API and prints it, this once: the database keeps only its hash."
        " Tokens are revoked in the admin, under “Access to the API”."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--days", type=_days, help="how long it is valid; without it, for good")
        parser.add_argument(
            "--create-user",
            action="store_true",
            help="make the user if there is none; it has no password, so it can only use tokens",
        )

    def handle(self, *, username: str, days: int | None, create_user: bool, **options: Any) -> None:
        user = _user(username, create=create_user)
        expiry = timedelta(days=days) if days is not None else None
        _stored, token = AuthToken.objects.create(user, expiry=expiry)
        # The token alone, so that a script can take it.
        self.stdout.write(token)
        self.stderr.write("Keep it: it is not shown again. Send it as “Authorization: Bearer …”.")


def _user(username: str, *, create: bool) -> User:
    user = User.objects.filter(username=username).first()
    if user is None:
        if not create:
            raise CommandError(
                f"There is no user {username!r}. Check the name, or add --create-user to make one."
            )
        return _new_user(username)
    if not user.is_active:
        raise CommandError(
            f"User {username!r} is inactive, so no token of theirs is accepted. Activate them in"
            " the admin first."
        )
    return user


def _new_user(username: str) -> User:
    user = User(username=username)
    user.set_unusable_password()
    try:
        user.full_clean()
    except ValidationError as error:
        raise CommandError(
            f"{username!r} cannot be a user name: {' '.join(error.messages)}"
        ) from error
    user.save()
    return user


def _days(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= MOST_DAYS:
        raise ArgumentTypeError(f"say a number of days from 1 to {MOST_DAYS}")
    return int(text)
