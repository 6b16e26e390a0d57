"""What makes the search fast finds the same as what it replaced."""

import math
from array import array
from dataclasses import replace

import asyncpg
import pytest
from sqlalchemy import text

from balcao.domain.document import DocumentMetadata
from balcao.domain.ids import PrefeituraId
from balcao.domain.search import SearchFilter
from balcao.infrastructure.database import pool_checks
from balcao.infrastructure.database.connection import DatabaseAccesses, connect
from balcao.infrastructure.database.database import Database
from balcao.infrastructure.repositories import passages, vector_walk
from tests.factories import a_chunk, a_document, an_embedding, an_inquiry, publish

_MANY_DOCUMENTS = """
    INSERT INTO documento (titulo, conteudo, caminho_arquivo, sha256, texto_sha256, ente_esfera, estado, num_chunks)
    SELECT 'Lei ' || n, repeat('texto ', 150), n, digest, digest, 'geral', 'disponivel', 1
      FROM generate_series(1, 500) AS n, sha256(n::text::bytea) AS digest
"""
_FLUSH = text("SELECT pg_stat_force_next_flush()")
_PGVECTORS_OWN = "40"
_KEPT = text("SHOW hnsw.ef_search")
_RARE = ("alvará", "calçada", "merenda", "vacina", "zoneamento")


async def test_a_reader_sees_the_collection_and_no_tenant(database: Database, public_id: PrefeituraId) -> None:
    await publish(database, a_document("O prazo é de vinte dias."))
    async with database.reader() as reader:
        assert await reader.prefeituras.public_id() == public_id
        assert await reader.prefeituras.find_all() == []
        assert await reader.documents.count() == 1
        assert len(await reader.passages.by_words(await an_inquiry(reader, "prazo"), 10)) == 1


async def test_words_are_scored_as_an_exhaustive_bm25_would(database: Database, admin: asyncpg.Connection) -> None:
    for number in range(40):
        words = " ".join([_RARE[number % 5]] * (1 + number % 3) + ["prefeitura"] * (number % 7) + ["prazo"] * number)
        await publish(database, a_document(f"{words} municipal", source=f"/acervo/{number}.txt"))
    question = "prazo do alvará e da vacina na prefeitura municipal"
    async with database.reader() as reader:
        inquiry = await an_inquiry(reader, question)
        found = await reader.passages.by_words(inquiry, 10)
    expected = await _exhaustive(admin, [term.match for term in inquiry.terms])
    assert [match.score for match in found] == pytest.approx(expected[:10])
    assert len({match.chunk_id for match in found}) == 10


async def test_a_passage_with_several_common_terms_is_found_where_none_of_their_lists_is_read_so_far(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passages, "_POSTINGS", (5, 10))
    often = [a_document(f"{word} {word} {word} {number}") for word in _RARE[:2] for number in range(30)]
    both = a_document(f"No capítulo do {_RARE[0]} há também, entre muitas outras regras, uma sobre a {_RARE[1]}.")
    for document in (*often, both):
        await publish(database, document)
    async with database.reader() as reader:
        inquiry = await an_inquiry(reader, f"{_RARE[0]} e {_RARE[1]}")
        found = await reader.passages.by_words(inquiry, 3)
        elsewhere = replace(inquiry, filter=SearchFilter(document_id=often[0].id))
        found_elsewhere = await reader.passages.by_words(elsewhere, 3)
    assert found[0].document_id == both.id
    assert [match.document_id for match in found_elsewhere] == [often[0].id]


async def test_a_common_terms_list_is_read_once_and_not_for_each_passage(
    database: Database, admin: asyncpg.Connection
) -> None:
    document = a_document("O prazo é de dias")
    longer = {"merenda": " escolar servida diariamente"}  # so that its passages are none of the best for "prazo" alone
    texts = [f"O prazo {word}{longer.get(word, '')} {number}" for number, word in enumerate(_RARE * 120)]
    chunks = [a_chunk(document, content, index=number) for number, content in enumerate(texts)]
    await publish(database, document, *chunks)
    await admin.execute("VACUUM ANALYZE documento_termo")
    async with database.reader() as reader:
        inquiry = await an_inquiry(reader, "prazo da merenda")
        await reader._open.execute(_FLUSH)
        lists, others = await _postings_read(admin)
        found = await reader.passages.search(inquiry, an_embedding(1.0), n_results=5)
        await reader._open.execute(_FLUSH)
        lists_then, others_then = await _postings_read(admin)
        by_words = await reader.passages.by_words(inquiry, 10)
    assert all("merenda" in passage.content for passage in found)
    expected = await _exhaustive(admin, [term.match for term in inquiry.terms])
    assert [match.score for match in by_words] == pytest.approx(expected[:10]), (
        "what was not read is in the passage's row"
    )
    assert 0 < lists_then - lists <= 720, "each list once"
    assert others_then == others, "a passage is scored by its own row"


