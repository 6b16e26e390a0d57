"""Where a request comes from, as far as the network tells."""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass

from starlette.requests import HTTPConnection

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """The network address of whoever asks, and whether his side of the connection is encrypted."""

    address: str
    is_https: bool


def client_of(connection: HTTPConnection, trusted: Sequence[Network]) -> Client:
    """Who is at the other end. What a request says of itself counts only where a trusted proxy says it."""
    peer = connection.client.host if connection.client else ""
    headers = connection.headers
    scheme = connection.url.scheme
    if _is_trusted(peer, trusted):
        scheme = headers.get("x-forwarded-proto", scheme).rpartition(",")[2].strip().lower()
    hops = [hop for line in headers.getlist("x-forwarded-for") for hop in line.split(",")]
    return Client(address=_behind_proxies(peer, hops, trusted), is_https=scheme == "https")


def _behind_proxies(peer: str, hops: Sequence[str], trusted: Sequence[Network]) -> str:
    """The first hop, from the nearest on, that is no trusted proxy: whatever stands left of it, anybody may write."""
    address = peer
    for hop in reversed(hops):
        if not _is_trusted(address, trusted):
            break
        parsed = _parse(hop.strip())
        if parsed is None:
            break
        address = str(parsed)
    return address


def _is_trusted(address: str, trusted: Sequence[Network]) -> bool:
    parsed = _parse(address)
    return parsed is not None and any(parsed in network for network in trusted)


def _parse(hop: str) -> Address | None:
    """An address as proxies write it, with or without a port; an IPv4 address in IPv6's clothes is that IPv4 one."""
    if hop.startswith("["):
        hop = hop[1:].partition("]")[0]
    elif hop.count(":") == 1:
        hop = hop.partition(":")[0]
    try:
        parsed = ipaddress.ip_address(hop)
    except ValueError:
        return None
    return (parsed.ipv4_mapped or parsed) if isinstance(parsed, ipaddress.IPv6Address) else parsed
