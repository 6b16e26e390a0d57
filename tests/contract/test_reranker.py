"""What ``Reranker`` promises, of every implementation."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from balcao.application.ports import Reranker
from balcao.domain.errors import ProviderError
from balcao.domain.reranking import RankingPrompt
from balcao.infrastructure.external.openai_client import OpenAIReranker, build_client
from balcao.infrastructure.external.token_counters import EstimatedTokenCounter
from tests.contract.test_language_model import CONTENTS, QUESTION, prompt
from tests.fakes import FakeReranker
from tests.openai_server import OpenAIServer, chat_reply, error_reply


@dataclass
class Subject:
    """One that answers, and one whose provider fails."""

    answering: Reranker
    failing: Reranker


@pytest.fixture(params=["openai", "fake"])
async def subject(request: pytest.FixtureRequest) -> AsyncIterator[Subject]:
    if request.param == "fake":
        yield Subject(answering=FakeReranker(), failing=FakeReranker(fails=True))
        return
    with OpenAIServer() as answering, OpenAIServer() as refusing:
        answering.reply_with(chat_reply("[2, 1]"))
        refusing.reply_with(error_reply(500))
        clients = [build_client("chave", server.base_url, 5.0) for server in (answering, refusing)]
        models = [
            OpenAIReranker(client, model="gpt-4o-mini", timeout=5.0, tokens=EstimatedTokenCounter())
            for client in clients
        ]
        yield Subject(answering=models[0], failing=models[1])
        for client in clients:
            await client.close()


def ranking_prompt() -> RankingPrompt:
    return RankingPrompt(question=QUESTION, passages=prompt(*CONTENTS).passages)


async def test_an_order_names_passages_once_and_what_it_cost(subject: Subject) -> None:
    ranking = await subject.answering.rank(ranking_prompt())
    assert ranking.order == (2, 1)
    assert ranking.usage.total_tokens > 0
    assert subject.answering.model


async def test_a_provider_that_fails_is_an_error_of_the_domain(subject: Subject) -> None:
    with pytest.raises(ProviderError):
        await subject.failing.rank(ranking_prompt())
