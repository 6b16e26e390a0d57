"""Files that come in: by one form, or announced first and sent by themselves."""

import re
from uuid import UUID

from fastapi import APIRouter, Request

from balcao.application.use_cases.fetch_upload import FetchUploadRequest
from balcao.application.use_cases.receive_upload import ReceiveUploadRequest
from balcao.application.use_cases.start_upload import StartUploadRequest
from balcao.domain.ids import UploadId
from balcao.interface.api.descriptions import description_in, file_to_ingest, form_schema
from balcao.interface.api.document_schemas import (
    DescriptionBody,
    ErrorOrDuplicateView,
    RegisteredView,
    StartedUploadView,
    StartUploadBody,
)
from balcao.interface.api.idempotency import ACCEPTS_KEY, IdempotentRoute
from balcao.interface.api.reception import new_file, received_body, received_form
from balcao.interface.api.request_limits import BodyLimits, FileRoute
from balcao.interface.api.schemas import errors
from balcao.interface.dependencies.providers import ContainerDep, OperatorDep

router = APIRouter(prefix="/documents", tags=["documents"])
announced = APIRouter(prefix="/uploads", route_class=IdempotentRoute)

_FORM_BYTES = 64 * 1024
"""What a form may hold besides its file."""
_FILE_ROUTES = (
    ("POST", re.compile(r"/api/v1/documents/?")),
    ("PUT", re.compile(r"/api/v1/documents/uploads/[^/]+/content")),
)
_DUPLICATE: dict[int | str, dict[str, object]] = {409: {"model": ErrorOrDuplicateView}}
_BYTES = {"schema": {"type": "string", "format": "binary"}}
_FILE_BODY = {"requestBody": {"required": True, "content": {"application/octet-stream": _BYTES}}}


def file_routes(max_bytes: int, max_seconds: float) -> tuple[FileRoute, ...]:
    """The routes of this module that take a file of at most ``max_bytes``, in at most ``max_seconds``."""
    limits = BodyLimits(max_bytes=max_bytes + _FORM_BYTES, max_seconds=max_seconds)
    return tuple(FileRoute(method=method, path=path, limits=limits) for method, path in _FILE_ROUTES)


@router.post(
    "",
    summary="Enviar documento",
    status_code=202,
    openapi_extra=form_schema(),
    responses=errors(400, 401, 403, 404, 422) | _DUPLICATE,
)
async def send_document(request: Request, container: ContainerDep, operator: OperatorDep) -> RegisteredView:
    """Recebe um arquivo de até `MAX_UPLOAD_BYTES` e o põe na fila; acompanhe em `/{document_id}/status`."""
    async with received_form(request, container.library.reception) as form:
        told = description_in(form.fields)
        file = file_to_ingest(form.path, form.file_name, told, container.directory, operator)
        return RegisteredView.of(await container.collection.register.execute(file))


@announced.post(
    "",
    summary="Anunciar envio",
    status_code=201,
    openapi_extra=ACCEPTS_KEY,
    responses=errors(400, 401, 403, 422) | _DUPLICATE,
)
async def start_upload(
    body: StartUploadBody, request: Request, container: ContainerDep, operator: OperatorDep
) -> StartedUploadView:
    """Para arquivos grandes: diz para onde enviar o arquivo por PUT, em 24 horas, antes de concluir o envio."""
    started = await container.library.start_upload.execute(
        StartUploadRequest(
            principal=operator, file_name=body.file_name, size=body.size, sha256=bytes.fromhex(body.sha256)
        )
    )
    own = request.url_for("receive_upload", upload_id=started.upload.id).path
    return StartedUploadView.of(started, own)


@router.put(
    "/uploads/{upload_id}/content",
    summary="Enviar o arquivo anunciado",
    status_code=204,
    openapi_extra=_FILE_BODY,
    responses=errors(400, 401, 403, 404),
)
async def receive_upload(upload_id: UUID, request: Request, container: ContainerDep, operator: OperatorDep) -> None:
    """Recebe o arquivo onde o armazenamento não tem endereço próprio; o corpo é o arquivo, sem formulário."""
    async with received_body(request, container.library.reception) as path:
        await container.library.receive_upload.execute(
            ReceiveUploadRequest(principal=operator, upload_id=UploadId(upload_id), path=path)
        )


@router.post(
    "/uploads/{upload_id}/complete",
    summary="Concluir envio",
    status_code=202,
    responses=errors(400, 401, 403, 404) | _DUPLICATE,
)
async def complete_upload(
    upload_id: UUID, body: DescriptionBody, container: ContainerDep, operator: OperatorDep
) -> RegisteredView:
    """Confere tamanho e SHA-256 do arquivo que chegou e o põe na fila."""
    library = container.library
    async with new_file(library.reception) as path:
        upload = await library.fetch_upload.execute(
            FetchUploadRequest(principal=operator, upload_id=UploadId(upload_id), path=path)
        )
        file = file_to_ingest(path, upload.file_name, body, container.directory, operator)
        registered = await container.collection.register.execute(file)
    await library.close_upload.execute(upload.id)
    return RegisteredView.of(registered)


router.include_router(announced)
