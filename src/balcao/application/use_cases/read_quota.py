"""Read a prefeitura's quota: its gestor, or an operador."""

from dataclasses import dataclass
from datetime import date

from balcao.application.ports import Clock
from balcao.application.tenancy import SupervisedWork, find_prefeitura
from balcao.domain.alerts import forecast_exhaustion
from balcao.domain.identity import Principal
from balcao.domain.ids import PrefeituraId
from balcao.domain.prefeitura import Prefeitura
from balcao.domain.quota import Credit, QuotaBalance


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadQuotaRequest:
    """One prefeitura, by its id or its slug."""

    principal: Principal
    prefeitura: PrefeituraId | str


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotaStatement:
    """The current period's balance, with the credits that are or will be valid.

    ``exhaustion`` is the day on which the limit would be used up at the period's pace; None when it would last.
    """

    prefeitura: Prefeitura
    balance: QuotaBalance
    credits: tuple[Credit, ...]
    exhaustion: date | None


class ReadQuotaUseCase:
    """Says what may still be spent, and for how long it should last."""

    def __init__(self, open_work: SupervisedWork, clock: Clock) -> None:
        self._open_work = open_work
        self._clock = clock

    async def execute(self, request: ReadQuotaRequest) -> QuotaStatement:
        """The quota.

        Raises:
            AuthenticationRequired, PermissionDenied: the asker is neither gestor nor operador.
            PrefeituraNotFound: there is none with this id or slug that the asker may look into.
        """
        now = self._clock.now()
        async with self._open_work(request.principal) as work:
            prefeitura = await find_prefeitura(work, request.prefeitura)
            balance = await work.quotas.balance(prefeitura.id, now)
            credits_ = await work.quotas.credits_at(prefeitura.id, now)
        return QuotaStatement(
            prefeitura=prefeitura,
            balance=balance,
            credits=tuple(credits_),
            exhaustion=forecast_exhaustion(balance, now),
        )
