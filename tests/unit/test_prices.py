"""What tokens cost: exact decimals, by the price of the day, and never a guess."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from balcao.domain.chat import TokenUsage
from balcao.domain.consumption import Cost
from balcao.domain.errors import InvalidConfiguration
from balcao.domain.prices import ModelPrice, Prices
from balcao.infrastructure.external.price_table import read_prices

RATE = Decimal("4.8999")
TODAY = date(2026, 11, 24)
HEAD = "modelo;usd_por_milhao_prompt;usd_por_milhao_resposta;preco_em"


def usage(prompt: int, completion: int = 0) -> TokenUsage:
    return TokenUsage(prompt_tokens=prompt, completion_tokens=completion)


def shipped(model: str, spent: TokenUsage, on: date = TODAY) -> Cost | None:
    return read_prices(RATE, file=None, speaks_to_openai=True).cost(model, spent, on)


def test_a_cost_is_the_product_of_tokens_price_and_exchange_rate() -> None:
    cost = shipped("gpt-4o-mini", usage(3000, 200))
    assert cost is not None
    assert cost.reais == (Decimal("0.15") * 3000 + Decimal("0.60") * 200) * RATE / 1_000_000
    assert (cost.price_date, cost.exchange_rate) == (date(2026, 3, 31), RATE)


@pytest.mark.parametrize(
    ("model", "million"),
    [
        ("gpt-4o-mini", "0.75"),
        ("gpt-4o", "12.50"),
        ("gpt-4.1", "10"),
        ("gpt-4.1-mini", "2"),
        ("gpt-4.1-nano", "0.50"),
        ("text-embedding-3-small", "0.02"),
        ("text-embedding-3-large", "0.13"),
    ],
)
def test_known_models_have_their_price(model: str, million: str) -> None:
    cost = shipped(model, usage(1_000_000, 1_000_000))
    assert cost is not None
    assert cost.reais == Decimal(million) * RATE


@pytest.mark.parametrize("model", ["extrativo", "gpt-4o-mini-2024-07-18", "GPT-4o-mini", ""])
def test_the_price_of_another_model_is_not_guessed(model: str) -> None:
    assert shipped(model, usage(1000)) is None


def test_a_price_holds_from_its_day_on() -> None:
    old, new = [
        ModelPrice(model="m", prompt_usd=Decimal(usd), completion_usd=Decimal(0), price_date=date(2026, month, 1))
        for usd, month in ((2, 1), (1, 7))
    ]
    prices = Prices(known=(new, old), exchange_rate=Decimal(5))
    costs = [prices.cost("m", usage(1_000_000), day) for day in (date(2025, 12, 31), date(2026, 6, 30), TODAY)]
    assert [cost and cost.reais for cost in costs] == [None, 10, 5]


def test_many_small_costs_add_up_exactly() -> None:
    cost = shipped("text-embedding-3-small", usage(1))
    assert cost is not None
    assert cost.reais == Decimal("0.0000000980")
    assert sum([cost.reais] * 1000) == Decimal("0.0000980000")


def test_another_server_has_prices_of_its_own() -> None:
    assert read_prices(RATE, file=None, speaks_to_openai=False).cost("gpt-4o-mini", usage(1000), TODAY) is None


def test_the_operators_file_adds_and_replaces(tmp_path: Path) -> None:
    file = tmp_path / "precos.csv"
    file.write_text(f"\ufeff{HEAD}\nllama;1;2;2026-01-01\n\ngpt-4o-mini; 0.30 ;0.60;2026-11-01\n", encoding="utf-8")
    prices = read_prices(Decimal(5), file=file, speaks_to_openai=True)
    costs = [prices.cost(model, usage(1_000_000), TODAY) for model in ("llama", "gpt-4o-mini", "gpt-4o")]
    assert [cost and cost.reais for cost in costs] == [5, Decimal("1.5"), Decimal("12.5")]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "primeira linha"),
        ("modelo;preco\n", "primeira linha"),
        (f"{HEAD}\nm;1;2\n", "linha 2"),
        (f"{HEAD}\nm;1;2;2026-01-01\nm;1,5;2;2026-01-01\n", "linha 3"),
        (f"{HEAD}\nm;nan;2;2026-01-01\n", "linha 2"),
        (f"{HEAD}\nm;-1;2;2026-01-01\n", "linha 2"),
        (f"{HEAD}\nm;1;2;ontem\n", "linha 2"),
        (f"{HEAD}\n;1;2;2026-01-01\n", "linha 2"),
        ("x" * (256 * 1024 + 1), "256 KiB"),
    ],
)
def test_a_file_that_is_no_price_table_is_refused(tmp_path: Path, content: str, told: str) -> None:
    file = tmp_path / "precos.csv"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(InvalidConfiguration, match=told):
        read_prices(RATE, file=file, speaks_to_openai=True)


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    latin = tmp_path / "latin.csv"
    latin.write_bytes("é".encode("latin-1"))
    for file in (tmp_path / "nada.csv", latin):
        with pytest.raises(InvalidConfiguration, match="PRICE_TABLE_FILE não pôde ser lido"):
            read_prices(RATE, file=file, speaks_to_openai=True)
