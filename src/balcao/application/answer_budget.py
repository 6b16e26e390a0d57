"""How many tokens an answer may cost at the worst, and the prompt that fits into what was reserved for it."""

from collections.abc import Sequence
from dataclasses import dataclass

from balcao.application.ports import LanguageModel, TokenCounter
from balcao.domain.chat import Message, TokenUsage
from balcao.domain.prompt import Prompt, build_prompt
from balcao.domain.reranking import LONGEST_SHOWN, TOKENS_OF_A_NUMBER, RankingPrompt
from balcao.domain.search import Passage

_BYTES_OF_AN_ESTIMATED_TOKEN = 3
_TOKENS_AROUND_A_MESSAGE = 8
"""More than the marks that a chat adds around each message: OpenAI's take 3 a message and 3 for the answer."""

SHORTEST_ANSWER = 256
"""Tokens without which no answer is asked for: it would end in the middle of its first sentences."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """Tokens without which a question cannot be answered at all, and the most that answering it may cost."""

    least: int
    most: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AffordablePrompt:
    """A prompt that costs at most ``worst_case`` tokens, the answer of at most ``max_tokens`` included."""

    prompt: Prompt
    max_tokens: int
    worst_case: int


class AnswerBudget:
    """Counts in the model's own tokens where its vocabulary is at hand; else in UTF-8 bytes.

    No token is less than a byte: byte-level BPE (Sennrich et al. 2016; Radford et al. 2019) merges bytes.
    """

    def __init__(self, model: LanguageModel, counter: TokenCounter, context_tokens: int) -> None:
        self._counter = counter
        self._context_tokens = context_tokens
        self._max_tokens = model.card.max_tokens

    def bounds(self, question: str, note: str, *, embedding: int, ranking: int) -> Bounds:
        """Before anything is found; ``embedding`` tokens are for finding it, ``ranking`` for its order at most."""
        bare = self.worst_of(Prompt(question=question, passages=(), note=note).texts())
        context = self._context_tokens * (1 if self._counter.exact else _BYTES_OF_AN_ESTIMATED_TOKEN)
        shortest = min(SHORTEST_ANSWER, self._max_tokens)
        most = embedding + ranking + max(context, bare) + self._max_tokens
        return Bounds(least=embedding + bare + shortest, most=most)

    def worst_ranking(self, question: str, passages: int) -> int:
        """The most tokens that a model's order of so many passages may cost, before they are found."""
        bare = RankingPrompt(question=question, passages=())
        shown = LONGEST_SHOWN // (_BYTES_OF_AN_ESTIMATED_TOKEN if self._counter.exact else 1)
        each = shown + _TOKENS_AROUND_A_MESSAGE + TOKENS_OF_A_NUMBER
        return self.worst_of(bare.texts()) + bare.max_tokens + passages * each

    def whole(self, question: str, note: str, passages: Sequence[Passage], history: Sequence[Message]) -> Prompt:
        """The prompt that the context's budget allows."""
        return build_prompt(
            question,
            passages,
            history,
            note=note,
            budget_tokens=self._context_tokens,
            count_tokens=self._counter.count,
        )

    def within(
        self, tokens: int, question: str, note: str, passages: Sequence[Passage], history: Sequence[Message]
    ) -> AffordablePrompt | None:
        """The largest prompt and the longest answer for at most ``tokens``; None when there is none."""
        shortest = min(SHORTEST_ANSWER, self._max_tokens)
        prompt = self.whole(question, note, passages, history)
        if self.worst_of(prompt.texts()) + shortest > tokens:
            marks = _TOKENS_AROUND_A_MESSAGE * (2 + len(history))
            prompt = build_prompt(
                question,
                passages,
                history,
                note=note,
                budget_tokens=tokens - shortest - marks - len(passages) * _TOKENS_AROUND_A_MESSAGE,
                count_tokens=self._worst_of_text,
            )
        asked = self.worst_of(prompt.texts())
        if asked + shortest > tokens:
            return None
        max_tokens = min(self._max_tokens, tokens - asked)
        return AffordablePrompt(prompt=prompt, max_tokens=max_tokens, worst_case=asked + max_tokens)

    def estimate(self, texts: Sequence[str]) -> TokenUsage:
        """What is charged for messages of whose fate nothing is heard."""
        tokens = sum(map(self._counter.count, texts))
        return TokenUsage(prompt_tokens=tokens, completion_tokens=0, estimated=True)

    def worst_of(self, texts: Sequence[str]) -> int:
        """The most tokens that messages of these texts may be."""
        return sum(map(self._worst_of_text, texts)) + _TOKENS_AROUND_A_MESSAGE * len(texts)

    def _worst_of_text(self, text: str) -> int:
        return self._counter.count(text) if self._counter.exact else len(text.encode("utf-8", "surrogatepass"))
