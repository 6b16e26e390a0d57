"""Reports on the ledger in PostgreSQL."""

from sqlalchemy import (
    ColumnElement,
    Date,
    FromClause,
    Row,
    Select,
    Text,
    and_,
    case,
    cast,
    func,
    literal,
    select,
    union_all,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from balcao.domain.consumption import ReservationState
from balcao.domain.consumption_report import Book, Consumed, ConsumptionRow, DayRange, Difference, Grouping
from balcao.domain.ids import PrefeituraId
from balcao.domain.period import BRASILIA
from balcao.infrastructure.database.tables import ledger, messages, prefeituras, reservations, usuarios
from balcao.infrastructure.database.tables import quota_periods as periods

_TOKENS = ledger.c.prompt_tokens + ledger.c.completion_tokens
_SUMS = (
    func.coalesce(func.sum(ledger.c.prompt_tokens), 0).label("prompt_tokens"),
    func.coalesce(func.sum(ledger.c.completion_tokens), 0).label("completion_tokens"),
    func.coalesce(func.sum(_TOKENS).filter(ledger.c.estimated), 0).label("estimated"),
    func.coalesce(func.sum(_TOKENS).filter(ledger.c.cost.is_(None)), 0).label("unpriced"),
    func.count(ledger.c.message_id.distinct()).label("questions"),
    func.coalesce(func.sum(ledger.c.cost), 0).label("reais"),
)
_DAY = cast(func.timezone(BRASILIA.key, ledger.c.created_at), Date)


class PostgresConsumptionReportRepository:
    """ConsumptionReportRepository on one connection."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def rows(self, prefeitura_id: PrefeituraId, days: DayRange, grouping: Grouping) -> list[ConsumptionRow]:
        """One aggregate."""
        found = await self._connection.execute(_GROUPED[grouping].where(_spent(prefeitura_id, days)))
        return [
            ConsumptionRow(
                consumed=_consumed(row),
                day=row.day if grouping is Grouping.DAY else None,
                usuario_id=row.usuario_id if grouping is Grouping.PERSON else None,
                nome=row.nome if grouping is Grouping.PERSON else None,
                model=row.model if grouping is Grouping.MODEL else None,
            )
            for row in found
        ]

    async def total(self, prefeitura_id: PrefeituraId, days: DayRange) -> Consumed:
        """One aggregate."""
        return _consumed((await self._connection.execute(select(*_SUMS).where(_spent(prefeitura_id, days)))).one())

    async def differences(self, prefeitura_id: PrefeituraId | None, limit: int) -> list[Difference]:
        """One statement, hence one snapshot: settlements that go on meanwhile are in all of its sums or in none."""
        compared = union_all(_lifetimes(), _periods(), _messages(), _reserved()).subquery()
        statement = (
            select(compared, prefeituras.c.slug)
            .join(prefeituras, prefeituras.c.id == compared.c.prefeitura_id)
            .where(compared.c.expected != compared.c.found)
            .order_by(prefeituras.c.slug, compared.c.place, compared.c.subject)
            .limit(limit)
        )
        if prefeitura_id is not None:
            statement = statement.where(compared.c.prefeitura_id == prefeitura_id)
        return [
            Difference(
                prefeitura_id=row.prefeitura_id,
                slug=row.slug,
                book=Book(row.book),
                subject=row.subject,
                expected=int(row.expected),
                found=int(row.found),
            )
            for row in await self._connection.execute(statement)
        ]


_GROUPED: dict[Grouping, Select[*tuple[object, ...]]] = {
    Grouping.DAY: select(_DAY.label("day"), *_SUMS).group_by(_DAY).order_by(_DAY),
    Grouping.PERSON: select(ledger.c.usuario_id, usuarios.c.nome, *_SUMS)
    .outerjoin(usuarios, and_(usuarios.c.prefeitura_id == ledger.c.prefeitura_id, usuarios.c.id == ledger.c.usuario_id))
    .group_by(ledger.c.usuario_id, usuarios.c.nome)
    .order_by(func.sum(_TOKENS).desc(), ledger.c.usuario_id),
    Grouping.MODEL: select(ledger.c.model, *_SUMS)
    .group_by(ledger.c.model)
    .order_by(func.sum(_TOKENS).desc(), ledger.c.model),
}


def _spent(prefeitura_id: PrefeituraId, days: DayRange) -> ColumnElement[bool]:
    return and_(
        ledger.c.prefeitura_id == prefeitura_id,
        ledger.c.created_at >= days.starts_at,
        ledger.c.created_at < days.ends_at,
    )


def _lifetimes() -> Select[*tuple[object, ...]]:
    spent = _sum_by(ledger, _TOKENS, "prefeitura_id")
    return _compared(
        Book.LIFETIME, prefeituras, prefeituras.c.id, literal(""), spent, prefeituras.c.tokens_consumidos
    ).outerjoin(spent, spent.c.prefeitura_id == prefeituras.c.id)


def _periods() -> Select[*tuple[object, ...]]:
    spent = _sum_by(ledger, _TOKENS, "prefeitura_id", "period_start")
    return _compared(
        Book.PERIOD, periods, periods.c.prefeitura_id, cast(periods.c.start, Text), spent, periods.c.used
    ).outerjoin(spent, and_(spent.c.prefeitura_id == periods.c.prefeitura_id, spent.c.period_start == periods.c.start))


def _messages() -> Select[*tuple[object, ...]]:
    spent = _sum_by(ledger, _TOKENS, "prefeitura_id", "message_id")
    return _compared(
        Book.MESSAGE, messages, messages.c.prefeitura_id, cast(messages.c.id, Text), spent, messages.c.total_tokens
    ).outerjoin(spent, and_(spent.c.prefeitura_id == messages.c.prefeitura_id, spent.c.message_id == messages.c.id))


def _reserved() -> Select[*tuple[object, ...]]:
    held = case((reservations.c.state == ReservationState.OPEN, reservations.c.tokens), else_=0)
    open_ = _sum_by(reservations, held, "prefeitura_id", "period_start")
    return _compared(
        Book.RESERVED, periods, periods.c.prefeitura_id, cast(periods.c.start, Text), open_, periods.c.reserved
    ).outerjoin(open_, and_(open_.c.prefeitura_id == periods.c.prefeitura_id, open_.c.period_start == periods.c.start))


def _sum_by(table: FromClause, amount: ColumnElement[int], *keys: str) -> FromClause:
    columns = [table.c[key] for key in keys]
    return select(*columns, func.sum(amount).label("amount")).group_by(*columns).subquery()


def _compared(
    book: Book,
    table: FromClause,
    prefeitura_id: ColumnElement[object],
    subject: ColumnElement[str],
    sums: FromClause,
    found: ColumnElement[int],
) -> Select[*tuple[object, ...]]:
    return select(
        prefeitura_id.label("prefeitura_id"),
        literal(list(Book).index(book)).label("place"),
        literal(book.value).label("book"),
        subject.label("subject"),
        func.coalesce(sums.c.amount, 0).label("expected"),
        found.label("found"),
    ).select_from(table)


def _consumed(row: Row[*tuple[object, ...]]) -> Consumed:
    return Consumed(
        prompt_tokens=int(row.prompt_tokens),
        completion_tokens=int(row.completion_tokens),
        estimated=int(row.estimated),
        unpriced=int(row.unpriced),
        questions=row.questions,
        reais=row.reais,
    )
