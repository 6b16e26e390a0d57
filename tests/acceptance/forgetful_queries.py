"""Queries that forget their WHERE, and calls with somebody else's ids: how many meet rows that are not the reader's."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import MappingProxyType
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy import Delete, Row, Select, Table, TextClause, Update, delete, event, select, text, update
from sqlalchemy.exc import DBAPIError, MultipleResultsFound
from sqlalchemy.ext.asyncio import AsyncConnection

from balcao.domain.errors import BalcaoError, PrefeituraNotFound, SessionNotFound
from balcao.domain.ids import PrefeituraId
from balcao.infrastructure.database.database import Database
from balcao.infrastructure.database.driver_statements import DriverStatement
from balcao.infrastructure.database.tables import messages, metadata, prefeituras, sessions
from balcao.infrastructure.database.unit_of_work import PostgresUnitOfWork
from tests.acceptance.population import Tenant
from tests.acceptance.repository_calls import (
    DOORS,
    NOBODY,
    OF_A_PERSON,
    OF_A_TENANT,
    OWN_ROWS,
    Call,
    Reader,
    Stranger,
    calls,
    shows_more_than_own,
)

TENANT_TABLES = [table for table in metadata.sorted_tables if table is prefeituras or "prefeitura_id" in table.c]
_REFUSED = "42501"
_DUPLICATE = "23505"
_INSERT = "INSERT INTO {0} OVERRIDING SYSTEM VALUE SELECT (json_populate_record(NULL::{0}, CAST(:row AS json))).*"
_UPDATABLE = """
    SELECT column_name FROM information_schema.column_privileges
     WHERE grantee = 'balcao_app' AND privilege_type = 'UPDATE' AND table_schema = 'balcao' AND table_name = $1"""

Statement = Select[*tuple[object, ...]] | Update | Delete


@dataclass(slots=True)
class Trial:
    """Attempts on one database full of tenants' rows; ``admin`` is a connection that sees everything."""

    database: Database
    admin: asyncpg.Connection
    tenants: list[Tenant]
    attempts: int = 0
    violations: int = 0
    seen: set[str] = field(default_factory=set)
    """Tables of which some reader saw rows of his own: without them nothing would be shown."""

    sent: dict[str, tuple[Statement, Mapping[str, object]]] = field(default_factory=dict)
    """What the repositories sent, by its text, and with which values."""

    async def run(self, limit: int) -> None:
        """Readers against strangers, until this many attempts are made.

        Raises:
            RuntimeError: there are no more; or some table was never read, so that nothing is shown of it.
        """
        await self._try(NOBODY, self._strangers()[0], OF_A_TENANT)
        for reader, stranger, repositories in self._pairs():
            if self.attempts >= limit:
                break
            await self._try(reader, stranger, repositories)
        else:
            raise RuntimeError(f"only {self.attempts} attempts are possible with {len(self.tenants)} tenants")
        if missing := {table.name for table in TENANT_TABLES} - self.seen:
            raise RuntimeError(f"nobody saw a row of his own in {missing}")

    async def _try(self, reader: Reader, stranger: Stranger, repositories: tuple[str, ...]) -> None:
        before = await self._rows_of(stranger)
        await self._forget_where(reader)
        await self._insert_rows_of(stranger, reader)
        for call in calls(*repositories):
            await self._call(call, reader, stranger)
        self.violations += await self._rows_of(stranger) != before

    def _strangers(self) -> list[Stranger]:
        return [
            Stranger(
                tenant=tenant,
                person=next((person for person in tenant.people if person.usuario.id == owner), None),
                conversation=conversation,
            )
            for tenant in self.tenants
            for owner, conversation in tenant.conversations()
        ]

    def _pairs(self) -> Iterator[tuple[Reader, Stranger, tuple[str, ...]]]:
        """Each reader with each stranger once, colleagues' conversations and other prefeituras' rows in turn."""
        strangers = self._strangers()
        for distance in range(1, len(strangers)):
            for place, itself in enumerate(strangers):
                stranger = strangers[(place + distance) % len(strangers)]
                reader = Reader(
                    prefeitura_id=itself.tenant.id, usuario_id=itself.person.usuario.id if itself.person else None
                )
                yield reader, stranger, OF_A_PERSON if stranger.tenant is itself.tenant else OF_A_TENANT

    async def _forget_where(self, reader: Reader) -> None:
        """Select, update and delete everything; and all that the repositories sent so far, without its WHERE."""
        for table in TENANT_TABLES:
            names = [row["column_name"] for row in await self.admin.fetch(_UPDATABLE, table.name)]
            columns = [column for column in table.c if column.name in names]
            await self._count_foreign(reader, table, select(table))
            if columns:
                await self._count_foreign(reader, table, update(table).values({column: column for column in columns}))
            await self._count_foreign(reader, table, delete(table))
        for statement, values in list(self.sent.values()):
            for table in _tables_of(statement):
                await self._count_foreign(reader, table, statement, values)

    async def _count_foreign(
        self, reader: Reader, table: Table, statement: Statement, values: Mapping[str, object] = MappingProxyType({})
    ) -> None:
        """Run it without its WHERE, and undo it."""
        bare = _without_where(statement, table)
        needed = {name: value for name, value in values.items() if name in bare.compile().params}
        try:
            async with self.database.tenant(reader.prefeitura_id, reader.usuario_id) as work:
                rows = (await work._open.execute(bare, needed)).all()
                await work._open.rollback()
        except (DBAPIError, BalcaoError) as error:
            if _sqlstate(error) == _DUPLICATE:  # one value for many rows: nothing can be learnt from it
                return
            self.violations += _sqlstate(error) != _REFUSED
        else:
            foreign = sum(not self._is_own(row, table, reader) for row in rows)
            self.violations += foreign
            self.seen |= {table.name} if len(rows) > foreign else set()
        self.attempts += 1

    async def _insert_rows_of(self, stranger: Stranger, reader: Reader) -> None:
        """Insert a row of another's prefeitura into each table."""
        if stranger.tenant.id == reader.prefeitura_id:
            return
        for table in TENANT_TABLES:
            owner = "id" if table is prefeituras else "prefeitura_id"
            row = await self.admin.fetchval(
                f"SELECT row_to_json(t)::text FROM {table.name} t WHERE {owner} = $1 LIMIT 1", stranger.tenant.id
            )
            if row is not None:
                await self._expect_refusal(reader, text(_INSERT.format(table.fullname)).bindparams(row=row))

    async def _expect_refusal(self, reader: Reader, statement: TextClause) -> None:
        self.attempts += 1
        try:
            async with self.database.tenant(reader.prefeitura_id, reader.usuario_id) as work:
                await work._open.execute(statement)
        except (DBAPIError, BalcaoError) as error:
            self.violations += _sqlstate(error) != _REFUSED
        else:
            self.violations += 1

    async def _call(self, call: Call, reader: Reader, stranger: Stranger) -> None:
        self.attempts += 1
        try:
            async with self.database.tenant(reader.prefeitura_id, reader.usuario_id) as work:
                with self._recording(work):
                    result = await call.run(work, stranger)
        except (SessionNotFound, PrefeituraNotFound):
            return
        except (DBAPIError, asyncpg.PostgresError, BalcaoError, MultipleResultsFound) as error:
            self.violations += _sqlstate(error) != _REFUSED
            return
        if call.name not in DOORS | OWN_ROWS:
            self.violations += shows_more_than_own(result, reader, self._own_sessions(reader))

    @contextmanager
    def _recording(self, work: PostgresUnitOfWork) -> Iterator[None]:
        """Keep what is sent meanwhile."""
        connection = work._open.sync_connection
        assert connection is not None

        def keep(
            _connection: object, statement: object, _many: object, values: Mapping[str, object], _options: object
        ) -> None:
            if isinstance(statement, Select | Update | Delete):
                self.sent[str(statement)] = statement, values

        by_itself = DriverStatement.rows

        async def rows(
            driver: DriverStatement, connection: AsyncConnection, values: Mapping[str, object]
        ) -> list[asyncpg.Record]:
            keep(None, driver.statement, None, values, None)
            return await by_itself(driver, connection, values)

        event.listen(connection, "before_execute", keep)
        try:
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(DriverStatement, "rows", rows)
                yield
        finally:
            event.remove(connection, "before_execute", keep)

    def _own_sessions(self, reader: Reader) -> set[UUID]:
        return {
            conversation.session.id
            for tenant in self.tenants
            for owner, conversation in tenant.conversations()
            if (tenant.id, owner) == (reader.prefeitura_id, reader.usuario_id)
        }

    def _is_own(self, row: Row[*tuple[object, ...]], table: Table, reader: Reader) -> bool:
        values = row._mapping
        if table is prefeituras:
            return bool(values["id"] == reader.prefeitura_id)
        if table is sessions or table is messages:
            return values["id" if table is sessions else "session_id"] in self._own_sessions(reader)
        return bool(values["prefeitura_id"] == reader.prefeitura_id)

    async def _rows_of(self, stranger: Stranger) -> list[str]:
        """Everything that is the stranger's."""
        return await rows_of(self.admin, stranger.tenant.id)


