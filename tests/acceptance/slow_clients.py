"""Clients that a server must bear: those that send too much, those that send too slowly, and the others meanwhile."""

import asyncio
import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from urllib.parse import urlsplit

import httpx

_SEARCH = "/api/v1/documents/search"
_HEAD = b"POST /api/v1/documents/search HTTP/1.1\r\nHost: balcao.example\r\nContent-Type: application/json\r\n"
_PIECE = b" " * 65536
_DRIP_SECONDS = 1.0

SLOW_WAYS = (
    (b"", b""),
    (b"GET /info HTTP/1.1\r\nX-Slow: ", b"a"),
    (_HEAD + b"Content-Length: 1000\r\n\r\n", b""),
    (_HEAD + b"Content-Length: 1000\r\n\r\n", b" "),
    (_HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
)
"""What a slow client sends at once, and what it sends each second after that."""


def upload(url: str, size: int, *, chunked: bool, after_each: Callable[[], None]) -> tuple[bytes, int]:
    """Send a body of this many bytes until it is refused.

    Returns:
        what the server answered, and how many bytes of the body could be sent. ``after_each`` is called after each
        64 KiB.
    """
    address = urlsplit(url)
    answer, sent = b"", 0
    with socket.create_connection((address.hostname, address.port), timeout=60) as connection:
        framing = b"Transfer-Encoding: chunked" if chunked else b"Content-Length: %d" % size
        with suppress(ConnectionError):
            connection.sendall(_HEAD + framing + b"\r\n\r\n")
            for piece in _pieces(size, chunked=chunked):
                connection.sendall(piece)
                sent += len(_PIECE)
                after_each()
        with suppress(ConnectionError):
            while received := connection.recv(65536):
                answer += received
    return answer, sent


def _pieces(size: int, *, chunked: bool) -> Iterator[bytes]:
    piece = b"%x\r\n%b\r\n" % (len(_PIECE), _PIECE) if chunked else _PIECE
    for _ in range(size // len(_PIECE)):
        yield piece
    if chunked:
        yield b"0\r\n\r\n"


async def is_closed_within(url: str, way: tuple[bytes, bytes], seconds: float) -> bool:
    """Whether the server closes the connection of a client that is slow in this way."""
    first, then = way
    address = urlsplit(url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    try:
        async with asyncio.timeout(seconds):
            with suppress(ConnectionError):
                writer.write(first)
                closing = asyncio.create_task(_end_of(reader))
                while not (await asyncio.wait([closing], timeout=_DRIP_SECONDS))[0]:
                    writer.write(then)
                    await writer.drain()
                await closing
            return True
    except TimeoutError:
        return False
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


async def _end_of(reader: asyncio.StreamReader) -> None:
    while await reader.read(65536):
        pass


async def errors_of_honest_people(url: str, people: int, until: asyncio.Event) -> tuple[int, int]:
    """People who look and search, one request after the other, until the event.

    Returns:
        requests made, and how many of them failed or were answered 4xx or 5xx.
    """
    limits = httpx.Limits(max_connections=people)
    async with httpx.AsyncClient(base_url=url, timeout=30, limits=limits) as client:
        seen = await asyncio.gather(*(_requests_of(client, until) for _ in range(people)))
    return sum(made for made, _ in seen), sum(failed for _, failed in seen)


async def _requests_of(client: httpx.AsyncClient, until: asyncio.Event) -> tuple[int, int]:
    made = failed = 0
    while not until.is_set():
        for method, path, body in (("GET", "/info", None), ("POST", _SEARCH, {"query": "férias"})):
            made += 1
            try:
                response = await client.request(method, path, json=body)
                failed += response.status_code >= 400
            except httpx.HTTPError:
                failed += 1
        with suppress(TimeoutError):
            await asyncio.wait_for(until.wait(), 0.5)
    return made, failed
