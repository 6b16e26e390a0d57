"""A TCP proxy in front of a server that fails as networks and servers do, in this process's event loop."""

import asyncio
from contextlib import suppress
from enum import StrEnum
from types import TracebackType
from typing import Self

_PIECE = 16 * 1024


class Fault(StrEnum):
    """How a connection fails; ``NONE`` passes everything on."""

    NONE = "none"
    REFUSED = "refused"
    SILENT = "silent"
    CUT_REQUEST = "cut request"
    CUT_RESPONSE = "cut response"


class FaultyProxy:
    """Listens on loopback and passes on to ``port``, as ``fault`` says at the moment."""

    def __init__(self, port: int) -> None:
        self._upstream = port
        self._serving: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._over = asyncio.Event()
        self.fault = Fault.NONE
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        self._over.set()
        for writer in self._writers:
            writer.transport.abort()
        await asyncio.gather(*self._serving)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        self._writers.add(writer)
        if self.fault is not Fault.REFUSED:
            await self._serve(reader, writer)
        writer.close()
        self._serving.discard(task)
        self._writers.discard(writer)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        upstream_reader, upstream_writer = await asyncio.open_connection("127.0.0.1", self._upstream)
        self._writers.add(upstream_writer)
        await asyncio.gather(
            self._pass(reader, upstream_writer, Fault.CUT_REQUEST),
            self._pass(upstream_reader, writer, Fault.CUT_RESPONSE),
        )
        self._writers.discard(upstream_writer)

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, cut: Fault) -> None:
        """Pass bytes on until either side ends, or the fault does; a kept connection fails like a new one."""
        with suppress(ConnectionError):
            while piece := await reader.read(_PIECE):
                if self.fault is Fault.SILENT:
                    await self._over.wait()
                if self.fault in (Fault.REFUSED, cut):
                    writer.write(piece[: len(piece) // 2 if self.fault is cut else 0])
                    break
                writer.write(piece)
                await writer.drain()
        writer.close()
