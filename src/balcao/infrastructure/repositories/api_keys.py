"""API keys in PostgreSQL."""

from datetime import datetime, timedelta

from sqlalchemy import Row, insert, or_, select, text, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from balcao.domain.identity import ApiKey
from balcao.domain.ids import ApiKeyId, PrefeituraId
from balcao.domain.usuario import Papel
from balcao.infrastructure.database.tables import api_keys

_COLUMNS = ("id", "prefeitura_id", "nome", "prefix", "secret_sha256", "last_used_at", "revoked_at")
_OWNER = text("SELECT prefeitura_id, id, papel FROM chave_por_segredo(:secret)")
_USE_RESOLUTION = timedelta(minutes=1)


class PostgresApiKeyRepository:
    """ApiKeyRepository on one connection; row-level security keeps it to the transaction's prefeitura."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def save(self, key: ApiKey) -> ApiKey:
        """Insert the row."""
        values = {name: getattr(key, name) for name in _COLUMNS} | {"papel": key.papel}
        return _key((await self._connection.execute(insert(api_keys).values(values).returning(*api_keys.c))).one())

    async def find_all(self) -> list[ApiKey]:
        """Every row by name."""
        statement = select(api_keys).order_by(api_keys.c.nome, api_keys.c.created_at)
        return [_key(row) for row in await self._connection.execute(statement)]

    async def find_page(self, limit: int, after: ApiKeyId | None) -> list[ApiKey]:
        """The rows behind this one."""
        statement = select(api_keys).order_by(api_keys.c.nome, api_keys.c.id)
        if after is not None:
            mark = api_keys.alias()
            behind = select(mark.c.nome, mark.c.id).where(mark.c.id == after).scalar_subquery()
            statement = statement.where(tuple_(api_keys.c.nome, api_keys.c.id) > behind)
        return [_key(row) for row in await self._connection.execute(statement.limit(limit))]

    async def revoke(self, key_id: ApiKeyId, now: datetime) -> bool:
        """Mark a working row."""
        statement = update(api_keys).where(api_keys.c.id == key_id, api_keys.c.revoked_at.is_(None))
        return bool((await self._connection.execute(statement.values(revoked_at=now))).rowcount)

    async def owner_of_secret(self, secret_sha256: bytes) -> tuple[PrefeituraId, ApiKeyId, Papel] | None:
        """Through the database's narrow door, which shows whose key it is."""
        row = (await self._connection.execute(_OWNER, {"secret": secret_sha256})).one_or_none()
        return (row.prefeitura_id, row.id, Papel(row.papel)) if row and row.id else None

    async def touch(self, key_id: ApiKeyId, now: datetime) -> None:
        """Write at most once a minute, so that a busy key is not a row under contention."""
        stale = or_(api_keys.c.last_used_at.is_(None), api_keys.c.last_used_at < now - _USE_RESOLUTION)
        await self._connection.execute(update(api_keys).where(api_keys.c.id == key_id, stale).values(last_used_at=now))


def _key(row: Row[*tuple[object, ...]]) -> ApiKey:
    return ApiKey(papel=Papel(row.papel), created_at=row.created_at, **{name: getattr(row, name) for name in _COLUMNS})
