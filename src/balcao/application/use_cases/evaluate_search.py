"""Measure the search on questions whose right documents are known, over a collection made for it alone."""

import hashlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import uuid4

from balcao.application.chunk_embedding import ChunkEmbedder
from balcao.application.passage_search import PassageSearch
from balcao.application.ports import LanguageModel, Reranker, TokenCounter
from balcao.application.tenancy import prefeitura_id_of
from balcao.application.unit_of_work import InstallationUnitOfWork, ReadCollection, TenantUnitOfWork
from balcao.domain.acts import act_of_title
from balcao.domain.chat import TokenUsage
from balcao.domain.document import Document, DocumentChunk, DocumentMetadata, DocumentState, PageStart
from balcao.domain.ente import Ente, Esfera
from balcao.domain.evaluation import Judgements, Latency, RankingQuality, ranking_quality
from balcao.domain.ids import DocumentId, PrefeituraId
from balcao.domain.prompt import build_prompt
from balcao.domain.relevance import RelevanceRule
from balcao.domain.reranking import MOST_RANKED, RankingPrompt, reordered
from balcao.domain.text_chunker import TextChunker

LEGS = ("palavras", "vetores", "fusao")
RERANKED = "reordenacao"
"""The fusion in a model's order: measured besides the LEGS where there is a reranker."""

_PASSAGES = 60  # several may be of one document, and recall is wanted of the first 20 documents
_DOCUMENTS_AT_ONCE = 20
_ANYBODYS = Ente(esfera=Esfera.GERAL)


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationDocument:
    """A document of the set, under the id that the judgements call it by."""

    id: str
    title: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluateSearchRequest:
    """``questions`` by id; ``judged`` grades documents by question.

    ``answerable`` and ``unanswerable`` are questions to be answered and to be refused, where there are any.
    """

    documents: Sequence[EvaluationDocument]
    questions: Mapping[str, str]
    judged: Mapping[str, Judgements]
    answerable: Sequence[str] = ()
    unanswerable: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LegReport:
    """How well and how fast one of LEGS finds, or the fusion RERANKED."""

    leg: str
    quality: RankingQuality
    latency: Latency


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluateSearchResponse:
    """``refused`` are the answerable questions that got no answer, ``answered`` the unanswerable ones that got one."""

    documents: int
    passages: int
    legs: tuple[LegReport, ...]
    answerable: int
    refused: tuple[str, ...]
    unanswerable: int
    answered: tuple[str, ...]
    usage: TokenUsage


