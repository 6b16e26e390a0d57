"""An optional step: a model puts the passages in order before the answer is asked for, within what is reserved."""

from collections.abc import Sequence
from dataclasses import dataclass

from balcao.application.answer_budget import AnswerBudget
from balcao.application.metering import Metering, Spending
from balcao.application.ports import Reranker
from balcao.application.unit_of_work import UnitOfWork
from balcao.domain.chat import Message
from balcao.domain.consumption import Charge, ChargeKind, Reservation
from balcao.domain.errors import ProviderError
from balcao.domain.reranking import MOST_RANKED, RankingPrompt, reordered
from balcao.domain.search import Passage

_FEWEST = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class PaidRanking:
    """A call that is reserved and checkpointed, to be made outside any unit of work."""

    reranker: Reranker
    prompt: RankingPrompt
    passages: Sequence[Passage]

    async def order(self, spending: Spending) -> list[Passage]:
        """The passages in the model's order; as they stood where it fails, whose cost is noted all the same."""
        try:
            ranking = await self.reranker.rank(self.prompt)
        except ProviderError as error:
            spending.give_up(error)
            return list(self.passages)
        spending.finish(ranking.usage)
        return reordered(self.passages, ranking.order)


class PassageReranking:
    """Asks for an order, where there is a ``reranker``, only as far as the answer keeps all that it would have had."""

    def __init__(self, reranker: Reranker | None, metering: Metering, budget: AnswerBudget) -> None:
        self._reranker = reranker
        self._metering = metering
        self._budget = budget

    def worst_case(self, question: str, passages: int) -> int:
        """The most tokens that ordering so many passages may cost, before they are found."""
        return self._budget.worst_ranking(question, min(passages, MOST_RANKED)) if self._reranker else 0

    async def begin(
        self,
        work: UnitOfWork,
        reservation: Reservation | None,
        question: str,
        note: str,
        passages: Sequence[Passage],
        history: Sequence[Message],
        spending: Spending,
    ) -> PaidRanking | None:
        """Checkpoint the call in the caller's unit of work; None where none is to be made."""
        if self._reranker is None or reservation is None or len(passages) < _FEWEST:
            return None
        left = reservation.tokens - spending.tokens
        answer = self._budget.within(left, question, note, passages, history)
        prompt = RankingPrompt(question=question, passages=tuple(passages[:MOST_RANKED]))
        if answer is None or answer.worst_case + self._budget.worst_of(prompt.texts()) + prompt.max_tokens > left:
            return None
        usage = self._budget.estimate(prompt.texts())
        call = Charge(kind=ChargeKind.RERANKING, model=self._reranker.model, usage=usage)
        if not await self._metering.narrow(work, reservation, (*spending.charges, call), reservation.tokens):
            return None
        spending.begin(call)
        return PaidRanking(reranker=self._reranker, prompt=prompt, passages=passages)
