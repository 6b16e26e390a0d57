"""Read a prefeitura's audit trail: its gestor, or an operador."""

from dataclasses import dataclass
from datetime import date

from balcao.application.audited_chains import chain_of
from balcao.application.tenancy import SupervisedWork
from balcao.domain.audit import AuditEntry, AuditFilter, AuditKind
from balcao.domain.consumption_report import check_days
from balcao.domain.identity import Principal
from balcao.domain.ids import PrefeituraId


@dataclass(frozen=True, slots=True, kw_only=True)
class ListAuditRequest:
    """A page of ``limit`` entries, those before the number ``before``; by the id of zeros, the installation's own.

    ``kind`` wants acts of one kind, ``first`` and ``last`` those of these days in Brasília and between them.
    """

    principal: Principal
    prefeitura: PrefeituraId | str
    kind: AuditKind | None = None
    first: date | None = None
    last: date | None = None
    limit: int = 100
    before: int | None = None


class ListAuditUseCase:
    """Shows who did what, never what was said."""

    def __init__(self, open_work: SupervisedWork) -> None:
        self._open_work = open_work

    async def execute(self, request: ListAuditRequest) -> list[AuditEntry]:
        """A page, newest first; the next one is ``before`` its last entry's number.

        Raises:
            AuthenticationRequired, PermissionDenied: the asker is neither gestor nor operador.
            PrefeituraNotFound: there is none that the asker may look into.
            InvalidInput: a day is of another millennium.
        """
        wanted = AuditFilter(
            kind=request.kind,
            since=check_days(request.first, request.first).starts_at if request.first else None,
            until=check_days(request.last, request.last).ends_at if request.last else None,
        )
        async with self._open_work(request.principal) as work:
            chain_id, _ = await chain_of(work, request.principal, request.prefeitura)
            return await work.audit.find_page(chain_id, wanted, request.limit, request.before)
