import math
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from uuid import uuid4

import openai
import pytest

from balcao.domain.chat import Message, MessageRole, TokenUsage
from balcao.domain.document import EMBEDDING_DIMENSIONS
from balcao.domain.ente import Ente
from balcao.domain.errors import (
    IncompatibleEmbedder,
    ProviderError,
    ProviderRateLimited,
    ProviderRefused,
    ProviderUnavailable,
)
from balcao.domain.ids import ChunkId, DocumentId, MessageId, PrefeituraId, SessionId
from balcao.domain.prompt import NOT_FOUND_ANSWER, Prompt
from balcao.domain.search import Passage
from balcao.infrastructure.external.openai_client import OpenAIEmbedder, OpenAILanguageModel, build_client
from balcao.infrastructure.external.token_counters import EstimatedTokenCounter
from tests.openai_server import OpenAIServer, Reply, chat_reply, embeddings_reply, error_reply

SOON = {"Retry-After": "0", "Retry-After-Ms": "1"}  # the SDK takes a zero for "no advice"


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    with OpenAIServer() as running:
        yield running


@pytest.fixture
async def client(server: OpenAIServer) -> AsyncIterator[openai.AsyncOpenAI]:
    async with build_client("chave-de-teste", server.base_url, 5.0) as opened:
        yield opened


def language_model(client: openai.AsyncOpenAI) -> OpenAILanguageModel:
    return OpenAILanguageModel(
        client, model="gpt-4o-mini", max_tokens=300, temperature=0.1, tokens=EstimatedTokenCounter()
    )


def embedder(client: openai.AsyncOpenAI, model: str = "text-embedding-3-small") -> OpenAIEmbedder:
    return OpenAIEmbedder(client, model=model, tokens=EstimatedTokenCounter())


def message(role: MessageRole, content: str | None) -> Message:
    return Message(
        id=MessageId(uuid4()),
        prefeitura_id=PrefeituraId(uuid4()),
        session_id=SessionId(uuid4()),
        role=role,
        content=content,
    )


def prompt(passages: int = 2) -> Prompt:
    return Prompt(
        question="Qual o prazo?",
        passages=tuple(
            Passage(
                chunk_id=ChunkId(uuid4()),
                document_id=DocumentId(uuid4()),
                chunk_index=number,
                title="Lei nº 1",
                source="lei.pdf",
                ente=Ente.federal(),
                content=f"O prazo é de {number} dias.",
                page=number,
                path=None,
                score=1.0,
                similarity=0.5,
                coverage=1.0,
            )
            for number in range(1, passages + 1)
        ),
        history=(
            message(MessageRole.USER, "Oi"),
            message(MessageRole.ASSISTANT, "Olá"),
            message(MessageRole.USER, None),
        ),
    )


def unit(position: int, length: float = 1.0) -> list[float]:
    return [length if index == position else 0.0 for index in range(EMBEDDING_DIMENSIONS)]


async def test_the_prompt_is_sent_and_the_answer_comes_with_its_real_usage(
    server: OpenAIServer, client: openai.AsyncOpenAI
) -> None:
    server.reply_with(chat_reply("São 2 dias [2], e não 1 [1][2].", usage=(321, 12)))
    answer = await language_model(client).complete(prompt())
    assert (answer.text, answer.found, answer.cited) == ("São 2 dias [2], e não 1 [1][2].", True, (2, 1))
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens, answer.usage.estimated) == (321, 12, False)
    assert answer.model == "gpt-4o-mini"
    (request,) = server.requests
    assert request.path == "/v1/chat/completions"
    assert request.authorization == "Bearer chave-de-teste"
    assert request.body["messages"] == [
        {"role": "system", "content": prompt().system_text()},
        {"role": "user", "content": "Oi"},
        {"role": "assistant", "content": "Olá"},
        {"role": "user", "content": "Qual o prazo?"},
    ]
    assert (request.body["max_tokens"], request.body["temperature"]) == (300, 0.1)


async def test_a_usage_that_is_not_reported_is_estimated(server: OpenAIServer, client: openai.AsyncOpenAI) -> None:
    server.reply_with(chat_reply("São 2 dias [2].", usage=None))
    usage = (await language_model(client).complete(prompt())).usage
    assert usage.estimated
    assert usage.completion_tokens == EstimatedTokenCounter().count("São 2 dias [2].")
    assert usage.prompt_tokens >= EstimatedTokenCounter().count(prompt().system_text())


async def test_an_answer_that_was_not_found_is_only_that(server: OpenAIServer, client: openai.AsyncOpenAI) -> None:
    server.reply_with(chat_reply(f"{NOT_FOUND_ANSWER} Mas talvez sejam 5 dias [1]."))
    answer = await language_model(client).complete(prompt())
    assert (answer.text, answer.found, answer.cited) == (NOT_FOUND_ANSWER, False, ())


@pytest.mark.parametrize(
    ("written", "kept", "cited"),
    [
        ("Sim [9].", "Sim.", ()),
        ("Sim [0] e não [1].", "Sim e não [1].", (1,)),
        ("Sim [2, 1].", "Sim [2, 1].", (2, 1)),
        ("Sim [1, 7; 2].", "Sim [1][2].", (1, 2)),
        ("O art. [...] de [2011] vale [2].", "O art. [...] de [2011] vale [2].", (2,)),
    ],
)
async def test_citations_of_passages_that_do_not_exist_are_removed(
    server: OpenAIServer, client: openai.AsyncOpenAI, written: str, kept: str, cited: tuple[int, ...]
) -> None:
    server.reply_with(chat_reply(written))
    answer = await language_model(client).complete(prompt())
    assert (answer.text, answer.cited) == (kept, cited)


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_a_passing_failure_is_tried_again_and_the_answer_asked_for_once(
    server: OpenAIServer, client: openai.AsyncOpenAI, status: int
) -> None:
    server.reply_with(error_reply(status, headers=SOON), chat_reply("Pronto [1]."))
    assert (await language_model(client).complete(prompt())).text == "Pronto [1]."
    assert len(server.requests) == 2


