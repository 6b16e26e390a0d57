"""Our side of the comparison: generated documents through the repositories, as publishing a document writes them."""

import asyncio
import gc
import time
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import islice
from pathlib import Path
from uuid import UUID, uuid5

import asyncpg
import numpy as np
import psutil
from numpy.typing import NDArray

from balcao.application.vector_index import VectorIndexing
from balcao.domain.document import Document, DocumentChunk, DocumentMetadata, DocumentState, Embedding
from balcao.domain.ente import Ente, Esfera
from balcao.domain.ids import ChunkId, DocumentId
from balcao.infrastructure.database.connection import DatabaseAccess
from balcao.infrastructure.database.database import Database
from balcao.infrastructure.database.postgres_programs import PostgresPrograms
from balcao.infrastructure.database.tables import SCHEMA, VECTOR_INDEX
from benchmarks.generated import GeneratedCollection, GeneratedDocument

_NAMES = UUID("6f0b1c9e-5d0c-4b6e-9c63-0d7f1b3a2f10")
_INDEXED_BY_DEFAULT = "ALTER TABLE balcao.documento_embedding ALTER COLUMN indexado SET DEFAULT {}"
_AT_ONCE = 3  # the pool of ingestion has as many connections
_LIKE_FOR_LIKE = ("documento", "documento_chunk", "documento_embedding")


