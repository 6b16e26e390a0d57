"""Which domain error a failure of the database means; a broken constraint is recognised by its name."""

import asyncpg
from sqlalchemy.exc import DBAPIError

from balcao.domain.errors import (
    BalcaoError,
    DatabaseUnreachable,
    DocumentNotFound,
    DuplicateDocument,
    DuplicatePrefeitura,
    DuplicateUsuario,
    IngestionInProgress,
    SchemaNotMigrated,
    SessionNotFound,
)

ERRORS: dict[str, type[BalcaoError]] = {
    "documento_sha": DuplicateDocument,
    "documento_revogado_por_fk": DocumentNotFound,
    "documento_origem": DuplicateDocument,
    "documento_origem_em_curso": DuplicateDocument,
    "documento_texto_sha": DuplicateDocument,
    "trabalho_ingestao_um_por_documento": IngestionInProgress,
    "prefeitura_slug": DuplicatePrefeitura,
    "prefeitura_ibge": DuplicatePrefeitura,
    "usuario_email": DuplicateUsuario,
    "message_session_fk": SessionNotFound,
}

_LOST = (
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
)


def domain_error(error: BaseException) -> BalcaoError | None:
    """What this failure means to a use case; None for one that nobody expects, or that is not the database's.

    COPY and every DriverStatement are the driver's own calls, and fail with the driver's own errors.
    """
    cause: BaseException | None = error
    if isinstance(error, DBAPIError):
        if error.connection_invalidated:
            return DatabaseUnreachable()
        cause = error.orig.__cause__ if error.orig else None
    if isinstance(cause, _LOST) or (isinstance(cause, asyncpg.InterfaceError) and "closed" in str(cause)):
        return DatabaseUnreachable()
    if isinstance(cause, asyncpg.UndefinedTableError):
        return SchemaNotMigrated()
    name = getattr(cause, "constraint_name", None)
    found = ERRORS.get(str(name))
    return found() if found else None


def raise_meaning(error: BaseException | None) -> None:
    """Raise what a failure of the database means to a use case, where it means anything."""
    if error is not None and (meaning := domain_error(error)):
        raise meaning from error