@pytest.mark.parametrize("metadata_filter", [None, {"file_type": "txt"}])
async def test_a_search_by_vector_is_planned_once(
    database: Database, admin: asyncpg.Connection, metadata_filter: dict[str, object] | None
) -> None:
    await publish(database, a_document("O prazo é de vinte dias."))
    await admin.execute(_MANY_DOCUMENTS)
    await admin.execute("VACUUM ANALYZE documento")
    plans = text("SELECT custom_plans FROM pg_prepared_statements WHERE statement LIKE :statement")
    async with database.reader() as reader:
        for _ in range(12):
            await reader.vectors.search_similar_chunks(an_embedding(1.0), 10, metadata_filter=metadata_filter)
        made = (await reader._open.execute(plans, {"statement": "%AS vizinhos%"})).scalar_one()
    assert made == 5, "then PostgreSQL keeps the generic plan"


async def test_a_very_common_term_is_counted_by_a_sample(database: Database, admin: asyncpg.Connection) -> None:
    document = await publish(database, a_document("O prazo"))
    many = (
        "WITH novos AS ("
        "   INSERT INTO documento_chunk (id, documento_id, contexto, texto_original, indice_chunk, inicio, fim)"
        "   SELECT md5(n::text)::uuid, $1, '', 'x', n, 0, 1 FROM generate_series(1, 8000) AS n"
        "   RETURNING id, indice_chunk)"
        " INSERT INTO documento_termo SELECT termo, id, $1, 1, 1 FROM novos"
        "   JOIN (VALUES ('comum', 8000), ('rar', 600)) AS termos (termo, ate) ON indice_chunk <= ate"
    )
    await admin.execute(many, document.id)
    await admin.execute("UPDATE documento SET num_chunks = 10000")
    await admin.execute("VACUUM ANALYZE documento_termo")
    counted = {}
    for word in ("comum", "raro"):
        async with database.reader() as reader:
            before = sum(await _postings_read(admin))
            (term,) = await reader.passages.question_terms(word, [])
            await reader._open.execute(_FLUSH)
        counted[word] = (term.rarity, sum(await _postings_read(admin)) - before)
    rarity, read = counted["comum"]
    assert rarity == pytest.approx(math.log(10_001 / 8_000.5), abs=0.15)
    assert 0 < read < 8_000 / 10, "a sixteenth of them"
    assert counted["raro"][0] == pytest.approx(math.log(10_001 / 600.5)), "fewer are counted"


@pytest.mark.parametrize(("results", "kept"), [(10, [60, 60]), (60, [80, 105])])
async def test_a_walk_keeps_more_candidates_than_it_is_asked_for(
    database: Database, results: int, kept: list[int]
) -> None:
    async with database.ingestion() as work:
        await work.vectors.search_similar_chunks(an_embedding(1.0), results)
        by_vectors = await work._open.scalar(_KEPT)
    async with database.ingestion() as work:
        await work.passages.search(await an_inquiry(work, "prazo"), an_embedding(1.0), n_results=results)
        hybrid = await work._open.scalar(_KEPT)
    assert [by_vectors, hybrid] == [str(each) for each in kept]


