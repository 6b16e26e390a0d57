"""A new vector is found at once, enters the index behind its document's publication, and is found there as before."""

import asyncio
from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import text

from balcao.application.use_cases import process_document
from balcao.application.vector_index import VectorIndexing
from balcao.domain.document import Document, DocumentChunk
from balcao.infrastructure.database.connection import DatabaseAccesses
from balcao.infrastructure.database.database import Database
from balcao.interface.dependencies.container import open_container
from balcao.interface.runtime import Installation
from balcao.interface.worker import work
from tests.applications import settings_in
from tests.factories import a_chunk, a_document, an_embedding, an_inquiry, publish
from tests.ingestion import ARTICLES, Ingestion

_MANY = 1_700
"""Chunks of which so many that a search walks the index instead of comparing them all."""

_UNTIL_ONE_PLAN_IS_KEPT = 7
_WALKS = "SELECT idx_scan FROM pg_stat_user_indexes WHERE indexrelname = 'documento_embedding_vector'"
_WAITING = "SELECT count(*) FROM documento_embedding WHERE NOT indexado"


def fanned_out(document: Document, count: int, first: int = 0) -> list[DocumentChunk]:
    """Chunks whose vectors lie further and further from the question's."""
    return [
        a_chunk(document, f"trecho {number}", index=number, embedding=an_embedding(1.0, number / 200))
        for number in range(first, first + count)
    ]


async def nearest(database: Database) -> tuple[list[str], list[str]]:
    """The nearest ten by either search."""
    async with database.reader() as reader:
        by_vector = await reader.vectors.search_similar_chunks(an_embedding(1.0), 10)
        inquiry = await an_inquiry(reader, "xyz")
        hybrid = await reader.passages.search(inquiry, an_embedding(1.0), n_results=10, vector_share=1.0)
    return [each.chunk.original_content for each in by_vector], [passage.content for passage in hybrid]


async def test_the_nearest_are_found_in_the_index_beside_it_and_in_both(
    database: Database, admin: asyncpg.Connection
) -> None:
    document = a_document("Uma lei muito longa")
    await publish(database, document, *fanned_out(document, _MANY))
    await admin.execute("ANALYZE")
    expected = [f"trecho {number}" for number in range(10)]
    assert await nearest(database) == (expected, expected)
    await admin.execute(
        "UPDATE documento_embedding e SET indexado = true FROM documento_chunk c"
        " WHERE c.id = e.chunk_id AND c.indice_chunk % 2 = 0"
    )
    assert await nearest(database) == (expected, expected)
    await VectorIndexing(database.ingestion).catch_up()
    assert await nearest(database) == (expected, expected)


async def test_how_many_candidates_are_kept_is_set_before_the_walk_begins(
    database: Database, admin: asyncpg.Connection
) -> None:
    document = a_document("Uma lei muito longa")
    await publish(database, document, *fanned_out(document, _MANY))
    await VectorIndexing(database.ingestion).catch_up()
    await admin.execute("VACUUM ANALYZE")
    async with database.reader() as reader:
        await reader._open.execute(text("SET hnsw.iterative_scan = off"))
        await reader._open.execute(text("SET hnsw.ef_search = 1"))  # with which a walk ends at its first neighbour
        by_vector = await reader.vectors.search_similar_chunks(an_embedding(1.0), 10)
        filtered = await reader.vectors.search_similar_chunks(
            an_embedding(1.0), 10, metadata_filter={"source": document.metadata.source}
        )
        inquiry = await an_inquiry(reader, "xyz")
        hybrid = await reader.passages.search(inquiry, an_embedding(1.0), n_results=10, vector_share=1.0)
    assert (len(by_vector), len(filtered), len(hybrid)) == (10, 10, 10)


async def test_a_filter_that_leaves_many_walks_the_index(database: Database, admin: asyncpg.Connection) -> None:
    """Of many documents: the planner believes that a filter leaves one."""
    theme: dict[str, object] = {"custom_fields": {"t": "comum"}}
    for number in range(17):
        written = a_document(f"Lei {number}", source=f"/acervo/{number}.txt")
        document = replace(written, metadata=replace(written.metadata, custom_fields={"t": "comum"}))
        await publish(database, document, *fanned_out(document, _MANY // 17, first=number * _MANY // 17))
    await VectorIndexing(database.ingestion).catch_up()
    await admin.execute("VACUUM ANALYZE")
    before = await admin.fetchval(_WALKS)
    async with database.reader() as reader:
        for _ in range(_UNTIL_ONE_PLAN_IS_KEPT):
            found = await reader.vectors.search_similar_chunks(an_embedding(1.0), 10, metadata_filter=theme)
            assert [each.chunk.original_content for each in found] == [f"trecho {number}" for number in range(10)]
            assert [each.metadata["source"] for each in found] == ["/acervo/0.txt"] * 10
        await reader._open.execute(text("SELECT pg_stat_force_next_flush()"))
    assert await admin.fetchval(_WALKS) == before + _UNTIL_ONE_PLAN_IS_KEPT


async def test_several_processes_index_each_vector_once(database: Database, admin: asyncpg.Connection) -> None:
    document = a_document("Uma lei longa")
    await publish(database, document, *fanned_out(document, 350))
    indexing = VectorIndexing(database.ingestion)
    assert await indexing.catch_up(tolerated=300) == 100
    assert await admin.fetchval(_WAITING) == 250
    assert sum(await asyncio.gather(indexing.catch_up(), indexing.catch_up())) == 250
    assert await admin.fetchval(_WAITING) == 0
    assert await indexing.catch_up() == 0


async def test_who_publishes_more_than_searches_may_compare_indexes_the_rest(
    database: Database, admin: asyncpg.Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ingestion = Ingestion(database=database, folder=tmp_path)
    await ingestion.ingest()
    assert await admin.fetchval(_WAITING) > 0
    monkeypatch.setattr(process_document, "TOLERATED", 0)
    await ingestion.ingest(ARTICLES + "\n\nArt. 99. Disposição final.", "outra.txt", title="Outra lei, bem diferente")
    assert await admin.fetchval(_WAITING) == 0


async def test_a_worker_with_nothing_to_do_indexes(
    database: Database, accesses: DatabaseAccesses, admin: asyncpg.Connection, tmp_path: Path
) -> None:
    settings = settings_in(tmp_path)
    ingestion = Ingestion(database=database, folder=tmp_path)
    async with open_container(settings, accesses) as container:
        await container.collection.register.execute(ingestion.request(ARTICLES, "lei.txt", inline=False))
    assert await work(Installation(settings=settings, accesses=accesses), until_empty=True) == 1
    assert await admin.fetchval("SELECT count(*) FROM documento_embedding WHERE indexado") > 0
    assert await admin.fetchval(_WAITING) == 0
