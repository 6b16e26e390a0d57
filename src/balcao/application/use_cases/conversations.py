"""A person's own conversations. Nobody else's exist for him: not a colleague's, not for a gestor."""

from dataclasses import dataclass, replace
from datetime import datetime

from balcao.application.audit_trail import AuditTrail
from balcao.application.unit_of_work import TenantUnitOfWork
from balcao.domain.chat import ChatSession
from balcao.domain.errors import SessionNotFound
from balcao.domain.identity import Principal
from balcao.domain.ids import SessionId

_MOST_MESSAGES = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class ListConversationsRequest:
    """A page of ``limit`` conversations, those last changed before ``before``."""

    principal: Principal
    limit: int = 100
    before: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationRequest:
    """One conversation, of the person or, anonymously, of whoever knows its id."""

    principal: Principal
    session_id: SessionId


class ListConversationsUseCase:
    """Reads a person's conversations; anonymous ones are never listed."""

    def __init__(self, open_work: TenantUnitOfWork) -> None:
        self._open_work = open_work

    async def execute(self, request: ListConversationsRequest) -> list[ChatSession]:
        """A page without messages, last changed first; the next one is ``before`` its last ``updated_at``.

        Raises:
            AuthenticationRequired, PermissionDenied: no person is asking.
        """
        usuario_id = request.principal.require_person()
        async with self._open_work(request.principal.prefeitura_id, usuario_id) as work:
            return await work.sessions.find_sessions_of(usuario_id, request.limit, request.before)


class ReadConversationUseCase:
    """Reads one conversation."""

    def __init__(self, open_work: TenantUnitOfWork) -> None:
        self._open_work = open_work

    async def execute(self, request: ConversationRequest) -> ChatSession:
        """The conversation with its messages, at most the first 1000.

        Raises:
            SessionNotFound: it is unknown, erased, or somebody else's.
        """
        principal = request.principal
        async with self._open_work(principal.prefeitura_id, principal.usuario_id) as work:
            session = await work.sessions.find_session_by_id(request.session_id)
            if session is None:
                raise SessionNotFound(param="session_id")
            messages = await work.messages.find_messages_by_session_id(request.session_id, _MOST_MESSAGES)
        return replace(session, messages=tuple(messages))


class EraseConversationUseCase:
    """Erases what was said in a conversation."""

    def __init__(self, open_work: TenantUnitOfWork, trail: AuditTrail) -> None:
        self._open_work = open_work
        self._trail = trail

    async def execute(self, request: ConversationRequest) -> None:
        """Erase it; its tokens stay counted, and digests of which nobody can tell any more what they are of.

        Raises:
            SessionNotFound: it is unknown, erased already, or somebody else's.
        """
        principal = request.principal
        async with self._open_work(principal.prefeitura_id, principal.usuario_id) as work:
            if not await work.sessions.delete_session(request.session_id):
                raise SessionNotFound(param="session_id")
            await self._trail.erasure(work, principal, request.session_id)
