"""Prices of models from a table: OpenAI's, shipped with the program, or the operator's own file."""

import csv
from collections.abc import Iterable
from datetime import date
from decimal import Decimal, InvalidOperation
from importlib import resources
from pathlib import Path

from balcao.domain.errors import InvalidConfiguration
from balcao.domain.prices import ModelPrice, Prices

_SHIPPED = "precos.csv"
_COLUMNS = ["modelo", "usd_por_milhao_prompt", "usd_por_milhao_resposta", "preco_em"]
_LARGEST_PRICE = 1_000_000
_LARGEST_FILE = 256 * 1024


def read_prices(exchange_rate: Decimal, *, file: Path | None, speaks_to_openai: bool) -> Prices:
    """The prices to count by.

    OpenAI's standard prices hold for OpenAI alone: another server may offer a model of the same name at its own price.
    The shipped ones are those of https://developers.openai.com/api/docs/pricing, as published tables reported them
    on their dates. A file's price of a model stands beside the shipped one: the later of the two counts.

    Raises:
        InvalidConfiguration: the file cannot be read, or a line of it is not a price.
    """
    known = _shipped() if speaks_to_openai else []
    if file is not None:
        known += _parse(_read(file).splitlines())
    return Prices(known=tuple(known), exchange_rate=exchange_rate)


def _shipped() -> list[ModelPrice]:
    table = resources.files("balcao.infrastructure.data").joinpath(_SHIPPED).read_text(encoding="utf-8")
    return _parse(table.splitlines())


def _read(file: Path) -> str:
    try:
        if file.stat().st_size > _LARGEST_FILE:
            raise InvalidConfiguration("O arquivo de PRICE_TABLE_FILE passa de 256 KiB; deixe nele só a tabela.")
        return file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidConfiguration(
            "O arquivo de PRICE_TABLE_FILE não pôde ser lido; confira o caminho, a permissão e se está em UTF-8."
        ) from error


def _parse(lines: Iterable[str]) -> list[ModelPrice]:
    rows = list(csv.reader((line for line in lines if line.strip()), delimiter=";"))
    if not rows or rows[0] != _COLUMNS:
        raise InvalidConfiguration(f"A primeira linha de PRICE_TABLE_FILE precisa ser: {';'.join(_COLUMNS)}")
    return [_price(number, row) for number, row in enumerate(rows[1:], start=2)]


def _price(number: int, row: list[str]) -> ModelPrice:
    try:
        model, prompt, completion, day = (cell.strip() for cell in row)
        price = ModelPrice(
            model=model,
            prompt_usd=Decimal(prompt),
            completion_usd=Decimal(completion),
            price_date=date.fromisoformat(day),
        )
        possible = model and all(0 <= usd <= _LARGEST_PRICE for usd in (price.prompt_usd, price.completion_usd))
    except (ValueError, InvalidOperation) as error:
        raise _no_price(number) from error
    if not possible:
        raise _no_price(number)
    return price


def _no_price(number: int) -> InvalidConfiguration:
    return InvalidConfiguration(
        f"A linha {number} de PRICE_TABLE_FILE não é um preço; escreva como em gpt-4o-mini;0.15;0.60;2026-03-31, "
        "em dólares por milhão de tokens."
    )
