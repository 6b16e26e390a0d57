"""What people say of a document outlives its versions, and the audit trail says who did what to it."""

import json
from datetime import date
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest

from balcao.application.audit_trail import AuditTrail
from balcao.application.use_cases.edit_document import EditDocumentRequest, EditDocumentUseCase
from balcao.application.use_cases.remove_document import RemoveDocumentUseCase
from balcao.domain.audit import INSTALLATION_CHAIN
from balcao.domain.document import Document
from balcao.domain.ente import Ente
from balcao.domain.errors import WrongDocumentState
from balcao.domain.identity import Principal
from balcao.domain.ids import ApiKeyId, DocumentId, PrefeituraId, UsuarioId
from balcao.domain.usuario import Papel
from balcao.domain.validity import Validity
from balcao.infrastructure.database.database import Database
from tests.fakes import FakeClock
from tests.ingestion import ARTICLES, Ingestion

OLGA = Principal(prefeitura_id=PrefeituraId(uuid4()), papel=Papel.OPERADOR, usuario_id=UsuarioId(uuid4()))
CRAWLER = Principal(prefeitura_id=OLGA.prefeitura_id, papel=Papel.OPERADOR, api_key_id=ApiKeyId(uuid4()))
PAGE = "https://prefeitura.example/lei"
NEWER = f"{ARTICLES}\nArt. 10. Mudou."


@pytest.fixture
def ingestion(database: Database, tmp_path: Path) -> Ingestion:
    return Ingestion(database=database, folder=tmp_path, principal=OLGA)


async def read(database: Database, document_id: DocumentId) -> Document:
    async with database.tenant() as work:
        found = await work.documents.find_by_id(document_id)
    assert found is not None
    return found


async def edit(database: Database, document_id: DocumentId, **changes: object) -> None:
    given = frozenset(changes.keys() & {"start", "end", "revoked_by"})
    request = EditDocumentRequest(principal=OLGA, document_id=document_id, given=given, **changes)  # type: ignore[arg-type]
    await EditDocumentUseCase(database.ingestion, AuditTrail(FakeClock())).execute(request)


async def trail_of(admin: asyncpg.Connection, document_id: DocumentId) -> list[dict[str, object]]:
    rows = await admin.fetch(
        "SELECT registro FROM auditoria WHERE prefeitura_id = $1 AND registro::jsonb ->> 'sobre' = $2 ORDER BY numero",
        INSTALLATION_CHAIN,
        str(document_id),
    )
    return [json.loads(row["registro"]) for row in rows]


async def test_what_was_revoked_stays_so_when_its_file_changes(ingestion: Ingestion, database: Database) -> None:
    revoker = await ingestion.ingest("Art. 1º Revoga.", "revogadora.txt")
    first = await ingestion.ingest(source=PAGE)
    await edit(database, first.document_id, revoked_by=revoker.document_id)
    await edit(database, first.document_id, tags=("feiras",), title="Lei nº 7, de 2020", ente=Ente.federal())
    second = await ingestion.ingest(NEWER, "lei2.txt", source=PAGE)
    old, new = await read(database, first.document_id), await read(database, second.document_id)
    assert (new.version, new.validity, new.validity.holds_on(date(2026, 3, 10))) == (2, old.validity, False)
    assert (new.title, new.act, new.ente, new.tags) == (old.title, old.act, old.ente, ("feiras",))
    third = await ingestion.ingest(f"{NEWER}.", "lei3.txt", source=PAGE)
    assert (await read(database, third.document_id)).validity == old.validity


async def test_what_the_new_file_states_holds(ingestion: Ingestion, database: Database) -> None:
    first = await ingestion.ingest(source=PAGE, title="Título dado")
    await edit(database, first.document_id, start=date(2019, 1, 1), end=date(2020, 1, 1), tags=("a",))
    request = ingestion.request(
        NEWER, "lei2.txt", source=PAGE, tags=("b",), title="Outro título", validity=Validity(start=date(2021, 1, 1))
    )
    registered = await ingestion.collection.register.execute(request)
    await ingestion.collection.process.execute(registered.job_id)
    new = await read(database, registered.document_id)
    assert (new.title, new.tags, new.validity) == ("Outro título", ("b",), Validity(start=date(2021, 1, 1)))


async def test_a_title_given_to_what_failed_is_kept_when_it_is_tried_again(
    ingestion: Ingestion, database: Database
) -> None:
    failed = await ingestion.register()
    await ingestion.collection.cancel.execute(failed.document_id)
    await edit(database, failed.document_id, title="Lei nº 7, de 2020", ente=Ente.federal())
    retried = await ingestion.collection.retry.execute(failed.document_id)
    await ingestion.collection.process.execute(retried.job_id)
    kept = await read(database, failed.document_id)
    assert (kept.title, kept.ente) == ("Lei nº 7, de 2020", Ente.federal())


