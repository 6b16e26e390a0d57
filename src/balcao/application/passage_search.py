"""The three steps of finding passages, for the use cases that need them inside their own transactions."""

from dataclasses import replace

from balcao.application.metering import Spending
from balcao.application.ports import Embedder, MunicipalityDirectory, TokenCounter
from balcao.application.unit_of_work import UnitOfWork
from balcao.domain.chat import TokenUsage
from balcao.domain.consumption import Charge, ChargeKind
from balcao.domain.document import Embedding
from balcao.domain.ente import SearchScope
from balcao.domain.ente_recognition import issuer_of
from balcao.domain.errors import PrefeituraNotFound
from balcao.domain.ids import PrefeituraId
from balcao.domain.question_scope import question_scope
from balcao.domain.search import Passage

_TOKENS_AROUND_A_TEXT = 2
"""The marks of a text's beginning and end, which some embedding models count."""


class PassageSearch:
    """Scope and passages are read in the caller's unit of work; embedding happens between them, outside any."""

    def __init__(self, embedder: Embedder, directory: MunicipalityDirectory, counter: TokenCounter) -> None:
        self._embedder = embedder
        self._directory = directory
        self._counter = counter

    @property
    def similarity_floor(self) -> float:
        """The embedding model's own floor of relevance."""
        return self._embedder.similarity_floor

    @property
    def is_paid(self) -> bool:
        """Whether a provider charges for embedding a question."""
        return self._embedder.is_paid

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

    def call(self, question: str) -> Charge:
        """What is charged for embedding a question of whose fate nothing is heard."""
        usage = TokenUsage(prompt_tokens=self._counter.count(question), completion_tokens=0, estimated=True)
        return Charge(kind=ChargeKind.EMBEDDING, model=self._embedder.model, usage=usage)

    @staticmethod
    def worst_case(question: str) -> int:
        """The most tokens that embedding a question may cost: none is less than a byte of its text."""
        return len(question.encode("utf-8", "surrogatepass")) + _TOKENS_AROUND_A_TEXT

    async def embed_metered(self, question: str, spending: Spending) -> Embedding:
        """The question's vector; what it cost is noted."""
        spending.begin(self.call(question))
        embedding, usage = await self.embed(question)
        spending.finish(usage)
        return embedding

    async def embed(self, question: str) -> tuple[Embedding, TokenUsage]:
        """The question's vector, and what it cost."""
        batch = await self._embedder.embed([question])
        return batch.embeddings[0], batch.usage

    async def find(
        self, work: UnitOfWork, question: str, embedding: Embedding | None, scope: SearchScope, n_results: int
    ) -> list[Passage]:
        """Passages of this scope, best first, each with its issuer in words; by words alone without an embedding."""
        passages = await work.passages.search(question, embedding, scope, n_results)
        return [replace(passage, issuer=issuer_of(passage.ente, self._directory)) for passage in passages]
