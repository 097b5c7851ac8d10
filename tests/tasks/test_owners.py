from __future__ import annotations

import http.client
from contextlib import closing

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.http import HttpRequest
from django.test import RequestFactory
from pytest_django import Settings

from tasks.owners import _caller_at, client_address, owner_of
from tests.factories import make_user
from tests.processes import Server

PROXY = "198.51.100.1"


def request_with(forwarded: str | None = None, *, connected: str = PROXY) -> HttpRequest:
    request = RequestFactory().get("/", REMOTE_ADDR=connected)
    if forwarded is not None:
        request.META["HTTP_X_FORWARDED_FOR"] = forwarded
    request.user = AnonymousUser()
    return request


class TestClientAddress:
    @pytest.mark.parametrize(
        ("proxies", "forwarded", "address"),
        [
            # Nobody is trusted: the header is anybody's.
            (0, "203.0.113.7", PROXY),
            (0, None, PROXY),
            (-1, "203.0.113.7", PROXY),
            # One proxy: what it wrote is the last.
            (1, "203.0.113.7", "203.0.113.7"),
            (1, "10.0.0.1, 203.0.113.7", "203.0.113.7"),
            (1, "10.0.0.1,10.0.0.2,  203.0.113.7  ", "203.0.113.7"),
            # Two: the outer one's word is the last but one.
            (2, "203.0.113.7, 192.0.2.9", "203.0.113.7"),
            (2, "10.0.0.1, 203.0.113.7, 192.0.2.9", "203.0.113.7"),
            # Fewer than the proxies write: it did not come through them.
            (1, None, PROXY),
            (1, "", PROXY),
            (2, "203.0.113.7", PROXY),
            (3, "203.0.113.7, 192.0.2.9", PROXY),
            # Something else where the address should be does not make what is beside it true.
            (1, "10.0.0.1, unknown", PROXY),
            (1, "10.0.0.1,", PROXY),
            (2, "10.0.0.1, , 192.0.2.9", PROXY),
            (1, "10.0.0.1, _hidden", PROXY),
            (1, "10.0.0.1, 203.0.113.7.evil", PROXY),
            (1, "10.0.0.1, 203.0.113", PROXY),
            (1, "10.0.0.1, " + "1" * 8000, PROXY),
            (1, "10.0.0.1, " + ":" * 8000, PROXY),
            (1, "10.0.0.1, \xff\x00", PROXY),
        ],
    )
    def test_the_header_counts_as_far_as_proxies_are_trusted(
        self, settings: Settings, proxies: int, forwarded: str | None, address: str
    ) -> None:
        settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "NUM_PROXIES": proxies}
        assert client_address(request_with(forwarded)) == address

    @pytest.mark.parametrize(
        ("written", "address"),
        [
            ("203.0.113.7:51234", "203.0.113.7"),
            ("203.0.113.7:", "203.0.113.7"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
            ("[2001:db8:1:2::9]", "2001:db8:1:2::/64"),
            ("[2001:db8:1:2::9]:443", "2001:db8:1:2::/64"),
            ("2001:DB8:1:2::9", "2001:db8:1:2::/64"),
            ("fe80::1%eth0", "fe80::/64"),
            ("::1", "::/64"),
            ("::ffff:203.0.113.7", "203.0.113.7"),
            ("[::ffff:203.0.113.7]:80", "203.0.113.7"),
        ],
    )
    def test_ports_and_spellings_make_no_difference(
        self, settings: Settings, written: str, address: str
    ) -> None:
        settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "NUM_PROXIES": 1}
        assert client_address(request_with(f"10.0.0.1, {written}")) == address
        assert client_address(request_with(connected=written)) == address

    def test_long_headers_are_not_kept(self, settings: Settings) -> None:
        settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "NUM_PROXIES": 1}
        client_address(request_with("x" * 8000))
        before = _caller_at.cache_info().currsize
        for number in range(10):
            client_address(request_with("x" * 8000 + str(number)))
        assert _caller_at.cache_info().currsize == before

    @pytest.mark.parametrize("connected", ["", "/run/web.sock"])
    def test_a_socket_without_an_address_is_one_caller(self, connected: str) -> None:
        assert client_address(request_with(connected=connected)) == connected

    def test_several_headers_are_read_as_one_from_the_right(self, transactional_db: None) -> None:
        """Over sockets: some proxies add a header of their own after the one a caller sent."""
        with Server(NUM_PROXIES="1") as server:

            def tasks_of(*forwarded: str, method: str = "GET", path: str = "/tasks") -> bytes:
                there = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
                with closing(there) as connection:
                    connection.putrequest(method, path)
                    for header in forwarded:
                        connection.putheader("X-Forwarded-For", header)
                    connection.putheader("Content-Length", "0")
                    connection.endheaders()
                    return connection.getresponse().read()

            ana, ben = "203.0.113.7", "203.0.113.8"
            tasks_of(ana, method="POST", path="/generate_mcp_async?topic=python")
            assert tasks_of(ana) != b"[]"
            assert tasks_of("10.0.0.1", ana) == tasks_of(f"10.0.0.1, {ana}") == tasks_of(ana)
            assert tasks_of(ana, ben) == tasks_of(f"{ana}, {ben}") == tasks_of(ben) == b"[]"


class TestOwner:
    def test_a_user_is_known_by_id(self) -> None:
        request = request_with()
        request.user = User(pk=7)
        assert owner_of(request).key == "user:7"

    def test_an_address_is_not_stored_itself(self) -> None:
        key = owner_of(request_with()).key
        assert key.startswith("ip:")
        assert PROXY not in key
        assert key == owner_of(request_with()).key
        assert key != owner_of(request_with(connected="198.51.100.2")).key

    def test_the_hash_takes_the_secret_key_to_guess(self, settings: Settings) -> None:
        before = owner_of(request_with()).key
        settings.SECRET_KEY = "another"
        assert owner_of(request_with()).key != before

    def test_an_ipv6_caller_is_the_network_they_have(self) -> None:
        """Or whoever has one would be as many callers as there are addresses in it."""
        keys = {
            owner_of(request_with(connected=f"2001:db8:1:2:{host:x}::1")).key for host in range(5)
        }
        assert len(keys) == 1
        assert owner_of(request_with(connected="2001:db8:1:3::1")).key not in keys

    @pytest.mark.django_db
    def test_staff_are_trusted_and_others_are_not(self) -> None:
        request = request_with()
        trusted = []
        for user in (make_user("ana"), make_user("staff", is_staff=True), AnonymousUser()):
            request.user = user
            trusted.append(owner_of(request).is_trusted)
        assert trusted == [False, True, False]
