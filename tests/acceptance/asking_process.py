"""Processes of their own that ask: each connects, waits until it is told to, and asks everything at once.

They are forked from one process that imported everything, so that many rounds of them cost little.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from unittest.mock import patch

from sqlalchemy import insert, update

from balcao.application.metering import Closure, Metering
from balcao.application.unit_of_work import UnitOfWork
from balcao.application.use_cases.chat_with_documents import ChatRequest, ChatWithDocumentsUseCase
from balcao.domain.consumption import Reservation
from balcao.domain.errors import BalcaoError
from balcao.domain.quota import QuotaBalance
from balcao.infrastructure.database.connection import DatabaseAccess, DatabaseAccesses
from balcao.infrastructure.database.database import Database
from balcao.infrastructure.database.tables import quota_periods, reservations
from balcao.infrastructure.external.system_clock import SystemClock
from balcao.infrastructure.repositories.reservations import PostgresReservationRepository
from tests.acceptance.metered_chat import LIFE, QUESTION, SLUG, Meter, MeteredInstallation, meter, metered_chat
from tests.acceptance.paid_provider import PaidProvider

FAITHFUL, CHECK_THEN_ADD, WITHOUT_CONDITION = "fiel", "confere-depois-soma", "sem-condicao"

_context = get_context("forkserver")
_context.set_forkserver_preload([__name__])


@dataclass(frozen=True, slots=True, kw_only=True)
class Orders:
    """What a process is to do; ``way`` is how it counts."""

    app_url: str
    provider_url: str
    questions: int
    way: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AskingProcess:
    """A process that is ready to ask."""

    process: ForkServerProcess
    wire: Connection

    def ask(self) -> None:
        """Let it ask."""
        self.wire.send("agora")

    async def outcomes(self) -> Counter[str]:
        """How its questions ended, once it is done: answered, shown passages, or an error's code."""
        counted = await asyncio.to_thread(self.wire.recv)
        assert isinstance(counted, Counter)
        return counted

    async def kill(self) -> None:
        """End it with SIGKILL."""
        self.process.kill()
        await asyncio.to_thread(self.process.join)


@asynccontextmanager
async def asking_processes(
    installation: MeteredInstallation, provider: PaidProvider, *, processes: int, questions: int, way: str = FAITHFUL
) -> AsyncIterator[list[AskingProcess]]:
    """So many processes with so many questions between them; none outlives the context."""
    each, more = divmod(questions, processes)
    started = []
    try:
        for place in range(processes):
            orders = Orders(
                app_url=installation.accesses.app.url,
                provider_url=provider.base_url,
                questions=each + (place < more),
                way=way,
            )
            ours, theirs = _context.Pipe()
            process = _context.Process(target=_run, args=(orders, theirs), daemon=True)
            await asyncio.to_thread(process.start)
            theirs.close()  # else nobody would hear that the process died
            started.append(AskingProcess(process=process, wire=ours))
        for asking in started:
            assert await asyncio.to_thread(asking.wire.recv) == "pronto"
        yield started
    finally:
        for asking in started:
            await asking.kill()


class CheckThenAdd(Metering):
    """The naive way (ADR 001): look at the counter before the answer, add to it after."""

    async def narrow(self, *_: object) -> bool:
        return True

    async def close(
        self, work: UnitOfWork, reservation: Reservation, charges: object, *, expired: bool = False
    ) -> Closure:
        assert isinstance(charges, tuple)
        return Closure(reservation=reservation, due=charges, released=0)


def _whatever_is_asked(_self: QuotaBalance, *, least: int, most: int) -> int:
    return most


async def _open_without_holding(self: PostgresReservationRepository, reservation: Reservation, now: datetime) -> bool:
    return await _open(self, reservation, now, held=0)


async def _open_without_condition(self: PostgresReservationRepository, reservation: Reservation, now: datetime) -> bool:
    return await _open(self, reservation, now, held=reservation.tokens)


async def _open(
    repository: PostgresReservationRepository, reservation: Reservation, now: datetime, *, held: int
) -> bool:
    """Insert the reservation, whatever the limit; not where its period is another transaction's that is under way."""
    whose = quota_periods.c.prefeitura_id == reservation.consumer.prefeitura_id
    period = update(quota_periods).where(whose, quota_periods.c.start == reservation.period_start)
    added = await repository._connection.execute(period.values(reserved=quota_periods.c.reserved + held))
    if not added.rowcount:
        return False
    kept = {
        "prefeitura_id": reservation.consumer.prefeitura_id,
        "id": reservation.id,
        "period_start": reservation.period_start,
        "message_id": reservation.consumer.message_id,
        "tokens": reservation.tokens,
        "sent_at": now,
        "expires_at": reservation.expires_at,
    }
    await repository._connection.execute(insert(reservations).values(kept))
    return True


def _run(orders: Orders, wire: Connection) -> None:
    asyncio.run(_obey(orders, wire))


async def _obey(orders: Orders, wire: Connection) -> None:
    access = DatabaseAccess(url=orders.app_url)
    database = Database(DatabaseAccesses(app=access, ingestion=access, operator=access, admin=access))
    make: Meter = (
        (lambda prices, alerts, clock: CheckThenAdd(prices, alerts, clock, life=LIFE))
        if orders.way == CHECK_THEN_ADD
        else meter
    )
    chat = metered_chat(database, orders.provider_url, SystemClock(), make=make)
    async with database.tenant() as work:
        await work.prefeituras.id_of_slug(SLUG)
    wire.send("pronto")
    wire.recv()
    ways = {CHECK_THEN_ADD: _open_without_holding, WITHOUT_CONDITION: _open_without_condition}
    open_ = ways.get(orders.way, PostgresReservationRepository.open)
    affordable = _whatever_is_asked if orders.way == WITHOUT_CONDITION else QuotaBalance.affordable
    with (
        patch.object(PostgresReservationRepository, "open", open_),
        patch.object(QuotaBalance, "affordable", affordable),
    ):
        wire.send(Counter(await asyncio.gather(*(_ask(chat) for _ in range(orders.questions)))))
    await database.dispose()


async def _ask(chat: ChatWithDocumentsUseCase) -> str:
    try:
        answer = await chat.execute(ChatRequest(message=QUESTION, prefeitura=SLUG))
    except BalcaoError as error:
        return error.code
    return str(answer.mode)
