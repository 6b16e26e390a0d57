"""What ``Embedder`` promises, of every implementation."""

import math
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field

import pytest

from balcao.application.ports import Embedder
from balcao.domain.document import EMBEDDING_DIMENSIONS, Vector
from balcao.domain.errors import ProviderError
from balcao.infrastructure.external.hashed_embedder import HashedNgramEmbedder
from balcao.infrastructure.external.openai_client import OpenAIEmbedder, build_client
from balcao.infrastructure.external.token_counters import EstimatedTokenCounter
from tests.fakes import FakeEmbedder
from tests.openai_server import OpenAIServer, embeddings_reply, error_reply

ODD_TEXTS = ["", " \n", "§", "🏛", "º" * 9000, "DE A O"]


@dataclass
class Subject:
    """An embedder; ``expect`` tells its provider which texts come next, ``failing`` is one whose provider refuses."""

    embedder: Embedder
    expect: Callable[[Sequence[str]], object] = field(default=lambda _texts: None)
    failing: Embedder | None = None


def vectors_of(texts: Sequence[str]) -> dict[int, list[float]]:
    """One direction for each text, of a length that is not 1, out of order."""
    found = {}
    for index, text in enumerate(texts):
        found[index] = [0.0] * EMBEDDING_DIMENSIONS
        found[index][sum(text.encode()) % EMBEDDING_DIMENSIONS] = 3.0
    return dict(reversed(found.items()))


@pytest.fixture(params=["hashed", "openai", "fake"])
async def subject(request: pytest.FixtureRequest) -> AsyncIterator[Subject]:
    if request.param == "hashed":
        yield Subject(embedder=HashedNgramEmbedder())
    elif request.param == "fake":
        yield Subject(embedder=FakeEmbedder(), failing=FakeEmbedder(fail_after=0))
    else:
        with OpenAIServer() as server, OpenAIServer() as refusing:
            refusing.reply_with(error_reply(401))
            async with (
                build_client("chave", server.base_url, 5.0) as client,
                build_client("chave", refusing.base_url, 5.0) as refused,
            ):
                counter = EstimatedTokenCounter()
                yield Subject(
                    embedder=OpenAIEmbedder(client, model="text-embedding-3-small", tokens=counter),
                    expect=lambda texts: server.reply_with(embeddings_reply(vectors_of(texts))),
                    failing=OpenAIEmbedder(refused, model="text-embedding-3-small", tokens=counter),
                )


async def embed(subject: Subject, texts: Sequence[str]) -> list[Vector]:
    subject.expect(texts)
    batch = await subject.embedder.embed(texts)
    return [embedding.vector for embedding in batch.embeddings]


def test_it_says_what_it_is(subject: Subject) -> None:
    assert subject.embedder.model.strip()
    assert subject.embedder.batch_size >= 1
    assert subject.embedder.similarity_floor > 0
    assert isinstance(subject.embedder.is_paid, bool)


async def test_vectors_are_unit_vectors_of_the_width_of_the_collection(subject: Subject) -> None:
    for text in ["Qual o prazo?", *ODD_TEXTS]:
        (vector,) = await embed(subject, [text])
        assert len(vector) == EMBEDDING_DIMENSIONS
        assert math.isclose(math.hypot(*vector), 1.0, abs_tol=1e-6)


async def test_vectors_come_in_the_order_of_the_texts(subject: Subject) -> None:
    texts = ["prazo de recurso", "férias"]
    alone = [vector for text in texts for vector in await embed(subject, [text])]
    assert await embed(subject, texts) == alone
    assert alone[0] != alone[1]


async def test_every_vector_carries_its_model(subject: Subject) -> None:
    subject.expect(["a", "b"])
    batch = await subject.embedder.embed(["a", "b"])
    assert [embedding.model for embedding in batch.embeddings] == [subject.embedder.model] * 2


async def test_a_whole_batch_is_embedded(subject: Subject) -> None:
    texts = [f"artigo {number}" for number in range(subject.embedder.batch_size)]
    assert len(await embed(subject, texts)) == len(texts)


async def test_no_texts_are_no_vectors_and_no_cost(subject: Subject) -> None:
    subject.expect([])
    batch = await subject.embedder.embed([])
    assert batch.embeddings == ()
    assert batch.usage.total_tokens == 0


async def test_what_is_paid_costs_tokens_and_what_is_not_costs_none(subject: Subject) -> None:
    subject.expect(["Qual o prazo?"])
    usage = (await subject.embedder.embed(["Qual o prazo?"])).usage
    assert (usage.prompt_tokens > 0) == subject.embedder.is_paid
    assert usage.completion_tokens == 0


async def test_a_provider_that_fails_is_an_error_of_the_domain(subject: Subject) -> None:
    if subject.failing is None:
        assert not subject.embedder.is_paid, "only what no provider serves cannot fail"
        return
    with pytest.raises(ProviderError):
        await subject.failing.embed(["Qual o prazo?"])
