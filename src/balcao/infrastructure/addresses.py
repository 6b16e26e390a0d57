"""Addresses of other servers, and which of them may be told secrets."""

import ipaddress
import re
from ipaddress import IPv4Address, IPv6Address
from urllib.parse import urlsplit

IpAddress = IPv4Address | IPv6Address

_CREDENTIALS = re.compile(r"\A([A-Za-z][A-Za-z0-9+.-]*://)[^/?#]*@")

OPENID_CONFIGURATION = "/.well-known/openid-configuration"
"""Where a provider describes itself, behind its issuer's address (OpenID Connect Discovery 1.0, section 4)."""


def is_secure_url(url: str) -> bool:
    """Whether what is sent to this address stays secret: by https, or without leaving this machine."""
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname, parts.port
    except ValueError:
        return False
    if not host or parts.username is not None or parts.fragment:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(host))


def without_credentials(url: str) -> str:
    """The address without the user and the password that may stand in it (RFC 3986, section 3.2.1)."""
    return _CREDENTIALS.sub(r"\1", url)


def _is_loopback(host: str) -> bool:
    """RFC 6761 reserves the name ``localhost``; RFC 1122 and 4291 the addresses."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


_TRANSLATED = ipaddress.IPv6Network("64:ff9b::/96")
"""Leads through a translator to the IPv4 address in its last four bytes (RFC 6052)."""


def is_public_address(address: IpAddress) -> bool:
    """Whether an address is of the public internet, and so are the IPv4 addresses that an IPv6 one stands for."""
    if not address.is_global or address.is_multicast:
        return False
    return all(map(is_public_address, _inner_addresses(address)))


def _inner_addresses(address: IpAddress) -> list[IPv4Address]:
    if isinstance(address, IPv4Address):
        return []
    inner = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    if address in _TRANSLATED:
        inner.append(IPv4Address(int(address) & 0xFFFFFFFF))
    return [one for one in inner if one is not None]
