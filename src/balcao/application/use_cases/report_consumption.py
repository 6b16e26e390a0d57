"""Report what a prefeitura spent: to its gestor, or to an operador."""

from dataclasses import dataclass
from datetime import date

from balcao.application.ports import Clock
from balcao.application.tenancy import SupervisedWork, find_prefeitura
from balcao.domain.consumption_report import ConsumptionReport, Grouping, check_days
from balcao.domain.identity import Principal
from balcao.domain.ids import PrefeituraId
from balcao.domain.period import day_in_brasilia


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportConsumptionRequest:
    """Days in Brasília, both included; without ``first`` from the current period's first day, without ``last`` until
    today.
    """

    principal: Principal
    prefeitura: PrefeituraId | str
    grouping: Grouping = Grouping.DAY
    first: date | None = None
    last: date | None = None


class ReportConsumptionUseCase:
    """Sums up the ledger."""

    def __init__(self, open_work: SupervisedWork, clock: Clock) -> None:
        self._open_work = open_work
        self._clock = clock

    async def execute(self, request: ReportConsumptionRequest) -> ConsumptionReport:
        """The report.

        Raises:
            AuthenticationRequired, PermissionDenied: the asker is neither gestor nor operador.
            PrefeituraNotFound: there is none with this id or slug that the asker may look into.
            InvalidInput: the days are not possible, or too many.
        """
        now = self._clock.now()
        async with self._open_work(request.principal) as work:
            prefeitura = await find_prefeitura(work, request.prefeitura)
            period = (await work.quotas.balance(prefeitura.id, now)).period
            days = check_days(request.first or period.start, request.last or day_in_brasilia(now))
            rows = await work.consumption.rows(prefeitura.id, days, request.grouping)
            total = await work.consumption.total(prefeitura.id, days)
        return ConsumptionReport(days=days, grouping=request.grouping, rows=rows, total=total)