async def test_a_walk_keeps_more_candidates_the_larger_the_index(
    admin: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = await admin.fetchval("SELECT pg_relation_size('balcao.documento_embedding_vector')")
    for vectors, kept in ((100, 40), (10_000, 40), (50_000, 110), (100_000, 262), (200_000, 623), (5_000_000, 1_000)):
        monkeypatch.setattr(vector_walk, "_BYTES_A_VECTOR", size / vectors)
        assert await admin.fetchval(f"SELECT {vector_walk.kept_candidates(40)}") == str(kept)
    await admin.execute("ALTER INDEX balcao.documento_embedding_vector RENAME TO outro")
    assert await admin.fetchval(f"SELECT {vector_walk.kept_candidates(40)}") == "40", "while it is built anew"


async def test_what_a_walk_keeps_is_for_one_search_only(database: Database) -> None:
    await publish(database, a_document("O prazo é de vinte dias."))
    async with database.reader() as reader:
        await reader.vectors.search_similar_chunks(an_embedding(1.0), 60)
        inquiry = await an_inquiry(reader, "prazo")
        assert len(await reader.passages.search(inquiry, an_embedding(1.0), n_results=60)) == 1
        assert await reader._open.scalar(_KEPT) == _PGVECTORS_OWN


async def _postings_read(admin: asyncpg.Connection) -> tuple[int, int]:
    """Postings read so far from the index that holds each term's list, and from the table's others."""
    await admin.execute("SELECT pg_stat_clear_snapshot()")
    (row,) = await admin.fetch(
        "SELECT sum(idx_tup_read) FILTER (WHERE is_list), sum(idx_tup_read) FILTER (WHERE NOT is_list)"
        "  FROM (SELECT idx_tup_read, indexrelname = 'documento_termo_impacto' AS is_list"
        "          FROM pg_stat_user_indexes WHERE relname = 'documento_termo') AS indexes"
    )
    return int(row[0]), int(row[1])


async def _exhaustive(admin: asyncpg.Connection, terms: list[str]) -> list[float]:
    """BM25 (k1 1.2, b 0.75) of every passage, best first, straight from the formula."""
    rows = await admin.fetch("SELECT termo, chunk_id, frequencia, tamanho FROM documento_termo")
    total = await admin.fetchval("SELECT sum(num_chunks)::float8 FROM documento")
    length = await admin.fetchval("SELECT sum(num_termos)::float8 FROM documento")
    scores: dict[object, float] = {}
    for term in terms:
        postings = [row for row in rows if row["termo"] == term]
        idf = math.log(1 + (total - len(postings) + 0.5) / (len(postings) + 0.5))
        for row in postings:
            times, norm = row["frequencia"], 0.25 + 0.75 * row["tamanho"] / (length / total)
            score = idf * times * 2.2 / (times + 1.2 * norm)
            scores[row["chunk_id"]] = scores.get(row["chunk_id"], 0.0) + score
    return sorted(scores.values(), reverse=True)


async def test_a_filter_misses_no_neighbour(database: Database) -> None:
    """Far from the question stand those that the filter leaves; nearer ones, that it does not, hide none of them."""
    for number in range(30):
        theme = "raro" if number % 10 == 0 else "comum"
        document = a_document(f"texto {number}", source=f"/acervo/{number}.txt")
        marked = replace(
            document, metadata=DocumentMetadata(source=document.metadata.source, custom_fields={"t": theme})
        )
        near = an_embedding(1.0, 5.0) if theme == "raro" else an_embedding(1.0, number / 100)
        await publish(database, marked, a_chunk(marked, embedding=near))
    async with database.reader() as reader:
        found = await reader.vectors.search_similar_chunks(
            an_embedding(1.0), 3, metadata_filter={"custom_fields": {"t": "raro"}}
        )
        nearest = await reader.vectors.search_similar_chunks(an_embedding(1.0), 3)
    assert sorted(result.chunk.original_content for result in found) == ["texto 0", "texto 10", "texto 20"]
    assert [result.chunk.original_content for result in nearest] == ["texto 1", "texto 2", "texto 3"]


async def test_an_idle_connection_that_answers_nothing_is_replaced(
    database: Database, admin: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool_checks, "IDLE_SECONDS", -1.0)
    async with database.reader() as reader:
        assert await reader.documents.count() == 0
    await admin.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'balcao_app'"
        " AND datname = current_database()"
    )
    async with database.reader() as reader:
        assert await reader.documents.count() == 0


async def test_half_precision_is_left_to_the_server(accesses: DatabaseAccesses) -> None:
    """A parameter that the server takes for half precision would be slow to send, and silently so."""
    connection = await connect(accesses.app)
    vector = an_embedding(1.0).vector
    try:
        assert await connection.fetchval("SELECT CAST(CAST($1 AS vector) AS halfvec)", vector) == vector
        with pytest.raises(asyncpg.DataError, match="sent as vector"):
            await connection.fetchval("SELECT CAST($1 AS halfvec)", vector)
        with pytest.raises(asyncpg.DataError, match="out of range"):
            await connection.fetchval("SELECT CAST(CAST($1 AS vector) AS halfvec)", array("f", (70_000.0,)))
    finally:
        await connection.close()
