"""Models and embeddings over OpenAI's protocol: OpenAI itself, or any server that speaks it (Ollama, vLLM, TEI)."""

import asyncio
import json
import math
import re
from array import array
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TypeVar

import httpx2
import openai
from openai.types import CreateEmbeddingResponse
from openai.types.chat import (
    ChatCompletion,
    ChatCompletionAssistantMessageParam,
    ChatCompletionMessageParam,
    ChatCompletionSystemMessageParam,
    ChatCompletionUserMessageParam,
)

from balcao.application.ports import Completion, EmbeddingBatch, ModelCard, Ranking, TokenCounter
from balcao.domain.chat import MessageRole, TokenUsage
from balcao.domain.document import EMBEDDING_DIMENSIONS, Embedding, Vector
from balcao.domain.errors import IncompatibleEmbedder, ProviderRateLimited, ProviderRefused, ProviderUnavailable
from balcao.domain.prompt import NOT_FOUND_ANSWER, Prompt
from balcao.domain.reranking import RankingPrompt, read_order

T = TypeVar("T")

_NO_ANSWER = "O provedor do modelo respondeu sem conteúdo; tente de novo em instantes."
_INVALID_VECTOR = "O provedor respondeu com um vetor inválido; tente de novo em instantes."
_PAUSES = (0.5, 1.0)  # seconds before the second and the third try
_LONGEST_PAUSE = 60.0
_RANKING_SECONDS = 15.0  # an answer waits for no order longer than that
_NO_KEY = "sem-chave"  # the SDK refuses to be made with an empty one
_BATCH = 128
_SIMILARITY_FLOOR = 0.30
_TYPICAL_SIMILARITY = 0.45
_VECTOR_SHARE = 0.5
_RESIZABLE = "text-embedding-3-"  # the family that takes ``dimensions``
_RETRIABLE = frozenset({408, 409, 425})  # client errors that say "not now" rather than "not like this"
_NEVER_SENT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout)
_MARKER = re.compile(r"[^\S\n]*\[(\d{1,3}(?:\s*[,;]\s*\d{1,3})*)\]")


def build_client(api_key: str, base_url: str | None, timeout: float) -> openai.AsyncOpenAI:
    """A client whose requests take at most ``timeout`` seconds each. Without ``base_url``, OpenAI's own.

    An empty key is for servers that ask for none. The SDK itself tries nothing again: see ``_answered``.
    """
    return openai.AsyncOpenAI(api_key=api_key or _NO_KEY, base_url=base_url, timeout=timeout, max_retries=0)


class OpenAILanguageModel:
    """Implements ``LanguageModel`` by chat completions.

    ``max_tokens`` bounds the answer; ``tokens`` estimates the usage that a server does not report.
    """

    def __init__(
        self, client: openai.AsyncOpenAI, *, model: str, max_tokens: int, temperature: float, tokens: TokenCounter
    ) -> None:
        self._client = client
        self._model = model
        self._max_tokens = max_tokens
        self._temperature = temperature
        self._tokens = tokens

    @property
    def card(self) -> ModelCard:
        """How the model presents itself."""
        description = "Modelo de linguagem que redige a resposta a partir dos trechos encontrados e os cita."
        return ModelCard(id=self._model, name=self._model, description=description, max_tokens=self._max_tokens)

    @property
    def is_paid(self) -> bool:
        """A provider charges for it, as far as this program knows."""
        return True

    async def complete(self, prompt: Prompt, *, max_tokens: int | None = None) -> Completion:
        """Answer the prompt's question.

        Raises:
            ProviderUnavailable: no answer in time, a server error at each try, or an answer without text.
            ProviderRateLimited: refused for excess at each try.
            ProviderRefused: the key, the model or the request is not accepted.
        """
        messages = _messages(prompt)
        response = await _answered(
            lambda: self._client.chat.completions.create(
                model=self._model,
                messages=messages,
                max_tokens=min(max_tokens or self._max_tokens, self._max_tokens),
                temperature=self._temperature,
            )
        )
        text = _answer_text(response)
        usage = _usage(response, messages, text, self._tokens)
        if NOT_FOUND_ANSWER in text:
            return Completion(text=NOT_FOUND_ANSWER, found=False, cited=(), model=self._model, usage=usage)
        answer, cited = _keep_valid_citations(text, len(prompt.passages))
        return Completion(text=answer, found=True, cited=cited, model=self._model, usage=usage)


