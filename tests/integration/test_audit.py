"""The audit trail in a real database: what is written, who may see it, and that it outlives what it is about."""

import asyncio
import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
from sqlalchemy.exc import ProgrammingError

from balcao.application.audit_trail import AuditTrail
from balcao.application.tenancy import SupervisedWork
from balcao.application.use_cases.conversations import ConversationRequest, EraseConversationUseCase
from balcao.application.use_cases.export_audit import ExportAuditRequest, ExportAuditUseCase
from balcao.application.use_cases.manage_prefeituras import (
    CreatePrefeituraRequest,
    CreatePrefeituraUseCase,
    EditPrefeituraRequest,
    EditPrefeituraUseCase,
)
from balcao.application.use_cases.manage_usuarios import ChangeRoleRequest, InviteRequest, UsuarioRequest
from balcao.application.use_cases.publish_audit_heads import PublishAuditHeadsUseCase
from balcao.application.use_cases.verify_audit import VerifyAuditRequest, VerifyAuditUseCase
from balcao.domain.audit import INSTALLATION, INSTALLATION_CHAIN, AuditEntry, AuditKind, ChainHead, salted_digest
from balcao.domain.audit_verification import read_published
from balcao.domain.chat import ChatSession, Message, MessageRole, TokenUsage
from balcao.domain.errors import DeliveryFailed, InvalidInput
from balcao.domain.identity import Principal
from balcao.domain.ids import MessageId, PrefeituraId, SessionId
from balcao.domain.usuario import Papel
from balcao.infrastructure.database.database import Database
from balcao.infrastructure.external.audit.bundle import BundleWriter
from balcao.infrastructure.external.audit.heads import FileHeadPublisher
from tests.factories import a_document, a_prefeitura, a_question
from tests.fakes import FakeAuditHeadPublisher, FakeClock
from tests.people import People

OPERATOR = Principal(prefeitura_id=INSTALLATION_CHAIN, papel=Papel.OPERADOR)


async def entries_of(database: Database, chain_id: PrefeituraId) -> list[AuditEntry]:
    async with database.operator() as work:
        return await work.audit.entries_after(chain_id, 0, 1000)


def record_of(entry: AuditEntry) -> dict[str, object]:
    found = json.loads(entry.record)
    assert isinstance(found, dict)
    return found


async def kinds(database: Database, chain_id: PrefeituraId) -> list[str]:
    return [str(record_of(entry)["acao"]) for entry in await entries_of(database, chain_id)]


async def act(database: Database, prefeitura_id: PrefeituraId, times: int = 1) -> None:
    trail = AuditTrail(FakeClock(datetime.now(UTC)))
    for _ in range(times):
        async with database.tenant(prefeitura_id) as work:
            await trail.act(work, None, AuditKind.KEY_REVOKED, prefeitura_id, subject=uuid4())


def verifying(database: Database) -> VerifyAuditUseCase:
    return VerifyAuditUseCase(SupervisedWork(database.operator, database.tenant))


async def test_acts_are_recorded_with_what_they_change(database: Database) -> None:
    trail = AuditTrail(FakeClock())
    create, edit = CreatePrefeituraUseCase(database.operator, trail), EditPrefeituraUseCase(database.operator, trail)
    aurora = await create.execute(CreatePrefeituraRequest(principal=OPERATOR, nome="Aurora", slug="aurora"))
    await edit.execute(EditPrefeituraRequest(principal=OPERATOR, prefeitura="aurora", quota_tokens=5))
    await edit.execute(EditPrefeituraRequest(principal=OPERATOR, prefeitura="aurora", quota_tokens=6, ativo=False))
    entries = await entries_of(database, aurora.id)
    changes = [record_of(entry)["detalhes"] for entry in entries]
    assert await kinds(database, aurora.id) == ["prefeitura_criada", "quota_alterada", "prefeitura_alterada"]
    assert changes[1] == {"quota_tokens": {"antes": 10_000, "depois": 5}}
    assert changes[2] == {"quota_tokens": {"antes": 5, "depois": 6}, "ativo": {"antes": True, "depois": False}}
    assert record_of(entries[0])["ator"] == {"tipo": "instalacao", "id": None}


