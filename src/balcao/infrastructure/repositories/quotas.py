"""Quotas in PostgreSQL."""

from datetime import date, datetime

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Date,
    DateTime,
    Row,
    Select,
    bindparam,
    func,
    insert,
    select,
    true,
    update,
)
from sqlalchemy.dialects.postgresql import UUID
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from balcao.domain.errors import PrefeituraNotFound
from balcao.domain.ids import PrefeituraId
from balcao.domain.period import Period, day_in_brasilia, period_of
from balcao.domain.quota import Credit, QuotaBalance
from balcao.infrastructure.database.tables import credits_, prefeituras
from balcao.infrastructure.database.tables import quota_periods as periods

_previous = periods.alias("anterior")


def _valid_credits(prefeitura_id: ColumnElement[object], now: datetime | BindParameter[datetime]) -> ColumnElement[int]:
    """Tokens of the prefeitura's credits that are valid at this instant."""
    return (
        select(func.coalesce(func.sum(credits_.c.tokens), 0))
        .where(credits_.c.prefeitura_id == prefeitura_id, credits_.c.valid_from <= now, credits_.c.valid_until > now)
        .scalar_subquery()
    )


def _balance() -> Select[*tuple[object, ...]]:
    """A prefeitura's quota and valid credits, its period of a day, and the period before that."""
    day, now = bindparam("day", type_=Date), bindparam("now", type_=DateTime(timezone=True))
    current = (periods.c.prefeitura_id == prefeituras.c.id) & (periods.c.start <= day) & (periods.c.end > day)
    before = (
        select(_previous)
        .where(_previous.c.prefeitura_id == prefeituras.c.id, _previous.c.end <= day)
        .order_by(_previous.c.end.desc())
        .limit(1)
        .lateral("anterior_recente")
    )
    return (
        select(
            prefeituras.c.quota_tokens,
            prefeituras.c.dia_contrato,
            _valid_credits(prefeituras.c.id, now).label("extra"),
            periods.c.start,
            periods.c.end,
            periods.c.used,
            periods.c.reserved,
            periods.c.questions,
            before.c.end.label("previous_end"),
            before.c.used.label("previous_used"),
            before.c.questions.label("previous_questions"),
        )
        .select_from(prefeituras)
        .outerjoin(periods, current)
        .outerjoin(before, true())
        .where(prefeituras.c.id == bindparam("prefeitura_id", type_=UUID(as_uuid=True)))
    )


_BALANCE = _balance()


class PostgresQuotaRepository:
    """QuotaRepository on one connection."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def balance(self, prefeitura_id: PrefeituraId, now: datetime) -> QuotaBalance:
        """Read the period with the quota, the valid credits and the period before; insert it where it is new.

        A period that begins where the one before ended leaves no gap when the contract day changes.
        """
        row = await self._balance_row(prefeitura_id, now)
        if row.start is None:
            day = day_in_brasilia(now)
            new = period_of(day, row.dia_contrato)
            new = new.begun_at(row.previous_end) if row.previous_end else new
            statement = upsert(periods).values(
                prefeitura_id=prefeitura_id, start=new.start, end=new.end, quota=row.quota_tokens
            )
            await self._connection.execute(statement.on_conflict_do_nothing(constraint="quota_periodo_pk"))
            row = await self._balance_row(prefeitura_id, now)
        return QuotaBalance(
            prefeitura_id=prefeitura_id,
            period=Period(start=row.start, end=row.end),
            quota=row.quota_tokens,
            extra=int(row.extra),
            used=row.used,
            reserved=row.reserved,
            known_tokens=row.used + (row.previous_used or 0),
            known_questions=row.questions + (row.previous_questions or 0),
        )

    async def reserve(self, prefeitura_id: PrefeituraId, period_start: date, tokens: int, now: datetime) -> bool:
        """One UPDATE with its condition, which PostgreSQL checks again on the row as it is when it is locked."""
        limit = prefeituras.c.quota_tokens + _valid_credits(periods.c.prefeitura_id, now)
        statement = update(periods).where(
            periods.c.prefeitura_id == prefeitura_id,
            periods.c.start == period_start,
            prefeituras.c.id == periods.c.prefeitura_id,
            prefeituras.c.ativo,
            periods.c.used + periods.c.reserved + tokens <= limit,
        )
        held = statement.values(reserved=periods.c.reserved + tokens, quota=prefeituras.c.quota_tokens)
        return bool((await self._connection.execute(held)).rowcount)

    async def release(self, prefeitura_id: PrefeituraId, period_start: date, tokens: int) -> None:
        """One UPDATE."""
        await self.settle(prefeitura_id, period_start, released=tokens, used=0, questions=0)

    async def settle(
        self, prefeitura_id: PrefeituraId, period_start: date, *, released: int, used: int, questions: int
    ) -> None:
        """One UPDATE, without a condition: what was spent was spent."""
        statement = update(periods).where(periods.c.prefeitura_id == prefeitura_id, periods.c.start == period_start)
        settled = statement.values(
            reserved=periods.c.reserved - released,
            used=periods.c.used + used,
            questions=periods.c.questions + questions,
        )
        await self._connection.execute(settled)

    async def add_credit(self, credit: Credit) -> Credit:
        """Insert the row."""
        statement = insert(credits_).values(
            id=credit.id,
            prefeitura_id=credit.prefeitura_id,
            tokens=credit.tokens,
            reason=credit.reason,
            valid_from=credit.valid_from,
            valid_until=credit.valid_until,
            created_by=credit.created_by,
        )
        return _credit((await self._connection.execute(statement.returning(*credits_.c))).one())

    async def credits_at(self, prefeitura_id: PrefeituraId, now: datetime) -> list[Credit]:
        """Rows that have not ended."""
        statement = (
            select(credits_)
            .where(credits_.c.prefeitura_id == prefeitura_id, credits_.c.valid_until > now)
            .order_by(credits_.c.valid_until, credits_.c.id)
        )
        return [_credit(row) for row in await self._connection.execute(statement)]

    async def _balance_row(self, prefeitura_id: PrefeituraId, now: datetime) -> Row[*tuple[object, ...]]:
        values = {"prefeitura_id": prefeitura_id, "day": day_in_brasilia(now), "now": now}
        row = (await self._connection.execute(_BALANCE, values)).one_or_none()
        if row is None:
            raise PrefeituraNotFound
        return row


def _credit(row: Row[*tuple[object, ...]]) -> Credit:
    return Credit(
        id=row.id,
        prefeitura_id=row.prefeitura_id,
        tokens=row.tokens,
        reason=row.reason,
        valid_from=row.valid_from,
        valid_until=row.valid_until,
        created_by=row.created_by,
    )
