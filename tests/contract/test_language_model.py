"""What ``LanguageModel`` promises, of every implementation."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import uuid4

import pytest

from balcao.application.ports import LanguageModel
from balcao.domain.ente import Ente
from balcao.domain.errors import ProviderError
from balcao.domain.ids import ChunkId, DocumentId
from balcao.domain.prompt import NOT_FOUND_ANSWER, Prompt
from balcao.domain.search import Passage
from balcao.infrastructure.external.extractive_model import ExtractiveLanguageModel
from balcao.infrastructure.external.openai_client import OpenAILanguageModel, build_client
from balcao.infrastructure.external.token_counters import EstimatedTokenCounter
from tests.fakes import FakeLanguageModel
from tests.openai_server import OpenAIServer, chat_reply, error_reply

QUESTION = "Qual o prazo para responder ao pedido de informação?"
CONTENTS = ("A taxa de expediente custa dez reais.", "O prazo para responder ao pedido de informação é de vinte dias.")


@dataclass
class Subject:
    """A model that answers, one that finds nothing to say, and one whose provider refuses, where it has one."""

    answering: LanguageModel
    silent: LanguageModel
    failing: LanguageModel | None = None


def prompt(*contents: str) -> Prompt:
    passages = [
        Passage(
            chunk_id=ChunkId(uuid4()),
            document_id=DocumentId(uuid4()),
            chunk_index=index,
            title="Lei nº 1",
            source="lei.txt",
            ente=Ente.federal(),
            content=content,
            page=None,
            path=None,
            score=1.0,
            similarity=0.5,
            coverage=1.0,
        )
        for index, content in enumerate(contents)
    ]
    return Prompt(question=QUESTION, passages=tuple(passages))


@pytest.fixture(params=["extractive", "openai", "fake"])
async def subject(request: pytest.FixtureRequest) -> AsyncIterator[Subject]:
    if request.param == "extractive":
        model = ExtractiveLanguageModel()
        yield Subject(answering=model, silent=model)
    elif request.param == "fake":
        yield Subject(answering=FakeLanguageModel(), silent=FakeLanguageModel(), failing=FakeLanguageModel(fails=True))
    else:
        with OpenAIServer() as answering, OpenAIServer() as silent, OpenAIServer() as refusing:
            answering.reply_with(chat_reply("São vinte dias [2], e não trinta [7]. A taxa é outra coisa [1][2]."))
            silent.reply_with(chat_reply(f"{NOT_FOUND_ANSWER} Mas costuma ser de trinta dias [1]."))
            refusing.reply_with(error_reply(401))
            clients = [build_client("chave", server.base_url, 5.0) for server in (answering, silent, refusing)]
            models = [
                OpenAILanguageModel(
                    client, model="gpt-4o-mini", max_tokens=50, temperature=0.0, tokens=EstimatedTokenCounter()
                )
                for client in clients
            ]
            yield Subject(answering=models[0], silent=models[1], failing=models[2])
            for client in clients:
                await client.close()


def test_it_presents_itself(subject: Subject) -> None:
    card = subject.answering.card
    assert all(text.strip() for text in (card.id, card.name, card.description))
    assert card.max_tokens > 0


async def test_an_answer_cites_passages_that_exist(subject: Subject) -> None:
    completion = await subject.answering.complete(prompt(*CONTENTS))
    assert completion.found
    assert completion.text.strip()
    assert completion.cited
    assert set(completion.cited) <= {1, 2}
    assert len(set(completion.cited)) == len(completion.cited)


async def test_citations_are_in_the_order_of_their_first_use(subject: Subject) -> None:
    completion = await subject.answering.complete(prompt(*CONTENTS))
    in_text = dict.fromkeys(int(number) for number in re.findall(r"\[(\d+)\]", completion.text))
    assert tuple(in_text) == completion.cited


async def test_nothing_found_is_said_in_the_one_sentence(subject: Subject) -> None:
    for nothing in (prompt(), prompt("A feira acontece aos sábados.")) if _reads(subject) else (prompt(),):
        completion = await subject.silent.complete(nothing)
        assert not completion.found
        assert (completion.text, completion.cited) == (NOT_FOUND_ANSWER, ())


def _reads(subject: Subject) -> bool:
    """Whether it decides by what the passages say; the fake answers with whatever passage comes first."""
    return not isinstance(subject.silent, FakeLanguageModel)


async def test_the_answer_names_its_model_and_its_cost(subject: Subject) -> None:
    completion = await subject.answering.complete(prompt(*CONTENTS))
    assert completion.model == subject.answering.card.id
    assert completion.usage.prompt_tokens >= 0
    assert completion.usage.completion_tokens >= 0
    assert (completion.usage.total_tokens > 0) == (subject.failing is not None), "what a provider does is paid for"


async def test_a_provider_that_fails_is_an_error_of_the_domain(subject: Subject) -> None:
    if subject.failing is None:
        assert isinstance(subject.answering, ExtractiveLanguageModel), "only what no provider serves cannot fail"
        return
    with pytest.raises(ProviderError):
        await subject.failing.complete(prompt(*CONTENTS))
