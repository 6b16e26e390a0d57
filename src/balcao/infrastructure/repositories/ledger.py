"""The ledger in PostgreSQL."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import bindparam, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from balcao.domain.consumption import Charge, LedgerEntry
from balcao.infrastructure.database.driver_statements import DriverStatement
from balcao.infrastructure.database.tables import ingestion_ledger, ledger

_WRITTEN = (
    "prefeitura_id",
    "period_start",
    "kind",
    "model",
    "prompt_tokens",
    "completion_tokens",
    "estimated",
    "cost",
    "price_date",
    "exchange_rate",
    "usuario_id",
    "session_id",
    "message_id",
    "reservation_id",
    "created_at",
)
_APPEND = DriverStatement(insert(ledger).values({name: bindparam(name) for name in _WRITTEN}).inline())


class PostgresLedgerRepository:
    """LedgerRepository on one connection."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def append(self, entries: Sequence[LedgerEntry]) -> None:
        """Insert the rows in one round trip."""
        if entries:
            await _APPEND.run_many(self._connection, [_values(entry) for entry in entries])

    async def append_ingestion(self, charge: Charge, created_at: datetime) -> None:
        """Insert the row outside of any tenant."""
        await self._connection.execute(insert(ingestion_ledger).values(_charge_values(charge, created_at)))


def _values(entry: LedgerEntry) -> dict[str, object]:
    consumer = entry.consumer
    return _charge_values(entry.charge, entry.created_at) | {
        "prefeitura_id": consumer.prefeitura_id,
        "period_start": entry.period_start,
        "kind": entry.charge.kind,
        "completion_tokens": entry.charge.usage.completion_tokens,
        "usuario_id": consumer.usuario_id,
        "session_id": consumer.session_id,
        "message_id": consumer.message_id,
        "reservation_id": entry.reservation_id,
    }


def _charge_values(charge: Charge, created_at: datetime) -> dict[str, object]:
    cost = charge.cost
    return {
        "model": charge.model,
        "prompt_tokens": charge.usage.prompt_tokens,
        "estimated": charge.usage.estimated,
        "cost": cost.reais if cost else None,
        "price_date": cost.price_date if cost else None,
        "exchange_rate": cost.exchange_rate if cost else None,
        "created_at": created_at,
    }
