"""Answer a question from the documents, in a conversation that is kept."""

import time
from dataclasses import dataclass, field, replace
from datetime import date
from uuid import uuid4

from balcao.application.audit_trail import AuditTrail
from balcao.application.daily_limits import Asker, DailyLimits, start_of_day
from balcao.application.metering import Metering
from balcao.application.passage_search import PassageSearch
from balcao.application.ports import Clock, LanguageModel, Reranker, TokenCounter
from balcao.application.question_answering import PendingQuestion, QuestionAnswering, WrittenAnswer
from balcao.application.tenancy import OpenDoors, own_prefeitura_id, prefeitura_id_of
from balcao.application.unit_of_work import TenantUnitOfWork, UnitOfWork
from balcao.domain.chat import (
    AnswerMode,
    ChatSession,
    DocumentReference,
    Message,
    MessageRole,
    MessageType,
    TokenUsage,
)
from balcao.domain.consumption import Consumer, total
from balcao.domain.errors import DailyLimitReached, QuotaExceeded, SessionLimitReached, SessionNotFound
from balcao.domain.excerpts import best_excerpt
from balcao.domain.identity import Principal
from balcao.domain.ids import MessageId, PrefeituraId, SessionId
from balcao.domain.portuguese import terms
from balcao.domain.prompt import renumber_citations
from balcao.domain.quota import QuotaBalance
from balcao.domain.quotations import quoted_excerpt
from balcao.domain.search import Passage, SearchFilter
from balcao.domain.text import clean_question, require_storable

_HISTORY_MESSAGES = 10
_TERMS_OF_A_WHOLE_QUESTION = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatRules:
    """Limits and sizes of a conversation.

    ``max_daily_messages`` are a person's or an anonymous cookie's questions a day, a conversation's when neither is
    known; ``anonymous_daily_per_address`` are those of everybody without a login at one network address.

    ``search_results`` passages are looked at; ``context_tokens`` of prompt may be built from them;
    ``similarity_threshold`` replaces the adaptive relevance decision where somebody set it.
    """

    search_results: int = 5
    context_tokens: int = 6000
    max_messages_per_session: int = 100
    max_daily_messages: int = 50
    anonymous_daily_per_address: int = 500
    similarity_threshold: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatRequest:
    """``prefeitura`` is a slug, None for the public one; without ``session_id`` a conversation begins.

    Where a ``principal`` asks, the prefeitura is his, and the conversation his own. ``anonymous_cookie`` and
    ``address`` say by what questions without a login are counted. ``is_strict`` asks for an answer or nothing: the
    passages alone, which the quota always does for, are not wanted. The answer rests on what was in force on the day
    ``on``, today where it is None; with ``include_out_of_force``, on anything.
    """

    message: str
    session_id: SessionId | None = None
    metadata: dict[str, object] = field(default_factory=dict)
    prefeitura: str | None = None
    principal: Principal | None = None
    anonymous_cookie: str | None = field(default=None, repr=False)
    address: str | None = field(default=None, repr=False)
    is_strict: bool = False
    on: date | None = None
    include_out_of_force: bool = False

    @property
    def asker(self) -> Asker:
        """Whom the question is counted for; nobody where a program asks."""
        if self.principal is not None and not self.principal.is_anonymous:
            return Asker(usuario_id=self.principal.usuario_id)
        return Asker(anonymous_cookie=self.anonymous_cookie, address=self.address)

    @property
    def wanted(self) -> SearchFilter:
        """Which documents the answer may rest on."""
        return SearchFilter(on=self.on, include_out_of_force=self.include_out_of_force)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatResponse:
    """The kept answer. Citation ``[n]`` of its text is ``sources[n - 1]``; ``processing_time`` is in seconds.

    ``balance`` is the prefeitura's after it; ``is_metered`` whether answers are charged to it at all.
    """

    response: str
    found: bool
    mode: AnswerMode
    session_id: SessionId
    message_id: MessageId
    sources: tuple[DocumentReference, ...]
    headings: tuple[str, ...]
    search_results_count: int
    conversation_length: int
    model: str
    usage: TokenUsage
    balance: QuotaBalance
    is_metered: bool
    processing_time: float

    @property
    def quota_in_words(self) -> str:
        """What is left, as people are told."""
        return self.balance.in_words() if self.is_metered else "Nesta instalação as respostas não gastam tokens."


