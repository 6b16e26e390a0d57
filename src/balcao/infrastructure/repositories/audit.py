"""The audit trail in PostgreSQL."""

from sqlalchemy import Row, bindparam, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from balcao.domain.audit import AuditEntry, AuditFilter, AuditRecord, ChainHead, instant_text
from balcao.domain.ids import PrefeituraId
from balcao.infrastructure.database.driver_statements import DriverStatement
from balcao.infrastructure.database.tables import audit_entries, audit_heads

_APPEND = DriverStatement(
    insert(audit_entries).values(chain_id=bindparam("chain_id"), record=bindparam("record")).inline()
)


class PostgresAuditRepository:
    """AuditRepository on one connection; a trigger numbers and chains what is inserted."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def append(self, record: AuditRecord) -> None:
        """Insert the row; the chain's head is locked from then on."""
        await _APPEND.rows(self._connection, {"chain_id": record.chain_id, "record": record.text()})

    async def head(self, chain_id: PrefeituraId) -> ChainHead | None:
        """One row of the heads."""
        statement = select(audit_heads).where(audit_heads.c.chain_id == chain_id)
        row = (await self._connection.execute(statement)).one_or_none()
        return _head(row) if row else None

    async def heads(self) -> list[ChainHead]:
        """The rows that this role may see."""
        rows = await self._connection.execute(select(audit_heads).order_by(audit_heads.c.chain_id))
        return [_head(row) for row in rows]

    async def entries_after(self, chain_id: PrefeituraId, number: int, limit: int) -> list[AuditEntry]:
        """Rows in the chain's order."""
        statement = (
            select(audit_entries)
            .where(audit_entries.c.chain_id == chain_id, audit_entries.c.number > number)
            .order_by(audit_entries.c.number)
            .limit(limit)
        )
        return [_entry(row) for row in await self._connection.execute(statement)]

    async def find_page(
        self, chain_id: PrefeituraId, wanted: AuditFilter, limit: int, before: int | None
    ) -> list[AuditEntry]:
        """Rows, newest first; instants are compared as the texts that they are kept as."""
        columns = audit_entries.c
        statement = select(audit_entries).where(columns.chain_id == chain_id)
        if wanted.kind is not None:
            statement = statement.where(columns.kind == wanted.kind)
        if wanted.since is not None:
            statement = statement.where(columns.at >= instant_text(wanted.since))
        if wanted.until is not None:
            statement = statement.where(columns.at < instant_text(wanted.until))
        if before is not None:
            statement = statement.where(columns.number < before)
        rows = await self._connection.execute(statement.order_by(columns.number.desc()).limit(limit))
        return [_entry(row) for row in rows]


def _head(row: Row[*tuple[object, ...]]) -> ChainHead:
    return ChainHead(chain_id=row.chain_id, number=row.number, hash=row.hash)


def _entry(row: Row[*tuple[object, ...]]) -> AuditEntry:
    return AuditEntry(
        chain_id=row.chain_id,
        number=row.number,
        record=row.record,
        previous_hash=row.previous_hash,
        hash=row.hash,
    )
