"""Answers by Idempotency-Key in PostgreSQL."""

from datetime import datetime

from sqlalchemy import and_, delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from balcao.domain.idempotency import CLAIM_LIFE, IdempotentAnswer
from balcao.domain.ids import PrefeituraId
from balcao.infrastructure.database.tables import idempotent_answers as answers


class PostgresIdempotencyRepository:
    """IdempotencyRepository on one connection, for one prefeitura."""

    def __init__(self, connection: AsyncConnection, prefeitura_id: PrefeituraId | None) -> None:
        self._connection = connection
        self._prefeitura_id = prefeitura_id

    async def begin(self, key_sha256: bytes, request_sha256: bytes, now: datetime) -> IdempotentAnswer | None:
        """Insert the claim, or take over one that its process left behind; otherwise read what is there."""
        claim = insert(answers).values(
            prefeitura_id=self._prefeitura_id, key_sha256=key_sha256, request_sha256=request_sha256, created_at=now
        )
        left_behind = and_(answers.c.status.is_(None), answers.c.created_at < now - CLAIM_LIFE)
        claimed = claim.on_conflict_do_update(
            constraint="resposta_idempotente_pk",
            set_={answers.c.request_sha256: request_sha256, answers.c.created_at: now},
            where=left_behind,
        )
        if (await self._connection.execute(claimed)).rowcount:
            return None
        found = await self._connection.execute(select(answers).where(answers.c.key_sha256 == key_sha256))
        row = found.one_or_none()
        if row is None:  # abandoned between the two statements: the client may try again
            return IdempotentAnswer(request_sha256=request_sha256)
        return IdempotentAnswer(request_sha256=row.request_sha256, status=row.status, sealed_body=row.sealed_body)

    async def finish(self, key_sha256: bytes, status: int, sealed_body: bytes) -> None:
        """Write the answer into the claim."""
        statement = update(answers).where(answers.c.key_sha256 == key_sha256)
        await self._connection.execute(statement.values(status=status, sealed_body=sealed_body))

    async def abandon(self, key_sha256: bytes) -> None:
        """Delete the claim."""
        unanswered = answers.c.status.is_(None)
        await self._connection.execute(delete(answers).where(answers.c.key_sha256 == key_sha256, unanswered))

    async def forget_before(self, instant: datetime) -> int:
        """Delete older rows."""
        return (await self._connection.execute(delete(answers).where(answers.c.created_at < instant))).rowcount
