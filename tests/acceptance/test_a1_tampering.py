"""A1: an audit trail that was rewritten is found out, in the database and in a bundle; the application may not try."""

import asyncio
import json
import random
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from unittest.mock import patch
from uuid import UUID, uuid4

import asyncpg

from balcao.application.ports import AuditBundle
from balcao.domain.audit import Actor, ActorKind, AuditEntry, AuditKind, AuditRecord, ChainHead
from balcao.domain.audit_verification import Fault, published_line, read_published, verify
from balcao.domain.ids import PrefeituraId
from balcao.infrastructure.database.database import Database
from balcao.infrastructure.external.audit.bundle import BundleWriter
from tests.acceptance.environment import AcceptanceEnvironment
from tests.acceptance.tampering import LONG, WAYS, Tamperer, Tampering
from tests.factories import a_prefeitura

CODE = "A1"
TRIES = (
    "adulterar a trilha de 12 maneiras, com o banco e com o pacote exportado conferidos contra a cabeça publicada; "
    "e, com os papéis da aplicação, alterar, apagar, truncar, desligar gatilhos e mexer na cabeça"
)
FULL = 600
BOUNDED = 60
MUTANT = "o hash das entradas não é conferido; o papel da aplicação pode alterar a trilha, sem a guarda"

_BUNDLES_IN_EVERY = 10
"""One of so many tamperings is verified by the exported program too, which is a process of its own."""
_FORBIDDEN = (
    "UPDATE auditoria SET registro = registro",
    "UPDATE auditoria SET hash = anterior WHERE numero = 1",
    "DELETE FROM auditoria",
    "TRUNCATE auditoria",
    "TRUNCATE auditoria_cabeca",
    "ALTER TABLE auditoria DISABLE TRIGGER ALL",
    "ALTER TABLE auditoria DISABLE TRIGGER auditoria_imutavel",
    "ALTER TABLE auditoria DISABLE ROW LEVEL SECURITY",
    "DROP TRIGGER auditoria_encadear ON auditoria",
    "SET session_replication_role = replica",
    "UPDATE auditoria_cabeca SET numero = 1",
    "DELETE FROM auditoria_cabeca",
    "INSERT INTO auditoria_cabeca SELECT * FROM auditoria_cabeca",
    "INSERT INTO auditoria (prefeitura_id, registro, numero) SELECT prefeitura_id, registro, 1 FROM auditoria",
    "INSERT INTO auditoria (prefeitura_id, registro, hash) SELECT prefeitura_id, registro, hash FROM auditoria",
    "CREATE TEMP TABLE isca (prefeitura_id uuid, numero bigint, anterior bytea, hash bytea, registro text);"
    " CREATE TRIGGER isca BEFORE INSERT ON isca FOR EACH ROW EXECUTE FUNCTION balcao.auditoria_encadear()",
    'INSERT INTO auditoria (prefeitura_id, registro) VALUES (gen_random_uuid(), \'{"acao":"x","instante":"x"}\')',
)
"""What a program of the application's role might try; each is to end with 42501 (insufficient privilege)."""


async def violations(attempts: int, environment: AcceptanceEnvironment) -> int:
    """Tamperings that are not found, or named at another entry; statements of the programs that are not refused."""
    async with _a_chain(environment) as chain:
        missed = [
            await _is_missed(chain, WAYS[number % len(WAYS)], number, with_bundle=number % _BUNDLES_IN_EVERY == 0)
            for number in range(attempts)
        ]
        return sum(missed) + await _allowed(chain)


async def violations_of_mutant(attempts: int, environment: AcceptanceEnvironment) -> int:
    """The same where nobody compares the hashes, and where the application may change rows; both are to be seen."""
    async with _a_chain(environment) as chain:

        def is_right(entry: AuditEntry) -> bytes:
            return entry.hash

        with patch.object(AuditEntry, "computed_hash", is_right):
            unseen = sum([await _is_missed(chain, way, number, with_bundle=False) for number, way in enumerate(WAYS)])
        await chain.admin.execute(
            "GRANT UPDATE, DELETE ON auditoria TO balcao_app; ALTER TABLE auditoria DISABLE TRIGGER auditoria_imutavel"
        )
        allowed = await _allowed(chain)
    return unseen + allowed if unseen and allowed else 0


async def test_a1(environment: AcceptanceEnvironment) -> None:
    assert await violations(BOUNDED, environment) == 0


async def test_a1_fails_on_its_mutant(environment: AcceptanceEnvironment) -> None:
    assert await violations_of_mutant(BOUNDED, environment) > 0


