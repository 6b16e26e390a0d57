"""Attempts to make a row of one prefeitura refer to a row of another, at the database itself.

Row-level security does not look at what a foreign key refers to: only a key that holds the prefeitura too refuses it.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID, uuid4

import asyncpg
from sqlalchemy import Table

from balcao.infrastructure.database.connection import DatabaseAccesses
from balcao.infrastructure.database.tables import metadata, sessions, usuarios
from tests.acceptance.population import Tenant

_REFUSALS = (asyncpg.InsufficientPrivilegeError, asyncpg.ForeignKeyViolationError)
_ONE_ROW = "SELECT row_to_json(t)::text FROM {0} t WHERE prefeitura_id = $1 LIMIT 1"
_INSERT = "INSERT INTO {0} OVERRIDING SYSTEM VALUE SELECT (json_populate_record(NULL::{0}, $1::json)).*"
_UPDATE = "UPDATE {0} SET {1} = $1 WHERE prefeitura_id = $2"
_CONTEXT = "SELECT set_config('balcao.prefeitura_id', $1, true), set_config('balcao.usuario_id', $2, true)"
_SEARCH_PATH = {"search_path": "balcao, public"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """One attempt: ``column`` of the tenant's row is to hold a foreign id; ``person`` is whom the session claims."""

    table: Table
    column: str
    tenant: Tenant
    foreign: UUID
    person: UUID | None


def attachments(tenants: list[Tenant]) -> Iterator[Attachment]:
    """Each reference of each tenant to each row of the others, claimed by nobody and by the foreign person."""
    for table in metadata.sorted_tables:
        for key in table.foreign_key_constraints:
            if key.referred_table not in (usuarios, sessions):
                continue
            column = next(column.name for column in key.columns if column.name != "prefeitura_id")
            for tenant, other in ((tenant, other) for tenant in tenants for other in tenants if other is not tenant):
                for person, foreign in _ids(other, key.referred_table):
                    for claimed in {None, person}:
                        yield Attachment(table=table, column=column, tenant=tenant, foreign=foreign, person=claimed)


async def try_to_attach(
    tenants: list[Tenant], accesses: DatabaseAccesses, admin: asyncpg.Connection
) -> tuple[int, int]:
    """Insert a copy of a row, and update it, as the application's role and as the operator's.

    Returns:
        attempts made, and how many were accepted.

    Raises:
        asyncpg.PostgresError: one failed for a reason that shows nothing.
    """
    made = accepted = 0
    for access in (accesses.app, accesses.operator):
        connection = await asyncpg.connect(access.url, server_settings=_SEARCH_PATH)
        try:
            for attempt in attachments(tenants):
                row = await _copy(attempt, admin)
                made += 2
                accepted += await _is_accepted(connection, attempt, _INSERT.format(attempt.table.name), row)
                update = _UPDATE.format(attempt.table.name, attempt.column)
                accepted += await _is_accepted(connection, attempt, update, attempt.foreign, attempt.tenant.id)
        finally:
            await connection.close()
    return made, accepted


async def _copy(attempt: Attachment, admin: asyncpg.Connection) -> str:
    """A row of the tenant with an id and a secret of its own, referring to the foreign row."""
    row = json.loads(await admin.fetchval(_ONE_ROW.format(attempt.table.name), attempt.tenant.id))
    secret = f"\\x{uuid4().hex * 2}"
    return json.dumps(row | {"id": str(uuid4()), "token_sha256": secret, attempt.column: str(attempt.foreign)})


async def _is_accepted(connection: asyncpg.Connection, attempt: Attachment, statement: str, *values: object) -> bool:
    """Whether the statement changes anything; it is undone."""
    transaction = connection.transaction()
    await transaction.start()
    try:
        await connection.execute(_CONTEXT, str(attempt.tenant.id), str(attempt.person or ""))
        return not (await connection.execute(statement, *values)).endswith(" 0")
    except _REFUSALS:
        return False
    finally:
        await transaction.rollback()


def _ids(tenant: Tenant, table: Table) -> list[tuple[UUID | None, UUID]]:
    """Rows of the tenant, each with the person that it belongs to."""
    if table is usuarios:
        return [(person.usuario.id, person.usuario.id) for person in tenant.people]
    return [(owner, conversation.session.id) for owner, conversation in tenant.conversations()]
