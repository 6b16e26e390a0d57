"""The work of taking documents in, in PostgreSQL, with pgqueuer as its queue."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import asyncpg
from sqlalchemy import ColumnElement, Row, Update, and_, case, func, insert, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from balcao.domain.audit import Actor, ActorKind
from balcao.domain.ids import DocumentId, JobId
from balcao.domain.ingestion_job import STALE_AFTER, IngestionJob, JobState, JobStep
from balcao.infrastructure.database.tables import UNFINISHED, jobs

_GIVEN = ("id", "document_id", "state", "confirmed", "keeps_title", "keeps_ente")
_FIELDS = (
    *_GIVEN, "step", "done", "total", "attempts", "failures", "tokens", "error_code", "reason", "related", "owner",
    "not_before", "created_at", "updated_at",
)  # fmt: skip
_WAS_LEFT = case((jobs.c.state == JobState.EXECUTANDO, 1), else_=0)
_NOW = func.clock_timestamp()
_IDLE = {"owner": None, "beat_at": None}
_UNANNOUNCED = text(
    "SELECT t.id FROM balcao.trabalho_ingestao t"
    " WHERE t.estado = 'na_fila' AND t.atualizado_em < clock_timestamp() - CAST(:patience AS interval) AND NOT EXISTS"
    " (SELECT FROM balcao.pgqueuer q WHERE q.status IN ('queued', 'picked')"
    " AND q.dedupe_key = t.id::text || '/' || t.tentativas)"
)
_FORGET_LOG = text("DELETE FROM balcao.pgqueuer_log WHERE created < :instant")


class PostgresIngestionJobRepository:
    """IngestionJobRepository on one connection."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, job: IngestionJob) -> IngestionJob:
        """Insert a row."""
        asked = {"requested_by_kind": job.requested_by.kind, "requested_by_id": job.requested_by.id}
        statement = insert(jobs).values({key: getattr(job, key) for key in _GIVEN} | asked).returning(*jobs.c)
        return _job((await self._connection.execute(statement)).one())

    async def enqueue(self, job: IngestionJob, delay: timedelta = timedelta()) -> None:
        """Insert pgqueuer's entry in this transaction, unless this attempt's is there."""
        from balcao.infrastructure.repositories.queue import ENTRYPOINT, queue_on  # costs every start 0.26 s, 7 MiB

        raw = (await self._connection.get_raw_connection()).driver_connection
        if not isinstance(raw, asyncpg.Connection) or not raw.is_in_transaction():
            raise RuntimeError("a job enqueued outside a transaction")
        await queue_on(raw).enqueue(
            ENTRYPOINT,
            str(job.id).encode(),
            execute_after=delay,
            dedupe_key=f"{job.id}/{job.attempts}",
            on_conflict="skip",
        )

    async def find(self, job_id: JobId) -> IngestionJob | None:
        """The row."""
        row = (await self._connection.execute(select(jobs).where(jobs.c.id == job_id))).one_or_none()
        return _job(row) if row else None

    async def latest_of(self, document_id: DocumentId) -> IngestionJob | None:
        """The newest row of a document."""
        newest = select(jobs).where(jobs.c.document_id == document_id).order_by(jobs.c.created_at.desc()).limit(1)
        row = (await self._connection.execute(newest)).one_or_none()
        return _job(row) if row else None

    async def claim(self, job_id: JobId, owner: str, *, gone: Sequence[str] = ()) -> IngestionJob | None:
        """One conditional UPDATE, so that one of many gets it."""
        free = or_(jobs.c.state == JobState.NA_FILA, _is_abandoned(gone))
        statement = update(jobs).where(jobs.c.id == job_id, free).values(
            {
                "state": JobState.EXECUTANDO, "owner": owner, "beat_at": _NOW, "updated_at": _NOW, "step": JobStep.LER,
                "attempts": jobs.c.attempts + 1, "failures": jobs.c.failures + _WAS_LEFT, "done": 0, "total": 0,
                "not_before": None,
            }
        )  # fmt: skip
        row = (await self._connection.execute(statement.returning(*jobs.c))).one_or_none()
        return _job(row) if row else None

    async def advance(self, job: IngestionJob, step: JobStep, done: int, total: int, tokens: int = 0) -> bool:
        """Update this attempt's row."""
        spent = jobs.c.tokens + tokens
        return await self._change(job, step=step, done=done, total=total, tokens=spent, beat_at=_NOW)

    async def beat(self, job: IngestionJob) -> bool:
        """Update this attempt's row."""
        return await self._change(job, beat_at=_NOW)

    async def release(
        self,
        job: IngestionJob,
        *,
        reason: str | None = None,
        error_code: str | None = None,
        delay: timedelta = timedelta(),
    ) -> bool:
        """Back to the queue, by an entry of its own."""
        values = {"state": JobState.NA_FILA, "reason": reason, "error_code": error_code, "not_before": _NOW + delay}
        failures = jobs.c.failures + (1 if error_code else 0)
        released = await self._change(job, failures=failures, **values, **_IDLE)
        if released:
            await self.enqueue(job, delay)
        return released

    async def finish(self, job: IngestionJob, *, reason: str | None = None, related: DocumentId | None = None) -> bool:
        """End the row."""
        return await self._change(job, state=JobState.CONCLUIDO, reason=reason, related=related, **_IDLE)

    async def fail(self, job: IngestionJob, *, error_code: str, reason: str, related: DocumentId | None = None) -> bool:
        """End the row; it stays, with its reason, for a person to see."""
        return await self._change(
            job, state=JobState.FALHOU, error_code=error_code, reason=reason, related=related, **_IDLE
        )

    async def cancel(self, document_id: DocumentId, reason: str) -> bool:
        """End the document's unfinished row; the attempt at work notices at its next step."""
        statement = update(jobs).where(jobs.c.document_id == document_id, UNFINISHED)
        values = {"state": JobState.CANCELADO, "reason": reason, "updated_at": _NOW} | _IDLE
        return bool((await self._connection.execute(statement.values(values))).rowcount)

    async def owners(self) -> list[str]:
        """Who is said to be at work."""
        at_work = select(jobs.c.owner).where(jobs.c.state == JobState.EXECUTANDO, jobs.c.owner.is_not(None)).distinct()
        return list((await self._connection.execute(at_work)).scalars())

    async def requeue_abandoned(self, gone: Sequence[str]) -> list[JobId]:
        """Free the abandoned rows; then an entry for these and for each that waits without one."""
        values = {"state": JobState.NA_FILA, "failures": jobs.c.failures + 1, "updated_at": _NOW} | _IDLE
        freed = update(jobs).where(_is_abandoned(gone)).values(values).returning(*jobs.c)
        found = [_job(row) for row in await self._connection.execute(freed)]
        unannounced = (await self._connection.execute(_UNANNOUNCED, {"patience": STALE_AFTER})).scalars().all()
        waiting = select(jobs).where(jobs.c.id.in_(unannounced), jobs.c.state == JobState.NA_FILA)
        found += [_job(row) for row in await self._connection.execute(waiting)]
        for job in found:
            await self.enqueue(job)
        return [job.id for job in found]

    async def forget_log_before(self, instant: datetime) -> int:
        """Delete from pgqueuer's log, which it never empties."""
        return (await self._connection.execute(_FORGET_LOG, {"instant": instant})).rowcount

    async def _change(self, job: IngestionJob, **values: object) -> bool:
        statement = _of_attempt(job).values(values | {"updated_at": _NOW})
        return bool((await self._connection.execute(statement)).rowcount)


def _of_attempt(job: IngestionJob) -> Update:
    """The row while it is this attempt's: after a cancellation, or once somebody took over, there is none."""
    mine = and_(jobs.c.id == job.id, jobs.c.state == JobState.EXECUTANDO, jobs.c.attempts == job.attempts)
    return update(jobs).where(mine)


def _is_abandoned(gone: Sequence[str]) -> ColumnElement[bool]:
    silent = or_(jobs.c.beat_at < _NOW - STALE_AFTER, jobs.c.owner.in_(gone))
    return and_(jobs.c.state == JobState.EXECUTANDO, silent)


def _job(row: Row[*tuple[object, ...]]) -> IngestionJob:
    values = {key: getattr(row, key) for key in _FIELDS}
    requested_by = Actor(kind=ActorKind(row.requested_by_kind), id=row.requested_by_id)
    states = {"state": JobState(row.state), "step": JobStep(row.step)}
    return IngestionJob(**(values | states), requested_by=requested_by)
