"""Reindexing: a collection of another version or model becomes today's, a document at a time."""

import asyncpg

from balcao.application.use_cases.reindex import ReindexUseCase
from balcao.infrastructure.database.database import Database
from balcao.infrastructure.external.hashed_embedder import HashedNgramEmbedder
from tests.factories import a_document, an_embedding, an_inquiry, publish
from tests.fakes import FakeEmbedder


async def test_vectors_of_another_model_are_made_anew_and_never_mixed(
    database: Database, admin: asyncpg.Connection
) -> None:
    await publish(database, a_document("O prazo é de dez dias."))
    embedder = HashedNgramEmbedder()
    done = await ReindexUseCase(database.ingestion, embedder).execute(pay=False)
    assert (done.vectors, done.unpaid) == (1, 0)
    models = await admin.fetch("SELECT DISTINCT modelo FROM documento_embedding")
    assert [row["modelo"] for row in models] == [embedder.model]
    assert (await ReindexUseCase(database.ingestion, embedder).execute(pay=False)).vectors == 0


async def test_vectors_that_cost_are_only_made_when_told(database: Database) -> None:
    await publish(database, a_document("O prazo é de dez dias."))
    embedder = FakeEmbedder()
    use_case = ReindexUseCase(database.ingestion, embedder)
    assert (await use_case.execute(pay=False)).unpaid == 1
    assert embedder.embedded == []
    done = await use_case.execute(pay=True)
    assert (done.vectors, done.usage.total_tokens) == (1, 1)


async def test_terms_of_another_version_are_written_anew(database: Database, admin: asyncpg.Connection) -> None:
    await publish(database, a_document("A Lei nº 9.394/1996 vale."))
    await admin.execute("UPDATE documento SET versao_indice = 0; DELETE FROM documento_termo")
    use_case = ReindexUseCase(database.ingestion, FakeEmbedder())
    assert (await use_case.execute(pay=False)).terms == 1
    assert (await use_case.execute(pay=False)).terms == 0
    async with database.tenant() as work:
        inquiry = await an_inquiry(work, "lei 9394")
        (found,) = await work.passages.search(inquiry, an_embedding(1.0))
    assert found.coverage == 1.0
