"""Ports of retrieval: vectors, passages, vectors already paid for."""

from collections.abc import Sequence
from typing import Protocol

from balcao.domain.document import DocumentChunk, Embedding
from balcao.domain.ids import ChunkId, DocumentId
from balcao.domain.search import Inquiry, Passage, QuestionTerm, SearchResult, WordMatch


class VectorRepository(Protocol):
    """Embeddings: one for each chunk and model. A query only meets vectors of its own model.

    A new one is found at once, by comparing; it enters the index of vectors later.
    """

    async def add_chunk_embedding(
        self, chunk_id: ChunkId, embedding: Embedding, metadata: dict[str, object] | None = None
    ) -> bool:
        """Insert one embedding; False when the chunk does not exist."""
        ...

    async def add_chunk_embeddings(self, chunks: Sequence[DocumentChunk]) -> int:
        """Insert the embeddings that these chunks carry, many at a time; how many."""
        ...

    async def count_unindexed(self, *, limit: int) -> int:
        """How many embeddings are not in the index yet, counted no further than ``limit``."""
        ...

    async def index_some(self, limit: int) -> int:
        """Take so many of them into the index; how many there were that no other process is taking."""
        ...

    async def search_similar_chunks(
        self,
        query_embedding: Embedding,
        n_results: int = 5,
        similarity_threshold: float = 0.0,
        metadata_filter: dict[str, object] | None = None,
    ) -> list[SearchResult]:
        """Nearest chunks by cosine, best first. ``metadata_filter`` compares document metadata by equality."""
        ...

    async def delete_chunk_embedding(self, chunk_id: ChunkId) -> bool:
        """Remove a chunk's embeddings of every model; False when there was none."""
        ...

    async def delete_document_embeddings(self, document_id: DocumentId) -> int:
        """Remove the embeddings of a document's chunks; how many."""
        ...

    async def update_chunk_embedding(
        self, chunk_id: ChunkId, embedding: Embedding, metadata: dict[str, object] | None = None
    ) -> bool:
        """Insert or replace the chunk's vector for the embedding's model; False when there is no such chunk."""
        ...

    async def get_embedding_by_chunk_id(self, chunk_id: ChunkId) -> Embedding | None:
        """The chunk's newest embedding, at the half precision that it is stored with."""
        ...

    async def count_embeddings(self) -> int:
        """How many embeddings there are, of every model."""
        ...

    async def embedding_exists(self, chunk_id: ChunkId) -> bool:
        """Whether the chunk has an embedding of any model."""
        ...


class PassageRepository(Protocol):
    """Hybrid search over the documents that a question may be answered from."""

    async def index_terms(self, document_id: DocumentId) -> int:
        """Write the lexical index of a document's chunks anew; how many (chunk, term) pairs."""
        ...

    async def stale_terms(self) -> list[DocumentId]:
        """Documents open to search whose lexical index is of another version of the program."""
        ...

    async def without_vectors(self, model: str) -> list[DocumentId]:
        """Documents open to search of which some chunk has no vector of this model."""
        ...

    async def question_terms(self, question: str, identifiers: Sequence[str]) -> tuple[QuestionTerm, ...]:
        """The terms of a question and these identifiers, weighed by the collection as it is now."""
        ...

    async def search(
        self, inquiry: Inquiry, embedding: Embedding | None, *, n_results: int = 5, vector_share: float = 0.25
    ) -> list[Passage]:
        """Passages that the inquiry may be answered from, best first; by words alone without an embedding.

        ``vector_share``, in 0..1, is what the vector's similarity counts in a passage's score; words count the rest.
        """
        ...

    async def by_words(self, inquiry: Inquiry, n_results: int) -> list[WordMatch]:
        """What the words alone find, best first: the lexical half of ``search``."""
        ...


class PaidVectorRepository(Protocol):
    """Vectors that a provider was paid for, kept until their document is published, so none is paid for twice."""

    async def find(self, text_sha256s: Sequence[bytes], model: str) -> dict[bytes, Embedding]:
        """The kept vectors among these text digests."""
        ...

    async def save(self, vectors: dict[bytes, Embedding]) -> None:
        """Keep these vectors by the digest of their text."""
        ...

    async def discard(self, text_sha256s: Sequence[bytes], model: str) -> None:
        """Forget these vectors: their document is published."""
        ...
