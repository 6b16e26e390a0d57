"""Addresses of other servers, and which of them may be told secrets."""

import ipaddress
from urllib.parse import urlsplit

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


def _is_loopback(host: str) -> bool:
    """RFC 6761 reserves the name ``localhost``; RFC 1122 and 4291 the addresses."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
