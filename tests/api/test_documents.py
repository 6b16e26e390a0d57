"""``/api/v1/documents/search``: passages, best first, without a relevance cut-off."""

import json

import httpx
import pytest

from balcao.domain.document import Document
from balcao.domain.ente import Ente
from balcao.infrastructure.database.database import Database
from balcao.infrastructure.external.hashed_embedder import HashedNgramEmbedder
from tests.api.conftest import JSON, TEXTS
from tests.factories import a_chunk, a_document, publish

SEARCH = "/api/v1/documents/search"


async def search(client: httpx.AsyncClient, query: object, **body: object) -> httpx.Response:
    return await client.post(SEARCH, content=json.dumps({"query": query} | body), headers=JSON)


async def test_a_passage_has_the_fields_promised(client: httpx.AsyncClient, library: list[Document]) -> None:
    response = await search(client, "férias do servidor")
    assert response.status_code == 200
    body = response.json()
    assert body.keys() == {"results", "query_time", "apenas_palavras"}
    assert isinstance(body["query_time"], float)
    assert body["query_time"] >= 0
    best = body["results"][0]
    holidays = library[1]
    assert best.keys() == {
        "document_id",
        "chunk_id",
        "title",
        "source",
        "page",
        "score",
        "similarity_score",
        "content",
    }
    assert best["document_id"] == str(holidays.id)
    assert best["chunk_id"] == str(holidays.chunks[0].id)
    assert best["source"] == holidays.file_name
    assert (best["title"], best["page"], best["content"]) == ("Lei das férias", 3, TEXTS["Lei das férias"])
    assert 0 <= best["similarity_score"] <= 1


async def test_passages_come_best_first_and_none_is_cut_off(client: httpx.AsyncClient) -> None:
    results = (await search(client, "receita de bolo de cenoura")).json()["results"]
    assert len(results) == len(TEXTS)
    scores = [result["score"] for result in results]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)


@pytest.mark.parametrize("query", ["ferias acumuladas", "FÉRIAS ACUMULADAS", "fe\u0301rias acumuladas"], ids=ascii)
async def test_case_and_accents_do_not_matter(client: httpx.AsyncClient, query: str) -> None:
    results = (await search(client, query)).json()["results"]
    assert results[0]["title"] == "Lei das férias"


async def test_text_comes_back_as_it_was_written(client: httpx.AsyncClient, database: Database) -> None:
    text = "§ 1º O “cidadão” — 🏛 — paga R$ 10,00 de emolumentos à Câmara."
    batch = await HashedNgramEmbedder().embed([text])
    document = a_document(text, title="Emolumentos nº 1/2020", ente=Ente.federal())
    await publish(database, document, a_chunk(document, embedding=batch.embeddings[0]))
    best = (await search(client, "emolumentos da câmara 🏛")).json()["results"][0]
    assert (best["title"], best["content"], best["page"]) == ("Emolumentos nº 1/2020", text, None)


async def test_the_number_of_results_is_at_most_the_one_asked_for(client: httpx.AsyncClient) -> None:
    for n_results in (1, 2):
        assert len((await search(client, "prazo", n_results=n_results)).json()["results"]) == n_results
    assert (await search(client, "prazo", n_results=100)).status_code == 200


@pytest.mark.parametrize("n_results", [0, -1, 101, 10**30, 2.5, "muitos", None, float("inf")])
async def test_the_number_of_results_is_in_1_to_100(refuser: httpx.AsyncClient, n_results: object) -> None:
    response = await search(refuser, "prazo", n_results=n_results)
    assert response.status_code == 422
    assert response.json()["detail"][0]["loc"] == ["body", "n_results"]


@pytest.mark.parametrize("query", ["", "  \n", "pra\x00zo"], ids=ascii)
async def test_a_query_must_say_something(refuser: httpx.AsyncClient, query: str) -> None:
    response = await search(refuser, query)
    assert response.status_code == 400
    assert response.json()["detail"]["param"] == "query"


@pytest.mark.parametrize("query", [None, 7, ["prazo"], "pra\ud800zo", "a" * 2001], ids=lambda query: ascii(query)[:20])
async def test_a_query_of_the_wrong_shape_gets_the_frameworks_list(refuser: httpx.AsyncClient, query: object) -> None:
    response = await search(refuser, query)
    assert response.status_code == 422
    assert response.json()["detail"][0]["loc"] == ["body", "query"]


async def test_an_empty_collection_has_no_results(client: httpx.AsyncClient, database: Database) -> None:
    async with database.ingestion() as work:
        for document in await work.documents.find_all():
            await work.documents.delete(document.id)
    response = await search(client, "prazo")
    assert (response.status_code, response.json()["results"]) == (200, [])
