"""Send the alerts that are due: at least once each, under the same id every time, in as many processes as there are."""

from collections.abc import Mapping

from balcao.application.ports import AlertNotice, AlertSender, Clock
from balcao.application.tenancy import find_prefeitura
from balcao.application.unit_of_work import InstallationUnitOfWork, TenantUnitOfWork
from balcao.domain.alerts import AlertDelivery, Channel, DeliveryState, QuotaAlert
from balcao.domain.errors import BalcaoError, DeliveryFailed, InstallationError
from balcao.domain.ids import PrefeituraId
from balcao.domain.usuario import Papel, Usuario

_PAGE = 100


class DeliverAlertsUseCase:
    """No transaction is open while an alert is sent: the attempt is counted and put off before, its outcome kept after.

    A process that dies in between leaves the alert to be sent again later. ``others`` are told of every prefeitura's
    alerts, besides its own gestores.
    """

    def __init__(
        self,
        open_operator_work: InstallationUnitOfWork,
        open_work: TenantUnitOfWork,
        senders: Mapping[Channel, AlertSender],
        clock: Clock,
        others: tuple[str, ...] = (),
    ) -> None:
        self._open_operator_work = open_operator_work
        self._open_work = open_work
        self._senders = senders
        self._clock = clock
        self._others = others

    async def execute(self) -> int:
        """Send all that is due; how many arrived. One that fails is put off, and keeps no other waiting.

        Raises:
            InstallationError: the database went away; what was begun is sent again later.
        """
        arrived = 0
        while alert := await self._begin_next():
            if alert.deliveries[0].state is DeliveryState.PENDING:
                arrived += await self._send(alert, alert.deliveries[0])
        return arrived

    async def _begin_next(self) -> QuotaAlert | None:
        """The alert whose delivery is longest due, with that delivery as it is while it is tried."""
        now = self._clock.now()
        async with self._open_operator_work() as work:
            alert = await work.alerts.lock_due(now)
            if alert is None:
                return None
            begun = alert.deliveries[0].begun(now)
            await work.alerts.save_delivery(alert, begun)
        return alert.with_delivery(begun)

    async def _send(self, alert: QuotaAlert, delivery: AlertDelivery) -> bool:
        try:
            await self._sender(delivery.channel).send(await self._notice(alert))
        except InstallationError:
            raise
        except BalcaoError as error:
            outcome = delivery.failed(error.message)
        else:
            outcome = delivery.delivered(self._clock.now())
        async with self._open_operator_work() as work:
            await work.alerts.save_delivery(alert, outcome)
        return outcome.state is DeliveryState.DELIVERED

    def _sender(self, channel: Channel) -> AlertSender:
        if channel not in self._senders:
            raise DeliveryFailed("Este canal não está mais configurado.")
        return self._senders[channel]

    async def _notice(self, alert: QuotaAlert) -> AlertNotice:
        async with self._open_work(alert.prefeitura_id) as work:
            prefeitura = await find_prefeitura(work, alert.prefeitura_id)
        gestores = await self._gestores(alert.prefeitura_id)
        recipients = dict.fromkeys([*(gestor.email for gestor in gestores), *self._others])
        return AlertNotice(alert=alert, prefeitura=prefeitura, recipients=tuple(recipients))

    async def _gestores(self, prefeitura_id: PrefeituraId) -> list[Usuario]:
        found: list[Usuario] = []
        after = None
        async with self._open_work(prefeitura_id) as work:
            while page := await work.usuarios.find_page(_PAGE, after):
                found += [usuario for usuario in page if usuario.papel is Papel.GESTOR and usuario.ativo]
                after = page[-1].id
        return found
