"""Objects for tests, with only what the test cares about spelled out."""

import hashlib
from array import array
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import uuid4

from balcao.application.alerts import QuotaAlerts
from balcao.application.metering import Metering
from balcao.application.ports import Clock
from balcao.application.unit_of_work import CollectionReader
from balcao.domain.acts import Act, without_acts
from balcao.domain.chat import Message, MessageRole
from balcao.domain.document import (
    EMBEDDING_DIMENSIONS,
    Document,
    DocumentChunk,
    DocumentMetadata,
    DocumentState,
    Embedding,
)
from balcao.domain.ente import Ente, SearchScope
from balcao.domain.ids import ChunkId, CreditId, DocumentId, MessageId, PrefeituraId, SessionId
from balcao.domain.legal_references import references_in
from balcao.domain.prefeitura import Prefeitura
from balcao.domain.prices import Prices
from balcao.domain.quota import Credit
from balcao.domain.search import Inquiry, SearchFilter
from balcao.domain.validity import Validity
from balcao.infrastructure.database.database import Database

MODEL = "modelo-de-teste"
TODAY = date(2026, 3, 10)
NO_PRICES = Prices(known=(), exchange_rate=Decimal(5))
RESERVATION_LIFE = timedelta(minutes=5)
_NOWHERE = SearchScope()
_IN_FORCE = SearchFilter()


def a_document(
    text: str = "Art. 1º O prazo é de vinte dias.",
    *,
    title: str = "Lei nº 1, de 2020",
    source: str | None = None,
    ente: Ente | None = None,
    state: DocumentState = DocumentState.DISPONIVEL,
    act: Act | None = None,
    tags: tuple[str, ...] = (),
    validity: Validity | None = None,
) -> Document:
    source = source or f"/documentos/{uuid4()}.txt"
    return Document(
        id=DocumentId(uuid4()),
        title=title,
        content=text,
        file_path="aa/bb.txt",
        sha256=hashlib.sha256(f"{source}{text}".encode()).digest(),
        text_sha256=hashlib.sha256(f"{source}{text}".encode()).digest(),
        ente=ente or Ente.geral(),
        metadata=DocumentMetadata(source=source, file_type="txt"),
        file_name=source.rpartition("/")[2],
        state=state,
        act=act,
        tags=tags,
        validity=validity or Validity(),
    )


def a_chunk(
    document: Document,
    text: str | None = None,
    *,
    index: int = 0,
    embedding: Embedding | None = None,
    path: str | None = None,
) -> DocumentChunk:
    text = document.content if text is None else text
    return DocumentChunk(
        id=ChunkId(uuid4()),
        document_id=document.id,
        original_content=text,
        chunk_index=index,
        start_char=0,
        end_char=max(1, len(text)),
        path=path,
        embedding=embedding or an_embedding(1.0, float(index)),
    )


def a_question(prefeitura_id: PrefeituraId, session_id: SessionId) -> Message:
    return Message(
        id=MessageId(uuid4()),
        prefeitura_id=prefeitura_id,
        session_id=session_id,
        role=MessageRole.USER,
        content="Quantos dias de férias?",
    )


def an_embedding(*leading: float, model: str = MODEL) -> Embedding:
    """A vector with these first components, zeros after them."""
    return Embedding(vector=array("f", leading + (0.0,) * (EMBEDDING_DIMENSIONS - len(leading))), model=model)


async def publish(database: Database, document: Document, *chunks: DocumentChunk) -> Document:
    """Put a document into the collection as ingestion does."""
    chunks = chunks or (a_chunk(document),)
    async with database.ingestion() as work:
        saved = await work.documents.save(document)
        await work.chunks.save_chunks(chunks)
        await work.vectors.add_chunk_embeddings([chunk for chunk in chunks if chunk.embedding])
        await work.passages.index_terms(document.id)
    return replace(saved, chunks=chunks)


async def an_inquiry(
    work: CollectionReader, question: str, scope: SearchScope = _NOWHERE, wanted: SearchFilter = _IN_FORCE
) -> Inquiry:
    """A question made ready as the application does, on the day TODAY."""
    references = references_in(question)
    terms = await work.passages.question_terms(without_acts(question), references.terms)
    return Inquiry(question=question, scope=scope, terms=terms, references=references, filter=wanted, today=TODAY)


async def a_prefeitura(
    database: Database, slug: str, *, uf: str | None = None, ibge: str | None = None, nome: str | None = None
) -> Prefeitura:
    async with database.operator() as work:
        return await work.prefeituras.save(
            Prefeitura(
                id=PrefeituraId(uuid4()), nome=nome or f"Prefeitura de {slug.title()}", slug=slug, uf=uf, ibge=ibge
            )
        )


def a_metering(clock: Clock, prices: Prices = NO_PRICES) -> Metering:
    """Metering that alerts nobody by e-mail or webhook."""
    return Metering(prices, QuotaAlerts(), clock, life=RESERVATION_LIFE)


def a_credit(prefeitura_id: PrefeituraId, tokens: int, now: datetime, *, days: int = 10) -> Credit:
    """A credit that is valid from now on."""
    return Credit(
        id=CreditId(uuid4()),
        prefeitura_id=prefeitura_id,
        tokens=tokens,
        reason="Mutirão do IPTU",
        valid_from=now,
        valid_until=now + timedelta(days=days),
    )
