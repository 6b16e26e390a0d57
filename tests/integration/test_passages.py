"""Hybrid search: words and vectors fused, within the documents that a question may be answered from."""

from dataclasses import replace

import asyncpg
import pytest

from balcao.domain.ente import Ente, SearchScope
from balcao.infrastructure.database import migrator
from balcao.infrastructure.database.connection import DatabaseAccesses
from balcao.infrastructure.database.database import Database
from tests.factories import a_chunk, a_document, an_embedding, an_inquiry, publish

NOWHERE = SearchScope()
CURITIBA = SearchScope(ufs=frozenset({"PR"}), ibges=frozenset({"4106902"}))
_HELD = "SELECT chunk_id, documento_id, tamanho, ocorrencias FROM documento_chunk_termos ORDER BY chunk_id"
_BY_PASSAGE = """
SELECT chunk_id, documento_id, tamanho, array_agg(marca ORDER BY marca) AS ocorrencias
  FROM (SELECT *, (hashtextextended(termo, 0) & -65536) + frequencia AS marca FROM documento_termo) AS termos
 GROUP BY chunk_id, documento_id, tamanho ORDER BY chunk_id
"""


async def sources(database: Database, question: str, scope: SearchScope = NOWHERE, n_results: int = 10) -> list[str]:
    async with database.tenant() as work:
        inquiry = await an_inquiry(work, question, scope)
        found = await work.passages.search(inquiry, an_embedding(0.0, 0.0, 1.0), n_results=n_results)
    return [passage.source for passage in found]


async def publish_text(database: Database, name: str, text: str, ente: Ente | None = None) -> None:
    await publish(database, a_document(text, source=f"/acervo/{name}.txt", ente=ente))


async def test_the_passage_with_the_words_comes_first_whatever_accents_and_case(database: Database) -> None:
    await publish_text(database, "férias", "As férias dos servidores são de trinta dias.")
    await publish_text(database, "lixo", "A coleta de lixo ocorre às terças-feiras.")
    for question in ("Quantos dias de férias?", "QUANTOS DIAS DE FERIAS", "ferias servidor"):
        assert (await sources(database, question))[0] == "férias.txt"


async def test_stop_words_alone_match_nothing_by_words(database: Database) -> None:
    await publish_text(database, "um", "Não há você, até já estão também aqui os avisos.")
    async with database.tenant() as work:
        for question in ("o que não é", "ate ja voce nao esta tambem"):
            (passage,) = await work.passages.search(await an_inquiry(work, question), an_embedding(0.0, 1.0))
            assert passage.coverage == 0.0


async def test_coverage_weighs_the_words_that_no_document_has(database: Database) -> None:
    await publish_text(database, "receita", "A receita do município provém de tributos.")
    async with database.tenant() as work:
        bolo = await an_inquiry(work, "receita de bolo de cenoura")
        (partly,) = await work.passages.search(bolo, an_embedding(1.0))
        (wholly,) = await work.passages.search(await an_inquiry(work, "tributos do município"), an_embedding(1.0))
    assert partly.coverage < 0.2
    assert wholly.coverage == pytest.approx(1.0)


async def test_a_vector_finds_what_no_word_does(database: Database) -> None:
    document = a_document("Da remuneração", source="/acervo/salários.txt")
    await publish(database, document, a_chunk(document, embedding=an_embedding(0.0, 0.0, 1.0)))
    await publish_text(database, "outro", "Do recesso")
    assert (await sources(database, "vencimentos"))[0] == "salários.txt"


async def test_vectors_of_another_model_are_left_out(database: Database) -> None:
    document = a_document("Da remuneração", source="/acervo/salários.txt")
    other = an_embedding(0.0, 0.0, 1.0, model="outro")
    await publish(database, document, a_chunk(document, embedding=other))
    assert await sources(database, "vencimentos") == []


async def test_only_documents_in_scope_are_searched(database: Database) -> None:
    law = "O prazo do imposto é de dez dias."
    await publish_text(database, "federal", law, Ente.federal())
    await publish_text(database, "geral", law + " geral", Ente.geral())
    await publish_text(database, "parana", law + " estadual", Ente.estado("PR"))
    await publish_text(database, "santa-catarina", law + " de outro estado", Ente.estado("SC"))
    await publish_text(database, "curitiba", law + " daqui", Ente.municipio("4106902", "PR"))
    await publish_text(database, "maracaju", law + " de lá", Ente.municipio("5005400", "MS"))
    await publish_text(database, "desconhecido", law + " de não se sabe onde", Ente.municipio(None, None))
    everybodys = {"federal.txt", "geral.txt"}
    assert set(await sources(database, "prazo do imposto")) == everybodys
    assert set(await sources(database, "prazo do imposto", CURITIBA)) == everybodys | {"parana.txt", "curitiba.txt"}


