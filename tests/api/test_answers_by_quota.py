"""``POST /chat/ask`` where a provider charges: what is left, modo busca, and the strict refusal."""

from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import httpx
import pytest

from balcao.domain.document import Document
from balcao.infrastructure.database.connection import DatabaseAccesses
from tests.acceptance.paid_provider import PaidProvider
from tests.api.conftest import QUESTION, RULE
from tests.applications import serving, settings_in

ASK = "/api/v1/chat/ask"
SEARCH = "/api/v1/documents/search"


@pytest.fixture
async def provider() -> AsyncIterator[PaidProvider]:
    with PaidProvider() as running:
        yield running


@pytest.fixture
async def paying(
    accesses: DatabaseAccesses, library: list[Document], provider: PaidProvider, tmp_path: Path
) -> AsyncIterator[httpx.AsyncClient]:
    settings = settings_in(tmp_path, openai_base_url=provider.base_url)
    async with serving(accesses, settings) as client:
        yield client


async def test_an_answer_says_what_is_left(paying: httpx.AsyncClient, provider: PaidProvider) -> None:
    body = (await paying.post(ASK, json={"message": QUESTION})).json()
    metadata, spent = body["metadata"], provider.billed[QUESTION]
    assert body["token_usage"]["total_tokens"] == spent
    assert metadata["modo"] == "resposta"
    assert metadata["quota"]["tokens_restantes"] == 10_000 - spent
    assert metadata["quota"]["perguntas_restantes"] == (10_000 - spent) // spent
    assert f"cerca de {(10_000 - spent) // spent} perguntas este mês" in metadata["quota"]["frase"]


async def test_without_quota_it_shows_passages_or_refuses_a_strict_request(
    paying: httpx.AsyncClient, provider: PaidProvider, admin: asyncpg.Connection
) -> None:
    await admin.execute("UPDATE prefeitura SET quota_tokens = 0")
    shown = await paying.post(ASK, json={"message": QUESTION})
    assert shown.status_code == 200
    assert shown.json()["response"].startswith("Modo busca:")
    assert RULE in shown.json()["response"]
    assert shown.json()["metadata"]["modo"] == "busca"
    assert shown.json()["token_usage"]["total_tokens"] == 0
    refused = await paying.post(ASK, json={"message": QUESTION, "modo": "estrito"})
    assert refused.status_code == 429
    assert refused.json()["detail"]["error_code"] == "quota_exceeded"
    found = await paying.post(SEARCH, json={"query": QUESTION})
    assert found.json()["apenas_palavras"] is True
    assert provider.calls.total() == 0


async def test_where_nobody_charges_it_says_so(client: httpx.AsyncClient, admin: asyncpg.Connection) -> None:
    await admin.execute("UPDATE prefeitura SET quota_tokens = 0")
    body = (await client.post(ASK, json={"message": QUESTION, "modo": "estrito"})).json()
    assert body["metadata"]["modo"] == "resposta"
    assert body["metadata"]["quota"]["frase"] == "Nesta instalação as respostas não gastam tokens."


async def test_an_unknown_mode_is_a_malformed_request(client: httpx.AsyncClient) -> None:
    assert (await client.post(ASK, json={"message": QUESTION, "modo": "livre"})).status_code == 422
