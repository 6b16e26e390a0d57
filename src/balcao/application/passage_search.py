"""The three steps of finding passages, for the use cases that need them inside their own transactions."""

from dataclasses import replace

from balcao.application.ports import Embedder, MunicipalityDirectory
from balcao.application.unit_of_work import UnitOfWork
from balcao.domain.chat import TokenUsage
from balcao.domain.document import Embedding
from balcao.domain.ente import SearchScope
from balcao.domain.ente_recognition import issuer_of
from balcao.domain.errors import PrefeituraNotFound
from balcao.domain.ids import PrefeituraId
from balcao.domain.question_scope import question_scope
from balcao.domain.search import Passage


class PassageSearch:
    """Scope and passages are read in the caller's unit of work; embedding happens between them, outside any."""

    def __init__(self, embedder: Embedder, directory: MunicipalityDirectory) -> None:
        self._embedder = embedder
        self._directory = directory

    @property
    def similarity_floor(self) -> float:
        """The embedding model's own floor of relevance."""
        return self._embedder.similarity_floor

    async def scope(self, work: UnitOfWork, prefeitura_id: PrefeituraId, question: str) -> SearchScope:
        """Whose documents this prefeitura's question may be answered from.

        Raises:
            PrefeituraNotFound: the prefeitura is not visible to this unit of work.
        """
        prefeitura = await work.prefeituras.find_by_id(prefeitura_id)
        if prefeitura is None:
            raise PrefeituraNotFound
        known = await work.documents.municipalities()
        return question_scope(question, prefeitura.search_scope(), self._directory, known)

    async def embed(self, question: str) -> tuple[Embedding, TokenUsage]:
        """The question's vector, and what it cost."""
        batch = await self._embedder.embed([question])
        return batch.embeddings[0], batch.usage

    async def find(
        self, work: UnitOfWork, question: str, embedding: Embedding, scope: SearchScope, n_results: int
    ) -> list[Passage]:
        """Passages of this scope, best first, each with its issuer in words."""
        passages = await work.passages.search(question, embedding, scope, n_results)
        return [replace(passage, issuer=issuer_of(passage.ente, self._directory)) for passage in passages]
