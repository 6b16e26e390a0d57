"""What the embeddings' provider does wrong leaves no half document and is not paid for twice."""

import threading
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import pytest
from pydantic import SecretStr

from balcao.application.ingestion import FileToIngest
from balcao.application.use_cases.register_document import RegisterRequest
from balcao.domain.document import EMBEDDING_DIMENSIONS, DocumentState
from balcao.domain.errors import ProviderError, ProviderRateLimited, ProviderRefused, ProviderUnavailable
from balcao.infrastructure.database.connection import DatabaseAccesses
from balcao.interface.dependencies.container import Container, open_container
from tests.applications import settings_in
from tests.e2e.conftest import half_documents
from tests.ingestion import rows
from tests.openai_server import OpenAIServer, Reply, embeddings_reply, error_reply

BATCH = 128
TRIES = 3
LAW = "\n\n".join(
    f"Art. {number}º O serviço {number} atende o cidadão em até {number} dias úteis, contados do pedido no balcão."
    for number in range(1, 161)
)
VECTOR = [1.0] + [0.0] * (EMBEDDING_DIMENSIONS - 1)


@pytest.fixture
def provider() -> Iterator[OpenAIServer]:
    with OpenAIServer() as running:
        yield running


@pytest.fixture
async def container(accesses: DatabaseAccesses, provider: OpenAIServer, tmp_path: Path) -> AsyncIterator[Container]:
    settings = settings_in(
        tmp_path / "dados",
        openai_base_url=provider.base_url,
        openai_api_key=SecretStr("chave-de-teste"),
        openai_timeout_seconds=0.4,
        chunk_size=50,
        chunk_overlap=0,
    )
    async with open_container(settings, accesses) as opened:
        yield opened


@pytest.fixture
def law(tmp_path: Path) -> Path:
    path = tmp_path / "lei.txt"
    path.write_text(LAW, encoding="utf-8")
    return path


def vectors(count: int) -> Reply:
    return embeddings_reply(dict.fromkeys(range(count), VECTOR), prompt_tokens=count)


FAULTS: list[tuple[Reply, type[ProviderError], int]] = [
    (error_reply(429, headers={"Retry-After": "600"}), ProviderRateLimited, 1),
    (error_reply(500), ProviderUnavailable, TRIES),
    (error_reply(503), ProviderUnavailable, TRIES),
    (Reply(body="", cut=True), ProviderUnavailable, 1),
    (Reply(body={}, until=threading.Event()), ProviderUnavailable, 1),
    (vectors(1), ProviderUnavailable, 1),
]


@pytest.mark.parametrize(("fault", "error", "asked"), FAULTS, ids=["429", "500", "503", "cortada", "lenta", "faltam"])
async def test_a_fault_between_batches_leaves_nothing_half_and_nothing_is_paid_twice(
    container: Container,
    provider: OpenAIServer,
    law: Path,
    admin: asyncpg.Connection,
    fault: Reply,
    error: type[ProviderError],
    asked: int,
) -> None:
    simulated = await container.collection.simulate.execute(FileToIngest(path=law, file_name=law.name))
    rest = simulated.chunks - BATCH
    assert 0 < rest < BATCH
    assert simulated.tokens > 0
    provider.reply_with(vectors(BATCH), fault)
    registered = await container.collection.register.execute(RegisterRequest(path=law, file_name=law.name))
    with pytest.raises(error):
        await container.collection.process.execute(registered.job_id)
    if fault.until is not None:
        fault.until.set()
    assert len(provider.requests) == 1 + asked
    counted = await rows(admin)
    assert (counted["documento"], counted["documento_chunk"], counted["vetor_pago"]) == (1, 0, BATCH)
    assert await half_documents(admin) == []
    status = await container.collection.read_ingestion.execute(registered.document_id)
    assert status.job is not None
    assert (status.document.state, status.job.tokens) == (DocumentState.PROCESSANDO, BATCH)
    assert status.job.error_code == error.code
    assert status.job.not_before is not None
    least = timedelta(seconds=590 if error is ProviderRateLimited else 10)
    assert status.job.not_before > datetime.now(UTC) + least

    provider.requests.clear()
    provider.reply_with(vectors(rest))
    processed = await container.collection.process.execute(registered.job_id)
    assert (processed.state, processed.usage.total_tokens) == (DocumentState.DISPONIVEL, rest)
    assert len(provider.requests) == 1, "the first batch was paid for already"
    assert await half_documents(admin) == []
    assert (await rows(admin))["vetor_pago"] == 0


async def test_what_the_provider_refuses_waits_for_a_person(
    container: Container, provider: OpenAIServer, law: Path
) -> None:
    provider.reply_with(error_reply(401))
    registered = await container.collection.register.execute(RegisterRequest(path=law, file_name=law.name))
    with pytest.raises(ProviderRefused):
        await container.collection.process.execute(registered.job_id)
    status = await container.collection.read_ingestion.execute(registered.document_id)
    assert status.job is not None
    assert (status.document.state, status.job.error_code) == (DocumentState.FALHOU, "provider_refused")
