"""Engines: one small pool for each database role, every connection configured alike."""

from dataclasses import dataclass

import asyncpg
from pgvector.asyncpg import register_vector
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from balcao.domain.errors import DatabaseUnreachable, SchemaNotMigrated, UnsupportedDatabase

APP_ROLE = "balcao_app"
INGESTION_ROLE = "balcao_ingestao"
OPERATOR_ROLE = "balcao_operador"
OWNER_ROLE = "balcao_dono"

_CONNECT_TIMEOUT_SECONDS = 10
_SESSION_SETTINGS = {
    "application_name": "balcao",
    "search_path": "balcao, public",
    "hnsw.ef_search": "100",
    "hnsw.iterative_scan": "relaxed_order",
    "random_page_cost": "1.1",
    "jit": "off",
}
"""Measured in docs/desempenho.md: pgvector's default ef_search of 40 silently loses answers at 50,000 chunks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseAccess:
    """How to reach the database as one of its roles.

    ``role`` is assumed when the connection starts, as the session's default, so that not even ``RESET ALL`` leaves
    it: used when the URL logs in as somebody else who is a member of it. None where the URL's own user is the role.
    """

    url: str
    role: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseAccesses:
    """One access for each use of the database; ``admin`` is for migrations only."""

    app: DatabaseAccess
    ingestion: DatabaseAccess
    operator: DatabaseAccess
    admin: DatabaseAccess


async def connect(access: DatabaseAccess, *, vectors: bool = True) -> asyncpg.Connection:
    """Open one connection with the session's settings and, unless told not to, the codec of vectors.

    Raises:
        DatabaseUnreachable: nobody answers at the address, or it refuses this user or role.
        UnsupportedDatabase: the server does not know the settings that are sent.
        SchemaNotMigrated: the role or the vector type does not exist yet.
    """
    settings = _SESSION_SETTINGS | ({"role": access.role} if access.role else {})
    try:
        connection = await asyncpg.connect(
            access.url, server_settings=settings, timeout=_CONNECT_TIMEOUT_SECONDS, statement_cache_size=100
        )
    except asyncpg.InvalidParameterValueError as error:
        if access.role and access.role in str(error):
            raise SchemaNotMigrated from error
        raise UnsupportedDatabase from error
    except (asyncpg.InvalidAuthorizationSpecificationError, asyncpg.InvalidCatalogNameError) as error:
        raise DatabaseUnreachable(
            f"O PostgreSQL recusou a conexão ({error.args[0]}); confira usuário, senha e banco em DATABASE_URL."
        ) from error
    except asyncpg.InsufficientPrivilegeError as error:
        raise DatabaseUnreachable(
            f"O usuário do banco não pode assumir o papel {access.role}; informe um endereço próprio desse papel "
            "(DATABASE_INGEST_URL, DATABASE_OPERATOR_URL) ou conceda o papel ao usuário."
        ) from error
    except (OSError, TimeoutError, asyncpg.PostgresError, ValueError, OverflowError) as error:
        raise DatabaseUnreachable from error
    if vectors:
        try:
            await register_vector(connection)
        except ValueError as error:
            await connection.close()
            raise SchemaNotMigrated from error
    return connection


def create_engine(access: DatabaseAccess, *, pool_size: int) -> AsyncEngine:
    """A pool of at most ``pool_size`` connections; more gains nothing on two cores."""

    async def open_connection() -> asyncpg.Connection:
        return await connect(access)

    return create_async_engine(
        "postgresql+asyncpg://",
        async_creator=open_connection,
        pool_size=pool_size,
        max_overflow=0,
        pool_pre_ping=True,
        hide_parameters=True,
    )
