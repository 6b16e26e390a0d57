"""Databases of a test server: empty ones, and migrated ones copied from a template."""

from itertools import count

import asyncpg

from balcao.infrastructure.database import migrator
from balcao.infrastructure.database.connection import (
    APP_ROLE,
    INGESTION_ROLE,
    OPERATOR_ROLE,
    DatabaseAccess,
    DatabaseAccesses,
)
from balcao.infrastructure.database.embedded import EmbeddedPostgres

TEMPLATE = "modelo"
_numbers = count(1)


async def new_empty_database(server: EmbeddedPostgres) -> str:
    """Name of a new database without the schema."""
    name = f"vazio_{next(_numbers)}"
    await migrator.create_database(_postgres(server), name)
    return name


async def new_migrated_database(server: EmbeddedPostgres) -> DatabaseAccesses:
    """A new database with the schema, copied from a template that the first call makes; one call at a time."""
    await migrator.create_database(_postgres(server), TEMPLATE)
    await migrator.upgrade(DatabaseAccess(url=server.url("postgres", TEMPLATE)))
    name = f"teste_{next(_numbers)}"
    connection = await asyncpg.connect(_postgres(server).url)
    await connection.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
    await connection.close()
    return accesses_of(server, name)


def accesses_of(server: EmbeddedPostgres, name: str) -> DatabaseAccesses:
    """How each role reaches one of the server's databases."""
    return DatabaseAccesses(
        app=DatabaseAccess(url=server.url(APP_ROLE, name)),
        ingestion=DatabaseAccess(url=server.url(INGESTION_ROLE, name)),
        operator=DatabaseAccess(url=server.url(OPERATOR_ROLE, name)),
        admin=DatabaseAccess(url=server.url("postgres", name)),
    )


def _postgres(server: EmbeddedPostgres) -> DatabaseAccess:
    return DatabaseAccess(url=server.url("postgres", "postgres"))
