"""Whose a task is: a user, or an anonymous caller known by a keyed hash of the address."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv6Address, IPv6Network, ip_address

from django.contrib.auth.models import User
from django.http import HttpRequest
from django.utils.crypto import salted_hmac
from rest_framework.request import Request
from rest_framework.settings import api_settings

from tasks.models import ANONYMOUS_PREFIX, USER_PREFIX

#: What one customer of an IPv6 network gets; within it anybody may have any address.
IPV6_PREFIX_BITS = 64
#: An address as proxies write it: perhaps with a port, and IPv6 perhaps in brackets.
_WRITTEN = re.compile(r"\[([^]]*)\](?::\d*)?|([^:]*)(?::\d*)?|(.*:.*:.*)")
#: Longer than any address; what a header has beyond it is not looked at.
_LONGEST = 100


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


def owner_of(request: HttpRequest | Request) -> Owner:
    """The signed-in user, or the address the request came from, which is not stored itself."""
    user = request.user
    if isinstance(user, User):
        return Owner(f"{USER_PREFIX}{user.pk}", user)
    hashed = salted_hmac("tasks.owner", client_address(request), algorithm="sha256")
    return Owner(f"{ANONYMOUS_PREFIX}{hashed.hexdigest()}")


def client_address(request: HttpRequest | Request) -> str:
    """
    The address of the caller: IPv4 as it is, IPv6 as its /64 network.

    Each of the NUM_PROXIES (DRF's setting) that we trust has written at the end of
    X-Forwarded-For whom it heard; what stands before theirs, anybody may have sent. When the
    header has fewer addresses than there should be, or something else where one should be, the
    request did not come through those proxies: then it is the address that connected to us.
    """
    connected = request.META.get("REMOTE_ADDR", "")
    proxies = api_settings.NUM_PROXIES or 0
    if proxies > 0:
        forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "").rsplit(",", proxies)
        written = forwarded[-proxies] if len(forwarded) >= proxies else ""
        if address := _caller_at(written.strip()[:_LONGEST]):
            return address
    return _caller_at(connected) or connected


@lru_cache(maxsize=4096)
def _caller_at(written: str) -> str:
    """The address, or network, that is written there; empty if none is."""
    match = _WRITTEN.fullmatch(written)
    try:
        address = ip_address(next(filter(None, match.groups()), "") if match else "")
    except ValueError:
        return ""
    if not isinstance(address, IPv6Address):
        return str(address)
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(IPv6Network((int(address), IPV6_PREFIX_BITS), strict=False))
