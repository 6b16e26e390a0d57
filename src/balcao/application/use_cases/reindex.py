"""Bring documents that are already open to search up to the terms and the embedding model of today."""

from dataclasses import dataclass

from balcao.application.chunk_embedding import ChunkEmbedder
from balcao.application.unit_of_work import InstallationUnitOfWork
from balcao.domain.chat import TokenUsage
from balcao.domain.document import DocumentChunk
from balcao.domain.ids import DocumentId


@dataclass(frozen=True, slots=True, kw_only=True)
class ReindexResponse:
    """How many documents got new terms, how many new vectors, what those cost, and how many wait for payment."""

    terms: int
    vectors: int
    unpaid: int
    usage: TokenUsage


class ReindexUseCase:
    """Each document changes in one transaction, so that a search sees it as it was or as it is to be, never between.

    Its vectors of other models go when the new ones come: they would never be compared with a question again. It may be
    stopped at any time and run again, also in several processes.
    """

    def __init__(self, open_work: InstallationUnitOfWork, embedder: ChunkEmbedder) -> None:
        self._open_work = open_work
        self._embedder = embedder

    async def execute(self, *, pay: bool) -> ReindexResponse:
        """Reindex what waits for it; vectors of a provider that charges only where ``pay`` says so.

        Raises:
            ProviderError: the embedder failed; the documents done until then stay done, and what was paid for of the
                next one is kept for the next time.
        """
        async with self._open_work() as work:
            stale = await work.passages.stale_terms()
        for document_id in stale:
            async with self._open_work() as work:
                await work.passages.index_terms(document_id)
        async with self._open_work() as work:
            waiting = await work.passages.without_vectors(self._embedder.model)
        usage = TokenUsage(prompt_tokens=0, completion_tokens=0)
        if self._embedder.is_paid and not pay:
            return ReindexResponse(terms=len(stale), vectors=0, unpaid=len(waiting), usage=usage)
        for document_id in waiting:
            usage += await self._embed_again(document_id)
        return ReindexResponse(terms=len(stale), vectors=len(waiting), unpaid=0, usage=usage)

    async def _embed_again(self, document_id: DocumentId) -> TokenUsage:
        async with self._open_work() as work:
            chunks = await work.chunks.find_chunks_by_document_id(document_id)
        usage = TokenUsage(prompt_tokens=0, completion_tokens=0)
        done: list[DocumentChunk] = []
        async for batch in self._embedder.batches(chunks):
            usage += batch.usage
            done += batch.chunks
        async with self._open_work() as work:
            await work.vectors.delete_document_embeddings(document_id)
            if await work.documents.find_by_id(document_id):
                await work.vectors.add_chunk_embeddings(done)
            await self._embedder.forget(work, chunks)
        return usage
