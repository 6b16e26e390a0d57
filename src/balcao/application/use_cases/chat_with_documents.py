"""Answer a question from the documents, in a conversation that is kept."""

import time
from dataclasses import dataclass, field
from uuid import uuid4

from balcao.application.daily_limits import Asker, DailyLimits, start_of_day
from balcao.application.passage_search import PassageSearch
from balcao.application.ports import Clock, Completion, LanguageModel, TokenCounter
from balcao.application.tenancy import own_prefeitura_id, prefeitura_id_of
from balcao.application.unit_of_work import TenantUnitOfWork, UnitOfWork
from balcao.domain.chat import ChatSession, DocumentReference, Message, MessageRole, TokenUsage
from balcao.domain.errors import DailyLimitReached, SessionLimitReached, SessionNotFound
from balcao.domain.excerpts import best_excerpt
from balcao.domain.identity import Principal
from balcao.domain.ids import MessageId, PrefeituraId, SessionId, UsuarioId
from balcao.domain.portuguese import terms
from balcao.domain.prompt import NOT_FOUND_ANSWER, Prompt, build_prompt, renumber_citations
from balcao.domain.search import Inquiry, Passage
from balcao.domain.text import clean_question, require_storable

_HISTORY_MESSAGES = 10
_TERMS_OF_A_WHOLE_QUESTION = 3
_FREE = TokenUsage(prompt_tokens=0, completion_tokens=0)


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
    ``address`` say by what questions without a login are counted.
    """

    message: str
    session_id: SessionId | None = None
    metadata: dict[str, object] = field(default_factory=dict)
    prefeitura: str | None = None
    principal: Principal | None = None
    anonymous_cookie: str | None = field(default=None, repr=False)
    address: str | None = field(default=None, repr=False)

    @property
    def asker(self) -> Asker:
        """Whom the question is counted for; nobody where a program asks."""
        if self.principal is not None and not self.principal.is_anonymous:
            return Asker(usuario_id=self.principal.usuario_id)
        return Asker(anonymous_cookie=self.anonymous_cookie, address=self.address)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatResponse:
    """The kept answer. Citation ``[n]`` of its text is ``sources[n - 1]``; ``processing_time`` is in seconds."""

    response: str
    found: bool
    session_id: SessionId
    message_id: MessageId
    sources: tuple[DocumentReference, ...]
    headings: tuple[str, ...]
    search_results_count: int
    conversation_length: int
    model: str
    usage: TokenUsage
    processing_time: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Turn:
    """What the first transaction read and wrote."""

    prefeitura_id: PrefeituraId
    usuario_id: UsuarioId | None
    session_id: SessionId
    question: str
    search_text: str
    history: list[Message]
    inquiry: Inquiry


class ChatWithDocumentsUseCase:
    """Question in, cited answer out. No transaction is open while a provider is called."""

    def __init__(
        self,
        open_work: TenantUnitOfWork,
        search: PassageSearch,
        model: LanguageModel,
        counter: TokenCounter,
        clock: Clock,
        rules: ChatRules,
    ) -> None:
        self._open_work = open_work
        self._search = search
        self._model = model
        self._counter = counter
        self._clock = clock
        self._rules = rules
        self._daily = DailyLimits(each=rules.max_daily_messages, per_address=rules.anonymous_daily_per_address)
        self._relevance = search.relevance_rule(rules.similarity_threshold)

    async def execute(self, request: ChatRequest) -> ChatResponse:
        """Answer. The question stays even when a provider fails, and what was spent is counted all the same.

        Raises:
            EmptyMessage, InvalidText: the message is not usable.
            SessionNotFound: the session is unknown, closed, erased, another person's or another prefeitura's.
            SessionLimitReached, DailyLimitReached: a limit of v2.0.
            PrefeituraNotFound: there is no such prefeitura, or it is not the principal's.
            ProviderError: the model or the embedder failed.
        """
        started = time.perf_counter()
        turn = await self._begin(request)
        spent = _FREE
        try:
            embedding, spent = await self._search.embed(turn.inquiry)
            async with self._open_work(turn.prefeitura_id) as work:
                support = await self._search.find_support(
                    work, turn.inquiry, embedding, self._rules.search_results, self._relevance
                )
            prompt = build_prompt(
                turn.question,
                support,
                turn.history,
                budget_tokens=self._rules.context_tokens,
                count_tokens=self._counter.count,
            )
            completion = await self._complete(prompt)
        except BaseException:
            await self._settle_failure(turn, spent)
            raise
        spent += completion.usage
        answer, used, length = await self._keep_answer(turn, prompt, completion, spent)
        return ChatResponse(
            response=answer.content or "",
            found=completion.found,
            session_id=turn.session_id,
            message_id=answer.id,
            sources=answer.document_references,
            headings=tuple(passage.heading for passage in used),
            search_results_count=len(prompt.passages),
            conversation_length=length,
            model=completion.model,
            usage=spent,
            processing_time=time.perf_counter() - started,
        )

    async def _begin(self, request: ChatRequest) -> _Turn:
        question = clean_question(request.message)
        require_storable(request.metadata, param="metadata")
        prefeitura_id = await self._prefeitura_id(request)
        usuario_id = request.principal.usuario_id if request.principal else None
        async with self._open_work(prefeitura_id, usuario_id) as work:
            session_id = await self._session(work, prefeitura_id, request)
            await self._daily.take(work, request.asker, self._clock.now())
            history = await work.messages.find_last_messages(session_id, _HISTORY_MESSAGES)
            search_text = _search_text(question, history)
            inquiry = await self._search.inquire(work, prefeitura_id, search_text)
            await work.messages.save_message(
                Message(
                    id=MessageId(uuid4()),
                    prefeitura_id=prefeitura_id,
                    session_id=session_id,
                    role=MessageRole.USER,
                    content=question,
                    metadata=request.metadata,
                )
            )
        return _Turn(
            prefeitura_id=prefeitura_id,
            usuario_id=usuario_id,
            session_id=session_id,
            question=question,
            search_text=search_text,
            history=history,
            inquiry=inquiry,
        )

    async def _prefeitura_id(self, request: ChatRequest) -> PrefeituraId:
        if request.principal is None:
            return await prefeitura_id_of(self._open_work, request.prefeitura)
        return await own_prefeitura_id(self._open_work, request.principal, request.prefeitura)

    async def _session(self, work: UnitOfWork, prefeitura_id: PrefeituraId, request: ChatRequest) -> SessionId:
        wanted = request.session_id
        if wanted is None:
            usuario_id = request.principal.usuario_id if request.principal else None
            new = ChatSession(id=SessionId(uuid4()), prefeitura_id=prefeitura_id, usuario_id=usuario_id)
            return (await work.sessions.save_session(new)).id
        session = await work.sessions.find_session_by_id(wanted)
        if session is None or not session.is_active:
            raise SessionNotFound(param="session_id")
        if await work.messages.count_messages_by_session_id(wanted) >= self._rules.max_messages_per_session:
            raise SessionLimitReached
        if not request.asker.is_known:
            today = start_of_day(self._clock.now())
            if await work.messages.count_questions_since(wanted, today) >= self._rules.max_daily_messages:
                raise DailyLimitReached
        return wanted

    async def _complete(self, prompt: Prompt) -> Completion:
        if not prompt.passages:
            return Completion(text=NOT_FOUND_ANSWER, found=False, cited=(), model=self._model.card.id, usage=_FREE)
        return await self._model.complete(prompt)

    async def _keep_answer(
        self, turn: _Turn, prompt: Prompt, completion: Completion, spent: TokenUsage
    ) -> tuple[Message, list[Passage], int]:
        cited = completion.cited or tuple(range(1, len(prompt.passages) + 1))
        used = [prompt.passages[number - 1] for number in cited] if completion.found else []
        answer = Message(
            id=MessageId(uuid4()),
            prefeitura_id=turn.prefeitura_id,
            session_id=turn.session_id,
            role=MessageRole.ASSISTANT,
            content=renumber_citations(completion.text, cited),
            document_references=tuple(_reference(passage, turn.search_text) for passage in used),
            usage=spent,
            metadata={"model": completion.model, "found": completion.found},
        )
        async with self._open_work(turn.prefeitura_id, turn.usuario_id) as work:
            kept = await work.messages.save_message(answer)
            await work.prefeituras.add_consumption(turn.prefeitura_id, spent.total_tokens)
            length = await work.messages.count_messages_by_session_id(turn.session_id)
        return kept, used, length

    async def _settle_failure(self, turn: _Turn, spent: TokenUsage) -> None:
        if spent.total_tokens:
            async with self._open_work(turn.prefeitura_id) as work:
                await work.prefeituras.add_consumption(turn.prefeitura_id, spent.total_tokens)


def _search_text(question: str, history: list[Message]) -> str:
    """The question; behind the one before it when it is too short to stand alone ("e para idosos?")."""
    if len(terms(question)) >= _TERMS_OF_A_WHOLE_QUESTION:
        return question
    before = [message.content for message in history if message.role is MessageRole.USER and message.content]
    return f"{before[-1]} {question}" if before else question


def _reference(passage: Passage, question: str) -> DocumentReference:
    return DocumentReference(
        document_id=passage.document_id,
        chunk_id=passage.chunk_id,
        source=passage.source,
        page=passage.page,
        similarity_score=round(passage.similarity, 6),
        excerpt=best_excerpt(passage.content, question),
    )
