"""Which addresses a webhook may have: those of the public internet, also behind translations."""

from ipaddress import ip_address

import pytest

from balcao.infrastructure.addresses import is_public_address

INSIDE = [
    "127.0.0.1",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.1.2.3",
    "255.255.255.255",
    "224.0.0.1",
    "192.0.2.1",
    "::1",
    "::",
    "fe80::1",
    "fc00::1",
    "ff02::1",
    "::ffff:127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::a00:1",
    "2002:7f00:1::",
    "2001:db8::1",
]


@pytest.mark.parametrize("address", INSIDE)
def test_what_is_inside_or_no_address_of_anybody_is_not_public(address: str) -> None:
    assert not is_public_address(ip_address(address))


@pytest.mark.parametrize("address", ["8.8.8.8", "200.160.2.3", "2001:12ff::1", "64:ff9b::808:808", "2606:4700::1111"])
def test_what_anybody_can_reach_is_public(address: str) -> None:
    assert is_public_address(ip_address(address))