@dataclass(slots=True)
class _Found:
    """What a leg found for each question, and how long it took."""

    documents: dict[str, list[str]] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)

    def add(self, question_id: str, names: list[str], seconds: float) -> None:
        self.documents[question_id] = names
        self.seconds.append(seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerParts:
    """What decides whether a question is answered: as in a conversation."""

    model: LanguageModel
    counter: TokenCounter
    relevance: RelevanceRule
    passages: int
    context_tokens: int


class EvaluateSearchUseCase:
    """Fills the collection, which has to be empty and nobody's, and asks every question of each leg in turn."""

    def __init__(
        self,
        open_collection: InstallationUnitOfWork,
        open_work: TenantUnitOfWork,
        read: ReadCollection,
        search: PassageSearch,
        embedder: ChunkEmbedder,
        chunker: TextChunker,
        answers: AnswerParts,
        reranker: Reranker | None = None,
    ) -> None:
        self._open_collection = open_collection
        self._open_work = open_work
        self._read = read
        self._search = search
        self._embedder = embedder
        self._chunker = chunker
        self._answers = answers
        self._reranker = reranker

    async def execute(self, request: EvaluateSearchRequest) -> EvaluateSearchResponse:
        """Measure.

        Raises:
            ProviderError: a text could not be embedded, or a model failed.
        """
        names, passages, usage = await self._fill(request.documents)
        prefeitura_id = await prefeitura_id_of(self._read, None)
        found = {leg: _Found() for leg in (LEGS if self._reranker is None else (*LEGS, RERANKED))}
        for question_id, question in request.questions.items():
            usage += await self._ask(prefeitura_id, question_id, question, names, found)
        refused, spent = await self._tell_apart(prefeitura_id, request.answerable, answered=False)
        answered, spent_too = await self._tell_apart(prefeitura_id, request.unanswerable, answered=True)
        legs = tuple(
            LegReport(
                leg=leg,
                quality=ranking_quality(request.judged, one.documents),
                latency=Latency.of(one.seconds),
            )
            for leg, one in found.items()
        )
        return EvaluateSearchResponse(
            documents=len(names),
            passages=passages,
            legs=legs,
            answerable=len(request.answerable),
            refused=refused,
            unanswerable=len(request.unanswerable),
            answered=answered,
            usage=usage + spent + spent_too,
        )

    async def _fill(self, documents: Sequence[EvaluationDocument]) -> tuple[dict[DocumentId, str], int, TokenUsage]:
        """Publish every document; their names by id, how many passages they have, and what their vectors cost."""
        names: dict[DocumentId, str] = {}
        passages, usage = 0, TokenUsage(prompt_tokens=0, completion_tokens=0)
        for first in range(0, len(documents), _DOCUMENTS_AT_ONCE):
            group = documents[first : first + _DOCUMENTS_AT_ONCE]
            ready = [_document(one) for one in group]
            names |= {document.id: one.id for document, one in zip(ready, group, strict=True)}
            chunks = [chunk for document in ready for chunk in self._chunks(document)]
            embedded: list[DocumentChunk] = []
            async for batch in self._embedder.batches(chunks):
                embedded += batch.chunks
                usage += batch.usage
            passages += len(chunks)
            async with self._open_collection() as work:
                for document in ready:
                    await work.documents.save(document)
                await work.chunks.save_chunks(embedded)
                await work.vectors.add_chunk_embeddings(embedded)
                for document in ready:
                    await work.passages.index_terms(document.id)
        return names, passages, usage

    def _chunks(self, document: Document) -> list[DocumentChunk]:
        starts = (PageStart(number=None, start_char=0),)
        return list(self._chunker.chunk_document_content(document, starts, issuer=""))

    async def _ask(
        self,
        prefeitura_id: PrefeituraId,
        question_id: str,
        question: str,
        names: Mapping[DocumentId, str],
        found: Mapping[str, _Found],
    ) -> TokenUsage:
        """One question of each leg; words and vectors as the fusion uses them, each without the other."""
        started = time.perf_counter()
        async with self._open_work(prefeitura_id) as work:
            inquiry = await self._search.inquire(work, prefeitura_id, question)
        prepared = time.perf_counter()
        embedding, spent = await self._search.embed(inquiry)
        embedded = time.perf_counter()
        async with self._read() as reader:
            by_words = await reader.passages.by_words(inquiry, _PASSAGES)
            after_words = time.perf_counter()
            by_vectors = await reader.vectors.search_similar_chunks(embedding, _PASSAGES)
            after_vectors = time.perf_counter()
            fused = await self._search.find(reader, inquiry, embedding, _PASSAGES)
            after_fusion = time.perf_counter()
        preparing, embedding_seconds = prepared - started, embedded - prepared
        words = [names[passage.document_id] for passage in by_words]
        found["palavras"].add(question_id, words, preparing + after_words - embedded)
        vectors = [names[result.chunk.document_id] for result in by_vectors]
        found["vetores"].add(question_id, vectors, preparing + embedding_seconds + after_vectors - after_words)
        both = [names[passage.document_id] for passage in fused]
        fusing = preparing + embedding_seconds + after_fusion - after_vectors
        found["fusao"].add(question_id, both, fusing)
        if self._reranker is None:
            return spent
        ranking = await self._reranker.rank(RankingPrompt(question=question, passages=tuple(fused[:MOST_RANKED])))
        ranked = [names[passage.document_id] for passage in reordered(fused, ranking.order)]
        found[RERANKED].add(question_id, ranked, fusing + time.perf_counter() - after_fusion)
        return spent + ranking.usage

    async def _tell_apart(
        self, prefeitura_id: PrefeituraId, questions: Sequence[str], *, answered: bool
    ) -> tuple[tuple[str, ...], TokenUsage]:
        """Those of the questions that were answered, or that were not; and what asking cost."""
        usage = TokenUsage(prompt_tokens=0, completion_tokens=0)
        chosen: list[str] = []
        for question in questions:
            is_answered, spent = await self._is_answered(prefeitura_id, question)
            usage += spent
            if is_answered is answered:
                chosen.append(question)
        return tuple(chosen), usage

    async def _is_answered(self, prefeitura_id: PrefeituraId, question: str) -> tuple[bool, TokenUsage]:
        async with self._open_work(prefeitura_id) as work:
            inquiry = await self._search.inquire(work, prefeitura_id, question)
        embedding, usage = await self._search.embed(inquiry)
        async with self._open_work(prefeitura_id) as work:
            support = await self._search.find_support(
                work, inquiry, embedding, self._answers.passages, self._answers.relevance
            )
        if not support:
            return False, usage
        prompt = build_prompt(
            question,
            support,
            [],
            budget_tokens=self._answers.context_tokens,
            count_tokens=self._answers.counter.count,
        )
        completion = await self._answers.model.complete(prompt)
        return completion.found, usage + completion.usage


def _document(one: EvaluationDocument) -> Document:
    """Of an id, so that equal texts under two ids stay two documents."""
    title = one.title or one.id
    return Document(
        id=DocumentId(uuid4()),
        title=title,
        content=one.text,
        file_path=one.id,
        file_name=one.id,
        sha256=hashlib.sha256(one.id.encode()).digest(),
        text_sha256=hashlib.sha256(f"{one.id}\n{one.text}".encode()).digest(),
        ente=_ANYBODYS,
        metadata=DocumentMetadata(source=one.id),
        act=act_of_title(title),
        state=DocumentState.DISPONIVEL,
    )
