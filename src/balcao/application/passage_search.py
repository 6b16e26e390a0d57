"""The three steps of finding passages, for the use cases that need them inside their own transactions."""

from dataclasses import replace

from balcao.application.daily_limits import BRASILIA
from balcao.application.ports import Clock, Embedder, MunicipalityDirectory
from balcao.application.unit_of_work import CollectionReader, UnitOfWork
from balcao.domain.acts import without_acts
from balcao.domain.chat import TokenUsage
from balcao.domain.document import Embedding
from balcao.domain.ente_recognition import issuer_of
from balcao.domain.errors import PrefeituraNotFound
from balcao.domain.ids import PrefeituraId
from balcao.domain.legal_references import references_in
from balcao.domain.question_scope import question_scope
from balcao.domain.relevance import RelevanceRule
from balcao.domain.search import Inquiry, Passage, SearchFilter, validity_remark, without_copies, without_repetitions

_EVERYTHING_IN_FORCE = SearchFilter()
_SPARE = 5  # passages fetched besides those wanted, since some repeat others


class PassageSearch:
    """Inquiry and passages are read in the caller's units of work; embedding happens between them, outside any."""

    def __init__(self, embedder: Embedder, directory: MunicipalityDirectory, clock: Clock) -> None:
        self._embedder = embedder
        self._directory = directory
        self._clock = clock

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
        known = await work.documents.municipalities()
        references = references_in(question)
        return Inquiry(
            question=question,
            scope=question_scope(question, prefeitura.search_scope(), self._directory, known),
            terms=await work.passages.question_terms(without_acts(question), references.terms),
            references=references,
            filter=wanted,
            today=self._clock.now().astimezone(BRASILIA).date(),
        )

    async def embed(self, inquiry: Inquiry) -> tuple[Embedding, TokenUsage]:
        """The question's vector, and what it cost."""
        batch = await self._embedder.embed_question(inquiry.question, inquiry.rarities())
        return batch.embeddings[0], batch.usage

    async def find(
        self, work: CollectionReader, inquiry: Inquiry, embedding: Embedding, n_results: int
    ) -> list[Passage]:
        """Passages, best first, none nearly the same as a better one, each with its issuer and validity in words."""
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
        self, work: UnitOfWork, inquiry: Inquiry, embedding: Embedding, n_results: int, rule: RelevanceRule
    ) -> list[Passage]:
        """What an answer may rest on: the relevant ones of ``find``, none nearly repeated, with their neighbours."""
        support = without_repetitions(rule.relevant(await self.find(work, inquiry, embedding, n_results)))
        around = await work.chunks.surroundings([passage.chunk_id for passage in support])
        return [
            replace(passage, before=around[passage.chunk_id][0], after=around[passage.chunk_id][1])
            for passage in support
        ]
