"""The server's side of a connection, over a real socket, with clients that are slow, rude or too many."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest
import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from balcao.interface.http_protocol import ConnectionLimits, protocol_with
from balcao.interface.server import listen

REQUEST = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
UNFINISHED = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000000\r\n\r\n"
PATIENT = ConnectionLimits(max_connections=10, head_seconds=600)
BRISK = ConnectionLimits(max_connections=10, head_seconds=0.1, notice_seconds=0.1, stall_seconds=0.1)
LARGE = b"x" * 50_000_000
"""More than the buffers of both ends hold."""
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


def answering(body: bytes, status: int = 200) -> ASGIApp:
    """An application that answers at once, without reading the request."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return app


@asynccontextmanager
async def connected(limits: ConnectionLimits, app: ASGIApp, clients: int = 1) -> AsyncIterator[list[Streams]]:
    listener = listen("127.0.0.1", 0)
    host, port = listener.getsockname()
    config = uvicorn.Config(app, http=protocol_with(limits), ws="none", lifespan="off", log_config=None)
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    streams = [await asyncio.open_connection(host, port) for _ in range(clients)]
    try:
        async with asyncio.timeout(60):
            yield streams
    finally:
        for _, writer in streams:
            writer.close()
        server.should_exit = True
        await serving


async def end_of(reader: asyncio.StreamReader) -> bytes:
    """All that the server sends until it closes; a cut counts as the end."""
    received = b""
    with suppress(ConnectionError):
        while piece := await reader.read(65536):
            received += piece
    return received


async def answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(line.split(b":")[1] for line in head.splitlines() if line.lower().startswith(b"content-length:"))
    return int(head.split()[1]), await reader.readexactly(int(length))


async def write_until_cut(writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while True:
            writer.write(b"x" * 65536)
            await writer.drain()


async def test_a_small_answer_is_not_held_back_for_the_one_before() -> None:
    """Nagle's algorithm and a client's delayed acknowledgement together cost 40 ms for each request."""
    connected_to: asyncio.Future[asyncio.Transport] = asyncio.get_running_loop().create_future()

    class Keeper(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            assert isinstance(transport, asyncio.Transport)
            connected_to.set_result(transport)

    listener = listen("127.0.0.1", 0)
    async with await asyncio.get_running_loop().create_server(Keeper, sock=listener):
        _, writer = await asyncio.open_connection(*listener.getsockname())
        transport = await connected_to
        assert transport.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        transport.close()
        writer.close()


@pytest.mark.parametrize("start", [b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: a"])
async def test_a_head_that_never_ends_is_cut(start: bytes) -> None:
    async with connected(BRISK, answering(b"bom dia")) as [(reader, writer)]:
        writer.write(start)
        assert await end_of(reader) == b""


async def test_a_second_head_that_never_ends_is_cut() -> None:
    async with connected(BRISK, answering(b"bom dia")) as [(reader, writer)]:
        writer.write(REQUEST)
        assert await answer(reader) == (200, b"bom dia")
        writer.write(REQUEST[:-2])
        assert await end_of(reader) == b""


async def test_one_connection_serves_request_after_request() -> None:
    async with connected(PATIENT, answering(b"bom dia")) as [(reader, writer)]:
        for _ in range(3):
            writer.write(REQUEST)
            assert await answer(reader) == (200, b"bom dia")
        writer.write(REQUEST * 3)
        assert [await answer(reader) for _ in range(3)] == [(200, b"bom dia")] * 3


async def test_who_is_answered_early_can_read_it_and_is_then_cut() -> None:
    async with connected(BRISK, answering(b"grande demais", 413)) as [(reader, writer)]:
        writer.write(UNFINISHED + b"x" * 100_000)
        assert await answer(reader) == (413, b"grande demais")
        assert await reader.read() == b""
        await write_until_cut(writer)


async def test_what_is_sent_after_an_early_answer_is_not_read_for_long() -> None:
    patient = ConnectionLimits(max_connections=10, head_seconds=600, notice_seconds=600)
    async with connected(patient, answering(b"grande demais", 413)) as [(reader, writer)]:
        writer.write(UNFINISHED)
        assert await answer(reader) == (413, b"grande demais")
        await write_until_cut(writer)


async def test_who_does_not_read_the_answer_is_cut() -> None:
    async with connected(BRISK, answering(LARGE)) as [(reader, writer)]:
        writer.write(REQUEST)
        await write_until_cut(writer)
        assert len(await end_of(reader)) < len(LARGE)


async def test_who_reads_a_large_answer_gets_all_of_it() -> None:
    async with connected(BRISK, answering(LARGE)) as [(reader, writer)]:
        writer.write(REQUEST)
        assert await answer(reader) == (200, LARGE)


async def test_one_connection_too_many_is_answered_503_and_closed() -> None:
    one = ConnectionLimits(max_connections=1, head_seconds=600)
    async with connected(one, answering(b"bom dia"), clients=2) as [(first, first_writer), (second, second_writer)]:
        second_writer.write(REQUEST)
        status, body = await answer(second)
        assert (status, json.loads(body)["detail"]["error_code"]) == (503, "service_overloaded")
        assert await second.read() == b""
        first_writer.write(REQUEST)
        assert await answer(first) == (200, b"bom dia")


@pytest.mark.parametrize("nonsense", [b"bom dia\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n", b"X" * 70_000])
async def test_what_is_not_http_is_answered_with_the_one_body(nonsense: bytes) -> None:
    async with connected(PATIENT, answering(b"bom dia")) as [(reader, writer)]:
        writer.write(nonsense)
        status, body = await answer(reader)
        assert (status, json.loads(body)["detail"]["error_code"]) == (400, "bad_request")
        assert await end_of(reader) == b""


async def test_nonsense_after_the_answer_began_ends_the_connection(caplog: pytest.LogCaptureFixture) -> None:
    finish = asyncio.Event()

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"bom ", "more_body": True})
        await finish.wait()
        await send({"type": "http.response.body", "body": b"dia"})

    async with connected(PATIENT, slow) as [(reader, writer)]:
        writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        assert b"bom " in await reader.readuntil(b"bom ")
        writer.write(b"isto nao e um pedaco\r\n")
        assert b"dia" not in await end_of(reader)
        finish.set()
    assert "Traceback" not in caplog.text
