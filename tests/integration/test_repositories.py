"""The repositories of the decision record behind v2.0's interfaces, on a real PostgreSQL."""

from dataclasses import replace
from uuid import uuid4

import asyncpg
import pytest

from balcao.domain.chat import ChatSession, DocumentReference, Message, MessageRole, TokenUsage
from balcao.domain.document import DocumentState
from balcao.domain.ente import Ente
from balcao.domain.errors import DuplicateDocument, DuplicatePrefeitura, DuplicateUsuario
from balcao.domain.ids import ChunkId, DocumentId, MessageId, PrefeituraId, SessionId, UsuarioId
from balcao.domain.page_boxes import LineBox
from balcao.domain.usuario import Papel, Usuario
from balcao.infrastructure.database.database import Database
from tests.factories import a_chunk, a_document, a_prefeitura, an_embedding, publish


async def test_a_document_comes_back_as_it_was_saved(database: Database) -> None:
    document = a_document("Art. 1º “Ação” – §\n", ente=Ente.municipio("4106902", "PR"))
    async with database.ingestion() as work:
        saved = await work.documents.save(document)
        assert saved.created_at is not None
        found = await work.documents.find_by_id(document.id)
    assert found == saved
    assert (found.title, found.content, found.ente, found.metadata, found.sha256) == (
        document.title,
        document.content,
        document.ente,
        document.metadata,
        document.sha256,
    )


async def test_chunks_of_several_documents_are_counted_each_on_its_own(
    database: Database, admin: asyncpg.Connection
) -> None:
    documents = [a_document("um"), a_document("dois"), a_document("três")]
    async with database.ingestion() as work:
        for document in documents:
            await work.documents.save(document)
        for first in (0, 10):
            new = [a_chunk(documents[0], index=index) for index in (0, 1)] + [a_chunk(documents[1])]
            await work.chunks.save_chunks([replace(chunk, chunk_index=first + chunk.chunk_index) for chunk in new])
    counted = await admin.fetch("SELECT num_chunks FROM documento ORDER BY num_chunks DESC")
    assert [row["num_chunks"] for row in counted] == [4, 2, 0]


async def test_documents_are_found_counted_and_removed(database: Database) -> None:
    first = await publish(database, a_document("um"))
    second = await publish(database, a_document("dois"))
    hidden = a_document("três", state=DocumentState.PROCESSANDO)
    async with database.ingestion() as work:
        await work.documents.save(hidden)
        assert await work.documents.find_by_source(first.metadata.source or "") is not None
        assert await work.documents.find_by_sha256(second.sha256) is not None
        assert await work.documents.find_by_text_sha256(second.text_sha256 or b"") is not None
        assert await work.documents.exists(hidden.metadata.source or "")
        assert not await work.documents.exists("/nada.txt")
        assert [document.id for document in await work.documents.find_all()] == [first.id, second.id]
        assert [document.id for document in await work.documents.find_all(limit=1, offset=1)] == [second.id]
        assert await work.documents.count() == 2
        assert await work.documents.delete(first.id)
        assert not await work.documents.delete(first.id)
        assert await work.chunks.find_chunks_by_document_id(first.id) == []
        assert await work.vectors.count_embeddings() == 1


async def test_the_same_bytes_or_source_cannot_be_current_twice(database: Database) -> None:
    first = await publish(database, a_document())
    with pytest.raises(DuplicateDocument):
        await publish(database, a_document(source=first.metadata.source, text="mudou"))
    async with database.ingestion() as work:
        replaced = a_document(source=first.metadata.source, text="mudou", state=DocumentState.SUBSTITUIDO)
        await work.documents.save(replaced)


async def test_chunks_keep_their_order_and_place(database: Database) -> None:
    document = a_document("primeiro segundo")
    chunks = [a_chunk(document, text, index=index) for index, text in enumerate(("primeiro", "segundo"))]
    await publish(database, document, *reversed(chunks))
    async with database.ingestion() as work:
        found = await work.chunks.find_chunks_by_document_id(document.id)
        assert [chunk.original_content for chunk in found] == ["primeiro", "segundo"]
        one = await work.chunks.find_chunk_by_id(chunks[1].id)
        assert one is not None
        assert (one.chunk_index, one.start_char, one.end_char) == (1, 0, 7)
        assert await work.chunks.find_chunk_by_id(ChunkId(uuid4())) is None
        assert await work.chunks.delete_chunks_by_document_id(document.id) == 2
        assert await work.vectors.count_embeddings() == 0


