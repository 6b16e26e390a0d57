"""Who may migrate: an admin that is no superuser may, and who may not is told so in one sentence."""

from pathlib import Path

import asyncpg
import pytest

from balcao.domain.errors import UnsupportedDatabase
from balcao.infrastructure.database import migrator
from balcao.infrastructure.database.connection import (
    APP_ROLE,
    INGESTION_ROLE,
    OPERATOR_ROLE,
    DatabaseAccess,
    connect,
)
from balcao.infrastructure.database.embedded import EmbeddedPostgres


async def as_superuser(server: EmbeddedPostgres, database: str, *statements: str) -> None:
    connection = await asyncpg.connect(server.url("postgres", database))
    for statement in statements:
        await connection.execute(statement)
    await connection.close()


async def test_an_admin_who_is_no_superuser_migrates_and_assumes_the_roles(short_folder: Path) -> None:
    """On a server of its own: the roles must not exist before."""
    with EmbeddedPostgres(short_folder / "gerenciado") as server:
        await as_superuser(
            server,
            "postgres",
            "CREATE ROLE gestor_do_banco LOGIN CREATEROLE",
            "CREATE DATABASE gerenciado OWNER gestor_do_banco ENCODING 'UTF8' TEMPLATE template0",
        )
        await as_superuser(server, "gerenciado", "CREATE EXTENSION vector")
        url = server.url("gestor_do_banco", "gerenciado")
        await migrator.upgrade(DatabaseAccess(url=url))
        for role in (APP_ROLE, INGESTION_ROLE, OPERATOR_ROLE):
            connection = await connect(DatabaseAccess(url=url, role=role))
            assert await connection.fetchval("SELECT current_user") == role
            await connection.close()


async def test_who_may_not_migrate_is_told_so(server: EmbeddedPostgres, empty_database: str) -> None:
    await as_superuser(server, empty_database, "DROP ROLE IF EXISTS sem_direitos", "CREATE ROLE sem_direitos LOGIN")
    with pytest.raises(UnsupportedDatabase, match=r"não tem permissão para migrar.*DATABASE_ADMIN_URL"):
        await migrator.upgrade(DatabaseAccess(url=server.url("sem_direitos", empty_database)))
