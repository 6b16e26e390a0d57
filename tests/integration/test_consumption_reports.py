"""Reports on a real ledger, and the comparison of the books with it."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import asyncpg
import pytest

from balcao.domain.consumption_report import (
    Book,
    Consumed,
    ConsumptionRow,
    DayRange,
    Difference,
    Grouping,
    check_days,
)
from balcao.domain.errors import InvalidInput
from balcao.domain.ids import PrefeituraId
from balcao.domain.prices import ModelPrice, Prices
from balcao.infrastructure.database.database import Database
from tests.factories import a_prefeitura
from tests.people import People
from tests.spending import MODEL, Spender

MARCH = DayRange(first=date(2026, 3, 1), last=date(2026, 3, 31))
PRICE = ModelPrice(model=MODEL, prompt_usd=Decimal("0.15"), completion_usd=Decimal("0.60"), price_date=date(2026, 1, 1))
PRICES = Prices(known=(PRICE,), exchange_rate=Decimal("4.8999"))


@pytest.fixture
async def aurora(database: Database) -> PrefeituraId:
    return (await a_prefeitura(database, "aurora")).id


@pytest.fixture
def spender(database: Database) -> Spender:
    return Spender(database=database, prices=PRICES)


async def rows(
    spender: Spender, prefeitura_id: PrefeituraId, grouping: Grouping, days: DayRange = MARCH
) -> list[ConsumptionRow]:
    async with spender.database.tenant(prefeitura_id) as work:
        return await work.consumption.rows(prefeitura_id, days, grouping)


async def total(spender: Spender, prefeitura_id: PrefeituraId, days: DayRange = MARCH) -> Consumed:
    async with spender.database.tenant(prefeitura_id) as work:
        return await work.consumption.total(prefeitura_id, days)


async def differences(database: Database, prefeitura_id: PrefeituraId | None = None) -> list[Difference]:
    async with database.operator() as work:
        return await work.consumption.differences(prefeitura_id, 100)


async def test_days_are_brasilias(spender: Spender, aurora: PrefeituraId) -> None:
    spender.clock.current = datetime(2026, 3, 10, 2, 59, 59, tzinfo=UTC)
    await spender.spend(aurora, 100)
    spender.clock.current += timedelta(seconds=1)
    await spender.spend(aurora, 20)
    await spender.spend(aurora, 3)
    found = await rows(spender, aurora, Grouping.DAY)
    assert [(row.day, row.consumed.tokens, row.consumed.questions) for row in found] == [
        (date(2026, 3, 9), 100, 1),
        (date(2026, 3, 10), 23, 2),
    ]
    only = DayRange(first=date(2026, 3, 9), last=date(2026, 3, 9))
    assert (await total(spender, aurora, only)).tokens == 100
    assert (await total(spender, aurora)).tokens == 123


async def test_who_spent_what_with_and_without_login(
    spender: Spender, aurora: PrefeituraId, database: Database
) -> None:
    ana = await People(database).a_person(aurora)
    await spender.spend(aurora, 30, usuario_id=ana.id)
    await spender.spend(aurora, 12)
    await spender.spend(aurora, 5)
    found = await rows(spender, aurora, Grouping.PERSON)
    assert [(row.usuario_id, row.nome, row.consumed.tokens) for row in found] == [(ana.id, "ana", 30), (None, None, 17)]


async def test_costs_are_exact_and_unknown_ones_are_told(spender: Spender, aurora: PrefeituraId) -> None:
    for _ in range(7):
        await spender.spend(aurora, 123)
    await spender.spend(aurora, 50, model="llama", estimated=True)
    known, unknown = await rows(spender, aurora, Grouping.MODEL)
    assert (known.model, known.consumed.cost) == (MODEL, Decimal("0.0000904032") * 7)

    assert (unknown.model, unknown.consumed.cost, unknown.consumed.unpriced) == ("llama", None, 50)
    assert unknown.consumed.estimated == 50
    together = await total(spender, aurora)
    assert (together.cost, together.unpriced, together.tokens) == (None, 50, 7 * 123 + 50)
    assert together.reais == known.consumed.reais


async def test_nothing_spent_is_no_row_and_sums_of_nothing(spender: Spender, aurora: PrefeituraId) -> None:
    for grouping in Grouping:
        assert await rows(spender, aurora, grouping) == []
    assert await total(spender, aurora) == Consumed()


async def test_another_prefeituras_ledger_is_not_seen(spender: Spender, aurora: PrefeituraId) -> None:
    await spender.spend(aurora, 10)
    other = await a_prefeitura(spender.database, "bonito")
    await spender.spend(other.id, 7)
    async with spender.database.tenant(other.id) as work:
        assert (await work.consumption.total(aurora, MARCH)).tokens == 0
    async with spender.database.operator() as work:
        assert (await work.consumption.total(aurora, MARCH)).tokens == 10


@pytest.mark.parametrize(
    ("first", "last", "param"),
    [
        (date(2026, 3, 2), date(2026, 3, 1), "ate"),
        (date(2025, 3, 1), date(2026, 3, 2), "de"),
        (date(1, 1, 1), date(1, 1, 2), "de"),
        (date(2999, 12, 31), date(9999, 12, 31), "ate"),
    ],
)
def test_impossible_days_are_refused(first: date, last: date, param: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        check_days(first, last)
    assert refused.value.param == param


def test_a_whole_leap_year_and_the_last_day_of_all_are_possible() -> None:
    check_days(date(2028, 1, 1), date(2028, 12, 31))
    assert check_days(date(2999, 12, 31), date(2999, 12, 31)).ends_at.year == 3000


async def test_the_books_agree(spender: Spender, aurora: PrefeituraId) -> None:
    await asyncio.gather(*(spender.spend(aurora, 7) for _ in range(10)))
    assert await differences(spender.database) == []


BREAKS = {
    Book.LIFETIME: "UPDATE prefeitura SET tokens_consumidos = tokens_consumidos + 1 WHERE slug = 'aurora'",
    Book.PERIOD: "UPDATE quota_periodo SET usado = usado - 1",
    Book.MESSAGE: "UPDATE message SET tokens_usados = tokens_usados + 1 WHERE tokens_usados = 70",
    Book.RESERVED: "UPDATE quota_periodo SET reservado = 1",
}


@pytest.mark.parametrize("book", Book)
async def test_a_book_that_disagrees_is_named(
    spender: Spender, aurora: PrefeituraId, admin: asyncpg.Connection, book: Book
) -> None:
    await spender.spend(aurora, 30)
    answer = await spender.spend(aurora, 70)
    await admin.execute(BREAKS[book])
    found = [difference for difference in await differences(spender.database) if difference.slug == "aurora"]
    (difference,) = found
    expected, seen, subject = {
        Book.LIFETIME: (100, 101, ""),
        Book.PERIOD: (100, 99, "2026-03-01"),
        Book.MESSAGE: (70, 71, str(answer)),
        Book.RESERVED: (0, 1, "2026-03-01"),
    }[book]
    assert (difference.book, difference.subject) == (book, subject)
    assert (difference.expected, difference.found) == (expected, seen)
    assert str(seen) in difference.in_words()
    assert await differences(spender.database, aurora) == found
    other = await a_prefeitura(spender.database, "bonito")
    assert await differences(spender.database, other.id) == []


async def test_a_missing_ledger_row_is_noticed_in_every_book(
    spender: Spender, aurora: PrefeituraId, admin: asyncpg.Connection
) -> None:
    await spender.spend(aurora, 30)
    await admin.execute("DELETE FROM lancamento")
    assert {difference.book for difference in await differences(spender.database)} == {
        Book.LIFETIME,
        Book.PERIOD,
        Book.MESSAGE,
    }


async def test_the_books_agree_at_every_moment_while_tokens_are_spent(spender: Spender, aurora: PrefeituraId) -> None:
    spending = asyncio.gather(*(spender.spend(aurora, 7) for _ in range(40)))
    looks = 0
    while not spending.done():
        assert await differences(spender.database) == []
        looks += 1
    await spending
    assert looks > 1
