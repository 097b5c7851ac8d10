from __future__ import annotations

import pytest

from learning_paths.addresses import NotPublic, is_public, public_addresses

PRIVATE = [
    "127.0.0.1", "127.8.8.8", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254",
    "100.64.0.1", "192.0.2.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255",
    "::", "::1", "fe80::1%eth0", "fc00::1", "fd12::1", "ff02::1", "2001:db8::1",
    "::ffff:10.0.0.1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::c0a8:101",
    "2002:7f00:1::", "2002:c0a8:101::",
]  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
def test_an_address_that_is_not_of_the_internet_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address",
    ["93.184.216.34", "8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"],
)
def test_an_address_of_the_internet_is_public(address: str) -> None:
    assert is_public(address)
    assert public_addresses(address, 443) == [address]


def test_a_name_that_leads_to_this_machine_is_not_public() -> None:
    with pytest.raises(NotPublic):
        public_addresses("localhost", 80)