async def test_a_chunk_keeps_where_its_lines_stand_on_the_page(database: Database) -> None:
    document = a_document("primeiro segundo")
    lines = (LineBox(start_char=0, page=3, x0=56.7, y0=72.0, x1=538.6, y1=84.1),)
    copied, inserted = (replace(a_chunk(document, index=index), lines=lines) for index in (0, 1))
    await publish(database, document, copied)
    async with database.ingestion() as work:
        await work.chunks.save_chunk(inserted)
        found = await work.chunks.find_chunks_by_document_id(document.id)
    assert [chunk.lines for chunk in found] == [lines, lines]


async def test_v2s_vector_methods(database: Database) -> None:
    document = a_document("a b c")
    chunks = [a_chunk(document, text, index=index) for index, text in enumerate("abc")]
    async with database.ingestion() as work:
        await work.documents.save(document)
        for chunk in chunks:
            await work.chunks.save_chunk(chunk)
        for chunk, direction in zip(chunks, (0.0, 0.5, 5.0), strict=True):
            assert await work.vectors.add_chunk_embedding(chunk.id, an_embedding(1.0, direction))
        assert not await work.vectors.add_chunk_embedding(ChunkId(uuid4()), an_embedding(1.0))
        found = await work.vectors.search_similar_chunks(an_embedding(1.0), n_results=2)
        assert [result.chunk.id for result in found] == [chunks[0].id, chunks[1].id]
        assert found[0].similarity_score == pytest.approx(1.0)
        assert found[1].distance == pytest.approx(1 - found[1].similarity_score)
        near = await work.vectors.search_similar_chunks(an_embedding(1.0), similarity_threshold=0.99)
        assert [result.chunk.id for result in near] == [chunks[0].id]
        assert await work.vectors.search_similar_chunks(an_embedding(1.0), metadata_filter={"file_type": "pdf"}) == []
        assert (
            len(await work.vectors.search_similar_chunks(an_embedding(1.0), metadata_filter={"file_type": "txt"})) == 3
        )
        assert await work.vectors.update_chunk_embedding(chunks[2].id, an_embedding(0.0, 0.0, 1.0))
        stored = await work.vectors.get_embedding_by_chunk_id(chunks[2].id)
        assert stored is not None
        assert stored.vector[:4].tolist() == [0.0, 0.0, 1.0, 0.0]
        assert await work.chunks.update_chunk_embedding(chunks[2].id, an_embedding(1.0))
        assert await work.vectors.count_embeddings() == 3
        assert await work.vectors.embedding_exists(chunks[0].id)
        assert await work.vectors.delete_chunk_embedding(chunks[0].id)
        assert not await work.vectors.embedding_exists(chunks[0].id)
        assert await work.vectors.delete_document_embeddings(document.id) == 2


async def test_vectors_of_different_models_are_never_compared(database: Database) -> None:
    document = a_document("a b")
    old, new = a_chunk(document, "a"), a_chunk(document, "b", index=1, embedding=an_embedding(1.0, model="outro"))
    await publish(database, document, old, new)
    async with database.tenant() as work:
        found = await work.vectors.search_similar_chunks(an_embedding(1.0, model="outro"), n_results=10)
    assert [result.chunk.id for result in found] == [new.id]


async def test_a_vector_of_zeros_is_refused(database: Database) -> None:
    with pytest.raises(Exception, match="documento_embedding_nao_nulo"):
        await publish(database, (document := a_document()), a_chunk(document, embedding=an_embedding(0.0)))


