"""The evaluation with a reranker: its order is measured beside the fusion, and what it costs is told."""

from balcao.application.chunk_embedding import ChunkEmbedder
from balcao.application.ingestion_charges import IngestionCharges
from balcao.application.passage_search import PassageSearch
from balcao.application.ports import Reranker
from balcao.application.use_cases.evaluate_search import (
    AnswerParts,
    EvaluateSearchRequest,
    EvaluateSearchUseCase,
    EvaluationDocument,
)
from balcao.domain.text_chunker import TextChunker
from balcao.infrastructure.database.database import Database
from balcao.infrastructure.external.hashed_embedder import HashedNgramEmbedder
from balcao.infrastructure.external.municipalities import IbgeMunicipalityDirectory
from tests.factories import NO_PRICES
from tests.fakes import FakeClock, FakeLanguageModel, FakeReranker, FakeTokenCounter

TEXTS = {"feira": "A feira livre do bairro abre aos sábados.", "praça": "A feira de livros do bairro fecha em maio."}
REQUEST = EvaluateSearchRequest(
    documents=[EvaluationDocument(id=name, title=name, text=text) for name, text in TEXTS.items()],
    questions={"1": "Em que dia abre a feira livre do bairro?"},
    judged={"1": {"feira": 1}},
)


def evaluation(database: Database, reranker: Reranker | None) -> EvaluateSearchUseCase:
    embedder, counter = HashedNgramEmbedder(), FakeTokenCounter()
    search = PassageSearch(embedder, IbgeMunicipalityDirectory(), FakeClock(), counter)
    answers = AnswerParts(
        model=FakeLanguageModel(),
        counter=counter,
        relevance=search.relevance_rule(None),
        passages=5,
        context_tokens=1000,
    )
    chunker = TextChunker(chunk_size=100, overlap=0, count_tokens=counter.count)
    chunks = ChunkEmbedder(database.ingestion, embedder, IngestionCharges(NO_PRICES, FakeClock()))
    return EvaluateSearchUseCase(
        database.ingestion, database.tenant, database.reader, search, chunks, chunker, answers, reranker
    )


async def test_the_models_order_is_measured_beside_the_fusion(database: Database) -> None:
    measured = await evaluation(database, FakeReranker()).execute(REQUEST)
    ranks = {one.leg: one.quality.mrr_10 for one in measured.legs}
    assert ranks == {"palavras": 1.0, "vetores": 1.0, "fusao": 1.0, "reordenacao": 0.5}
    latencies = {one.leg: one.latency.p50 for one in measured.legs}
    assert latencies["reordenacao"] > latencies["fusao"]
    assert measured.usage.total_tokens == 6


async def test_without_a_reranker_only_the_search_is_measured(database: Database) -> None:
    measured = await evaluation(database, None).execute(REQUEST)
    assert [one.leg for one in measured.legs] == ["palavras", "vetores", "fusao"]
    assert measured.usage.total_tokens == 0