async def test_documents_that_are_not_open_are_not_found(database: Database, admin: asyncpg.Connection) -> None:
    await publish_text(database, "lei", "O prazo é de dez dias.")
    await admin.execute("UPDATE documento SET estado = 'substituido'")
    assert await sources(database, "prazo") == []


async def test_the_terms_go_with_their_document(database: Database, admin: asyncpg.Connection) -> None:
    document = await publish(database, a_document("O prazo é de dez dias, o prazo."))
    rows = await admin.fetch("SELECT termo, frequencia, tamanho FROM documento_termo ORDER BY termo")
    assert [tuple(row) for row in rows] == [("dez", 1, 4), ("dia", 1, 4), ("praz", 2, 4)]
    assert await admin.fetchval("SELECT num_termos FROM documento") == 4
    by_passage = "SELECT tamanho, ocorrencias @> ARRAY[ocorrencia('dez', 1), ocorrencia('praz', 2)]"
    assert [tuple(row) for row in await admin.fetch(f"{by_passage} FROM documento_chunk_termos")] == [(4, True)]
    async with database.ingestion() as work:
        await work.documents.delete(document.id)
    assert await admin.fetchval("SELECT count(*) FROM documento_termo") == 0
    assert await admin.fetchval("SELECT count(*) FROM documento_chunk_termos") == 0


async def test_what_a_passage_holds_is_what_the_lists_of_terms_say(
    database: Database, accesses: DatabaseAccesses, admin: asyncpg.Connection
) -> None:
    """When it is published, when it is indexed again, and when the migration brings it from a schema without it."""
    law = a_document("A Lei nº 9.394/1996 vale.")
    parts = [a_chunk(law, f"Art. {number}º O prazo {'prazo ' * number}da Lei 8.666", index=number) for number in (0, 3)]
    await publish(database, law, *parts)
    expected = await admin.fetch(_BY_PASSAGE)
    assert [len(row["ocorrencias"]) for row in expected] == [7, 7], "words, and identifiers of acts and articles"
    assert await admin.fetch(_HELD) == expected
    async with database.ingestion() as work:
        await work.passages.index_terms(law.id)
    assert await admin.fetch(_HELD) == expected
    await database.dispose()
    await migrator.downgrade(accesses.admin, "0007")
    await migrator.upgrade(accesses.admin)
    assert await admin.fetch(_HELD) == expected


async def test_a_source_shows_the_files_name_and_never_the_servers_folders(database: Database) -> None:
    await publish(database, a_document("Prazo um", source="/srv/segredo/lei.txt"))
    await publish(database, a_document("Prazo dois", source="https://exemplo.org/lei"))
    assert set(await sources(database, "prazo")) == {"lei.txt", "https://exemplo.org/lei"}


async def test_a_passages_neighbours_are_those_of_its_article_and_page(database: Database) -> None:
    text = "Art. 1º Um. § 1º Dois. § 2º Três. Art. 2º Quatro."
    document = a_document(text)
    starts = [text.index(part) for part in ("Art. 1º", "§ 1º", "§ 2º", "Art. 2º")]
    chunks = [
        replace(
            a_chunk(document, text[start:end].strip(), index=index, path=path),
            start_char=start,
            end_char=start + len(text[start:end].strip()),
        )
        for index, (start, end, path) in enumerate(
            zip(starts, [*starts[1:], len(text)], ["Art. 1º", "Art. 1º", "Art. 1º", "Art. 2º"], strict=True)
        )
    ]
    await publish(database, document, *chunks)
    one, two, three, four = (chunk.id for chunk in chunks)
    async with database.tenant() as work:
        assert await work.chunks.surroundings([two]) == {two: ("Art. 1º Um.\n", "\n§ 2º Três.")}
        assert await work.chunks.surroundings([three, four]) == {three: ("§ 1º Dois.\n", ""), four: ("", "")}
        assert await work.chunks.surroundings([one, two]) == {one: ("", ""), two: ("", "\n§ 2º Três.")}
        assert await work.chunks.surroundings([]) == {}


async def test_as_many_as_asked_for_and_scores_in_order(database: Database) -> None:
    for number in range(12):
        await publish_text(database, str(number), f"O prazo {number} é de dez dias " + "e mais " * number)
    async with database.tenant() as work:
        found = await work.passages.search(await an_inquiry(work, "prazo de dias"), an_embedding(1.0), n_results=7)
    assert len(found) == 7
    assert [passage.score for passage in found] == sorted((passage.score for passage in found), reverse=True)
    assert all(0 < passage.score <= 1 for passage in found)
