"""Engines: one small pool for each database role, every connection configured alike."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import asyncpg
from pydantic_core import from_json
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from balcao.domain.errors import DatabaseUnreachable, InvalidConfiguration, SchemaNotMigrated, UnsupportedDatabase
from balcao.infrastructure.database.pool_checks import check_when_taken
from balcao.infrastructure.database.vector_codecs import register_vector_codecs

APP_ROLE = "balcao_app"
INGESTION_ROLE = "balcao_ingestao"
OPERATOR_ROLE = "balcao_operador"
OWNER_ROLE = "balcao_dono"

_CONNECT_TIMEOUT_SECONDS = 10
_APPLICATION_NAME = "balcao"
SESSION_SETTINGS = {
    "search_path": "balcao, public",
    "hnsw.iterative_scan": "relaxed_order",
    "random_page_cost": "1.1",
    "jit": "off",
}
"""How far a walk of the index of vectors goes is each search's own to say (vector_walk)."""

_SESSION_IS = "SELECT current_user AS role, ARRAY(SELECT current_setting(name, true) FROM unnest($1::text[]) AS name)"


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseAccess:
    """How to reach the database as one of its roles.

    ``role`` is assumed when the connection starts, as the session's default, so that not even ``RESET ALL`` leaves
    it: used when the URL logs in as somebody else who is a member of it. None where the URL's own user is the role.

    ``transaction_pooler`` says that a pooler stands between, which gives each transaction another server connection:
    no statement is then kept prepared, and the session's settings are expected from ``ALTER ROLE``, not sent.
    """

    url: str
    role: str | None = None
    transaction_pooler: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseAccesses:
    """One access for each use of the database; ``admin`` is for migrations only."""

    app: DatabaseAccess
    ingestion: DatabaseAccess
    operator: DatabaseAccess
    admin: DatabaseAccess


async def connect(access: DatabaseAccess, *, vectors: bool = True) -> asyncpg.Connection:
    """Open one connection with the session's settings and, unless told not to, the codecs of vectors.

    Raises:
        DatabaseUnreachable: nobody answers at the address, or it refuses this user or role.
        InvalidConfiguration: something on the way, a pooler, refuses the settings or drops them or the role.
        UnsupportedDatabase: the server does not know the settings that are sent.
        SchemaNotMigrated: the role or the vector type does not exist yet.
    """
    with _failures_explained(access):
        connection = await asyncpg.connect(
            access.url,
            server_settings=_sent_settings(access),
            timeout=_CONNECT_TIMEOUT_SECONDS,
            statement_cache_size=0 if access.transaction_pooler else 100,
            max_cached_statement_lifetime=0,
            max_cacheable_statement_size=0,
        )
    try:
        with _failures_explained(access):
            await _check_session(connection, access)
        if vectors:
            await register_vector_codecs(connection)
    except ValueError as error:
        await connection.close()
        raise SchemaNotMigrated from error
    except BaseException:
        await connection.close()
        raise
    return connection


def create_engine(access: DatabaseAccess, *, pool_size: int) -> AsyncEngine:
    """A pool of at most ``pool_size`` connections; more gains nothing on two cores.

    The one last returned is given out first: where few ask, it alone has planned their statements (each connection does
    so five times over before it keeps a plan), is not idle for so long that it need be tried, and takes memory.
    """

    async def open_connection() -> asyncpg.Connection:
        return await connect(access)

    unnamed = {"prepared_statement_cache_size": 0, "prepared_statement_name_func": lambda: ""}
    engine = create_async_engine(
        "postgresql+asyncpg://",
        connect_args={"async_creator_fn": open_connection} | (unnamed if access.transaction_pooler else {}),
        pool_size=pool_size,
        max_overflow=0,
        pool_use_lifo=True,
        hide_parameters=True,
        json_deserializer=from_json,
    )
    check_when_taken(engine)
    return engine


def _sent_settings(access: DatabaseAccess) -> dict[str, str]:
    settings = {"application_name": _APPLICATION_NAME}
    if not access.transaction_pooler:
        settings |= SESSION_SETTINGS
    return settings | ({"role": access.role} if access.role else {})


async def _check_session(connection: asyncpg.Connection, access: DatabaseAccess) -> None:
    """A pooler may drop what is sent at the start: the role, then, would still be the admin, whom nothing bounds."""
    ((role, values),) = await connection.fetch(_SESSION_IS, list(SESSION_SETTINGS))
    if access.role and role != access.role:
        raise InvalidConfiguration(
            f"A conexão não assumiu o papel {access.role}, provavelmente por causa de um pooler; informe um endereço "
            "próprio para cada papel (DATABASE_URL, DATABASE_INGEST_URL, DATABASE_OPERATOR_URL)."
        )
    wrong = [name for name, value in zip(SESSION_SETTINGS, values, strict=True) if value != SESSION_SETTINGS[name]]
    if wrong:
        raise InvalidConfiguration(
            f"As sessões do papel {role} não têm os parâmetros do Balcão ({', '.join(wrong)}). Atrás de um pooler, "
            'eles são definidos com ALTER ROLE; veja "Pooler de transação" em docs/operacao.md.'
        )


@contextmanager
def _failures_explained(access: DatabaseAccess) -> Iterator[None]:
    try:
        yield
    except asyncpg.InvalidParameterValueError as error:
        if access.role and access.role in str(error):
            raise SchemaNotMigrated from error
        raise UnsupportedDatabase from error
    except asyncpg.ProtocolViolationError as error:
        raise InvalidConfiguration(
            "Um pooler recusou os parâmetros da conexão. Se ele é de transação, defina "
            'DATABASE_TRANSACTION_POOLER=true; veja "Pooler de transação" em docs/operacao.md.'
        ) from error
    except (asyncpg.InvalidAuthorizationSpecificationError, asyncpg.InvalidCatalogNameError) as error:
        raise DatabaseUnreachable(
            f"O PostgreSQL recusou a conexão ({error.args[0]}); confira usuário, senha e banco em DATABASE_URL."
        ) from error
    except asyncpg.InsufficientPrivilegeError as error:
        raise DatabaseUnreachable(
            f"O usuário do banco não pode assumir o papel {access.role}; informe um endereço próprio desse papel "
            "(DATABASE_INGEST_URL, DATABASE_OPERATOR_URL) ou conceda o papel ao usuário."
        ) from error
    except (OSError, OverflowError, TimeoutError, asyncpg.PostgresError, ValueError) as error:
        raise DatabaseUnreachable from error
