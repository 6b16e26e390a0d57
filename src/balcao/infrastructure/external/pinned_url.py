"""Requests to an address that was looked at before: what was checked is what is connected to."""

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx2

from balcao.infrastructure.addresses import IpAddress

Resolver = Callable[[str, int], Awaitable[list[IpAddress]]]

_PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True, kw_only=True)
class PinnedUrl:
    """A URL at the address that its name stood for, with the header and the TLS name that the server knows it by."""

    url: httpx2.URL
    host_header: str
    host: str

    @property
    def headers(self) -> dict[str, str]:
        """What the request must say, since its URL says only the address."""
        return {"Host": self.host_header}

    @property
    def extensions(self) -> dict[str, str]:
        """The name that the certificate must have."""
        return {"sni_hostname": self.host}


async def resolve(host: str, port: int) -> list[IpAddress]:
    """The addresses of a host by the machine's resolver, the preferred one first."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [ipaddress.ip_address(str(address[0]).partition("%")[0]) for *_, address in found]


async def pin(url: str, is_allowed: Callable[[IpAddress], bool], resolver: Resolver) -> PinnedUrl | None:
    """The URL at the address of its name, asked for once; None unless all of the name's addresses are allowed.

    A name that points elsewhere a moment later changes nothing.

    Raises:
        ValueError, httpx2.InvalidURL: it is no http(s) address of a host.
        OSError: the name is not known.
    """
    parts = urlsplit(url)
    if parts.scheme not in _PORTS or parts.hostname is None:
        raise ValueError("not an http(s) address of a host")
    addresses = await resolver(parts.hostname, parts.port or _PORTS[parts.scheme])
    if not addresses or not all(map(is_allowed, addresses)):
        return None
    return PinnedUrl(
        url=httpx2.URL(url).copy_with(host=str(addresses[0])),
        host_header=parts.netloc.rpartition("@")[2],
        host=parts.hostname,
    )
