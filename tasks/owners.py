"""Whose a task is: a user, or an anonymous caller known by a keyed hash of the address."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.models import User
from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from tasks.models import ANONYMOUS_PREFIX, USER_PREFIX


@dataclass(frozen=True)
class Owner:
    """`key` is what limits and lists go by; see TaskInfo.owner_key."""

    key: str
    user: User | None = None

    @property
    def is_trusted(self) -> bool:
        """Staff, and operators at the command line."""
        return self.key == COMMAND_LINE.key or (self.user is not None and self.user.is_staff)


#: Tasks that operators submit from the command line.
COMMAND_LINE = Owner("command")


def owner_of(request: HttpRequest) -> Owner:
    """The signed-in user, or the address the request came from, which is not stored itself."""
    user = request.user
    if isinstance(user, User):
        return Owner(f"{USER_PREFIX}{user.pk}", user)
    address = request.META.get("REMOTE_ADDR", "")
    hashed = salted_hmac("tasks.owner", address, algorithm="sha256")
    return Owner(f"{ANONYMOUS_PREFIX}{hashed.hexdigest()}")
