"""Reindexing: a collection of another version or model becomes today's, a document at a time."""

import asyncpg
import pytest

from balcao.application.chunk_embedding import ChunkEmbedder
from balcao.application.ingestion_charges import IngestionCharges
from balcao.application.ports import Embedder
from balcao.application.use_cases.reindex import ReindexUseCase
from balcao.domain.errors import ProviderUnavailable
from balcao.infrastructure.database.database import Database
from balcao.infrastructure.external.hashed_embedder import HashedNgramEmbedder
from tests.factories import NO_PRICES, a_chunk, a_document, an_embedding, an_inquiry, publish
from tests.fakes import FakeClock, FakeEmbedder


def reindexing(database: Database, embedder: Embedder) -> ReindexUseCase:
    charges = IngestionCharges(NO_PRICES, FakeClock())
    return ReindexUseCase(database.ingestion, ChunkEmbedder(database.ingestion, embedder, charges))


async def test_vectors_of_another_model_are_made_anew_and_never_mixed(
    database: Database, admin: asyncpg.Connection
) -> None:
    await publish(database, a_document("O prazo é de dez dias."))
    embedder = HashedNgramEmbedder()
    done = await reindexing(database, embedder).execute(pay=False)
    assert (done.vectors, done.unpaid) == (1, 0)
    models = await admin.fetch("SELECT DISTINCT modelo FROM documento_embedding")
    assert [row["modelo"] for row in models] == [embedder.model]
    assert (await reindexing(database, embedder).execute(pay=False)).vectors == 0


async def test_vectors_that_cost_are_only_made_when_told(database: Database) -> None:
    await publish(database, a_document("O prazo é de dez dias."))
    embedder = FakeEmbedder()
    use_case = reindexing(database, embedder)
    assert (await use_case.execute(pay=False)).unpaid == 1
    assert embedder.embedded == []
    done = await use_case.execute(pay=True)
    assert (done.vectors, done.usage.total_tokens) == (1, 1)


async def test_what_was_paid_before_a_failure_is_kept_and_charged_to_the_installation(
    database: Database, admin: asyncpg.Connection
) -> None:
    law = a_document("Lei de cinco artigos.")
    await publish(database, law, *(a_chunk(law, f"Art. {number}º", index=number) for number in range(5)))
    failing = FakeEmbedder(fail_after=3)
    with pytest.raises(ProviderUnavailable):
        await reindexing(database, failing).execute(pay=True)
    assert await admin.fetchval("SELECT count(DISTINCT modelo) FROM documento_embedding") == 1, "as it was"
    assert await admin.fetchval("SELECT count(*) FROM vetor_pago") == len(failing.embedded) == 2
    again = FakeEmbedder()
    done = await reindexing(database, again).execute(pay=True)
    assert (done.vectors, done.usage.total_tokens, len(again.embedded)) == (1, 3, 3)
    models = await admin.fetch("SELECT modelo, count(*) FROM documento_embedding GROUP BY 1")
    assert [tuple(row) for row in models] == [(again.model, 5)]
    assert await admin.fetchval("SELECT count(*) FROM vetor_pago") == 0
    assert await admin.fetchval("SELECT sum(tokens_prompt) FROM lancamento_ingestao") == 5
    assert await admin.fetchval("SELECT count(*) FROM lancamento") == 0


async def test_terms_of_another_version_are_written_anew(database: Database, admin: asyncpg.Connection) -> None:
    await publish(database, a_document("A Lei nº 9.394/1996 vale."))
    await admin.execute("UPDATE documento SET versao_indice = 0; DELETE FROM documento_termo")
    use_case = reindexing(database, FakeEmbedder())
    assert (await use_case.execute(pay=False)).terms == 1
    assert (await use_case.execute(pay=False)).terms == 0
    async with database.tenant() as work:
        inquiry = await an_inquiry(work, "lei 9394")
        (found,) = await work.passages.search(inquiry, an_embedding(1.0))
    assert found.coverage == 1.0
