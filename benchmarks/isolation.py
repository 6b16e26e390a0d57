"""What row-level security costs: a person's conversations, found by it and by an explicit WHERE, in turns in one run.

One prefeitura has a tenth of all messages: 100,000 of 1,000,000 with ``BENCH_GRANDE=1`` in the environment, a twentieth
of that without. Both sides send the same statements over the same driver in a transaction of their own; only who asks
differs. The ratio is of medians.
"""

import os
import statistics
import time
from dataclasses import dataclass
from uuid import UUID

import asyncpg

from balcao.infrastructure.database import migrator
from balcao.infrastructure.database.connection import APP_ROLE, OPERATOR_ROLE, DatabaseAccess, connect
from benchmarks.measurement import Measurement
from benchmarks.registry import Workbench, benchmark

_DATABASE = "isolamento"
_PREFEITURAS = 10
_PEOPLE = 50
_MESSAGES_A_SESSION = 10
_ROUNDS = 300

_FILL = f"""
SET session_replication_role = replica;  -- a million checks of foreign keys would say nothing of reading
INSERT INTO prefeitura (nome, slug) SELECT 'Cidade ' || n, 'cidade-' || n FROM generate_series(1, {_PREFEITURAS}) n;
INSERT INTO usuario (prefeitura_id, nome, email)
    SELECT p.id, 'Pessoa ' || n, 'p' || n || '@' || p.slug || '.example'
      FROM prefeitura p, generate_series(1, {_PEOPLE}) n WHERE NOT p.publica;
INSERT INTO chat_session (prefeitura_id, usuario_id, titulo, atualizado_em)
    SELECT u.prefeitura_id, u.id, 'Conversa ' || n, now() - random() * interval '1 year'
      FROM generate_series(1, {{sessions_a_person}}) n, usuario u;
INSERT INTO message (prefeitura_id, session_id, role, conteudo)
    SELECT s.prefeitura_id, s.id, 'user', repeat('Qual o prazo do recurso? ', 8)
      FROM generate_series(1, {_MESSAGES_A_SESSION}) n, chat_session s;
"""
_READER = "SELECT s.prefeitura_id, s.usuario_id, s.id FROM chat_session s ORDER BY s.id LIMIT 1"
_LIST = """SELECT * FROM chat_session WHERE {}usuario_id = $1 AND apagado_em IS NULL
            ORDER BY atualizado_em DESC LIMIT 100"""
_CONVERSATION = "SELECT * FROM message WHERE {}session_id = $1 ORDER BY ordem LIMIT 1000"
_CONTEXT = "SELECT set_config('balcao.prefeitura_id', $1, true), set_config('balcao.usuario_id', $2, true)"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sides:
    """The application under row-level security, and the operator, whom it lets see everything."""

    secured: asyncpg.Connection
    explicit: asyncpg.Connection
    prefeitura_id: UUID
    usuario_id: UUID

    async def compare(self, name: str, query: str, subject: UUID) -> list[Measurement]:
        """Median milliseconds with row-level security, and how many times those of an explicit WHERE."""
        secured, explicit = [], []
        expected = f"prefeitura_id = '{self.prefeitura_id}' AND "
        for _ in range(_ROUNDS):
            secured.append(await self._time(self.secured, query.format(""), subject))
            explicit.append(await self._time(self.explicit, query.format(expected), subject))
        with_security, without = statistics.median(secured), statistics.median(explicit)
        return [
            Measurement(name=f"{name}_rls_p50", value=round(with_security, 3), unit="ms"),
            Measurement(name=f"{name}_rls_ratio", value=round(with_security / without, 2), unit="x"),
        ]

    async def _time(self, connection: asyncpg.Connection, query: str, subject: UUID) -> float:
        before = time.perf_counter()
        async with connection.transaction():
            await connection.fetch(_CONTEXT, str(self.prefeitura_id), str(self.usuario_id))
            rows = await connection.fetch(query, subject)
        assert rows, "nothing was read"
        return (time.perf_counter() - before) * 1000


@benchmark("Segurança por linha", place=20)
async def measure_isolation(bench: Workbench) -> list[Measurement]:
    """Fill a database of its own and compare the list of conversations, and one conversation."""
    server = bench.server
    messages = 1_000_000 if os.environ.get("BENCH_GRANDE") == "1" else 50_000
    await migrator.create_database(DatabaseAccess(url=server.url("postgres", "postgres")), _DATABASE)
    admin_access = DatabaseAccess(url=server.url("postgres", _DATABASE))
    await migrator.upgrade(admin_access)
    admin = await connect(admin_access)
    await admin.execute(_FILL.format(sessions_a_person=messages // (_PREFEITURAS * _PEOPLE * _MESSAGES_A_SESSION)))
    await admin.execute("VACUUM ANALYZE chat_session")
    await admin.execute("VACUUM ANALYZE message")
    reader = await admin.fetchrow(_READER)
    await admin.close()
    assert reader, "no conversation was made"
    prefeitura_id, usuario_id, session_id = reader
    secured = await connect(DatabaseAccess(url=server.url(APP_ROLE, _DATABASE)))
    explicit = await connect(DatabaseAccess(url=server.url(OPERATOR_ROLE, _DATABASE)))
    sides = _Sides(secured=secured, explicit=explicit, prefeitura_id=prefeitura_id, usuario_id=usuario_id)
    try:
        return [
            Measurement(name="rls_messages", value=messages, unit=""),
            *await sides.compare("sessions", _LIST, usuario_id),
            *await sides.compare("conversation", _CONVERSATION, session_id),
        ]
    finally:
        await secured.close()
        await explicit.close()