def chunk_id(number: int) -> ChunkId:
    """Id of the collection's ``number``-th passage: the same for both engines."""
    return ChunkId(uuid5(_NAMES, str(number)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A document ready to be written."""

    document: Document
    chunks: tuple[DocumentChunk, ...]


def prepared(document: GeneratedDocument, vectors: NDArray[np.float32], model: str) -> Prepared:
    """The document's entities; ``vectors`` are its own, in order."""
    document_id = DocumentId(uuid5(_NAMES, f"documento {document.first}"))
    content = "\n".join(document.texts)
    chunks, start = [], 0
    for offset, (text, vector) in enumerate(zip(document.texts, vectors, strict=True)):
        chunks.append(
            DocumentChunk(
                id=chunk_id(document.first + offset),
                document_id=document_id,
                context=f"{document.title}\n",
                original_content=text,
                chunk_index=offset,
                start_char=start,
                end_char=start + len(text),
                embedding=Embedding(vector=array("f", vector.tobytes()), model=model),
            )
        )
        start += len(text) + 1
    digest = sha256(content.encode()).digest()
    written = Document(
        id=document_id,
        title=document.title,
        content=content,
        file_path=f"{digest.hex()}.txt",
        file_name=f"lei-{document.number + 1}.txt",
        sha256=digest,
        text_sha256=digest,
        ente=Ente(esfera=Esfera.GERAL),
        metadata=DocumentMetadata(source=f"lei-{document.first}", custom_fields={"theme": document.theme}),
        state=DocumentState.DISPONIVEL,
    )
    return Prepared(document=written, chunks=tuple(chunks))


def prepared_collection(collection: GeneratedCollection, model: str) -> Iterator[Prepared]:
    """Every document of the collection, one at a time."""
    for document in collection.documents():
        yield prepared(document, collection.vectors[document.first : document.first + len(document.texts)], model)


class PostgresSide:
    """A migrated database of its own."""

    def __init__(self, database: Database, admin: DatabaseAccess, model: str, data_directory: Path) -> None:
        self.database = database
        self.model = model
        self.admin = admin
        self._programs = PostgresPrograms(data_directory / "postgres")
        self._server_pid = data_directory / "postgres" / "postmaster.pid"

    async def publish(self, ready: Sequence[Prepared], *, terms: bool) -> float:
        """Write these documents, each in a transaction as ingestion does; seconds until all are committed."""
        started = time.perf_counter()
        for one in ready:
            async with self.database.ingestion() as work:
                await work.documents.save(one.document)
                await work.chunks.save_chunks(one.chunks)
                await work.vectors.add_chunk_embeddings(one.chunks)
                if terms:
                    await work.passages.index_terms(one.document.id)
        return time.perf_counter() - started

    async def load(self, ready: Iterable[Prepared], group: int = 10) -> float:
        """Write every document, ``group`` of them in a transaction, by three writers; seconds, from when all are ready
        and the writers have their connections.

        Each writer goes on by itself: while one waits for the disk to hold what it commits, the others write.
        """
        waiting = iter(list(ready))
        await asyncio.gather(*(self._connect() for _ in range(_AT_ONCE)))
        gc.collect()  # what is ready is this benchmark's own: no pass over it is timed, nor on the other side
        started = time.perf_counter()
        await asyncio.gather(*(self._write(waiting, group) for _ in range(_AT_ONCE)))
        return time.perf_counter() - started

    async def _connect(self) -> None:
        async with self.database.ingestion() as work:
            await work.documents.find_all(limit=1)

    async def _write(self, waiting: Iterator[Prepared], group: int) -> None:
        while batch := list(islice(waiting, group)):
            chunks = [chunk for one in batch for chunk in one.chunks]
            async with self.database.ingestion() as work:
                for one in batch:
                    await work.documents.save(one.document)
                await work.chunks.save_chunks(chunks)
                await work.vectors.add_chunk_embeddings(chunks)

    async def index_vectors(self) -> float:
        """Take what was published since into the index of vectors, as a worker with nothing to do does; seconds."""
        started = time.perf_counter()
        await VectorIndexing(self.database.ingestion).catch_up()
        return time.perf_counter() - started

    async def index_terms(self) -> float:
        """Write the lexical index of every document; seconds."""
        started = time.perf_counter()
        async with self.database.ingestion() as work:
            listed = await work.documents.find_all(limit=1_000_000)
        waiting = iter(listed)
        await asyncio.gather(*(self._index_terms_of(waiting) for _ in range(_AT_ONCE)))
        return time.perf_counter() - started

    async def _index_terms_of(self, waiting: Iterator[Document]) -> None:
        for document in waiting:
            async with self.database.ingestion() as work:
                await work.passages.index_terms(document.id)

    async def run(self, *statements: str) -> float:
        """Statements of the server's admin, one by one; seconds."""
        connection = await asyncpg.connect(self.admin.url, server_settings={"search_path": "balcao, public"})
        started = time.perf_counter()
        for statement in statements:
            await connection.execute(statement)
        seconds = time.perf_counter() - started
        await connection.close()
        return seconds

    async def settle(self) -> None:
        """Put what was written in order and on the disk, so that no query is timed beside that work.

        A server that was started with less memory than its data now calls for is started again, as any is in time.
        """
        await self.run("VACUUM ANALYZE", "CHECKPOINT")
        connection = await asyncpg.connect(self.admin.url)
        buffers_mb = await connection.fetchval(
            "SELECT setting::int * 8 / 1024 FROM pg_settings WHERE name = $1", "shared_buffers"
        )
        await connection.close()
        if buffers_mb < self._programs.shared_buffers_mb():
            await self.database.dispose()
            self._programs.stop()
            self._programs.start()

    async def drop_vector_index(self) -> tuple[str, ...]:
        """Drop the index of vectors, as a migration of a whole collection does, whose vectors are indexed together at
        its end; the statements for that.
        """
        connection = await asyncpg.connect(self.admin.url)
        definition = await connection.fetchval(
            "SELECT indexdef FROM pg_indexes WHERE indexname = $1", VECTOR_INDEX.name
        )
        await connection.execute(f"DROP INDEX {SCHEMA}.{VECTOR_INDEX.name}")
        await connection.execute(_INDEXED_BY_DEFAULT.format("true"))
        await connection.close()
        assert isinstance(definition, str)
        return definition, _INDEXED_BY_DEFAULT.format("false")

    async def disk(self, *tables: str) -> int:
        """Bytes of these tables with their indexes; by default those that hold what ChromaDB holds."""
        connection = await asyncpg.connect(self.admin.url)
        names = [f"balcao.{table}" for table in tables or _LIKE_FOR_LIKE]
        size = await connection.fetchval(
            "SELECT sum(pg_total_relation_size(name::regclass)) FROM unnest($1::text[]) AS name", names
        )
        await connection.close()
        return int(size)

    def memory(self) -> int:
        """Bytes that the server's processes hold, shared pages counted once."""
        server = psutil.Process(int(self._server_pid.read_text(encoding="utf-8").split("\n", 1)[0]))
        return sum(map(_held, (server, *server.children(recursive=True))))


def _held(process: psutil.Process) -> int:
    """Bytes of one process; none of a worker that has ended meanwhile."""
    try:
        return int(process.memory_full_info().pss)
    except psutil.NoSuchProcess:
        return 0
