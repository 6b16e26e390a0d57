"""What tokens cost in reais: by a provider's price in dollars on a day, and an exchange rate."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal

from balcao.domain.chat import TokenUsage
from balcao.domain.consumption import Cost

_TOKENS_OF_A_PRICE = 1_000_000
_STORED_UNIT = Decimal("1E-10")
"""What the ledger keeps of a real; a token of the cheapest known model costs a thousand times as much."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelPrice:
    """Dollars for a million tokens of a model, as the provider asked them on ``price_date``."""

    model: str
    prompt_usd: Decimal
    completion_usd: Decimal
    price_date: date

    def cost(self, usage: TokenUsage, exchange_rate: Decimal) -> Cost:
        """What this usage costs at so many reais a dollar, to the ten-billionth of a real."""
        dollars = self.prompt_usd * usage.prompt_tokens + self.completion_usd * usage.completion_tokens
        reais = dollars * exchange_rate / _TOKENS_OF_A_PRICE
        return Cost(
            reais=reais.quantize(_STORED_UNIT, ROUND_HALF_EVEN),
            price_date=self.price_date,
            exchange_rate=exchange_rate,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """Every price that is known, of any day, and the exchange rate in reais a dollar that all are turned by."""

    known: tuple[ModelPrice, ...]
    exchange_rate: Decimal

    def cost(self, model: str, usage: TokenUsage, on: date) -> Cost | None:
        """The cost by the last price of exactly this model known on that day; None where there is none.

        A model of a similar name is another model: its snapshots have had prices of their own.
        """
        price = _last(price for price in self.known if price.model == model and price.price_date <= on)
        return price.cost(usage, self.exchange_rate) if price else None


def _last(prices: Iterable[ModelPrice]) -> ModelPrice | None:
    return max(prices, key=lambda price: price.price_date, default=None)