async def test_a_recognised_title_follows_the_file(ingestion: Ingestion, database: Database) -> None:
    await ingestion.ingest(source=PAGE)
    second = await ingestion.ingest(NEWER, "edição 2.txt", source=PAGE)
    assert (await read(database, second.document_id)).title == "edição 2.txt"


async def test_what_revoked_another_stays_until_the_other_is_edited(
    ingestion: Ingestion, database: Database, admin: asyncpg.Connection
) -> None:
    law = await ingestion.ingest()
    revoker = await ingestion.ingest("Art. 1º Revoga.", "revogadora.txt")
    await edit(database, law.document_id, revoked_by=revoker.document_id)
    remove = RemoveDocumentUseCase(database.ingestion, AuditTrail(FakeClock()))
    with pytest.raises(WrongDocumentState, match=str(law.document_id)):
        await remove.execute(revoker.document_id, OLGA)
    assert (await read(database, law.document_id)).validity.revoked_by == revoker.document_id
    with pytest.raises(asyncpg.IntegrityConstraintViolationError):
        await admin.execute("DELETE FROM documento WHERE id = $1", revoker.document_id)
    await edit(database, law.document_id, revoked_by=None)
    await remove.execute(revoker.document_id, OLGA)


async def test_a_failed_file_that_revoked_another_may_be_given_again(
    ingestion: Ingestion, database: Database, admin: asyncpg.Connection
) -> None:
    law = await ingestion.ingest()
    failed = await ingestion.register("Art. 1º Revoga.", "revogadora.txt")
    await ingestion.collection.cancel.execute(failed.document_id)
    await edit(database, law.document_id, revoked_by=failed.document_id)
    again = await ingestion.ingest("Art. 1º Revoga.", "revogadora.txt")
    assert again.document_id != failed.document_id
    assert await admin.fetchval("SELECT revogado_por FROM documento WHERE id = $1", law.document_id)


async def test_the_trail_says_who_did_what(ingestion: Ingestion, database: Database, admin: asyncpg.Connection) -> None:
    use = ingestion.collection
    sent = await ingestion.register(source=PAGE)
    await use.cancel.execute(sent.document_id, CRAWLER)
    retried = await use.retry.execute(sent.document_id, CRAWLER)
    await use.process.execute(retried.job_id)
    await edit(database, sent.document_id, end=date(2024, 5, 31), tags=("feiras",))
    entries = await trail_of(admin, sent.document_id)
    olga, crawler = {"tipo": "pessoa", "id": str(OLGA.usuario_id)}, {"tipo": "chave", "id": str(CRAWLER.api_key_id)}
    assert [(entry["acao"], entry["ator"]) for entry in entries] == [
        ("documento_enviado", olga),
        ("documento_cancelado", crawler),
        ("documento_retomado", crawler),
        ("documento_publicado", crawler),
        ("documento_alterado", olga),
    ]
    digest = {"hash_arquivo": entries[0]["detalhes"]["hash_arquivo"]}  # type: ignore[index]
    assert entries[3]["detalhes"] == digest | {"versao": 1, "substitui": None}
    assert entries[4]["detalhes"] == digest | {
        "vigente_ate": {"antes": None, "depois": "2024-05-31"},
        "tags": {"antes": [], "depois": ["feiras"]},
    }
    newer = await ingestion.ingest(NEWER, "lei2.txt", source=PAGE)
    published = (await trail_of(admin, newer.document_id))[-1]
    assert published["detalhes"]["substitui"] == str(sent.document_id)  # type: ignore[index]


async def test_who_confirms_is_told_and_what_gave_way(ingestion: Ingestion, admin: asyncpg.Connection) -> None:
    await ingestion.ingest(title="Regimento interno")
    alike = await ingestion.ingest(NEWER, "lei2.txt", title="Regimento  interno")
    confirmed = await ingestion.collection.confirm.execute(alike.document_id)
    await ingestion.collection.process.execute(confirmed.job_id)
    kinds = [(entry["acao"], entry["ator"]["tipo"]) for entry in await trail_of(admin, alike.document_id)]  # type: ignore[index]
    assert kinds == [
        ("documento_enviado", "pessoa"),
        ("documento_confirmado", "instalacao"),
        ("documento_publicado", "instalacao"),
    ]
    first = await ingestion.register("Art. 1º Um.", "um.txt", source="lei", inline=False)
    second = await ingestion.register("Art. 1º Dois.", "dois.txt", source="lei", inline=False)
    gone = (await trail_of(admin, first.document_id))[-1]
    assert gone["acao"] == "documento_cancelado"
    assert gone["detalhes"]["deu_lugar_a"] == str(second.document_id)  # type: ignore[index]
