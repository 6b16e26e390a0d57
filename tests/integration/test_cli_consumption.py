"""``balcao quota`` and ``balcao consumo`` over a real database."""

import asyncio
import json
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from balcao.domain.period import day_in_brasilia
from balcao.infrastructure.database.connection import DatabaseAccesses
from balcao.infrastructure.database.database import Database
from tests.command_line import Run, record, value
from tests.fakes import FakeClock
from tests.spending import Spender

SLUG = "nova-trento"
OF = ("--prefeitura", SLUG)
TODAY = day_in_brasilia(datetime.now(UTC))


@pytest.fixture
def trento(run: Run) -> None:
    record(run, "prefeitura", "criar", "--nome", "Prefeitura de Nova Trento", "--slug", SLUG)


def spend(accesses: DatabaseAccesses, tokens: int) -> None:
    async def spend_there() -> None:
        database = Database(accesses)
        async with database.operator() as work:
            prefeitura = await work.prefeituras.find_by_slug(SLUG)
        assert prefeitura is not None
        await Spender(database=database, clock=FakeClock(datetime.now(UTC))).spend(prefeitura.id, tokens)
        await database.dispose()

    asyncio.run(spend_there())


def execute(accesses: DatabaseAccesses, statement: str) -> None:
    async def execute_there() -> None:
        connection = await asyncpg.connect(accesses.admin.url, server_settings={"search_path": "balcao, public"})
        await connection.execute(statement)
        await connection.close()

    asyncio.run(execute_there())


@pytest.mark.usefixtures("trento")
def test_a_quota_is_shown_changed_and_credited(run: Run) -> None:
    assert record(run, "quota", "mostrar", *OF)["limite"] == 10_000
    changed = record(run, "quota", "definir", *OF, "--tokens", "50000", "--dia-contrato", "31")
    assert (changed["limite"], changed["dia_contrato"]) == (50_000, 31)
    last = TODAY + timedelta(days=40)
    credit = record(run, "quota", "creditar", *OF, "--tokens", "700", "--motivo", "Censo", "--ate", last.isoformat())
    assert (credit["tokens"], credit["motivo"]) == (700, "Censo")
    assert "até o fim" not in run("quota", "creditar", *OF, "--tokens", "5", "--motivo", "IPTU")[1]
    code, printed = run("quota", "mostrar", *OF)
    assert code == 0
    assert "Limite de 50.705 tokens (50.000 da quota, 705 de créditos)" in printed
    assert "Crédito de 700 até" in printed
    assert "Resta quota para cerca de" in printed


@pytest.mark.usefixtures("trento")
def test_alerts_are_listed(run: Run, accesses: DatabaseAccesses) -> None:
    assert run("quota", "avisos", *OF) == (0, "Nenhum aviso até agora.\n")
    spend(accesses, 8_500)
    listed = value(run, "quota", "avisos", *OF)
    assert isinstance(listed, list)
    assert [alert["limiar"] for alert in listed] == [80, 50]
    assert "80% da quota" in run("quota", "avisos", *OF)[1]


@pytest.mark.usefixtures("trento")
def test_consumption_is_shown_by_day_person_and_model(run: Run, accesses: DatabaseAccesses) -> None:
    spend(accesses, 1_500)
    shown = {grouping: run("consumo", "mostrar", *OF, "--por", grouping) for grouping in ("dia", "usuario", "modelo")}
    first = {grouping: printed.splitlines()[0].partition(": ")[0] for grouping, (_, printed) in shown.items()}
    assert first == {"dia": f"{TODAY:%d/%m/%Y}", "usuario": "sem login ou por programas", "modelo": "gpt-4o-mini"}
    assert all("1.500 tokens; 1 pergunta paga; R$ 0,0000" in printed for _, printed in shown.values())
    assert all("não se sabe o preço" in printed for _, printed in shown.values())
    report = record(run, "consumo", "mostrar", *OF, "--de", TODAY.isoformat(), "--ate", TODAY.isoformat())
    assert report["de"] == report["ate"] == TODAY.isoformat()
    code, printed = run("consumo", "mostrar", *OF, "--csv")
    assert code == 0
    assert printed.splitlines()[1].startswith(f"{TODAY};1500;0;1500;0;1;;")


@pytest.mark.usefixtures("trento")
def test_the_books_are_checked(run: Run, accesses: DatabaseAccesses) -> None:
    spend(accesses, 1_500)
    assert run("consumo", "conferir") == (0, "As contas fecham.\n")
    assert value(run, "consumo", "conferir", *OF) == []
    execute(accesses, "UPDATE prefeitura SET tokens_consumidos = 1499 WHERE slug = 'nova-trento'")
    code, printed = run("consumo", "conferir")
    assert code == 1
    assert printed.splitlines() == [
        "nova-trento: total da prefeitura diz 1499 tokens; o razão soma 1500.",
        "1 diferença(s).",
    ]
    code, printed = run("consumo", "conferir", "--json")
    assert (code, json.loads(printed)) == (
        1,
        [
            {
                "prefeitura": SLUG,
                "conta": "total da prefeitura",
                "qual": "",
                "esperado": 1500,
                "encontrado": 1499,
            }
        ],
    )
    assert run("consumo", "conferir", "--prefeitura", "publica")[0] == 0


@pytest.mark.usefixtures("trento")
@pytest.mark.parametrize(
    ("arguments", "code", "error"),
    [
        (("quota", "definir"), 2, "usage"),
        (("quota", "creditar", "--tokens", "0", "--motivo", "x"), 2, "usage"),
        (("quota", "creditar", "--tokens", "1", "--motivo", " "), 1, "invalid_input"),
        (("quota", "creditar", "--tokens", "1", "--motivo", "x", "--ate", "2020-01-01"), 1, "invalid_input"),
        (("consumo", "mostrar", "--de", "ontem"), 2, "usage"),
        (("consumo", "mostrar", "--de", "2026-03-02", "--ate", "2026-03-01"), 1, "invalid_input"),
    ],
)
def test_what_cannot_be_done_says_why(run: Run, arguments: tuple[str, ...], code: int, error: str) -> None:
    ended, printed = run(*arguments, *OF, "--json")
    assert (ended, json.loads(printed)["error_code"]) == (code, error)


@pytest.mark.parametrize(
    "command", [("quota", "mostrar"), ("quota", "avisos"), ("consumo", "mostrar"), ("consumo", "conferir")]
)
def test_an_unknown_prefeitura_is_told(run: Run, command: tuple[str, str]) -> None:
    ended, printed = run(*command, "--prefeitura", "nao-existe", "--json")
    assert (ended, json.loads(printed)["error_code"]) == (1, "prefeitura_not_found")