async def test_a1_needs_the_published_head(environment: AcceptanceEnvironment) -> None:
    """Without it, who recomputes a tail, or cuts it off with its head, is not found; nothing else hides."""
    async with _a_chain(environment) as chain:
        unseen = {way.__name__ for way in WAYS if await _fault(chain, way, 1, published={}) is None}
    assert unseen == {"truncate_with_head", "recompute_tail"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Chain:
    """A chain of LONG entries with its published head; ``admin`` is a superuser on whom no trigger fires."""

    admin: asyncpg.Connection
    app_url: str
    chain_id: PrefeituraId
    published: ChainHead
    folder: Path


@asynccontextmanager
async def _a_chain(environment: AcceptanceEnvironment) -> AsyncIterator[_Chain]:
    accesses = await environment.new_accesses()
    database = Database(accesses)
    admin = await asyncpg.connect(accesses.admin.url, server_settings={"search_path": "balcao, public"})
    try:
        prefeitura_id = (await a_prefeitura(database, "aurora")).id
        for number in range(LONG):
            async with database.tenant(prefeitura_id) as work:
                await work.audit.append(_a_record(prefeitura_id, number))
        async with database.tenant(prefeitura_id) as work:
            head = await work.audit.head(prefeitura_id)
        assert head is not None
        assert head.number == LONG
        await admin.execute("SET session_replication_role = replica")
        folder = environment.new_folder()
        yield _Chain(admin=admin, app_url=accesses.app.url, chain_id=prefeitura_id, published=head, folder=folder)
    finally:
        await admin.close()
        await database.dispose()


def _a_record(prefeitura_id: PrefeituraId, number: int) -> AuditRecord:
    return AuditRecord(
        chain_id=prefeitura_id,
        at=datetime.now(UTC),
        kind=AuditKind.ANSWER,
        actor=Actor(kind=ActorKind.PERSON, id=uuid4()),
        subject=uuid4(),
        details={"tokens": {"total": number + 1}},
    )


async def _is_missed(chain: _Chain, way: Tampering, seed: int, *, with_bundle: bool) -> bool:
    """Whether the tampering is not found at one of the entries that it may be found at; it is undone afterwards."""
    published = {chain.published.number: chain.published.hash}
    async with _tampered(chain, way, seed) as (tamperer, expected):
        fault = await _verdict(tamperer, published)
        named = fault.number if fault else 0
        return named not in expected or (with_bundle and await _bundle_verdict(chain, tamperer) != named)


async def _fault(chain: _Chain, way: Tampering, seed: int, *, published: dict[int, bytes]) -> Fault | None:
    async with _tampered(chain, way, seed) as (tamperer, _):
        return await _verdict(tamperer, published)


@asynccontextmanager
async def _tampered(chain: _Chain, way: Tampering, seed: int) -> AsyncIterator[tuple[Tamperer, set[int]]]:
    """The chain while it is tampered with, and at which entries that may be found; it is undone afterwards."""
    transaction = chain.admin.transaction()
    await transaction.start()
    try:
        chance = random.Random(seed)  # noqa: S311 - repeatable, no secret
        tamperer = Tamperer(connection=chain.admin, chain_id=chain.chain_id, chance=chance)
        yield tamperer, await way(tamperer)
    finally:
        await transaction.rollback()


async def _verdict(tamperer: Tamperer, published: dict[int, bytes]) -> Fault | None:
    return verify(tamperer.chain_id, await tamperer.entries(), await _head(tamperer), published)


async def _head(tamperer: Tamperer) -> ChainHead:
    row = await tamperer.connection.fetchrow(
        "SELECT numero, hash FROM auditoria_cabeca WHERE prefeitura_id = $1", tamperer.chain_id
    )
    assert row is not None
    return ChainHead(chain_id=tamperer.chain_id, number=row["numero"], hash=row["hash"])


async def _bundle_verdict(chain: _Chain, tamperer: Tamperer) -> int:
    """At which entry the exported program finds the chain broken; 0 where it finds nothing."""
    folder = chain.folder / uuid4().hex
    entries = await tamperer.entries()

    async def pages() -> AsyncIterator[list[AuditEntry]]:
        yield entries

    bundle = AuditBundle(path=folder, name="aurora", head=await _head(tamperer), written_at=datetime.now(UTC))
    await BundleWriter().write(bundle, pages())
    heads = chain.folder / f"{folder.name}.jsonl"
    heads.write_text(published_line(chain.published, datetime.now(UTC)) + "\n", encoding="utf-8")
    command = [sys.executable, "-I", str(folder / "verificar.py"), "--cabecas", str(heads)]
    done = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return 0
    return int(done.stdout.partition("QUEBRADA na entrada ")[2].partition(":")[0] or -1)


async def _allowed(chain: _Chain) -> int:
    """Forbidden statements that do not end with 42501, tried by the application's role for the chain's prefeitura."""
    connection = await asyncpg.connect(chain.app_url, server_settings={"search_path": "balcao, public"})
    try:
        return sum([not await _is_refused(connection, chain.chain_id, statement) for statement in _FORBIDDEN])
    finally:
        await connection.close()


async def _is_refused(connection: asyncpg.Connection, chain_id: UUID, statement: str) -> bool:
    transaction = connection.transaction()
    await transaction.start()
    try:
        await connection.execute("SELECT set_config('balcao.prefeitura_id', $1, true)", str(chain_id))
        await connection.execute(statement)
    except asyncpg.InsufficientPrivilegeError:
        return True
    finally:
        await transaction.rollback()
    return False


def test_the_published_line_is_read_back() -> None:
    head = ChainHead(chain_id=PrefeituraId(uuid4()), number=7, hash=bytes(range(32)))
    line = published_line(head, datetime(2026, 1, 2, tzinfo=UTC))
    assert read_published(["Guarde esta mensagem.", line]) == {head.chain_id: {7: head.hash}}
    assert json.loads(line)["publicada_em"] == "2026-01-02T00:00:00.000000Z"
