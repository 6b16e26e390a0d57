"""One's own conversations."""

from datetime import UTC, datetime
from uuid import UUID

from fastapi import APIRouter

from balcao.application.use_cases.conversations import ConversationRequest, ListConversationsRequest
from balcao.domain.chat import ChatSession
from balcao.domain.ids import SessionId
from balcao.interface.api.identity_schemas import ConversationDetailView, ConversationView
from balcao.interface.api.paging import PAGE_SIZE, CursorQuery, LimitQuery, PageView, instant_in, page_of
from balcao.interface.api.schemas import errors
from balcao.interface.dependencies.providers import ContainerDep, PrincipalDep

router = APIRouter(prefix="/chat/sessions", tags=["chat"])


@router.get("", summary="Listar as próprias conversas", responses=errors(400, 401, 403, 404))
async def list_conversations(
    container: ContainerDep, principal: PrincipalDep, limite: LimitQuery = PAGE_SIZE, cursor: CursorQuery = None
) -> PageView[ConversationView]:
    """As conversas de quem entrou, da última usada para a primeira; as de mais ninguém, nem para um gestor."""
    request = ListConversationsRequest(principal=principal, limit=limite + 1, before=instant_in(cursor))
    found = await container.identity.list_conversations.execute(request)
    return page_of(found, limite, ConversationView.of, _last_use)


@router.get("/{session_id}", summary="Ler uma conversa", responses=errors(401, 404))
async def read_conversation(
    session_id: UUID, container: ContainerDep, principal: PrincipalDep
) -> ConversationDetailView:
    """Uma conversa própria, com as mensagens. A de quem perguntou sem login é lida por quem sabe o seu id."""
    request = ConversationRequest(principal=principal, session_id=SessionId(session_id))
    return ConversationDetailView.of(await container.identity.read_conversation.execute(request))


@router.delete("/{session_id}", summary="Apagar uma conversa", status_code=204, responses=errors(401, 404))
async def erase_conversation(session_id: UUID, container: ContainerDep, principal: PrincipalDep) -> None:
    """Apaga o que foi dito; os tokens gastos continuam contados."""
    request = ConversationRequest(principal=principal, session_id=SessionId(session_id))
    await container.identity.erase_conversation.execute(request)


def _last_use(session: ChatSession) -> datetime:
    return session.updated_at or datetime.min.replace(tzinfo=UTC)