@pytest.mark.parametrize(
    ("status", "error", "tries"),
    [
        (400, ProviderRefused, 1),
        (401, ProviderRefused, 1),
        (403, ProviderRefused, 1),
        (404, ProviderRefused, 1),
        (408, ProviderUnavailable, 3),
        (429, ProviderRateLimited, 3),
        (500, ProviderUnavailable, 3),
    ],
)
async def test_a_lasting_failure_has_its_own_error(
    server: OpenAIServer, client: openai.AsyncOpenAI, status: int, error: type[ProviderError], tries: int
) -> None:
    server.reply_with(error_reply(status, headers=SOON))
    with pytest.raises(error) as caught:
        await language_model(client).complete(prompt())
    assert isinstance(caught.value.__cause__, openai.APIStatusError)
    assert len(server.requests) == tries


@pytest.mark.parametrize(
    "reply",
    [
        chat_reply(None),
        chat_reply("  "),
        Reply(body={"object": "chat.completion", "choices": []}),
        Reply(body={"error": {"message": "overloaded"}}),
        Reply(body={"choices": "nenhuma"}),
        Reply(body=[]),
        Reply(body="{não é json"),
        Reply(body="<html>manutenção</html>", content_type="text/html"),
    ],
)
async def test_an_answer_without_content_is_a_failure_of_the_provider(
    server: OpenAIServer, client: openai.AsyncOpenAI, reply: Reply
) -> None:
    server.reply_with(reply)
    with pytest.raises(ProviderUnavailable):
        await language_model(client).complete(prompt())
    with pytest.raises(ProviderUnavailable):
        await embedder(client).embed(["a"])


async def test_a_provider_that_does_not_answer_in_time_is_unavailable(server: OpenAIServer) -> None:
    server.reply_with(Reply(body={}, until=threading.Event()))
    async with build_client("chave", server.base_url, 0.1) as hurried:
        with pytest.raises(ProviderUnavailable) as caught:
            await language_model(hurried).complete(prompt())
    assert isinstance(caught.value.__cause__, openai.APITimeoutError)
    assert len(server.requests) == 1, "it may have been charged, and would be again"


async def test_a_provider_that_is_not_there_is_unavailable() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{unused.getsockname()[1]}/v1"
        async with build_client("chave", address, 1.0) as client:
            with pytest.raises(ProviderUnavailable):
                await embedder(client).embed(["a"])


async def test_vectors_come_in_the_order_of_the_texts_with_length_one(
    server: OpenAIServer, client: openai.AsyncOpenAI
) -> None:
    server.reply_with(embeddings_reply({1: unit(5, 3.0), 0: unit(4)}))
    batch = await embedder(client).embed(["primeiro", "segundo"])
    assert [embedding.vector.index(1.0) for embedding in batch.embeddings] == [4, 5]
    assert all(math.isclose(math.hypot(*embedding.vector), 1.0) for embedding in batch.embeddings)
    assert {embedding.model for embedding in batch.embeddings} == {"text-embedding-3-small"}
    assert (batch.usage.prompt_tokens, batch.usage.estimated) == (7, False)
    (request,) = server.requests
    assert request.body["input"] == ["primeiro", "segundo"]
    assert request.body["dimensions"] == EMBEDDING_DIMENSIONS


async def test_other_models_are_not_asked_for_a_width(server: OpenAIServer, client: openai.AsyncOpenAI) -> None:
    server.reply_with(embeddings_reply({0: unit(0)}, prompt_tokens=None))
    batch = await embedder(client, "bge-m3").embed(["texto"])
    assert "dimensions" not in server.requests[0].body
    assert (batch.usage.prompt_tokens, batch.usage.estimated) == (2, True)


async def test_vectors_of_another_width_are_refused(server: OpenAIServer, client: openai.AsyncOpenAI) -> None:
    server.reply_with(embeddings_reply({0: [1.0] * 1024}))
    with pytest.raises(IncompatibleEmbedder):
        await embedder(client, "bge-m3").embed(["texto"])


@pytest.mark.parametrize("vectors", [{}, {0: unit(0)}, {0: unit(0), 2: unit(0)}, {0: unit(0), 1: unit(0, 0.0)}])
async def test_missing_or_empty_vectors_are_a_failure_of_the_provider(
    server: OpenAIServer, client: openai.AsyncOpenAI, vectors: dict[int, list[float]]
) -> None:
    server.reply_with(embeddings_reply(vectors, prompt_tokens=7))
    with pytest.raises(ProviderUnavailable) as caught:
        await embedder(client).embed(["a", "b"])
    assert caught.value.spent == TokenUsage(prompt_tokens=7, completion_tokens=0)


async def test_useless_vectors_of_unknown_cost_are_estimated(server: OpenAIServer, client: openai.AsyncOpenAI) -> None:
    server.reply_with(embeddings_reply({}, prompt_tokens=None))
    with pytest.raises(ProviderUnavailable) as caught:
        await embedder(client).embed(["a", "b"])
    assert caught.value.spent is not None
    assert (caught.value.spent.estimated, caught.value.spent.prompt_tokens > 0) == (True, True)


async def test_nothing_to_embed_asks_nothing(server: OpenAIServer, client: openai.AsyncOpenAI) -> None:
    assert (await embedder(client).embed([])).embeddings == ()
    assert server.requests == []
