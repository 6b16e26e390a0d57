"""Invitations in PostgreSQL."""

from datetime import datetime

from sqlalchemy import func, insert, select, update
from sqlalchemy.dialects.postgresql import UUID
from sqlalchemy.ext.asyncio import AsyncConnection

from balcao.domain.identity import Invitation
from balcao.domain.ids import PrefeituraId, UsuarioId
from balcao.infrastructure.database.tables import invitations

_COLUMNS = ("id", "prefeitura_id", "usuario_id", "token_sha256", "expires_at", "used_at")


class PostgresInvitationRepository:
    """InvitationRepository on one connection; row-level security keeps it to the transaction's prefeitura."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def save(self, invitation: Invitation) -> None:
        """Spend the person's earlier ones, then insert the row."""
        earlier = update(invitations).where(
            invitations.c.usuario_id == invitation.usuario_id, invitations.c.used_at.is_(None)
        )
        await self._connection.execute(earlier.values(used_at=func.now()))
        await self._connection.execute(
            insert(invitations).values({name: getattr(invitation, name) for name in _COLUMNS})
        )

    async def owner_of_token(self, token_sha256: bytes) -> PrefeituraId | None:
        """Through the database's narrow door, which shows one id."""
        door = select(func.balcao.convite_por_token(token_sha256, type_=UUID))
        found = (await self._connection.execute(door)).scalar_one()
        return PrefeituraId(found) if found else None

    async def use(self, token_sha256: bytes, now: datetime) -> UsuarioId | None:
        """One UPDATE with its condition: an invitation is spent once."""
        statement = update(invitations).where(
            invitations.c.token_sha256 == token_sha256,
            invitations.c.used_at.is_(None),
            invitations.c.expires_at > now,
        )
        spent = statement.values(used_at=now).returning(invitations.c.usuario_id)
        found = (await self._connection.execute(spent)).scalar_one_or_none()
        return None if found is None else UsuarioId(found)
