"""Vectors for chunks, batch by batch: a paid batch is kept before the next is asked for, so none is paid for twice."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Coroutine, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from balcao.application.ingestion_charges import IngestionCharges
from balcao.application.ports import Embedder, EmbeddingBatch
from balcao.application.unit_of_work import InstallationUnitOfWork, UnitOfWork
from balcao.domain.chat import TokenUsage
from balcao.domain.document import DocumentChunk, Embedding
from balcao.domain.errors import ProviderError

NOTHING_SPENT = TokenUsage(prompt_tokens=0, completion_tokens=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddedBatch:
    """Chunks with their vectors, and what these cost this time."""

    chunks: list[DocumentChunk]
    usage: TokenUsage


class ChunkEmbedder:
    """Embeds what was not paid for before."""

    def __init__(self, open_work: InstallationUnitOfWork, embedder: Embedder, charges: IngestionCharges) -> None:
        self._open_work = open_work
        self._embedder = embedder
        self._charges = charges

    @property
    def model(self) -> str:
        """Name recorded with every vector."""
        return self._embedder.model

    @property
    def is_paid(self) -> bool:
        """Whether a provider charges for vectors."""
        return self._embedder.is_paid

    async def batches(self, chunks: Sequence[DocumentChunk]) -> AsyncIterator[EmbeddedBatch]:
        """The chunks in order, in batches of the embedder's size.

        Raises:
            ProviderError: the embedder failed; what was paid until then is kept, and what the failure cost is charged.
        """
        size = self._embedder.batch_size
        for first in range(0, len(chunks), size):
            batch = chunks[first : first + size]
            vectors, usage = await self._vectors([chunk.content for chunk in batch])
            embedded = [replace(chunk, embedding=vectors[_digest(chunk.content)]) for chunk in batch]
            yield EmbeddedBatch(chunks=embedded, usage=usage)

    def price(self, tokens: int) -> Decimal | None:
        """Reais for embedding so many tokens today: nothing where nobody charges; None where the price is not known."""
        if not tokens or not self._embedder.is_paid:
            return Decimal(0)
        usage = TokenUsage(prompt_tokens=tokens, completion_tokens=0, estimated=True)
        cost = self._charges.cost(self._embedder.model, usage)
        return cost.reais if cost else None

    async def unpaid(self, chunks: Sequence[DocumentChunk]) -> list[str]:
        """Texts that would have to be paid for."""
        if not self._embedder.is_paid:
            return []
        wanted = {_digest(chunk.content): chunk.content for chunk in chunks}
        async with self._open_work() as work:
            known = await work.paid_vectors.find(list(wanted), self._embedder.model)
        return [text for digest, text in wanted.items() if digest not in known]

    async def forget(self, work: UnitOfWork, chunks: Sequence[DocumentChunk]) -> None:
        """Their document is published: what was kept of them is kept there now."""
        if self._embedder.is_paid:
            await work.paid_vectors.discard([_digest(chunk.content) for chunk in chunks], self._embedder.model)

    async def _vectors(self, texts: Sequence[str]) -> tuple[dict[bytes, Embedding], TokenUsage]:
        """Vectors by digest of text: those already paid for, and the missing ones, kept as soon as they arrive."""
        wanted = {_digest(text): text for text in texts}
        known: dict[bytes, Embedding] = {}
        if self._embedder.is_paid:
            async with self._open_work() as work:
                known = await work.paid_vectors.find(list(wanted), self._embedder.model)
        missing = {digest: text for digest, text in wanted.items() if digest not in known}
        if not missing:
            return known, NOTHING_SPENT
        batch = await self._embed(list(missing.values()))
        new = dict(zip(missing, batch.embeddings, strict=True))
        if self._embedder.is_paid:
            await _even_if_cancelled(self._keep(new, batch.usage))
        return known | new, batch.usage

    async def _embed(self, texts: Sequence[str]) -> EmbeddingBatch:
        try:
            return await self._embedder.embed(texts)
        except ProviderError as error:
            if error.spent is not None:
                await _even_if_cancelled(self._keep({}, error.spent))
            raise

    async def _keep(self, new: dict[bytes, Embedding], usage: TokenUsage) -> None:
        async with self._open_work() as work:
            await work.paid_vectors.save(new)
            await self._charges.note(work, self._embedder.model, usage)


async def _even_if_cancelled(work: Coroutine[None, None, None]) -> None:
    """Do this to its end before a cancellation goes on."""
    task = asyncio.create_task(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await task
        raise


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
