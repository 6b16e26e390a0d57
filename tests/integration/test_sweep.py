"""What is kept for a while is forgotten in its time, and not before."""

from datetime import UTC, datetime, timedelta

import asyncpg

from balcao.application.use_cases.sweep import COUNT_LIFE, SweepUseCase
from balcao.domain.idempotency import ANSWER_LIFE
from balcao.domain.ids import PrefeituraId
from balcao.infrastructure.database.database import Database
from tests.fakes import FakeClock

NOW = datetime(2026, 5, 20, 12, tzinfo=UTC)
MOMENT = timedelta(seconds=1)


async def test_only_what_is_past_its_life_goes(
    database: Database, public_id: PrefeituraId, admin: asyncpg.Connection
) -> None:
    async with database.tenant(public_id) as work:
        for age, name in ((COUNT_LIFE + MOMENT, b"velho"), (COUNT_LIFE - MOMENT, b"novo")):
            assert await work.counters.take("teste", name, NOW - age, limit=1)
        for age, name in ((ANSWER_LIFE + MOMENT, b"v" * 32), (ANSWER_LIFE - MOMENT, b"n" * 32)):
            assert await work.idempotency.begin(name, b"p" * 32, NOW - age) is None
    sweep = SweepUseCase(database.operator, FakeClock(NOW))
    assert await sweep.execute() == 2
    assert await sweep.execute() == 0
    assert await admin.fetchval("SELECT string_agg(convert_from(sujeito_sha256, 'UTF8'), ',') FROM contador") == "novo"
    assert await admin.fetchval("SELECT count(*) FROM resposta_idempotente WHERE chave_sha256 = $1", b"n" * 32) == 1
