"""Quotas in PostgreSQL."""

from collections.abc import Mapping
from datetime import date, datetime

import asyncpg
from sqlalchemy import (
    CTE,
    BigInteger,
    BindParameter,
    ColumnElement,
    Date,
    DateTime,
    Row,
    Select,
    Table,
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
from balcao.infrastructure.database.driver_statements import DriverStatement
from balcao.infrastructure.database.tables import credits_, prefeituras
from balcao.infrastructure.database.tables import quota_periods as periods

_previous = periods.alias("anterior")
_prefeitura_id = bindparam("for_prefeitura", type_=UUID(as_uuid=True))
"""Not by the column's name: SQLAlchemy would take a value of that name for one that an UPDATE is to set."""


def _bound(name: str) -> BindParameter[int]:
    return bindparam(name, type_=BigInteger)


def valid_credits(prefeitura_id: ColumnElement[object], now: BindParameter[datetime]) -> ColumnElement[int]:
    """Tokens of the prefeitura's credits that are valid at this instant."""
    return (
        select(func.coalesce(func.sum(credits_.c.tokens), 0))
        .where(credits_.c.prefeitura_id == prefeitura_id, credits_.c.valid_from <= now, credits_.c.valid_until > now)
        .scalar_subquery()
    )


def _balance(known: Table | CTE) -> Select[*tuple[object, ...]]:
    """A prefeitura's quota and valid credits, its period of a day among those known, and the period before that."""
    day, now = bindparam("day", type_=Date), bindparam("now", type_=DateTime(timezone=True))
    current = (known.c.prefeitura_id == prefeituras.c.id) & (known.c.start <= day) & (known.c.end > day)
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
            valid_credits(prefeituras.c.id, now).label("extra"),
            *(known.c[name].label(name) for name in ("start", "end", "used", "reserved", "questions")),
            before.c.end.label("previous_end"),
            before.c.used.label("previous_used"),
            before.c.questions.label("previous_questions"),
        )
        .select_from(prefeituras)
        .outerjoin(known, current)
        .outerjoin(before, true())
        .where(prefeituras.c.id == _prefeitura_id)
    )


def _settlement() -> Select[*tuple[object, ...]]:
    """Changes a period and the prefeitura's count, and reads the balance as it is by that."""
    used = _bound("newly_used")
    period = (periods.c.prefeitura_id == _prefeitura_id) & (periods.c.start == bindparam("period_start", type_=Date))
    settled = (
        update(periods)
        .where(period)
        .values(
            reserved=periods.c.reserved - _bound("released"),
            used=periods.c.used + used,
            questions=periods.c.questions + _bound("newly_answered"),
        )
        .returning(*periods.c)
        .cte("acertado")
    )
    counted = (
        update(prefeituras)
        .where(prefeituras.c.id == _prefeitura_id, used > 0)
        .values(tokens_consumidos=prefeituras.c.tokens_consumidos + used, updated_at=func.now())
        .returning(prefeituras.c.id)
        .cte("somado")
    )
    return _balance(settled).add_cte(counted)


_BALANCE = DriverStatement(_balance(periods))
_SETTLEMENT = DriverStatement(_settlement())


class PostgresQuotaRepository:
    """QuotaRepository on one connection."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def balance(self, prefeitura_id: PrefeituraId, now: datetime) -> QuotaBalance:
        """Read the period with the quota, the valid credits and the period before; insert it where it is new.

        A period that begins where the one before ended leaves no gap when the contract day changes.
        """
        values = {"for_prefeitura": prefeitura_id, "day": day_in_brasilia(now), "now": now}
        row = await self._row(_BALANCE, values)
        if row["start"] is None:
            new = period_of(day_in_brasilia(now), row["dia_contrato"])
            new = new.begun_at(row["previous_end"]) if row["previous_end"] else new
            statement = upsert(periods).values(
                prefeitura_id=prefeitura_id, start=new.start, end=new.end, quota=row["quota_tokens"]
            )
            await self._connection.execute(statement.on_conflict_do_nothing(constraint="quota_periodo_pk"))
            row = await self._row(_BALANCE, values)
        return _quota_balance(prefeitura_id, row)

    async def settle(
        self,
        prefeitura_id: PrefeituraId,
        period_start: date,
        now: datetime,
        *,
        released: int,
        used: int,
        questions: int,
    ) -> QuotaBalance:
        """One statement, without a condition: what was spent was spent. Another reads a balance of another period."""
        values = {
            "for_prefeitura": prefeitura_id,
            "period_start": period_start,
            "day": day_in_brasilia(now),
            "now": now,
            "released": released,
            "newly_used": used,
            "newly_answered": questions,
        }
        row = await self._row(_SETTLEMENT, values)
        return _quota_balance(prefeitura_id, row) if row["start"] else await self.balance(prefeitura_id, now)

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

    async def _row(self, statement: DriverStatement, values: Mapping[str, object]) -> asyncpg.Record:
        rows = await statement.rows(self._connection, values)
        if not rows:
            raise PrefeituraNotFound
        return rows[0]


def _quota_balance(prefeitura_id: PrefeituraId, row: asyncpg.Record) -> QuotaBalance:
    return QuotaBalance(
        prefeitura_id=prefeitura_id,
        period=Period(start=row["start"], end=row["end"]),
        quota=row["quota_tokens"],
        extra=int(row["extra"]),
        used=row["used"],
        reserved=row["reserved"],
        known_tokens=row["used"] + (row["previous_used"] or 0),
        known_questions=row["questions"] + (row["previous_questions"] or 0),
    )


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