async def test_people_are_recorded_by_id_alone(database: Database) -> None:
    people = People(database)
    aurora = await a_prefeitura(database, "aurora")
    gestor = await people.a_principal(aurora.id, "gil", Papel.GESTOR)
    invited = await people.use.invite_usuario.execute(
        InviteRequest(principal=gestor, nome="Maria das Dores", email="maria@exemplo.org")
    )
    person = UsuarioRequest(principal=gestor, usuario_id=invited.usuario.id)
    await people.use.change_role.execute(
        ChangeRoleRequest(principal=gestor, usuario_id=invited.usuario.id, papel=Papel.GESTOR)
    )
    await people.use.disable_usuario.execute(person)
    await people.use.enable_usuario.execute(person)
    entries = await entries_of(database, aurora.id)
    assert await kinds(database, aurora.id) == [
        "usuario_criado",
        "papel_alterado",
        "usuario_desativado",
        "usuario_reativado",
    ]
    assert {str(record_of(entry)["sobre"]) for entry in entries} == {str(invited.usuario.id)}
    assert not any("aria" in entry.record or "exemplo" in entry.record for entry in entries)


async def test_what_is_rolled_back_leaves_neither_entry_nor_gap(database: Database) -> None:
    aurora = await a_prefeitura(database, "aurora")
    await act(database, aurora.id)
    trail = AuditTrail(FakeClock())

    async def undo() -> None:
        async with database.tenant(aurora.id) as work:
            await trail.act(work, None, AuditKind.KEY_REVOKED, aurora.id)
            raise KeyError

    with pytest.raises(KeyError):
        await undo()
    await act(database, aurora.id)
    assert [entry.number for entry in await entries_of(database, aurora.id)] == [1, 2]
    (verdict,) = await verifying(database).execute(VerifyAuditRequest(principal=OPERATOR, prefeitura="aurora"))
    assert (verdict.fault, verdict.last.number) == (None, 2)


async def test_an_erased_conversation_leaves_digests_that_nobody_can_tell_the_text_of(
    database: Database, admin: asyncpg.Connection
) -> None:
    aurora = await a_prefeitura(database, "aurora")
    trail = AuditTrail(FakeClock())
    session = ChatSession(id=SessionId(uuid4()), prefeitura_id=aurora.id)
    question = a_question(aurora.id, session.id)
    answer = Message(
        id=MessageId(uuid4()),
        prefeitura_id=aurora.id,
        session_id=session.id,
        role=MessageRole.ASSISTANT,
        content="Trinta.",
        usage=TokenUsage(prompt_tokens=70, completion_tokens=30),
        metadata={"model": "m", "found": True, "modo": "resposta"},
    )
    async with database.tenant(aurora.id) as work:
        await work.sessions.save_session(session)
        await trail.question(work, None, await work.messages.save_message(question))
        await trail.answer(work, question.id, await work.messages.save_message(answer), ())
    recorded = record_of((await entries_of(database, aurora.id))[1])["detalhes"]
    assert isinstance(recorded, dict)
    assert answer.salt is not None
    assert recorded["texto"] == salted_digest("Trinta.", answer.salt)
    anonymous = Principal(prefeitura_id=aurora.id)
    erase = EraseConversationUseCase(database.tenant, trail)
    await erase.execute(ConversationRequest(principal=anonymous, session_id=session.id))
    left = await admin.fetch("SELECT conteudo, sal, tokens_usados FROM message ORDER BY tokens_usados")
    assert [tuple(row) for row in left] == [(None, None, 0), (None, None, 100)]
    assert await kinds(database, aurora.id) == ["pergunta", "resposta", "conversa_apagada"]
    assert recorded["tokens"] == {"prompt": 70, "resposta": 30, "total": 100, "estimados": False}
    (verdict,) = await verifying(database).execute(VerifyAuditRequest(principal=OPERATOR, prefeitura="aurora"))
    assert verdict.fault is None


async def test_a_prefeitura_sees_and_writes_its_own_chain_alone(database: Database) -> None:
    aurora, bonito = [await a_prefeitura(database, slug) for slug in ("aurora", "bonito")]
    await act(database, aurora.id)
    trail = AuditTrail(FakeClock())
    for reader in (bonito.id, None):
        async with database.tenant(reader) as work:
            assert await work.audit.entries_after(aurora.id, 0, 10) == []
            assert await work.audit.head(aurora.id) is None
        for chain_id in (aurora.id, INSTALLATION_CHAIN):
            with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
                async with database.tenant(reader) as work:
                    await trail.act(work, None, AuditKind.KEY_REVOKED, chain_id)
    assert len(await entries_of(database, aurora.id)) == 1
    assert await entries_of(database, INSTALLATION_CHAIN) == []


