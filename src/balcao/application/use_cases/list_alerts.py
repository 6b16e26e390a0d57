"""Read a prefeitura's alerts: its gestor, or an operador."""

from dataclasses import dataclass

from balcao.application.tenancy import SupervisedWork, find_prefeitura
from balcao.domain.alerts import QuotaAlert
from balcao.domain.identity import Principal
from balcao.domain.ids import AlertId, PrefeituraId


@dataclass(frozen=True, slots=True, kw_only=True)
class ListAlertsRequest:
    """A page of ``limit`` alerts, those behind ``after``."""

    principal: Principal
    prefeitura: PrefeituraId | str
    limit: int = 100
    after: AlertId | None = None


class ListAlertsUseCase:
    """Shows alerts as they were, with what became of their deliveries."""

    def __init__(self, open_work: SupervisedWork) -> None:
        self._open_work = open_work

    async def execute(self, request: ListAlertsRequest) -> list[QuotaAlert]:
        """A page, newest first; the next one comes ``after`` its last alert.

        Raises:
            AuthenticationRequired, PermissionDenied: the asker is neither gestor nor operador.
            PrefeituraNotFound: there is none with this id or slug that the asker may look into.
        """
        async with self._open_work(request.principal) as work:
            prefeitura = await find_prefeitura(work, request.prefeitura)
            return await work.alerts.find_page(prefeitura.id, request.limit, request.after)
