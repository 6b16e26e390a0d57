"""What publishing costs the database alone: passages, vectors and terms into a collection that has its indexes."""

import hashlib
import random
import time
from array import array
from uuid import uuid4

from balcao.domain.document import (
    EMBEDDING_DIMENSIONS,
    Document,
    DocumentChunk,
    DocumentMetadata,
    DocumentState,
    Embedding,
)
from balcao.domain.ente import Ente
from balcao.domain.ids import ChunkId, DocumentId
from balcao.infrastructure.database.database import Database
from benchmarks.measurement import Measurement
from benchmarks.registry import Workbench, benchmark

DOCUMENTS = 10
CHUNKS = 100
_RATE = "Documentos de 100 trechos, um por transação, numa coleção que já tem os índices; só o banco."
_WORDS = "prazo multa licença tributo imposto servidor férias coleta alvará feira protocolo secretaria câmara".split()


@benchmark("Publicação no banco", place=35)
async def measure_publication(bench: Workbench) -> list[Measurement]:
    """Publish documents with random unit vectors, each in one transaction, and forget them."""
    database = Database(bench.accesses)
    chance = random.Random(3)
    published = [_document(chance) for _ in range(DOCUMENTS)]
    try:
        started = time.perf_counter()
        for document, chunks in published:
            async with database.ingestion() as work:
                await work.documents.save(document)
                await work.chunks.save_chunks(chunks)
                await work.vectors.add_chunk_embeddings(chunks)
                await work.passages.index_terms(document.id)
        seconds = time.perf_counter() - started
        async with database.ingestion() as work:
            for document, _ in published:
                await work.documents.delete(document.id)
    finally:
        await database.dispose()
    rate = round(DOCUMENTS * CHUNKS / seconds, 1)
    return [Measurement(name="ingestion_database", value=rate, unit="chunks/s", meaning=_RATE)]


def _document(chance: random.Random) -> tuple[Document, list[DocumentChunk]]:
    digest = hashlib.sha256(uuid4().bytes).digest()
    document = Document(
        id=DocumentId(uuid4()),
        title=f"Medição {digest.hex()[:8]}",
        content="",
        file_path="medicao",
        sha256=digest,
        text_sha256=digest,
        ente=Ente.geral(),
        metadata=DocumentMetadata(source=None),
        state=DocumentState.DISPONIVEL,
    )
    return document, [_chunk(document, index, chance) for index in range(CHUNKS)]


def _chunk(document: Document, index: int, chance: random.Random) -> DocumentChunk:
    text = " ".join(chance.choices(_WORDS, k=120))
    values = [chance.gauss(0, 1) for _ in range(EMBEDDING_DIMENSIONS)]
    norm = sum(value * value for value in values) ** 0.5
    return DocumentChunk(
        id=ChunkId(uuid4()),
        document_id=document.id,
        original_content=text,
        chunk_index=index,
        start_char=0,
        end_char=len(text),
        embedding=Embedding(vector=array("f", (value / norm for value in values)), model="medicao"),
    )