async def rows_of(admin: asyncpg.Connection, prefeitura_id: PrefeituraId) -> list[str]:
    """Everything that is a prefeitura's, as the administrator sees it."""
    rows: list[str] = []
    for table in TENANT_TABLES:
        owner = "id" if table is prefeituras else "prefeitura_id"
        found = await admin.fetch(f"SELECT t::text FROM {table.name} t WHERE {owner} = $1 ORDER BY 1", prefeitura_id)
        rows += [row["t"] for row in found]
    return rows


def _tables_of(statement: Statement) -> list[Table]:
    found = statement.get_final_froms() if isinstance(statement, Select) else [statement.table]
    return [table for table in TENANT_TABLES if table in found]


def _without_where(statement: Statement, table: Table) -> Statement:
    """The same statement on every row, giving the table's columns."""
    if isinstance(statement, Select):
        bare = statement.with_only_columns(*table.c).group_by(None).order_by(None).limit(None).offset(None)
        bare._where_criteria = ()
        return bare
    unlimited = statement.with_dialect_options()  # a copy
    unlimited._where_criteria = ()
    unlimited._returning = ()
    return unlimited.returning(*table.c)


def _sqlstate(error: BaseException | None) -> str | None:
    """PostgreSQL's code of what went wrong, from the error or from what caused it."""
    while error is not None:
        if isinstance(error, DBAPIError):
            return getattr(error.orig, "sqlstate", None)
        if isinstance(error, asyncpg.PostgresError):
            return error.sqlstate
        error = error.__cause__
    return None
