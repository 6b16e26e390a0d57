"""What ``balcao ingerir --simular`` says ingestion would cost: by the installation's own prices."""

import json
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from balcao.application.ingestion import FileToIngest
from balcao.application.ports import Embedder
from balcao.domain.prices import ModelPrice, Prices
from balcao.infrastructure.database.database import Database
from balcao.infrastructure.external.hashed_embedder import HashedNgramEmbedder
from balcao.interface.cli_ingestion_output import IngestedFile, show_ingestion
from tests.factories import NO_PRICES
from tests.fakes import FakeEmbedder
from tests.ingestion import Ingestion

PRICES = Prices(
    known=(
        ModelPrice(
            model=FakeEmbedder().model,
            prompt_usd=Decimal("0.02"),
            completion_usd=Decimal(0),
            price_date=date(2026, 1, 1),
        ),
    ),
    exchange_rate=Decimal("5.5"),
)


@pytest.mark.parametrize(
    ("embedder", "prices", "reais_a_token"),
    [
        (FakeEmbedder(), PRICES, Decimal("0.00000011")),
        (FakeEmbedder(), NO_PRICES, None),
        (HashedNgramEmbedder(), NO_PRICES, Decimal(0)),
    ],
    ids=["known", "unknown", "free"],
)
async def test_the_price_is_the_one_that_the_ledger_would_keep(
    database: Database, tmp_path: Path, embedder: Embedder, prices: Prices, reais_a_token: Decimal | None
) -> None:
    ingestion = Ingestion(database=database, folder=tmp_path, embedder=embedder, prices=prices)
    file = ingestion.file()
    found = await ingestion.collection.simulate.execute(FileToIngest(path=file, file_name=file.name))
    assert (found.tokens > 0) == embedder.is_paid
    assert found.reais == (None if reais_a_token is None else reais_a_token * found.tokens)


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ([("novo", 1_000_000, 0.11), ("novo", 500, 0.0)], "até 1000500 tokens, cerca de R$ 0,11 (estimados)."),
        ([("novo", 0, 0.0), ("duplicado", 0, None)], "até 0 tokens, cerca de R$ 0,00 (estimados)."),
        ([("novo", 500, None)], "até 500 tokens (estimados), a um preço que não se conhece: informe-o em"),
    ],
    ids=["known", "nothing", "unknown"],
)
def test_people_are_told_when_the_price_is_not_known(
    capsys: pytest.CaptureFixture[str], files: list[tuple[str, int, float | None]], told: str
) -> None:
    simulated = [
        IngestedFile(arquivo="lei.txt", situacao=situation, titulo="Lei", tokens=tokens, reais=reais)
        for situation, tokens, reais in files
    ]
    show_ingestion(simulated, as_json=False, simulated=True)
    assert told in capsys.readouterr().out
    show_ingestion(simulated, as_json=True, simulated=True)
    assert [file["reais"] for file in json.loads(capsys.readouterr().out)] == [reais for _, _, reais in files]
