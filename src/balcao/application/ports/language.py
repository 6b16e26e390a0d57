"""Ports of language: the model that answers, the embedder, the counter of tokens."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from balcao.domain.chat import TokenUsage
from balcao.domain.document import Embedding
from balcao.domain.prompt import Prompt
from balcao.domain.reranking import RankingPrompt


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """A model's answer. ``cited`` are the passages used, by their numbers in the prompt (from 1), in order of use.

    ``found`` is False when the passages do not hold an answer; ``text`` is then ``NOT_FOUND_ANSWER``.
    """

    text: str
    found: bool
    cited: tuple[int, ...]
    model: str
    usage: TokenUsage


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCard:
    """A model as ``GET /chat/models`` presents it."""

    id: str
    name: str
    description: str
    max_tokens: int


class LanguageModel(Protocol):
    """Writes an answer from a prompt's passages."""

    @property
    def card(self) -> ModelCard:
        """How the model presents itself; never claims to be what it is not."""
        ...

    @property
    def is_paid(self) -> bool:
        """Whether a provider charges for it: its tokens are then reserved before each call."""
        ...

    async def complete(self, prompt: Prompt, *, max_tokens: int | None = None) -> Completion:
        """Answer the prompt's question from its passages, in at most ``max_tokens``; None for the card's.

        Raises:
            ProviderError: the provider failed, after the adapter's own retries.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """A model's order of a prompt's passages, by their numbers (from 1), best first, and what it cost.

    ``order`` may leave passages out, names none twice, and is empty where the model did not answer as it was told.
    """

    order: tuple[int, ...]
    usage: TokenUsage


class Reranker(Protocol):
    """Puts passages in the order of their use for a question; a provider charges for it."""

    @property
    def model(self) -> str:
        """Name under which its tokens are charged."""
        ...

    async def rank(self, prompt: RankingPrompt) -> Ranking:
        """Order the prompt's passages, in an answer of at most the prompt's ``max_tokens``.

        Raises:
            ProviderError: the provider failed; it was asked once, since the question can do without.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddingBatch:
    """Vectors in the order of the texts asked for, with what they cost."""

    embeddings: tuple[Embedding, ...]
    usage: TokenUsage


class Embedder(Protocol):
    """Turns texts into unit vectors of EMBEDDING_DIMENSIONS."""

    @property
    def model(self) -> str:
        """Name recorded with every vector."""
        ...

    @property
    def is_paid(self) -> bool:
        """Whether a provider charges for it: its vectors are then kept as soon as they arrive."""
        ...

    @property
    def batch_size(self) -> int:
        """How many texts are best sent in one call."""
        ...

    @property
    def similarity_floor(self) -> float:
        """Cosine similarity from which a match of this model counts as relevant on its own; above 1 for never."""
        ...

    @property
    def typical_similarity(self) -> float:
        """Cosine similarity that a right passage typically has by this model, in 0..1 without 0."""
        ...

    @property
    def vector_share(self) -> float:
        """What this model's similarities count in a passage's score, in 0..1; its words count the rest."""
        ...

    async def embed(self, texts: Sequence[str]) -> EmbeddingBatch:
        """Embed up to ``batch_size`` texts of documents.

        Raises:
            ProviderError: the provider failed, after the adapter's own retries.
            IncompatibleEmbedder: the vectors do not have EMBEDDING_DIMENSIONS.
        """
        ...

    async def embed_question(self, question: str, rarities: Mapping[str, float]) -> EmbeddingBatch:
        """Embed a question, to be compared with what ``embed`` made; raises as it does.

        ``rarities`` are the inverse document frequencies, in the collection as it is now, of the question's words
        (folded); a model that knows by itself what matters in a text leaves them unread.
        """
        ...


class TokenCounter(Protocol):
    """Counts tokens of the language model."""

    @property
    def exact(self) -> bool:
        """False when the counts are an upper estimate."""
        ...

    def count(self, text: str) -> int:
        """Tokens of a text."""
        ...
