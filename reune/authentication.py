"""
Who is asking: the bearer of a token, or a browser with a session; everybody else is anonymous.

What the database says of a credential is remembered for a second, so that polling costs it
nothing. A token that was revoked and a session that was signed out are refused a second later at
the latest. What it does not know is not remembered.
"""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from collections.abc import Callable
from copy import copy
from hashlib import sha256
from time import monotonic

from django.contrib.auth import get_user
from django.contrib.auth.models import User
from django.utils.translation import gettext as _
from knox.auth import TokenAuthentication
from knox.models import AuthToken
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.exceptions import AuthenticationFailed, Throttled
from rest_framework.request import Request

from reune import throttling
from tasks.owners import client_address

REMEMBERED_SECONDS = 1.0
#: How many credentials are remembered; the oldest goes first.
REMEMBERED_AT_MOST = 10_000
#: What may stand in a token. Anything else is not worth a query (and not all of it can be one).
_TOKEN = re.compile(rb"[!-~]{1,200}")

Identity = tuple[User, AuthToken | None]


class Memory:
    """Whose a credential is, by its digest, for a second. Safe to use from many threads."""

    def __init__(self, size: int = REMEMBERED_AT_MOST) -> None:
        self._size = size
        self._known: OrderedDict[bytes, tuple[float, Identity]] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._known)

    def get(self, digest: bytes) -> Identity | None:
        until, identity = self._known.get(digest, (0.0, None))
        return identity if monotonic() < until else None

    def put(self, digest: bytes, identity: Identity, *, asked_at: float) -> None:
        """`asked_at`, of the monotonic clock, is before the database was asked, not after."""
        with self._lock:
            self._known[digest] = (asked_at + REMEMBERED_SECONDS, identity)
            self._known.move_to_end(digest)
            if len(self._known) > self._size:
                self._known.popitem(last=False)


_memory = Memory()


class BearerAuthentication(BaseAuthentication):
    """
    `Authorization: Bearer …` with a token of django-rest-knox, which keeps only its hash.

    A request with a wrong token is refused even where anonymous callers are welcome: its sender
    means to be somebody.
    """

    def authenticate(self, request: Request) -> Identity | None:
        # Not DRF's get_authorization_header: that reads all headers of each poll to find this one.
        scheme, _space, value = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        token = value.strip().encode(errors="replace")
        identity = None
        if _TOKEN.fullmatch(token):
            credential = b"bearer " + token
            identity = _identify(request, credential, lambda: _bearer_of(token))
        if identity is None:
            raise AuthenticationFailed(
                _(
                    "This token is not valid: it is unknown, expired or revoked, or its user is"
                    " inactive. Ask the operator for another."
                )
            )
        return identity

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class RememberedSessionAuthentication(SessionAuthentication):
    """A session of Django's. As in DRF, unsafe methods need the CSRF token with it."""

    def authenticate(self, request: Request) -> tuple[User, None] | None:
        session = getattr(request._request, "session", None)
        if session is None:
            return None  # a poll without a cookie; see reune.middleware
        # So that caches between us and the browser are told that the answer varies by cookie.
        session.accessed = True
        if not session.session_key:
            return None
        credential = b"session " + session.session_key.encode()
        identity = _identify(request, credential, lambda: _signed_in(request))
        if identity is None:
            return None
        self.enforce_csrf(request)
        return identity[0], None


def _bearer_of(token: bytes) -> Identity | None:
    try:
        user, found = TokenAuthentication().authenticate_credentials(token)
    except AuthenticationFailed:
        return None
    return user, found


def _signed_in(request: Request) -> Identity | None:
    user = get_user(request._request)
    return (user, None) if isinstance(user, User) and user.is_active else None


def _identify(
    request: Request, credential: bytes, look_up: Callable[[], Identity | None]
) -> Identity | None:
    """
    Whose the credential is, from memory or from the database.

    Each caller gets a User of their own, as requests run at the same time. Raises Throttled when
    too many credentials from the same address were wrong of late: the throttle of views, which
    comes after us, would not save the queries.
    """
    digest = sha256(credential).digest()
    known = _memory.get(digest)
    if known is None:
        address, rate = client_address(request), throttling.get_rate()
        if seconds := throttling.failures.wait(address, rate):
            raise Throttled(seconds)
        asked_at = monotonic()
        known = look_up()
        if known is None:
            throttling.failures.take(address, rate)
            return None
        _memory.put(digest, known, asked_at=asked_at)
    user, token = known
    return copy(user), token