class OpenAIReranker:
    """Implements ``Reranker`` by a chat completion, asked once, without variation and in seconds, or not at all."""

    def __init__(self, client: openai.AsyncOpenAI, *, model: str, timeout: float, tokens: TokenCounter) -> None:
        self._client = client.with_options(timeout=min(timeout, _RANKING_SECONDS))
        self._model = model
        self._tokens = tokens

    @property
    def model(self) -> str:
        """The model's name."""
        return self._model

    async def rank(self, prompt: RankingPrompt) -> Ranking:
        """Order the prompt's passages.

        Raises:
            ProviderError: as ``OpenAILanguageModel.complete``.
        """
        messages: list[ChatCompletionMessageParam] = [
            ChatCompletionSystemMessageParam(role="system", content=prompt.system_text()),
            ChatCompletionUserMessageParam(role="user", content=prompt.question),
        ]
        with _provider_errors():
            response = await self._client.chat.completions.create(
                model=self._model, messages=messages, max_tokens=prompt.max_tokens, temperature=0
            )
        text = _answer_text(response)
        usage = _usage(response, messages, text, self._tokens)
        return Ranking(order=read_order(text, len(prompt.passages)), usage=usage)


class OpenAIEmbedder:
    """Implements ``Embedder``; vectors are scaled to length 1 whatever the server sends.

    The default ``similarity_floor`` is a cautious guess for text-embedding-3-small, not a measurement: that model gives
    even good matches low cosines, so that v2.0's 0.7 discarded nearly all of them. Measure it before trusting it.
    """

    def __init__(
        self,
        client: openai.AsyncOpenAI,
        *,
        model: str,
        tokens: TokenCounter,
        similarity_floor: float = _SIMILARITY_FLOOR,
    ) -> None:
        self._client = client
        self._model = model
        self._tokens = tokens
        self._similarity_floor = similarity_floor

    @property
    def model(self) -> str:
        """Name recorded with every vector."""
        return self._model

    @property
    def is_paid(self) -> bool:
        """A provider charges for it, as far as this program knows."""
        return True

    @property
    def batch_size(self) -> int:
        """Texts in one call."""
        return _BATCH

    @property
    def similarity_floor(self) -> float:
        """Cosine from which a match counts as relevant on its own."""
        return self._similarity_floor

    @property
    def typical_similarity(self) -> float:
        """A guess for text-embedding-3-small, like the floor, not a measurement."""
        return _TYPICAL_SIMILARITY

    @property
    def vector_share(self) -> float:
        """Half: vectors that know meaning are worth as much as words. A guess, like the floor, not a measurement."""
        return _VECTOR_SHARE

    async def embed_question(self, question: str, rarities: Mapping[str, float]) -> EmbeddingBatch:  # noqa: ARG002 - the model knows what matters in a text
        """Embed a question as any text."""
        return await self.embed([question])

    async def embed(self, texts: Sequence[str]) -> EmbeddingBatch:
        """Embed texts; an empty sequence asks nothing of the provider.

        Raises:
            ProviderError: as ``OpenAILanguageModel.complete``; with what it cost, where the answer is of no use.
            IncompatibleEmbedder: the vectors do not have EMBEDDING_DIMENSIONS.
        """
        if not texts:
            return EmbeddingBatch(embeddings=(), usage=TokenUsage(prompt_tokens=0, completion_tokens=0))
        dimensions = EMBEDDING_DIMENSIONS if self._model.startswith(_RESIZABLE) else openai.omit
        response = await _answered(
            lambda: self._client.embeddings.create(
                model=self._model, input=list(texts), dimensions=dimensions, encoding_format="float"
            )
        )
        usage = self._usage(response, texts)
        vectors = _vectors(response, len(texts), spent=usage)
        embeddings = tuple(Embedding(vector=vector, model=self._model) for vector in vectors)
        return EmbeddingBatch(embeddings=embeddings, usage=usage)

    def _usage(self, response: CreateEmbeddingResponse, texts: Sequence[str]) -> TokenUsage:
        # The SDK types ``usage`` as always there; compatible servers leave it out, and None arrives.
        prompt_tokens = getattr(getattr(response, "usage", None), "prompt_tokens", None)
        if isinstance(prompt_tokens, int):
            return TokenUsage(prompt_tokens=prompt_tokens, completion_tokens=0)
        estimate = sum(self._tokens.count(text) for text in texts)
        return TokenUsage(prompt_tokens=estimate, completion_tokens=0, estimated=True)


async def _answered(ask: Callable[[], Awaitable[T]]) -> T:
    """What the provider answers, asked again after a pause where it did nothing for the request: 408, 409, 425, 429,
    5xx, no connection. It may say itself how long to wait, up to a minute.

    A request that timed out or broke off may have been charged, and would be again: it is not repeated.
    """
    for pause in _PAUSES:
        try:
            with _provider_errors():
                return await ask()
        except (ProviderRateLimited, ProviderUnavailable) as error:
            wanted = error.retry_after_seconds if isinstance(error, ProviderRateLimited) else None
            if error.was_cut_short or (wanted or 0) > _LONGEST_PAUSE:
                raise
            await asyncio.sleep(wanted or pause)
    with _provider_errors():
        return await ask()


