"""The audit trail of a prefeitura; with the id of zeros, the installation's own."""

import tempfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from fastapi.responses import FileResponse

from balcao.application.use_cases.export_audit import ExportAuditRequest
from balcao.application.use_cases.list_audit import ListAuditRequest
from balcao.application.use_cases.verify_audit import VerifyAuditRequest
from balcao.domain.audit import AuditKind
from balcao.domain.ids import PrefeituraId
from balcao.interface.api.audit_schemas import AuditEntryView, AuditVerdictView
from balcao.interface.api.paging import PAGE_SIZE, CursorQuery, LimitQuery, PageView, number_in, page_of
from balcao.interface.api.schemas import errors
from balcao.interface.dependencies.providers import ContainerDep, PrincipalDep

router = APIRouter(prefix="/prefeituras/{prefeitura_id}/auditoria", tags=["auditoria"])

_ZIP = "application/zip"

KindQuery = Annotated[AuditKind | None, Query(description="Só entradas desta ação.")]
FirstDay = Annotated[date | None, Query(description="Primeiro dia, no horário de Brasília.")]
LastDay = Annotated[date | None, Query(description="Último dia, incluído.")]


def _passing_folder() -> Iterator[Path]:
    """A folder that is gone once the answer was sent."""
    with tempfile.TemporaryDirectory(prefix="balcao-auditoria-") as folder:
        yield Path(folder)


@router.get("", summary="Listar a trilha de auditoria", responses=errors(400, 401, 403, 404))
async def list_audit(
    prefeitura_id: UUID,
    container: ContainerDep,
    principal: PrincipalDep,
    acao: KindQuery = None,
    de: FirstDay = None,
    ate: LastDay = None,
    limite: LimitQuery = PAGE_SIZE,
    cursor: CursorQuery = None,
) -> PageView[AuditEntryView]:
    """As entradas da trilha, a mais nova primeiro: quem fez o quê e quando, nunca o que foi dito."""
    found = await container.audit.list_entries.execute(
        ListAuditRequest(
            principal=principal,
            prefeitura=PrefeituraId(prefeitura_id),
            kind=acao,
            first=de,
            last=ate,
            limit=limite + 1,
            before=number_in(cursor),
        )
    )
    return page_of(found, limite, AuditEntryView.of, lambda entry: entry.number)


@router.get("/verificar", summary="Conferir a trilha de auditoria", responses=errors(401, 403, 404))
async def verify_audit(prefeitura_id: UUID, container: ContainerDep, principal: PrincipalDep) -> AuditVerdictView:
    """Confere a trilha inteira e diz a entrada exata em que está quebrada; com as cabeças publicadas, só o comando."""
    request = VerifyAuditRequest(principal=principal, prefeitura=PrefeituraId(prefeitura_id))
    (verdict,) = await container.audit.verify.execute(request)
    return AuditVerdictView.of(verdict)


@router.get(
    "/exportar",
    summary="Exportar a trilha de auditoria",
    response_class=FileResponse,
    responses=errors(401, 403, 404)
    | {200: {"content": {_ZIP: {"schema": {"type": "string", "format": "binary"}}}, "description": "O pacote"}},
)
async def export_audit(
    prefeitura_id: UUID,
    container: ContainerDep,
    principal: PrincipalDep,
    folder: Annotated[Path, Depends(_passing_folder)],
) -> FileResponse:
    """Um pacote (zip) com a trilha e o programa `verificar.py`, que a confere sem o banco e sem o Balcão."""
    path = folder / f"auditoria-{prefeitura_id}.zip"
    await container.audit.export.execute(
        ExportAuditRequest(principal=principal, prefeitura=PrefeituraId(prefeitura_id), path=path)
    )
    return FileResponse(path, media_type=_ZIP, filename=path.name)
