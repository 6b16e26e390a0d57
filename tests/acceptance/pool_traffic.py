"""Requests of many tenants over a small pool, ending in every way that a request may end.

They go over real HTTP to a small application of this file, whose handlers read inside a unit of work, as the program's
do; the server also cancels handlers midway, and the client breaks connections in the middle of a streamed answer.
"""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from uuid import UUID

import httpx
import uvicorn
from sqlalchemy import event, select, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from balcao.domain.ids import PrefeituraId, UsuarioId
from balcao.infrastructure.database.tables import messages
from balcao.infrastructure.database.unit_of_work import PostgresUnitOfWork
from balcao.interface.server import listen
from tests.acceptance.population import Tenant

_ENDINGS = {"ok": 40, "erro": 15, "cancelado": 20, "corrente": 15, "sem-contexto": 10}
"""How requests end, in percent; ``corrente`` is a stream whose client leaves, ``sem-contexto`` forgot its tenant."""

_PARALLEL = 9
_LONGEST_LIFE_SECONDS = 0.06
_STREAMED_ROWS = 5
_EVERY_MESSAGE = select(messages.c.id)
_CONTEXT = (
    "SELECT coalesce(current_setting('balcao.prefeitura_id', true), ''),"
    " coalesce(current_setting('balcao.usuario_id', true), ''), session_user = current_user"
)


class _Interrupted(Exception):
    """What a handler fails with."""


@dataclass(slots=True)
class Tally:
    """What was seen: checkouts that were not clean, reads of rows that are not the reader's, and how requests ended."""

    checkouts: int = 0
    unclean_checkouts: int = 0
    wrong_reads: int = 0
    right_reads: int = 0
    ended: dict[str, int] = field(default_factory=lambda: dict.fromkeys(_ENDINGS, 0))

    @property
    def violations(self) -> int:
        """Everything that must not happen."""
        return self.unclean_checkouts + self.wrong_reads

    def judge(self, seen: set[UUID], own: set[UUID]) -> None:
        """Count one read: exactly the reader's own rows, or a violation."""
        if seen == own:
            self.right_reads += 1
        else:
            self.wrong_reads += 1


async def send_requests(engine: AsyncEngine, tenants: list[Tenant], attempts: int) -> Tally:
    """Send this many requests, of random tenants and people; what was seen."""
    tally = Tally()
    _watch_checkouts(engine, tally)
    chance = random.Random(attempts)  # noqa: S311 - repeatable on purpose
    readers = [
        (tenant.id, owner, {UUID(str(conversation.message.id))})
        for tenant in tenants
        for owner, conversation in tenant.conversations()
    ]
    queue = iter(chance.choices(list(_ENDINGS), list(_ENDINGS.values()), k=attempts))
    async with (
        _serving(_application(engine, chance)) as address,
        httpx.AsyncClient(base_url="http://{}:{}".format(*address), timeout=30) as client,
    ):

        async def visitor() -> None:
            for ending in queue:
                prefeitura_id, owner, own = chance.choice(readers)
                path = f"/{ending}/{prefeitura_id}/{owner or '-'}"
                if ending == "corrente":
                    await _leave_midway(address, path, rows=chance.randrange(_STREAMED_ROWS))
                else:
                    await _ask(client, path, set() if ending == "sem-contexto" else own, tally)
                tally.ended[ending] += 1

        await asyncio.gather(*(visitor() for _ in range(_PARALLEL)))
    return tally


async def _ask(client: httpx.AsyncClient, path: str, own: set[UUID], tally: Tally) -> None:
    answer = await client.get(path)
    if answer.status_code == 200:
        tally.judge({UUID(seen) for seen in answer.json()}, own)


async def _leave_midway(address: tuple[str, int], path: str, *, rows: int) -> None:
    """Read the head of the answer and this many of its rows, then break the connection."""
    reader, writer = await asyncio.open_connection(*address)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: balcao.example\r\n\r\n".encode())
    await reader.readuntil(b"\r\n\r\n")
    for _ in range(rows):
        await reader.readuntil(b"]\n")
    writer.transport.abort()


def _application(engine: AsyncEngine, chance: random.Random) -> Starlette:
    def unit_of_work(request: Request) -> PostgresUnitOfWork:
        person = request.path_params["person"]
        return PostgresUnitOfWork(
            engine,
            PrefeituraId(UUID(request.path_params["tenant"])),
            None if person == "-" else UsuarioId(UUID(person)),
        )

    async def read(request: Request) -> list[str]:
        async with unit_of_work(request) as work:
            return await _seen(work)

    async def ok(request: Request) -> Response:
        return JSONResponse(await read(request))

    async def read_and_fail(request: Request) -> None:
        async with unit_of_work(request) as work:
            await _seen(work)
            if chance.random() < 0.5:
                await work._open.execute(text("SELECT 1 / 0"))
            raise _Interrupted

    async def fail(request: Request) -> Response:
        with suppress(_Interrupted, DBAPIError):
            await read_and_fail(request)
        return Response(status_code=500)

    async def cancelled(request: Request) -> Response:
        work = asyncio.create_task(read(request))
        asyncio.get_running_loop().call_later(chance.uniform(0, _LONGEST_LIFE_SECONDS), work.cancel)
        try:
            return JSONResponse(await work)
        except asyncio.CancelledError:
            return Response(status_code=499)

    async def stream(request: Request) -> Response:
        async def rows() -> AsyncIterator[str]:
            async with unit_of_work(request) as work:
                for _ in range(_STREAMED_ROWS):
                    yield f"{await _seen(work)}\n"

        return StreamingResponse(rows())

    async def without_context(_request: Request) -> Response:
        async with engine.connect() as connection:
            return JSONResponse([str(found) for found in (await connection.execute(_EVERY_MESSAGE)).scalars()])

    handlers = {"ok": ok, "erro": fail, "cancelado": cancelled, "corrente": stream, "sem-contexto": without_context}
    return Starlette(routes=[Route(f"/{name}/{{tenant}}/{{person}}", handlers[name]) for name in _ENDINGS])


async def _seen(work: PostgresUnitOfWork) -> list[str]:
    """Ids of every message that this unit of work sees, its tenant and its person not mentioned."""
    return [str(found) for found in (await work._open.execute(_EVERY_MESSAGE)).scalars()]


def _watch_checkouts(engine: AsyncEngine, tally: Tally) -> None:
    """Look at each connection that the pool hands out before anybody else does."""

    def look(connection: DBAPIConnection, *_: object) -> None:
        cursor = connection.cursor()
        cursor.execute(_CONTEXT)
        clean = tuple(cursor.fetchone() or ()) == ("", "", True)
        cursor.close()
        connection.rollback()
        tally.checkouts += 1
        tally.unclean_checkouts += not clean

    event.listen(engine.sync_engine.pool, "checkout", look)


@asynccontextmanager
async def _serving(application: Starlette) -> AsyncIterator[tuple[str, int]]:
    """The application on a real socket, in this event loop."""
    listener = listen("127.0.0.1", 0)
    server = uvicorn.Server(uvicorn.Config(application, log_config=None, access_log=False, lifespan="off"))
    running = asyncio.create_task(server._serve(sockets=[listener]))  # serve() would take over the signals
    try:
        yield listener.getsockname()
    finally:
        server.should_exit = True
        await running