async def test_prefeituras(database: Database, public_id: PrefeituraId) -> None:
    created = await a_prefeitura(database, "nova-trento", uf="SC", ibge="4211504")
    with pytest.raises(DuplicatePrefeitura):
        await a_prefeitura(database, "outra", uf="SC", ibge="4211504")
    with pytest.raises(DuplicatePrefeitura):
        await a_prefeitura(database, "nova-trento")
    async with database.operator() as work:
        assert await work.prefeituras.id_of_slug("nova-trento") == created.id
        assert await work.prefeituras.id_of_slug("nenhuma") is None
        await work.prefeituras.make_public(created.id)
        assert await work.prefeituras.public_id() == created.id
        assert {prefeitura.slug for prefeitura in await work.prefeituras.find_all()} == {"nova-trento", "publica"}
    async with database.tenant(created.id) as work:
        assert await work.prefeituras.find_by_id(created.id) is not None
        assert await work.prefeituras.find_by_id(public_id) is None


async def test_usuarios(database: Database, public_id: PrefeituraId) -> None:
    ana = Usuario(
        id=UsuarioId(uuid4()), prefeitura_id=public_id, nome="Ana", email="Ana@exemplo.org", papel=Papel.GESTOR
    )
    async with database.tenant(public_id) as work:
        saved = await work.usuarios.save(ana)
        assert await work.usuarios.find_by_id(ana.id) == saved
        assert await work.usuarios.find_by_email("ana@EXEMPLO.org") == saved
        assert await work.usuarios.find_all() == [saved]
    with pytest.raises(DuplicateUsuario):
        async with database.tenant(public_id) as work:
            await work.usuarios.save(
                Usuario(id=UsuarioId(uuid4()), prefeitura_id=public_id, nome="Outra", email="ana@exemplo.ORG")
            )


async def test_sessions_and_messages(database: Database, public_id: PrefeituraId) -> None:
    session = ChatSession(id=SessionId(uuid4()), prefeitura_id=public_id, metadata={"canal": "balcão"})
    reference = DocumentReference(
        document_id=DocumentId(uuid4()), chunk_id=ChunkId(uuid4()), source="lei.pdf", page=3, similarity_score=0.5
    )
    async with database.tenant(public_id) as work:
        saved = await work.sessions.save_session(session)
        assert await work.sessions.find_session_by_id(session.id) == saved
        assert await work.sessions.session_exists(session.id)
        assert not await work.sessions.session_exists(SessionId(uuid4()))
        for number in range(30):
            await work.messages.save_message(
                a_message(
                    session, MessageRole.USER if number % 2 == 0 else MessageRole.ASSISTANT, str(number), reference
                )
            )
        messages = await work.messages.find_messages_by_session_id(session.id, limit=100)
        assert [message.content for message in messages] == [str(number) for number in range(30)]
        assert len({message.created_at for message in messages}) == 30
        assert messages[0].document_references == (reference,)
        assert messages[0].usage == TokenUsage(prompt_tokens=3, completion_tokens=2, estimated=True)
        assert await work.messages.find_message_by_id(messages[7].id) == messages[7]
        last = await work.messages.find_last_messages(session.id, 2)
        assert [message.content for message in last] == ["28", "29"]
        assert await work.messages.count_messages_by_session_id(session.id) == 30
        created = messages[10].created_at
        assert created is not None
        assert await work.messages.count_questions_since(session.id, created) == 10


async def test_erasing_a_conversation_keeps_its_tokens(database: Database, public_id: PrefeituraId) -> None:
    session = ChatSession(id=SessionId(uuid4()), prefeitura_id=public_id)
    async with database.tenant(public_id) as work:
        await work.sessions.save_session(session)
        await work.messages.save_message(a_message(session, MessageRole.USER, "segredo"))
        assert await work.sessions.deactivate_session(session.id)
        assert not await work.sessions.deactivate_session(session.id)
        assert await work.sessions.find_active_sessions() == []
        assert await work.sessions.delete_session(session.id)
        assert not await work.sessions.delete_session(session.id)
        assert await work.sessions.find_session_by_id(session.id) is None
        (message,) = await work.messages.find_messages_by_session_id(session.id)
        assert message.content is None
        assert message.usage.total_tokens == 5


def a_message(session: ChatSession, role: MessageRole, content: str, *references: DocumentReference) -> Message:
    return Message(
        id=MessageId(uuid4()),
        prefeitura_id=session.prefeitura_id,
        session_id=session.id,
        role=role,
        content=content,
        document_references=references,
        usage=TokenUsage(prompt_tokens=3, completion_tokens=2, estimated=True),
    )
