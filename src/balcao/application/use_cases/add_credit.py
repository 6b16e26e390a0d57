"""Raise a prefeitura's limit: an extra credit for this period, or a raise until a day. The operador's work."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import uuid4

from balcao.application.audit_trail import AuditTrail
from balcao.application.ports import Clock
from balcao.application.tenancy import find_prefeitura
from balcao.application.unit_of_work import InstallationUnitOfWork
from balcao.domain.audit import AuditKind
from balcao.domain.canonical_json import Json
from balcao.domain.consumption_report import check_days
from balcao.domain.identity import Principal
from balcao.domain.ids import CreditId, PrefeituraId
from balcao.domain.period import Period, day_in_brasilia
from balcao.domain.quota import Credit, check_credit
from balcao.domain.usuario import Papel


@dataclass(frozen=True, slots=True, kw_only=True)
class AddCreditRequest:
    """``last`` is the last day, in Brasília, of a temporary raise, which raises each period's limit until then; without
    it the credit is for what is left of the current period.
    """

    principal: Principal
    prefeitura: PrefeituraId | str
    tokens: int
    reason: str
    last: date | None = None


class AddCreditUseCase:
    """Adds tokens to what may be spent."""

    def __init__(self, open_work: InstallationUnitOfWork, trail: AuditTrail, clock: Clock) -> None:
        self._open_work = open_work
        self._trail = trail
        self._clock = clock

    async def execute(self, request: AddCreditRequest) -> Credit:
        """Add them, from now on.

        Raises:
            AuthenticationRequired, PermissionDenied: the asker is no operador.
            PrefeituraNotFound: there is none with this id or slug.
            InvalidInput, InvalidText: the tokens, the reason or the day is not possible.
        """
        request.principal.require(Papel.OPERADOR)
        now = self._clock.now()
        async with self._open_work() as work:
            prefeitura = await find_prefeitura(work, request.prefeitura)
            period = (await work.quotas.balance(prefeitura.id, now)).period
            credit = Credit(
                id=CreditId(uuid4()),
                prefeitura_id=prefeitura.id,
                tokens=request.tokens,
                reason=request.reason,
                valid_from=now,
                valid_until=_end(request.last, period, now),
                created_by=request.principal.usuario_id,
            )
            kept = await work.quotas.add_credit(check_credit(credit))
            details: dict[str, Json] = {"tokens": kept.tokens, "vale_ate": kept.valid_until.isoformat()}
            await self._trail.act(
                work, request.principal, AuditKind.CREDIT_ADDED, prefeitura.id, details, subject=kept.id
            )
        return kept


def _end(last: date | None, period: Period, now: datetime) -> datetime:
    return period.ends_at if last is None else check_days(day_in_brasilia(now), last).ends_at
