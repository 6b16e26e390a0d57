"""Questions and answers."""

from fastapi import APIRouter

from balcao.application.use_cases.chat_with_documents import ChatRequest
from balcao.domain.ids import SessionId
from balcao.interface.api.idempotency import ACCEPTS_KEY, IdempotentRoute
from balcao.interface.api.schemas import AnswerView, ChatBody, ModelsView, ModelView, errors
from balcao.interface.dependencies.providers import ClientDep, ContainerDep, LoggedInDep, VisitorDep

router = APIRouter(prefix="/chat", tags=["chat"], route_class=IdempotentRoute)


@router.post(
    "/ask",
    summary="Perguntar aos documentos",
    openapi_extra=ACCEPTS_KEY,
    responses=errors(400, 401, 404, 409, 422, 429, 502),
)
async def ask(
    body: ChatBody, container: ContainerDep, principal: LoggedInDep, visitor: VisitorDep, client: ClientDep
) -> AnswerView:
    """Responde com base nos documentos e cita as fontes; sem resposta neles, diz que não encontrou."""
    answer = await container.chat.execute(
        ChatRequest(
            message=body.message,
            session_id=SessionId(body.session_id) if body.session_id else None,
            metadata=body.metadata,
            principal=principal,
            anonymous_cookie=visitor,
            address=client.address,
            is_strict=body.modo == "estrito",
            on=body.na_data,
            include_out_of_force=body.incluir_revogados,
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
