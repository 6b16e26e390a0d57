"""How many entries a second the audit trail takes: of one prefeitura, a transaction each, by one writer and five."""

import asyncio
import time
from datetime import UTC, datetime
from uuid import uuid4

from balcao.domain.audit import Actor, ActorKind, AuditKind, AuditRecord
from balcao.domain.ids import PrefeituraId
from balcao.infrastructure.database.database import Database
from benchmarks.measurement import Measurement
from benchmarks.registry import Workbench, benchmark

_DATABASE = "auditoria"
_ENTRIES = 2000
_WRITERS = 5
_TARGET = 500


@benchmark("Trilha de auditoria", place=32)
async def measure_audit(bench: Workbench) -> list[Measurement]:
    """Append to chains of its own."""
    database = Database(bench.accesses)
    try:
        alone = await _appends_a_second(database, writers=1)
        together = await _appends_a_second(database, writers=_WRITERS)
    finally:
        await database.dispose()
    return [
        Measurement(name="audit_appends_1", value=round(alone, 1), unit="entries/s", meaning="Um escritor só."),
        Measurement(
            name="audit_appends_5",
            value=round(together, 1),
            unit="entries/s",
            target=f">= {_TARGET}",
            meaning="Cinco escritores.",
        ),
    ]


async def _appends_a_second(database: Database, *, writers: int) -> float:
    prefeitura_id = PrefeituraId(uuid4())
    await asyncio.gather(*(_append(database, prefeitura_id, 1) for _ in range(writers)))
    before = time.perf_counter()
    await asyncio.gather(*(_append(database, prefeitura_id, _ENTRIES // writers) for _ in range(writers)))
    return _ENTRIES / (time.perf_counter() - before)


async def _append(database: Database, prefeitura_id: PrefeituraId, entries: int) -> None:
    for _ in range(entries):
        record = AuditRecord(
            chain_id=prefeitura_id,
            at=datetime.now(UTC),
            kind=AuditKind.QUESTION,
            actor=Actor(kind=ActorKind.PERSON, id=uuid4()),
            subject=uuid4(),
            details={"sessao": str(uuid4()), "texto": "0" * 64},
        )
        async with database.tenant(prefeitura_id) as work:
            await work.audit.append(record)