@contextmanager
def _provider_errors() -> Iterator[None]:
    """Turn the SDK's errors into the domain's."""
    try:
        yield
    except openai.RateLimitError as error:
        raise ProviderRateLimited(retry_after_seconds=_retry_after(error.response.headers)) from error
    except openai.APIStatusError as error:
        if error.status_code >= 500 or error.status_code in _RETRIABLE:
            raise ProviderUnavailable from error
        raise ProviderRefused from error
    except (openai.APIError, json.JSONDecodeError) as error:
        raise ProviderUnavailable(was_cut_short=not isinstance(error.__cause__, _NEVER_SENT)) from error


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait, where the provider says so in seconds (RFC 9110, section 10.2.3)."""
    value = headers.get("retry-after", "")
    return float(value) if re.fullmatch(r"\d{1,6}(\.\d{1,6})?", value) else None


def _messages(prompt: Prompt) -> list[ChatCompletionMessageParam]:
    messages: list[ChatCompletionMessageParam] = [
        ChatCompletionSystemMessageParam(role="system", content=prompt.system_text())
    ]
    for message in prompt.history:
        if message.role is MessageRole.USER and message.content:
            messages.append(ChatCompletionUserMessageParam(role="user", content=message.content))
        elif message.role is MessageRole.ASSISTANT and message.content:
            messages.append(ChatCompletionAssistantMessageParam(role="assistant", content=message.content))
    messages.append(ChatCompletionUserMessageParam(role="user", content=prompt.question))
    return messages


def _answer_text(response: ChatCompletion) -> str:
    """The text of an answer; the SDK does not check that a 200 has the fields its types promise."""
    try:
        text = response.choices[0].message.content
    except (AttributeError, IndexError, KeyError, TypeError) as error:
        raise ProviderUnavailable(_NO_ANSWER, spent=_reported_usage(response)) from error
    if not isinstance(text, str) or not text.strip():
        raise ProviderUnavailable(_NO_ANSWER, spent=_reported_usage(response))
    return text.strip()


def _usage(
    response: ChatCompletion, messages: Sequence[ChatCompletionMessageParam], text: str, tokens: TokenCounter
) -> TokenUsage:
    """What it cost, estimated where the server does not say."""
    if reported := _reported_usage(response):
        return reported
    asked = "\n".join(str(message.get("content", "")) for message in messages)
    return TokenUsage(prompt_tokens=tokens.count(asked), completion_tokens=tokens.count(text), estimated=True)


def _reported_usage(response: ChatCompletion) -> TokenUsage | None:
    """What the server says it cost, answer or not."""
    usage = getattr(response, "usage", None)
    if usage is None:
        return None
    return TokenUsage(prompt_tokens=usage.prompt_tokens, completion_tokens=usage.completion_tokens)


def _keep_valid_citations(text: str, passages: int) -> tuple[str, tuple[int, ...]]:
    """The text without markers of passages that do not exist, and the others in order of first use."""
    cited: dict[int, None] = {}

    def keep(marker: re.Match[str]) -> str:
        numbers = [int(number) for number in re.findall(r"\d+", marker[1])]
        valid = [number for number in numbers if 1 <= number <= passages]
        cited.update(dict.fromkeys(valid))
        if valid == numbers:
            return marker[0]
        lead = marker[0][: marker[0].index("[")]
        return lead + "".join(f"[{number}]" for number in valid) if valid else ""

    return _MARKER.sub(keep, text), tuple(cited)


def _vectors(response: CreateEmbeddingResponse, expected: int, *, spent: TokenUsage) -> list[Vector]:
    """Unit vectors in the order of the texts, which were paid for however they are."""
    try:
        received = {item.index: [float(value) for value in item.embedding] for item in response.data}
    except (AttributeError, TypeError, ValueError) as error:
        raise ProviderUnavailable(_NO_ANSWER, spent=spent) from error
    if received.keys() != set(range(expected)):
        raise ProviderUnavailable(_NO_ANSWER, spent=spent)
    return [_unit(received[index], spent) for index in range(expected)]


def _unit(vector: Sequence[float], spent: TokenUsage) -> Vector:
    if len(vector) != EMBEDDING_DIMENSIONS:
        raise IncompatibleEmbedder
    norm = math.hypot(*vector)
    if not norm or not math.isfinite(norm):
        raise ProviderUnavailable(_INVALID_VECTOR, spent=spent)
    return array("f", (value / norm for value in vector))
