"""What prefeituras spend, what they may spend, and the alerts about it."""

from datetime import date
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from balcao.application.use_cases.add_credit import AddCreditRequest
from balcao.application.use_cases.list_alerts import ListAlertsRequest
from balcao.application.use_cases.manage_prefeituras import EditPrefeituraRequest
from balcao.application.use_cases.read_quota import ReadQuotaRequest
from balcao.application.use_cases.report_consumption import ReportConsumptionRequest
from balcao.domain.consumption_report import Grouping
from balcao.domain.ids import AlertId, PrefeituraId
from balcao.interface.api.consumption_csv import consumption_csv
from balcao.interface.api.consumption_schemas import (
    AlertView,
    ConsumptionView,
    CreditBody,
    CreditView,
    EditQuotaBody,
    QuotaView,
)
from balcao.interface.api.idempotency import ACCEPTS_KEY, IdempotentRoute
from balcao.interface.api.paging import PAGE_SIZE, CursorQuery, LimitQuery, PageView, id_in, page_of
from balcao.interface.api.schemas import errors
from balcao.interface.dependencies.providers import ContainerDep, PrincipalDep

router = APIRouter(prefix="/prefeituras/{prefeitura_id}", tags=["consumo"], route_class=IdempotentRoute)

_CSV = "text/csv"


class ReportFormat(StrEnum):
    """How a report is written."""

    JSON = "json"
    CSV = "csv"


FirstDay = Annotated[date | None, Query(description="Primeiro dia; sem ele, o primeiro do período atual.")]
LastDay = Annotated[date | None, Query(description="Último dia, incluído; sem ele, hoje.")]
GroupingQuery = Annotated[Grouping, Query(description="Uma linha por dia, por pessoa ou por modelo.")]
FormatQuery = Annotated[ReportFormat | None, Query(description="Sem ele, o que `Accept` pedir: JSON ou `text/csv`.")]


@router.get(
    "/consumo",
    summary="Ver o consumo",
    response_model=ConsumptionView,
    responses=errors(400, 401, 403, 404)
    | {200: {"content": {_CSV: {"schema": {"type": "string"}}}, "description": "O relatório, em JSON ou CSV"}},
)
async def report_consumption(
    prefeitura_id: UUID,
    request: Request,
    container: ContainerDep,
    principal: PrincipalDep,
    de: FirstDay = None,
    ate: LastDay = None,
    por: GroupingQuery = Grouping.DAY,
    formato: FormatQuery = None,
) -> ConsumptionView | Response:
    """Tokens e custo, por dia (no horário de Brasília), pessoa ou modelo: da própria prefeitura, para um gestor."""
    report = await container.consumption.report.execute(
        ReportConsumptionRequest(
            principal=principal, prefeitura=PrefeituraId(prefeitura_id), grouping=por, first=de, last=ate
        )
    )
    if formato is ReportFormat.CSV or (formato is None and _CSV in request.headers.get("accept", "")):
        name = f"consumo-{report.days.first}-{report.days.last}.csv"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return Response(consumption_csv(report), media_type=_CSV, headers=headers)
    return ConsumptionView.of(report)


@router.get("/quota", summary="Ver a quota", responses=errors(401, 403, 404))
async def read_quota(prefeitura_id: UUID, container: ContainerDep, principal: PrincipalDep) -> QuotaView:
    """O período atual: quota, créditos, usado, reservado e o que resta, também em palavras, e quando deve acabar."""
    request = ReadQuotaRequest(principal=principal, prefeitura=PrefeituraId(prefeitura_id))
    return QuotaView.of(await container.consumption.read_quota.execute(request))


@router.patch("/quota", summary="Alterar a quota", responses=errors(400, 401, 403, 404))
async def edit_quota(
    prefeitura_id: UUID, body: EditQuotaBody, container: ContainerDep, principal: PrincipalDep
) -> QuotaView:
    """Altera a quota de cada mês, que vale na hora, e o dia do contrato, que vale a partir do próximo período."""
    wanted = PrefeituraId(prefeitura_id)
    await container.edit_prefeitura.execute(
        EditPrefeituraRequest(
            principal=principal, prefeitura=wanted, quota_tokens=body.quota_tokens, dia_contrato=body.dia_contrato
        )
    )
    request = ReadQuotaRequest(principal=principal, prefeitura=wanted)
    return QuotaView.of(await container.consumption.read_quota.execute(request))


@router.post(
    "/quota/creditos",
    summary="Dar um crédito",
    status_code=201,
    openapi_extra=ACCEPTS_KEY,
    responses=errors(400, 401, 403, 404, 409, 422),
)
async def add_credit(
    prefeitura_id: UUID, body: CreditBody, container: ContainerDep, principal: PrincipalDep
) -> CreditView:
    """Aumenta o limite a partir de agora: no período atual ou, com `ate`, em cada período até o fim desse dia."""
    request = AddCreditRequest(
        principal=principal,
        prefeitura=PrefeituraId(prefeitura_id),
        tokens=body.tokens,
        reason=body.motivo,
        last=body.ate,
    )
    return CreditView.of(await container.consumption.add_credit.execute(request))


@router.get("/avisos", summary="Listar avisos da quota", responses=errors(400, 401, 403, 404))
async def list_alerts(
    prefeitura_id: UUID,
    container: ContainerDep,
    principal: PrincipalDep,
    limite: LimitQuery = PAGE_SIZE,
    cursor: CursorQuery = None,
) -> PageView[AlertView]:
    """Os avisos de 50, 80 e 100% da quota, do mais novo para o mais antigo, com o que houve de cada entrega."""
    after = id_in(cursor)
    found = await container.consumption.list_alerts.execute(
        ListAlertsRequest(
            principal=principal,
            prefeitura=PrefeituraId(prefeitura_id),
            limit=limite + 1,
            after=AlertId(after) if after is not None else None,
        )
    )
    return page_of(found, limite, AlertView.of, lambda alert: alert.id)
