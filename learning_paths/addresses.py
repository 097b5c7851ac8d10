"""
Connections to public addresses only.

A source may redirect, and where to is its choice; it must not be a way into the operator's network.
The name is resolved here and the connection made to the very address that was checked, so that a
name server cannot give one answer to the check and another to the connection.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Sequence
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import NameResolutionError, NewConnectionError

# Addresses that carry an IPv4 address within: RFC 6052, 3056.
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_SIX_TO_FOUR = ipaddress.IPv6Network("2002::/16")


class NotPublic(Exception):
    """A host has an address of this machine, of a private network, or of no host at all."""


def is_public(address: str) -> bool:
    """Return whether an IP address, as text, is one of the public internet."""
    ip: ipaddress.IPv4Address | ipaddress.IPv6Address = ipaddress.ip_address(address.split("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        ip = _embedded(ip) or ip
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


def public_addresses(host: str, port: int) -> Sequence[str]:
    """Resolve a host, best address first. Raises NotPublic if one is not public, and OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [*dict.fromkeys(str(entry[4][0]) for entry in found)]
    if not all(map(is_public, addresses)):
        raise NotPublic(host)
    return addresses


def _embedded(ip: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    if ip in _NAT64:
        return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    if ip in _SIX_TO_FOUR:
        return ipaddress.IPv4Address(int(ip) >> 80 & 0xFFFFFFFF)
    return ip.ipv4_mapped


class _Guarded(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        host = self._dns_host
        try:
            addresses = public_addresses(host, self.port or self.default_port)
        except socket.gaierror as error:
            raise NameResolutionError(host, self, error) from error
        try:
            return self._first_to_answer(addresses)
        finally:
            self._dns_host = host  # the certificate is for the name

    def _first_to_answer(self, addresses: Sequence[str]) -> socket.socket:
        for address in addresses[:-1]:
            self._dns_host = address
            try:
                return super()._new_conn()
            except NewConnectionError:
                continue
        self._dns_host = addresses[-1]
        return super()._new_conn()


class _GuardedTls(_Guarded, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Guarded


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _GuardedTls


class PublicAdapter(HTTPAdapter):
    """A transport adapter whose connections raise NotPublic where they must not go."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}
