"""Runs the migrations, and says whether a database is ready for this program."""

from pathlib import Path
from typing import TYPE_CHECKING

import asyncpg
from sqlalchemy import Connection
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from balcao.domain.errors import SchemaNotMigrated, SchemaTooNew, UnsupportedDatabase
from balcao.infrastructure.database.connection import DatabaseAccess, connect

if TYPE_CHECKING:
    from alembic.config import Config

SCHEMA_VERSION = "0010"
"""Revision of the newest migration: the schema that this program needs."""

OLDEST_SERVER = 15
REQUIRED_EXTENSIONS = {"vector": (0, 7), "pg_trgm": (0, 0), "unaccent": (0, 0)}
_MIGRATIONS = Path(__file__).parent / "migrations"


async def upgrade(admin: DatabaseAccess) -> None:
    """Bring the schema to SCHEMA_VERSION; safe to run from several processes at once, and quick when it is there.

    Raises:
        DatabaseUnreachable: nobody answers, or the user is refused.
        UnsupportedDatabase: the server is too old, lacks an extension, or is not in UTF-8, or the user may not migrate.
        SchemaTooNew: a later version of the program has migrated it.
    """
    if not await _is_current(admin):
        await check_server(admin)
        await _run_alembic(admin, "upgrade", SCHEMA_VERSION)


async def downgrade(admin: DatabaseAccess, revision: str = "base") -> None:
    """Take the schema down to ``revision``; ``base`` removes everything but the server's roles and extensions."""
    await _run_alembic(admin, "downgrade", revision)


async def create_database(admin: DatabaseAccess, name: str) -> None:
    """Create a UTF-8 database unless it exists, with PostgreSQL's own collation: the same on every machine."""
    connection = await connect(admin, vectors=False)
    try:
        if not await connection.fetchval("SELECT true FROM pg_database WHERE datname = $1", name):
            await connection.execute(
                f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'"
                " LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' LC_COLLATE 'C' LC_CTYPE 'C'"
            )
    except (asyncpg.DuplicateDatabaseError, asyncpg.UniqueViolationError):  # another process was first
        return
    finally:
        await connection.close()


async def check_server(admin: DatabaseAccess) -> None:
    """Raise UnsupportedDatabase unless the server can hold the schema."""
    connection = await connect(admin, vectors=False)
    try:
        version = connection.get_server_version().major
        if version < OLDEST_SERVER:
            raise UnsupportedDatabase(
                f"O servidor é PostgreSQL {version}; o Balcão precisa da versão {OLDEST_SERVER} ou mais nova."
            )
        if await connection.fetchval("SHOW server_encoding") != "UTF8":
            raise UnsupportedDatabase("O banco não está em UTF-8; crie outro com ENCODING 'UTF8'.")
        available = {
            row["name"]: row["default_version"]
            for row in await connection.fetch("SELECT name, default_version FROM pg_available_extensions")
        }
        for name, oldest in REQUIRED_EXTENSIONS.items():
            _check_extension(name, available.get(name), oldest)
    finally:
        await connection.close()


async def check_ready(app: DatabaseAccess) -> None:
    """Raise SchemaNotMigrated or SchemaTooNew unless the schema is exactly the version that this program needs."""
    if not await _is_current(app):
        raise SchemaNotMigrated


async def _is_current(access: DatabaseAccess) -> bool:
    """Whether the schema is this program's, and not that of an earlier one.

    Raises:
        SchemaTooNew: it is that of a later one.
    """
    version = await _current_version(access)
    if version is not None and version > SCHEMA_VERSION:
        raise SchemaTooNew
    return version == SCHEMA_VERSION


async def _current_version(access: DatabaseAccess) -> str | None:
    connection = await connect(access, vectors=False)
    try:
        version = await connection.fetchval("SELECT version_num FROM public.balcao_versao")
    except asyncpg.UndefinedTableError:
        return None
    finally:
        await connection.close()
    return None if version is None else str(version)


def _check_extension(name: str, version: str | None, oldest: tuple[int, ...]) -> None:
    if version is None:
        raise UnsupportedDatabase(
            f'O servidor não tem a extensão "{name}"; instale-a (pgvector ou o pacote contrib do PostgreSQL).'
        )
    if tuple(int(part) for part in version.split(".") if part.isdigit()) < oldest:
        needed = ".".join(str(part) for part in oldest)
        raise UnsupportedDatabase(f'A extensão "{name}" está na versão {version}; o mínimo é {needed}.')


async def _run_alembic(admin: DatabaseAccess, command_name: str, revision: str) -> None:
    from alembic import command

    async def open_connection() -> asyncpg.Connection:
        return await connect(admin, vectors=False)

    def act(connection: Connection) -> None:
        action = command.upgrade if command_name == "upgrade" else command.downgrade
        action(alembic_config(connection), revision)

    engine = create_async_engine(
        "postgresql+asyncpg://", async_creator=open_connection, poolclass=NullPool, hide_parameters=True
    )
    try:
        async with engine.connect() as connection:
            await connection.run_sync(act)
            await connection.commit()
    except ProgrammingError as error:
        if error.orig and isinstance(error.orig.__cause__, asyncpg.InsufficientPrivilegeError):
            raise UnsupportedDatabase(
                f"O usuário do banco não tem permissão para migrar ({error.orig.__cause__.args[0]}); "
                "veja em docs/operacao.md o que ele precisa e informe-o em DATABASE_ADMIN_URL."
            ) from error
        raise
    finally:
        await engine.dispose()


def alembic_config(connection: Connection | None = None) -> "Config":
    """Alembic's configuration over a connection; imported only when there is something to migrate."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes["connection"] = connection
    return config
