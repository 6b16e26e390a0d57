"""The three steps of finding passages, for the use cases that need them inside their own transactions."""

from dataclasses import replace

from balcao.application.metering import Spending
from balcao.application.ports import Clock, Embedder, MunicipalityDirectory, TokenCounter
from balcao.application.unit_of_work import CollectionReader, UnitOfWork
from balcao.domain.acts import without_acts
from balcao.domain.chat import TokenUsage
from balcao.domain.consumption import Charge, ChargeKind
from balcao.domain.document import Embedding
from balcao.domain.ente_recognition import issuer_of
from balcao.domain.errors import PrefeituraNotFound
from balcao.domain.ids import PrefeituraId
from balcao.domain.legal_references import references_in
from balcao.domain.municipality_mentions import mentioned_municipalities
from balcao.domain.period import day_in_brasilia
from balcao.domain.prefeitura import Prefeitura
from balcao.domain.question_scope import question_scope
from balcao.domain.relevance import RelevanceRule
from balcao.domain.search import (
    Inquiry,
    Passage,
    SearchFilter,
    validity_remark,
    without_copies,
    without_repetitions,
)

_EVERYTHING_IN_FORCE = SearchFilter()
_SPARE = 5  # passages fetched besides those wanted, since some repeat others

_TOKENS_AROUND_A_TEXT = 2
"""The marks of a text's beginning and end, which some embedding models count."""


class PassageSearch:
    """Inquiry and passages are read in the caller's units of work; embedding happens between them, outside any."""

    def __init__(
        self, embedder: Embedder, directory: MunicipalityDirectory, clock: Clock, counter: TokenCounter
    ) -> None:
        self._embedder = embedder
        self._directory = directory
        self._clock = clock
        self._counter = counter

    @property
    def is_paid(self) -> bool:
        """Whether a provider charges for embedding a question."""
        return self._embedder.is_paid

    def relevance_rule(self, similarity_threshold: float | None) -> RelevanceRule:
        """How what is found by this embedding model is judged, unless somebody set a threshold."""
        return RelevanceRule(
            similarity_floor=self._embedder.similarity_floor,
            typical_similarity=self._embedder.typical_similarity,
            similarity_threshold=similarity_threshold,
        )

    async def inquire(
        self,
        work: UnitOfWork,
        prefeitura_id: PrefeituraId,
        question: str,
        wanted: SearchFilter = _EVERYTHING_IN_FORCE,
    ) -> Inquiry:
        """What this prefeitura's question asks for, and whose documents it may be answered from.

        Raises:
            PrefeituraNotFound: the prefeitura is not visible to this unit of work.
        """
        prefeitura = await work.prefeituras.find_by_id(prefeitura_id)
        if prefeitura is None:
            raise PrefeituraNotFound
        return await self.inquiry_of(work, prefeitura, question, wanted)

    async def inquiry_of(
        self, work: CollectionReader | UnitOfWork, prefeitura: Prefeitura, question: str, wanted: SearchFilter
    ) -> Inquiry:
        """What the question of a prefeitura whose row is known asks for."""
        references = references_in(question)
        mentions = mentioned_municipalities(question, self._directory)
        known = await work.documents.municipalities() if mentions.weak else frozenset[str]()
        return Inquiry(
            question=question,
            scope=question_scope(mentions, prefeitura.search_scope(), self._directory, known),
            terms=await work.passages.question_terms(without_acts(question), references.terms),
            references=references,
            filter=wanted,
            today=day_in_brasilia(self._clock.now()),
        )

    def call(self, question: str) -> Charge:
        """What is charged for embedding a question of whose fate nothing is heard."""
        usage = TokenUsage(prompt_tokens=self._counter.count(question), completion_tokens=0, estimated=True)
        return Charge(kind=ChargeKind.EMBEDDING, model=self._embedder.model, usage=usage)

    @staticmethod
    def worst_case(question: str) -> int:
        """The most tokens that embedding a question may cost: none is less than a byte of its text."""
        return len(question.encode("utf-8", "surrogatepass")) + _TOKENS_AROUND_A_TEXT

    async def embed_metered(self, inquiry: Inquiry, spending: Spending) -> Embedding:
        """The question's vector; what it cost is noted."""
        spending.begin(self.call(inquiry.question))
        embedding, usage = await self.embed(inquiry)
        spending.finish(usage)
        return embedding

    async def embed(self, inquiry: Inquiry) -> tuple[Embedding, TokenUsage]:
        """The question's vector, and what it cost."""
        batch = await self._embedder.embed_question(inquiry.question, inquiry.rarities())
        return batch.embeddings[0], batch.usage

    async def find(
        self, work: CollectionReader, inquiry: Inquiry, embedding: Embedding | None, n_results: int
    ) -> list[Passage]:
        """Passages, best first, none the same as a better one, each with its issuer and validity in words.

        By words alone without an embedding.
        """
        found = await work.passages.search(
            inquiry, embedding, n_results=n_results + _SPARE, vector_share=self._embedder.vector_share
        )
        return [
            replace(
                passage,
                issuer=issuer_of(passage.ente, self._directory),
                remark=validity_remark(passage.validity, inquiry.today),
            )
            for passage in without_copies(found)[:n_results]
        ]

    async def find_support(
        self, work: UnitOfWork, inquiry: Inquiry, embedding: Embedding | None, n_results: int, rule: RelevanceRule
    ) -> list[Passage]:
        """What an answer may rest on: the relevant ones of ``find``, none nearly repeated, with their neighbours."""
        found = await self.find(work, inquiry, embedding, n_results)
        support = without_repetitions(rule.relevant(found))
        around = await work.chunks.surroundings([passage.chunk_id for passage in support])
        return [
            replace(passage, before=around[passage.chunk_id][0], after=around[passage.chunk_id][1])
            for passage in support
        ]