async def test_ingestion_writes_the_installations_chain_alone(database: Database) -> None:
    aurora = await a_prefeitura(database, "aurora")
    trail = AuditTrail(FakeClock())
    async with database.ingestion() as work:
        await trail.document(work, INSTALLATION, AuditKind.DOCUMENT_PUBLISHED, a_document())
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
        async with database.ingestion() as work:
            await trail.act(work, None, AuditKind.KEY_REVOKED, aurora.id)
    with pytest.raises(ProgrammingError, match="permission denied"):
        async with database.ingestion() as work:
            await work.audit.entries_after(INSTALLATION_CHAIN, 0, 1)
    assert await kinds(database, INSTALLATION_CHAIN) == ["documento_publicado"]


async def test_not_even_the_owner_changes_the_past_by_mistake(database: Database, admin: asyncpg.Connection) -> None:
    await act(database, (await a_prefeitura(database, "aurora")).id)
    for statement in ("UPDATE auditoria SET registro = '{}'", "DELETE FROM auditoria", "TRUNCATE auditoria_cabeca"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="não se altera"):
            await admin.execute(statement)


async def test_every_chain_is_verified_and_the_broken_one_is_named(
    database: Database, admin: asyncpg.Connection
) -> None:
    aurora, bonito = [await a_prefeitura(database, slug) for slug in ("aurora", "bonito")]
    for place in (aurora, bonito):
        await act(database, place.id, 3)
    await admin.execute("SET session_replication_role = replica")
    await admin.execute(
        "UPDATE auditoria SET registro = replace(registro, 'chave', 'chapa') WHERE prefeitura_id = $1 AND numero = 2",
        bonito.id,
    )
    verdicts = await verifying(database).execute(VerifyAuditRequest(principal=OPERATOR))
    found = {verdict.name: verdict.fault.number if verdict.fault else None for verdict in verdicts}
    assert found == {"instalacao": None, "publica": None, "aurora": None, "bonito": 2}


async def test_a_chain_that_is_gone_with_its_head_is_missed_by_who_kept_one(
    database: Database, admin: asyncpg.Connection, tmp_path: Path
) -> None:
    aurora = await a_prefeitura(database, "aurora")
    await act(database, aurora.id, 2)
    clock, file = FakeClock(datetime.now(UTC)), tmp_path / "fora" / "cabecas.jsonl"
    publish = PublishAuditHeadsUseCase(database.operator, {"arquivo": FileHeadPublisher(file)}, clock)
    assert await publish.execute() == 1
    await admin.execute("SET session_replication_role = replica; DELETE FROM auditoria; DELETE FROM auditoria_cabeca")
    published = read_published(file.read_text(encoding="utf-8").splitlines())
    request = VerifyAuditRequest(principal=OPERATOR, published=published)
    faults = [
        (verdict.name, verdict.fault.number) for verdict in await verifying(database).execute(request) if verdict.fault
    ]
    assert faults == [("aurora", 1)]


async def test_heads_are_published_once_a_day_by_however_many_processes(database: Database) -> None:
    aurora = await a_prefeitura(database, "aurora")
    clock, kept = FakeClock(datetime.now(UTC)), FakeAuditHeadPublisher()
    publish = PublishAuditHeadsUseCase(database.operator, {"arquivo": kept}, clock)
    assert await publish.execute() == 0
    await act(database, aurora.id)
    assert sum(await asyncio.gather(*(publish.execute() for _ in range(5)))) == 1
    clock.current += timedelta(days=1)
    await act(database, aurora.id)
    assert await publish.execute() == 1
    assert [head.number for head in kept.published] == [1, 2]


