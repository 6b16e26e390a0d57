"""The evaluation, wired over a database of its own that is thrown away: it never touches the collection."""

import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from balcao.application.chunk_embedding import ChunkEmbedder
from balcao.application.ingestion_charges import IngestionCharges
from balcao.application.passage_search import PassageSearch
from balcao.application.use_cases.evaluate_search import AnswerParts, EvaluateSearchUseCase
from balcao.domain.errors import InvalidInput
from balcao.infrastructure.database.database import Database
from balcao.infrastructure.database.embedded import EmbeddedPostgres
from balcao.infrastructure.external.municipalities import IbgeMunicipalityDirectory
from balcao.infrastructure.external.system_clock import SystemClock
from balcao.infrastructure.external.token_counters import token_counter_for
from balcao.infrastructure.settings import Settings
from balcao.interface.dependencies.consumption import prices_of
from balcao.interface.dependencies.container import chunker_for, embedded_accesses, providers


@contextmanager
def scratch_server() -> Iterator[EmbeddedPostgres]:
    """An embedded PostgreSQL in a temporary folder, whatever database is configured."""
    folder = Path(tempfile.mkdtemp(prefix="balcao-avaliar-"))
    try:
        with EmbeddedPostgres(folder) as server:
            yield server
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@asynccontextmanager
async def open_evaluation(settings: Settings, server: EmbeddedPostgres) -> AsyncIterator[EvaluateSearchUseCase]:
    """The use case with the configured model, embedder, chunks and threshold, and the reranker where one is wanted.

    Raises:
        InvalidInput: a reranker is wanted, and no provider is configured.
    """
    model, embedder, reranker = providers(settings)
    if settings.rerank_by_model and reranker is None:
        raise InvalidInput("--reordenar precisa de um provedor: configure OPENAI_API_KEY ou OPENAI_BASE_URL.")
    database = Database(await embedded_accesses(server))
    counter = token_counter_for(settings.openai_model)
    clock = SystemClock()
    search = PassageSearch(embedder, IbgeMunicipalityDirectory(), clock, counter)
    answers = AnswerParts(
        model=model,
        counter=counter,
        relevance=search.relevance_rule(settings.similarity_threshold),
        passages=settings.default_search_results,
        context_tokens=settings.openai_context_tokens,
    )
    try:
        yield EvaluateSearchUseCase(
            database.ingestion,
            database.tenant,
            database.reader,
            search,
            ChunkEmbedder(database.ingestion, embedder, IngestionCharges(prices_of(settings), clock)),
            chunker_for(settings, counter),
            answers,
            reranker,
        )
    finally:
        await database.dispose()
