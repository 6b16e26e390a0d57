"""Prefeituras in PostgreSQL."""

import uuid

from sqlalchemy import Row, Select, Text, bindparam, cast, func, select, true, tuple_, update
from sqlalchemy.dialects.postgresql import UUID, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from balcao.domain.ids import PrefeituraId
from balcao.domain.prefeitura import Prefeitura
from balcao.infrastructure.database.driver_statements import DriverStatement
from balcao.infrastructure.database.tables import prefeituras

_BY_ID = select(prefeituras).where(prefeituras.c.id == bindparam("prefeitura_id"))
_PUBLIC_ID = select(func.balcao.prefeitura_publica(type_=UUID))


def _seen_by_itself() -> Select[*tuple[object, ...]]:
    """Sets the tenant for itself alone, and reads that tenant's row; OFFSET keeps the reading behind the setting."""
    wanted = func.coalesce(bindparam("prefeitura_id", type_=UUID), func.balcao.prefeitura_publica(type_=UUID))
    told = func.set_config("balcao.prefeitura_id", func.coalesce(cast(wanted, Text), ""), true(), type_=Text)
    tenant = select(told.label("id")).subquery("inquilino")
    own = select(prefeituras).where(prefeituras.c.id == cast(func.nullif(tenant.c.id, ""), UUID)).offset(0)
    seen = own.lateral("propria")
    return select(seen).select_from(tenant).join(seen, true())


_SEEN_BY_ITSELF = DriverStatement(_seen_by_itself())
_EDITABLE = ("nome", "slug", "uf", "ibge", "publica", "quota_tokens", "dia_contrato", "ativo")


class PostgresPrefeituraRepository:
    """PrefeituraRepository on one connection."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def save(self, prefeitura: Prefeitura) -> Prefeitura:
        """Insert or update the row; the consumption counter is never written from here."""
        values = {key: getattr(prefeitura, key) for key in _EDITABLE}
        statement = (
            insert(prefeituras)
            .values(id=prefeitura.id, **values)
            .on_conflict_do_update(
                constraint="prefeitura_pk",
                set_={prefeituras.c[key]: value for key, value in values.items()}
                | {prefeituras.c.updated_at: func.now()},
            )
            .returning(*prefeituras.c)
        )
        return _prefeitura((await self._connection.execute(statement)).one())

    async def find_by_id(self, prefeitura_id: PrefeituraId) -> Prefeitura | None:
        """The row, if this transaction's tenant may see it."""
        row = (await self._connection.execute(_BY_ID, {"prefeitura_id": prefeitura_id})).one_or_none()
        return _prefeitura(row) if row else None

    async def find_by_slug(self, slug: str) -> Prefeitura | None:
        """The row, if this transaction's tenant may see it."""
        return await self._one(select(prefeituras).where(prefeituras.c.slug == slug))

    async def find_all(self) -> list[Prefeitura]:
        """The rows that this transaction may see."""
        statement = select(prefeituras).order_by(prefeituras.c.nome, prefeituras.c.id)
        return [_prefeitura(row) for row in await self._connection.execute(statement)]

    async def find_page(self, limit: int, after: PrefeituraId | None) -> list[Prefeitura]:
        """The rows behind this one."""
        statement = select(prefeituras).order_by(prefeituras.c.nome, prefeituras.c.id)
        if after is not None:
            mark = prefeituras.alias()
            behind = select(mark.c.nome, mark.c.id).where(mark.c.id == after).scalar_subquery()
            statement = statement.where(tuple_(prefeituras.c.nome, prefeituras.c.id) > behind)
        return [_prefeitura(row) for row in await self._connection.execute(statement.limit(limit))]

    async def public_id(self) -> PrefeituraId | None:
        """Through the database's narrow door, which shows one id and nothing else."""
        return await self._door(_PUBLIC_ID)

    async def id_of_slug(self, slug: str) -> PrefeituraId | None:
        """Through the database's narrow door, which shows one id and nothing else."""
        return await self._door(select(func.balcao.prefeitura_por_slug(slug, type_=UUID)))

    async def make_public(self, prefeitura_id: PrefeituraId) -> None:
        """Take the mark from whoever has it first: a partial unique index allows only one."""
        for marked, wanted in ((prefeituras.c.id != prefeitura_id, False), (prefeituras.c.id == prefeitura_id, True)):
            statement = update(prefeituras).where(marked, prefeituras.c.publica != wanted)
            await self._connection.execute(statement.values(publica=wanted, updated_at=func.now()))

    async def _one(self, statement: Select[*tuple[object, ...]]) -> Prefeitura | None:
        row = (await self._connection.execute(statement)).one_or_none()
        return _prefeitura(row) if row else None

    async def _door(self, door: Select[uuid.UUID | None]) -> PrefeituraId | None:
        found = (await self._connection.execute(door)).scalar_one()
        return PrefeituraId(found) if found else None


async def seen_by_itself(connection: AsyncConnection, prefeitura_id: PrefeituraId | None) -> Prefeitura | None:
    """The row of a prefeitura, of the public one without an id, for a connection in AUTOCOMMIT.

    Row-level security is what it is in that prefeitura's unit of work. In a transaction this would change its tenant.
    """
    rows = await _SEEN_BY_ITSELF.rows(connection, {"prefeitura_id": prefeitura_id})
    return Prefeitura(**rows[0]) if rows else None


def _prefeitura(row: Row[*tuple[object, ...]]) -> Prefeitura:
    return Prefeitura(
        id=row.id,
        tokens_consumidos=row.tokens_consumidos,
        criado_em=row.created_at,
        atualizado_em=row.updated_at,
        **{key: getattr(row, key) for key in _EDITABLE},
    )
