"""What ingestion costs, which is charged to the installation and to no prefeitura."""

from balcao.application.ports import Clock
from balcao.application.unit_of_work import UnitOfWork
from balcao.domain.chat import TokenUsage
from balcao.domain.consumption import Charge, ChargeKind, Cost
from balcao.domain.period import day_in_brasilia
from balcao.domain.prices import Prices


class IngestionCharges:
    """Writes the charge in the transaction that keeps what was paid for."""

    def __init__(self, prices: Prices, clock: Clock) -> None:
        self._prices = prices
        self._clock = clock

    async def note(self, work: UnitOfWork, model: str, usage: TokenUsage) -> None:
        """Charge the embedding of a document's passages."""
        if usage.total_tokens:
            charge = Charge(kind=ChargeKind.EMBEDDING, model=model, usage=usage, cost=self.cost(model, usage))
            await work.ledger.append_ingestion(charge, self._clock.now())

    def cost(self, model: str, usage: TokenUsage) -> Cost | None:
        """By the price of today; None where it is not known."""
        return self._prices.cost(model, usage, day_in_brasilia(self._clock.now()))
