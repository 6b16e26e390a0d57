"""The work of taking a document in: how far it is, and what people do about it.

These POSTs take no Idempotency-Key: sent again, they find the document in another state and answer 409.
"""

from uuid import UUID

from fastapi import APIRouter, Response

from balcao.domain.ids import DocumentId
from balcao.interface.api.document_schemas import RegisteredView, StatusView
from balcao.interface.api.progress_events import PROGRESS_EVENTS, progress_events
from balcao.interface.api.schemas import errors
from balcao.interface.dependencies.providers import ContainerDep, MemberDep, OperatorDep

router = APIRouter(prefix="/documents", tags=["documents"])


@router.get("/{document_id}/status", summary="Acompanhar a entrada", responses=errors(401, 404))
async def read_status(document_id: UUID, container: ContainerDep, _member: MemberDep) -> StatusView:
    """Etapa, porcentagem e trechos feitos; do que falhou, o motivo."""
    return StatusView.of(await container.collection.read_ingestion.execute(DocumentId(document_id)))


@router.get(
    "/{document_id}/events",
    summary="Acompanhar a entrada por eventos",
    response_class=Response,
    responses=errors(401, 404) | PROGRESS_EVENTS,
)
async def watch(document_id: UUID, container: ContainerDep, _member: MemberDep) -> Response:
    """Um evento `progresso` a cada mudança, e `fim` quando não há mais o que esperar."""
    read = container.collection.read_ingestion
    return progress_events(await read.execute(DocumentId(document_id)), read)


@router.post(
    "/{document_id}/confirmar",
    summary="Confirmar documento parecido",
    status_code=202,
    responses=errors(401, 403, 404, 409),
)
async def confirm(document_id: UUID, container: ContainerDep, operator: OperatorDep) -> RegisteredView:
    """Diz que o título parecido é de outro documento, e que este deve entrar."""
    return RegisteredView.of(await container.collection.confirm.execute(DocumentId(document_id), operator))


@router.post(
    "/{document_id}/cancelar",
    summary="Cancelar a entrada",
    status_code=204,
    responses=errors(401, 403, 404, 409),
)
async def cancel(document_id: UUID, container: ContainerDep, operator: OperatorDep) -> None:
    """Interrompe o trabalho em andamento; nada do documento fica aberto à busca."""
    await container.collection.cancel.execute(DocumentId(document_id), operator)


@router.post(
    "/{document_id}/tentar-de-novo",
    summary="Tentar de novo",
    status_code=202,
    responses=errors(401, 403, 404, 409),
)
async def retry(document_id: UUID, container: ContainerDep, operator: OperatorDep) -> RegisteredView:
    """Põe de novo na fila um documento que falhou, sem que o arquivo precise ser reenviado."""
    return RegisteredView.of(await container.collection.retry.execute(DocumentId(document_id), operator))
