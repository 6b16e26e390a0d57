"""Questions and answers."""

from fastapi import APIRouter

from balcao.application.use_cases.chat_with_documents import ChatRequest
from balcao.domain.ids import SessionId
from balcao.interface.api.schemas import AnswerView, ChatBody, ErrorView, ModelsView, ModelView
from balcao.interface.dependencies.providers import ContainerDep

router = APIRouter(prefix="/chat", tags=["chat"])


@router.post(
    "/ask",
    summary="Perguntar aos documentos",
    responses={status: {"model": ErrorView} for status in (400, 404, 429, 500, 502, 503)},
)
async def ask(body: ChatBody, container: ContainerDep) -> AnswerView:
    """Responde com base nos documentos e cita as fontes; sem resposta neles, diz que não encontrou."""
    answer = await container.chat.execute(
        ChatRequest(
            message=body.message,
            session_id=SessionId(body.session_id) if body.session_id else None,
            metadata=body.metadata,
        )
    )
    return AnswerView.of(answer)


@router.get("/health", summary="Saúde do atendimento")
async def health() -> dict[str, str]:
    """Diz que o atendimento está no ar, sem consultar o banco."""
    return {"status": "healthy", "service": "chat"}


@router.get("/models", summary="Modelos que respondem")
async def models(container: ContainerDep) -> ModelsView:
    """Lista o modelo configurado."""
    return ModelsView(models=[ModelView.model_validate(container.model_card)])
