"""What is paid for is kept and charged, whatever happens around it."""

import asyncio
from collections.abc import Sequence

import asyncpg
import pytest

from balcao.application.chunk_embedding import ChunkEmbedder
from balcao.application.ingestion_charges import IngestionCharges
from balcao.application.ports import EmbeddingBatch
from balcao.domain.chat import TokenUsage
from balcao.domain.errors import ProviderUnavailable
from balcao.infrastructure.database.database import Database
from tests.factories import NO_PRICES, a_chunk, a_document
from tests.fakes import FakeClock, FakeEmbedder


async def embed(database: Database, embedder: FakeEmbedder) -> None:
    document = a_document()
    chunks = [a_chunk(document, text, index=index) for index, text in enumerate(("Art. 1º", "Art. 2º"))]
    charges = IngestionCharges(NO_PRICES, FakeClock())
    async for _ in ChunkEmbedder(database.ingestion, embedder, charges).batches(chunks):
        pass


async def charged(admin: asyncpg.Connection) -> list[int]:
    return [row["tokens_prompt"] for row in await admin.fetch("SELECT tokens_prompt FROM lancamento_ingestao")]


async def test_an_answer_of_no_use_is_charged(database: Database, admin: asyncpg.Connection) -> None:
    class Useless(FakeEmbedder):
        async def embed(self, texts: Sequence[str]) -> EmbeddingBatch:
            raise ProviderUnavailable(spent=TokenUsage(prompt_tokens=7, completion_tokens=0))

    with pytest.raises(ProviderUnavailable):
        await embed(database, Useless())
    assert await charged(admin) == [7]


async def test_vectors_that_arrive_before_a_cancellation_are_kept_and_charged(
    database: Database, admin: asyncpg.Connection
) -> None:
    class Cancelled(FakeEmbedder):
        async def embed(self, texts: Sequence[str]) -> EmbeddingBatch:
            batch = await super().embed(texts)
            asyncio.get_running_loop().call_soon(doing.cancel)
            return batch

    doing = asyncio.create_task(embed(database, Cancelled()))
    with pytest.raises(asyncio.CancelledError):
        await doing
    assert await admin.fetchval("SELECT count(*) FROM vetor_pago") == 2
    assert await charged(admin) == [2]
