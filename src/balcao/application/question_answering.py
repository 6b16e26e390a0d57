"""From a saved question to what it is answered: find passages, ask the model, spend no more than was reserved."""

from dataclasses import dataclass

from balcao.application.answer_budget import AnswerBudget
from balcao.application.metering import Metering, Spending
from balcao.application.passage_search import PassageSearch
from balcao.application.ports import Completion, LanguageModel, Reranker, TokenCounter
from balcao.application.reranking import PassageReranking
from balcao.application.unit_of_work import TenantUnitOfWork, UnitOfWork
from balcao.domain.chat import AnswerMode, Message
from balcao.domain.consumption import NOTHING, Charge, ChargeKind, Consumer, Reservation
from balcao.domain.document import Embedding
from balcao.domain.errors import QuotaExceeded
from balcao.domain.ids import SessionId
from balcao.domain.prompt import NOT_FOUND_ANSWER, Prompt, validity_note
from balcao.domain.search import Inquiry, Passage
from balcao.domain.search_answer import SEARCH_MODEL, search_answer


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingQuestion:
    """A saved question; ``reservation`` is None where nothing is charged for, or nothing may be spent.

    ``inquiry`` is what is searched for it. A strict one wants an answer or nothing. The conversation has so many
    messages with it.
    """

    consumer: Consumer
    session_id: SessionId
    conversation_length: int
    question: str
    history: list[Message]
    inquiry: Inquiry
    is_strict: bool
    reservation: Reservation | None

    @property
    def note(self) -> str:
        """What the model is told of the validity that the question is about."""
        return validity_note(self.inquiry.filter)


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenAnswer:
    """An answer to be kept, what it was made from, and what it cost."""

    mode: AnswerMode
    prompt: Prompt
    completion: Completion
    charges: tuple[Charge, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Draft:
    """What is to be answered, and how."""

    mode: AnswerMode
    prompt: Prompt
    max_tokens: int | None = None


class QuestionAnswering:
    """No transaction is open while a provider is called, and none is called without a reservation that suffices."""

    def __init__(
        self,
        open_work: TenantUnitOfWork,
        search: PassageSearch,
        model: LanguageModel,
        counter: TokenCounter,
        metering: Metering,
        *,
        search_results: int,
        context_tokens: int,
        similarity_threshold: float | None,
        reranker: Reranker | None,
    ) -> None:
        self._open_work = open_work
        self._search = search
        self._model = model
        self._metering = metering
        self._search_results = search_results
        self._budget = AnswerBudget(model, counter, context_tokens)
        self._reranking = PassageReranking(reranker, metering, self._budget)
        self._relevance = search.relevance_rule(similarity_threshold)

    @property
    def is_metered(self) -> bool:
        """Whether anybody charges for answers."""
        return self._model.is_paid or self._search.is_paid

    async def reserve(
        self, work: UnitOfWork, consumer: Consumer, question: str, inquiry: Inquiry
    ) -> Reservation | None:
        """Hold the worst case in the unit of work that saves the question; None where the quota does not do for it."""
        if not self.is_metered:
            return None
        search_text, note = inquiry.question, validity_note(inquiry.filter)
        embedding = self._search.worst_case(search_text) if self._search.is_paid else 0
        ranking = self._reranking.worst_case(question, self._search_results)
        bounds = (
            self._budget.bounds(question, note, embedding=embedding, ranking=ranking) if self._model.is_paid else None
        )
        return await self._metering.reserve(
            work,
            consumer,
            least=bounds.least if bounds else embedding,
            most=bounds.most if bounds else embedding,
            first_call=self._search.call(search_text) if self._search.is_paid else None,
        )

    async def answer(self, question: PendingQuestion) -> WrittenAnswer:
        """Answer, or, where the quota does not do for that, show the passages. What failed is settled before it raises.

        Raises:
            QuotaExceeded: the question is strict, and the quota does not do for an answer.
            ProviderError: the model or the embedder failed.
        """
        spending = Spending()
        try:
            embedding = await self._embed(question, spending)
            draft = await self._draft(question, embedding, spending)
            completion = await self._complete(draft, spending)
        except BaseException as error:
            spending.fail(error)
            await self._settle_failure(question, spending)
            raise
        return WrittenAnswer(mode=draft.mode, prompt=draft.prompt, completion=completion, charges=spending.charges)

    async def _embed(self, question: PendingQuestion, spending: Spending) -> Embedding | None:
        """The vector of the search; None where it would cost what may not be spent."""
        if not self._search.is_paid:
            return (await self._search.embed(question.inquiry))[0]
        if question.reservation is None:
            return None
        return await self._search.embed_metered(question.inquiry, spending)

    async def _draft(self, question: PendingQuestion, embedding: Embedding | None, spending: Spending) -> _Draft:
        """Find the passages, and make sure in the same transaction that what is asked next is paid for."""
        consumer = question.consumer
        async with self._open_work(consumer.prefeitura_id, consumer.usuario_id) as work:
            relevant = await self._search.find_support(
                work, question.inquiry, embedding, self._search_results, self._relevance
            )
            ranking = await self._reranking.begin(
                work, question.reservation, question.question, question.note, relevant, question.history, spending
            )
            if ranking is None:
                return await self._draft_from(work, question, relevant, spending)
        ordered = await ranking.order(spending)
        async with self._open_work(consumer.prefeitura_id, consumer.usuario_id) as work:
            return await self._draft_from(work, question, ordered, spending)

    async def _draft_from(
        self, work: UnitOfWork, question: PendingQuestion, relevant: list[Passage], spending: Spending
    ) -> _Draft:
        if not self.is_metered or not self._model.is_paid or (question.reservation and not relevant):
            prompt = self._budget.whole(question.question, question.note, relevant, question.history)
            return _Draft(mode=AnswerMode.ANSWER, prompt=prompt)
        draft = await self._affordable(work, question, relevant, spending)
        if draft is not None:
            return draft
        if question.is_strict:
            raise QuotaExceeded
        return _Draft(mode=AnswerMode.SEARCH, prompt=Prompt(question=question.question, passages=tuple(relevant)))

    async def _affordable(
        self, work: UnitOfWork, question: PendingQuestion, relevant: list[Passage], spending: Spending
    ) -> _Draft | None:
        """The draft of an answer for which enough is reserved; None when there is none."""
        reservation = question.reservation
        if reservation is None:
            return None
        spent = spending.tokens
        left = reservation.tokens - spent
        fitting = self._budget.within(left, question.question, question.note, relevant, question.history)
        if fitting is None:
            return None
        call = Charge(
            kind=ChargeKind.ANSWER, model=self._model.card.id, usage=self._budget.estimate(fitting.prompt.texts())
        )
        if not await self._metering.narrow(work, reservation, (*spending.charges, call), spent + fitting.worst_case):
            return None
        spending.begin(call)
        return _Draft(mode=AnswerMode.ANSWER, prompt=fitting.prompt, max_tokens=fitting.max_tokens)

    async def _complete(self, draft: _Draft, spending: Spending) -> Completion:
        passages = draft.prompt.passages
        if draft.mode is AnswerMode.SEARCH:
            return Completion(
                text=search_answer(passages, draft.prompt.question),
                found=bool(passages),
                cited=tuple(range(1, len(passages) + 1)),
                model=SEARCH_MODEL,
                usage=NOTHING,
            )
        if not passages:
            model = self._model.card.id
            return Completion(text=NOT_FOUND_ANSWER, found=False, cited=(), model=model, usage=NOTHING)
        completion = await self._model.complete(draft.prompt, max_tokens=draft.max_tokens)
        spending.finish(completion.usage)
        return completion

    async def _settle_failure(self, question: PendingQuestion, spending: Spending) -> None:
        if question.reservation is not None:
            consumer = question.consumer
            async with self._open_work(consumer.prefeitura_id, consumer.usuario_id) as work:
                await self._metering.settle_unanswered(work, question.reservation, spending.charges)