async def test_what_a_dead_process_did_not_publish_is_published_in_the_next_hour(database: Database) -> None:
    await act(database, (await a_prefeitura(database, "aurora")).id)
    clock, kept = FakeClock(datetime(2026, 3, 10, 12, 30, tzinfo=UTC)), FakeAuditHeadPublisher()

    class Dying(FakeAuditHeadPublisher):
        async def publish(self, heads: Sequence[ChainHead], now: datetime) -> None:
            raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await PublishAuditHeadsUseCase(database.operator, {"arquivo": Dying()}, clock).execute()
    publish = PublishAuditHeadsUseCase(database.operator, {"arquivo": kept}, clock)
    clock.current += timedelta(hours=1)
    assert [await publish.execute() for _ in range(2)] == [1, 0]


async def test_a_publisher_that_failed_is_told_again_and_the_others_are_not(database: Database) -> None:
    await act(database, (await a_prefeitura(database, "aurora")).id)
    broken, kept = FakeAuditHeadPublisher(fails=True), FakeAuditHeadPublisher()
    publishers = {"email": broken, "arquivo": kept}
    publish = PublishAuditHeadsUseCase(database.operator, publishers, FakeClock(datetime.now(UTC)))
    with pytest.raises(DeliveryFailed):
        await publish.execute()
    broken.fails = False
    assert await publish.execute() == 1
    assert len(broken.published) == len(kept.published) == 1


async def test_a_bundle_is_verified_by_its_own_program(database: Database, tmp_path: Path) -> None:
    aurora = await a_prefeitura(database, "aurora")
    await act(database, aurora.id, 3)
    export = ExportAuditUseCase(SupervisedWork(database.operator, database.tenant), BundleWriter(), FakeClock())
    bundle = await export.execute(
        ExportAuditRequest(principal=OPERATOR, prefeitura="aurora", path=tmp_path / "trilha.zip")
    )
    assert bundle.head.number == 3
    with zipfile.ZipFile(bundle.path) as archive:
        archive.extractall(tmp_path)
    folder = tmp_path / "trilha"
    assert {file.name for file in folder.iterdir()} == {"entradas.jsonl", "manifesto.json", "verificar.py"}
    assert (await verdict_of(folder)) == (0, "ÍNTEGRA: 3 entradas")
    lines = (folder / "entradas.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    (folder / "entradas.jsonl").write_text("".join(lines[:2]), encoding="utf-8")
    assert (await verdict_of(folder)) == (1, "QUEBRADA na entrada 3")
    (folder / "entradas.jsonl").write_text("".join([lines[0], "{}\n", lines[2]]), encoding="utf-8")
    assert (await verdict_of(folder)) == (1, "QUEBRADA na entrada 2")
    (folder / "manifesto.json").unlink()
    assert (await verdict_of(folder))[0] == 2


async def verdict_of(folder: Path) -> tuple[int, str]:
    command = [sys.executable, "-I", str(folder / "verificar.py")]
    done = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, check=False)
    told = re.search(r"ÍNTEGRA: \d+ entradas|QUEBRADA na entrada \d+", done.stdout)
    return done.returncode, told[0] if told else ""


async def test_a_bundle_never_replaces_what_is_there(database: Database, tmp_path: Path) -> None:
    await act(database, (await a_prefeitura(database, "aurora")).id)
    export = ExportAuditUseCase(SupervisedWork(database.operator, database.tenant), BundleWriter(), FakeClock())
    (tmp_path / "arquivo").write_text("meu", encoding="utf-8")
    for path in (tmp_path / "arquivo", tmp_path / "arquivo" / "dentro"):
        with pytest.raises(InvalidInput):
            await export.execute(ExportAuditRequest(principal=OPERATOR, prefeitura="aurora", path=path))
    assert [path.name for path in tmp_path.iterdir()] == ["arquivo"]
    await export.execute(ExportAuditRequest(principal=OPERATOR, prefeitura="aurora", path=tmp_path / "nova" / "pasta"))
    assert (tmp_path / "nova" / "pasta" / "verificar.py").is_file()


async def test_the_database_hashes_as_the_program_does(database: Database) -> None:
    aurora = await a_prefeitura(database, "aurora", nome='Ação "São" – 🏛\n')
    trail = AuditTrail(FakeClock())
    async with database.tenant(aurora.id) as work:
        await trail.act(work, None, AuditKind.PREFEITURA_CHANGED, aurora.id, {"nome": aurora.nome, "é": 1, "e": 2})
    (entry,) = await entries_of(database, aurora.id)
    assert entry.computed_hash() == entry.hash