class ChatWithDocumentsUseCase:
    """Question in, cited answer out. No transaction is open while a provider is called, and none is called for more
    than was reserved in the transaction that saves the question.
    """

    def __init__(
        self,
        open_work: TenantUnitOfWork,
        open_doors: OpenDoors,
        search: PassageSearch,
        model: LanguageModel,
        counter: TokenCounter,
        clock: Clock,
        rules: ChatRules,
        metering: Metering,
        trail: AuditTrail,
        reranker: Reranker | None = None,
    ) -> None:
        self._open_work = open_work
        self._open_doors = open_doors
        self._search = search
        self._clock = clock
        self._rules = rules
        self._metering = metering
        self._trail = trail
        self._daily = DailyLimits(each=rules.max_daily_messages, per_address=rules.anonymous_daily_per_address)
        self._answering = QuestionAnswering(
            open_work,
            search,
            model,
            counter,
            metering,
            search_results=rules.search_results,
            context_tokens=rules.context_tokens,
            similarity_threshold=rules.similarity_threshold,
            reranker=reranker,
        )

    async def execute(self, request: ChatRequest) -> ChatResponse:
        """Answer. The question stays even when a provider fails, and what was spent is counted all the same.

        Where the quota does not do for an answer, the passages are given instead, unless the request is strict.

        Raises:
            EmptyMessage, InvalidText: the message is not usable.
            SessionNotFound: the session is unknown, closed, erased (be it meanwhile), another person's or another
                prefeitura's.
            SessionLimitReached, DailyLimitReached: a limit of v2.0.
            QuotaExceeded: a strict request that the quota does not do for.
            PrefeituraNotFound: there is no such prefeitura, or it is not the principal's.
            ProviderError: the model or the embedder failed.
        """
        started = time.perf_counter()
        question = await self._begin(request)
        written = await self._answering.answer(question)
        answer, used = self._message(question, written)
        kept, balance = await self._keep(question, answer, written, used)
        if kept.content is None:
            raise SessionNotFound(param="session_id")
        return ChatResponse(
            response=kept.content,
            found=written.completion.found,
            mode=written.mode,
            session_id=kept.session_id,
            message_id=kept.id,
            sources=kept.document_references,
            headings=tuple(passage.heading for passage in used),
            search_results_count=len(written.prompt.passages),
            conversation_length=question.conversation_length + 1,
            model=written.completion.model,
            usage=total(written.charges),
            balance=balance,
            is_metered=self._answering.is_metered,
            processing_time=time.perf_counter() - started,
        )

    async def _begin(self, request: ChatRequest) -> PendingQuestion:
        question = clean_question(request.message)
        require_storable(request.metadata, param="metadata")
        prefeitura_id = await self._prefeitura_id(request)
        usuario_id = request.principal.usuario_id if request.principal else None
        async with self._open_work(prefeitura_id, usuario_id) as work:
            session_id, length = await self._session(work, prefeitura_id, request)
            await self._daily.take(work, request.asker, self._clock.now())
            history = await work.messages.find_last_messages(session_id, _HISTORY_MESSAGES) if length else []
            search_text = _search_text(question, history)
            inquiry = await self._search.inquire(work, prefeitura_id, search_text, request.wanted)
            message = Message(
                id=MessageId(uuid4()),
                prefeitura_id=prefeitura_id,
                session_id=session_id,
                role=MessageRole.USER,
                content=question,
                metadata=request.metadata | request.wanted.validity_asked(),
            )
            if (await work.messages.save_message(message)).content is None:
                raise SessionNotFound(param="session_id")
            consumer = Consumer(
                prefeitura_id=prefeitura_id, usuario_id=usuario_id, session_id=session_id, message_id=message.id
            )
            reservation = await self._answering.reserve(work, consumer, question, inquiry)
            if request.is_strict and self._answering.is_metered and reservation is None:
                raise QuotaExceeded
            await self._trail.question(work, request.principal, message, request.wanted.validity_asked())
        return PendingQuestion(
            consumer=consumer,
            session_id=session_id,
            conversation_length=length + 1,
            question=question,
            history=history,
            inquiry=inquiry,
            is_strict=request.is_strict,
            reservation=reservation,
        )

    async def _prefeitura_id(self, request: ChatRequest) -> PrefeituraId:
        if request.principal is None:
            return await prefeitura_id_of(self._open_doors, request.prefeitura)
        return await own_prefeitura_id(self._open_doors, request.principal, request.prefeitura)

    async def _session(
        self, work: UnitOfWork, prefeitura_id: PrefeituraId, request: ChatRequest
    ) -> tuple[SessionId, int]:
        """The conversation, and how many messages it has."""
        wanted = request.session_id
        if wanted is None:
            usuario_id = request.principal.usuario_id if request.principal else None
            new = ChatSession(id=SessionId(uuid4()), prefeitura_id=prefeitura_id, usuario_id=usuario_id)
            return (await work.sessions.save_session(new)).id, 0
        session = await work.sessions.find_session_by_id(wanted)
        if session is None or not session.is_active:
            raise SessionNotFound(param="session_id")
        length = await work.messages.count_messages_by_session_id(wanted)
        if length >= self._rules.max_messages_per_session:
            raise SessionLimitReached
        if not request.asker.is_known:
            today = start_of_day(self._clock.now())
            if await work.messages.count_questions_since(wanted, today) >= self._rules.max_daily_messages:
                raise DailyLimitReached
        return wanted, length

    def _message(self, question: PendingQuestion, written: WrittenAnswer) -> tuple[Message, list[Passage]]:
        """The answer as it is kept, and the passages that it cites."""
        completion, passages = written.completion, written.prompt.passages
        cited = completion.cited or tuple(range(1, len(passages) + 1))
        used = [passages[number - 1] for number in cited] if completion.found else []
        is_search = written.mode is AnswerMode.SEARCH
        answer = Message(
            id=MessageId(uuid4()),
            prefeitura_id=question.consumer.prefeitura_id,
            session_id=question.session_id,
            role=MessageRole.ASSISTANT,
            content=renumber_citations(completion.text, cited),
            message_type=MessageType.SEARCH_RESULT if is_search else MessageType.TEXT,
            document_references=tuple(
                _reference(passage, question.inquiry.question, completion.text) for passage in used
            ),
            metadata={"model": completion.model, "found": completion.found, "modo": written.mode},
        )
        return answer, used

    async def _keep(
        self, question: PendingQuestion, answer: Message, written: WrittenAnswer, used: list[Passage]
    ) -> tuple[Message, QuotaBalance]:
        """Save the answer and settle what it cost, in one transaction; the answer, and what is left.

        Where the conversation was erased meanwhile, what the answer says is neither kept nor to be told from the audit
        trail; what it cost, and whence it came, is.
        """
        consumer, reservation = replace(question.consumer, message_id=answer.id), question.reservation
        async with self._open_work(consumer.prefeitura_id, consumer.usuario_id) as work:
            if reservation is None:
                kept = await work.messages.save_message(answer)
                balance = await self._metering.balance(work, consumer.prefeitura_id)
            else:
                closure = await self._metering.close(work, reservation, written.charges)
                answer = replace(answer, usage=closure.usage)
                kept = await work.messages.save_message(answer)
                answered = written.mode is AnswerMode.ANSWER and bool(written.completion.usage.total_tokens)
                balance = await self._metering.settle(work, closure, consumer, questions=int(answered))
            recorded = replace(answer, content=kept.content, salt=kept.salt)
            await self._trail.answer(work, question.consumer.message_id, recorded, used)
        return kept, balance


def _search_text(question: str, history: list[Message]) -> str:
    """The question; behind the one before it when it is too short to stand alone ("e para idosos?")."""
    if len(terms(question)) >= _TERMS_OF_A_WHOLE_QUESTION:
        return question
    before = [message.content for message in history if message.role is MessageRole.USER and message.content]
    return f"{before[-1]} {question}" if before else question


def _reference(passage: Passage, question: str, answer: str) -> DocumentReference:
    content = passage.content
    return DocumentReference(
        document_id=passage.document_id,
        chunk_id=passage.chunk_id,
        source=passage.source,
        page=passage.page,
        similarity_score=round(passage.similarity, 6),
        excerpt=quoted_excerpt(content, answer, question) or best_excerpt(content, question),
    )
