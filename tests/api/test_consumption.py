"""Consumption, quota, credits and alerts over HTTP: who may see and change them, and in what form."""

import csv
import io
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import httpx
import pytest

from balcao.domain.period import day_in_brasilia
from balcao.domain.prefeitura import Prefeitura
from balcao.domain.usuario import Papel
from balcao.infrastructure.database.database import Database
from tests.api.accounts import Account, Accounts
from tests.fakes import FakeClock
from tests.spending import MODEL, Spender

TODAY = day_in_brasilia(datetime.now(UTC))


@pytest.fixture
async def aurora(accounts: Accounts) -> Prefeitura:
    return await accounts.prefeitura("aurora")


@pytest.fixture
async def gestor(accounts: Accounts, aurora: Prefeitura) -> Account:
    return await accounts.person(aurora.id, Papel.GESTOR, nome="=gil")


@pytest.fixture
async def operador(accounts: Accounts) -> Account:
    return await accounts.person(await accounts.public_id(), Papel.OPERADOR, nome="olga")


@pytest.fixture
def spender(database: Database) -> Spender:
    return Spender(database=database, clock=FakeClock(datetime.now(UTC)))


def at(prefeitura: Prefeitura, route: str) -> str:
    return f"/api/v1/prefeituras/{prefeitura.id}/{route}"


async def read(client: httpx.AsyncClient, url: str, asker: Account) -> dict[str, object]:
    response = await client.get(url, headers=asker.headers)
    assert response.status_code == 200, response.text
    found: dict[str, object] = response.json()
    return found


async def test_a_gestor_reads_his_prefeituras_consumption(
    client: httpx.AsyncClient, aurora: Prefeitura, gestor: Account, spender: Spender
) -> None:
    await spender.spend(aurora.id, 40, usuario_id=gestor.usuario.id)
    await spender.spend(aurora.id, 2)
    report = await read(client, at(aurora, "consumo?por=usuario"), gestor)
    assert (report["de"], report["ate"]) == (TODAY.replace(day=1).isoformat(), TODAY.isoformat())
    lines = report["linhas"]
    assert isinstance(lines, list)
    assert [(line["usuario_id"], line["nome"], line["tokens"]) for line in lines] == [
        (str(gestor.usuario.id), "=gil", 40),
        (None, None, 2),
    ]
    assert report["total"] == {
        "tokens_prompt": 42,
        "tokens_resposta": 0,
        "tokens": 42,
        "tokens_estimados": 0,
        "perguntas": 2,
        "custo_reais": None,
        "custo_conhecido_reais": "0.0000000000",
        "tokens_sem_preco": 42,
    }
    for grouping, key, subject in (("dia", "dia", TODAY.isoformat()), ("modelo", "modelo", MODEL)):
        report = await read(client, at(aurora, f"consumo?por={grouping}&de={TODAY}&ate={TODAY}"), gestor)
        assert isinstance(report["linhas"], list)
        assert [line[key] for line in report["linhas"]] == [subject]


@pytest.mark.parametrize(
    ("query", "accept", "is_csv"),
    [
        ("&formato=csv", "*/*", True),
        ("", "text/csv", True),
        ("&formato=json", "text/csv", False),
        ("", "application/json", False),
    ],
)
async def test_the_report_comes_as_asked_for(
    client: httpx.AsyncClient,
    aurora: Prefeitura,
    gestor: Account,
    spender: Spender,
    query: str,
    accept: str,
    is_csv: bool,
) -> None:
    await spender.spend(aurora.id, 40, usuario_id=gestor.usuario.id)
    response = await client.get(at(aurora, f"consumo?por=usuario{query}"), headers=gestor.headers | {"Accept": accept})
    assert response.status_code == 200
    if not is_csv:
        assert response.headers["content-type"] == "application/json"
        return
    assert response.headers["content-type"] == "text/csv; charset=utf-8"
    assert response.headers["content-disposition"].startswith('attachment; filename="consumo-')
    assert response.headers["cache-control"] == "no-store"
    (row,) = csv.DictReader(io.StringIO(response.text.removeprefix("\ufeff"), newline=""), delimiter=";")
    assert (row["nome"], row["tokens"]) == ("'=gil", "40")


@pytest.mark.parametrize("query", ["de=2026-03-02&ate=2026-03-01", "de=0001-01-01", "ate=9999-12-31", "de=2020-01-01"])
async def test_impossible_days_are_refused(
    client: httpx.AsyncClient, aurora: Prefeitura, gestor: Account, query: str
) -> None:
    response = await client.get(at(aurora, f"consumo?{query}"), headers=gestor.headers)
    assert (response.status_code, response.json()["detail"]["error_code"]) == (400, "invalid_input")


async def test_a_quota_is_read_in_numbers_and_words(
    client: httpx.AsyncClient, aurora: Prefeitura, gestor: Account, spender: Spender
) -> None:
    await spender.spend(aurora.id, 4_000)
    quota = await read(client, at(aurora, "quota"), gestor)
    assert (quota["quota_tokens"], quota["limite"], quota["usado"], quota["resta"]) == (10_000, 10_000, 4_000, 6_000)
    assert (quota["perguntas_restantes"], quota["reservado"], quota["creditos"]) == (1, 0, [])
    assert "cerca de uma pergunta" in str(quota["em_palavras"])


async def test_an_operador_changes_a_quota_at_once(
    client: httpx.AsyncClient, aurora: Prefeitura, operador: Account, gestor: Account
) -> None:
    body = {"quota_tokens": 50_000, "dia_contrato": 31}
    response = await client.patch(at(aurora, "quota"), json=body, headers=operador.headers)
    assert response.status_code == 200, response.text
    assert (response.json()["limite"], response.json()["dia_contrato"]) == (50_000, 31)
    assert (await read(client, at(aurora, "quota"), gestor))["quota_tokens"] == 50_000


async def test_credits_raise_the_limit(
    client: httpx.AsyncClient, aurora: Prefeitura, operador: Account, gestor: Account
) -> None:
    last = TODAY + timedelta(days=60)
    for body in (
        {"tokens": 5_000, "motivo": "Mutirão do IPTU"},
        {"tokens": 700, "motivo": "Semana do censo", "ate": last.isoformat()},
    ):
        response = await client.post(at(aurora, "quota/creditos"), json=body, headers=operador.headers)
        assert response.status_code == 201, response.text
    quota = await read(client, at(aurora, "quota"), gestor)
    assert (quota["limite"], quota["creditos_tokens"], quota["quota_tokens"]) == (15_700, 5_700, 10_000)
    credits_ = quota["creditos"]
    assert isinstance(credits_, list)
    ends = [day_in_brasilia(datetime.fromisoformat(credit["vale_ate"])).isoformat() for credit in credits_]
    period = quota["periodo"]
    assert isinstance(period, dict)
    assert ends == [period["fim"], (last + timedelta(days=1)).isoformat()]
    assert [credit["motivo"] for credit in credits_] == ["Mutirão do IPTU", "Semana do censo"]


async def test_a_repeated_credit_is_given_once(
    client: httpx.AsyncClient, aurora: Prefeitura, operador: Account
) -> None:
    headers = operador.headers | {"Idempotency-Key": str(uuid4())}
    body = {"tokens": 5_000, "motivo": "Mutirão"}
    answers = [await client.post(at(aurora, "quota/creditos"), json=body, headers=headers) for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    assert (await read(client, at(aurora, "quota"), operador))["limite"] == 15_000


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"tokens": 0, "motivo": "x"}, 422),
        ({"tokens": 10**16, "motivo": "x"}, 422),
        ({"tokens": 1}, 422),
        ({"tokens": 1, "motivo": " "}, 400),
        ({"tokens": 1, "motivo": "a\x00b"}, 400),
        ({"tokens": 1, "motivo": "x" * 301}, 422),
        ({"tokens": 1, "motivo": "x", "ate": "2020-01-01"}, 400),
        ({"tokens": 1, "motivo": "x", "ate": "9999-12-31"}, 400),
    ],
)
async def test_an_impossible_credit_is_refused(
    client: httpx.AsyncClient, aurora: Prefeitura, operador: Account, body: dict[str, object], status: int
) -> None:
    response = await client.post(at(aurora, "quota/creditos"), json=body, headers=operador.headers)
    assert response.status_code == status, response.text


async def test_alerts_are_shown_with_their_deliveries(
    client: httpx.AsyncClient, aurora: Prefeitura, gestor: Account, spender: Spender
) -> None:
    await spender.spend(aurora.id, 8_500)
    first = await read(client, at(aurora, "avisos?limite=1"), gestor)
    rest = await read(client, at(aurora, f"avisos?cursor={first['proximo']}"), gestor)
    assert isinstance(first["itens"], list)
    assert isinstance(rest["itens"], list)
    assert [alert["limiar"] for alert in (*first["itens"], *rest["itens"])] == [80, 50]
    assert first["itens"][0]["entregas"] == []
    assert rest["proximo"] is None


ROUTES = ("consumo", "consumo?formato=csv", "quota", "avisos")


@pytest.mark.parametrize("route", ROUTES)
async def test_a_servidor_sees_none_of_it(
    client: httpx.AsyncClient, accounts: Accounts, aurora: Prefeitura, route: str
) -> None:
    servidor = await accounts.person(aurora.id, Papel.SERVIDOR)
    assert (await client.get(at(aurora, route), headers=servidor.headers)).status_code == 403
    assert (await client.get(at(aurora, route))).status_code == 401


@pytest.mark.parametrize("route", ROUTES)
async def test_a_gestor_learns_nothing_of_others(
    client: httpx.AsyncClient, accounts: Accounts, gestor: Account, route: str
) -> None:
    other = await accounts.prefeitura("bonito")
    answer = await client.get(at(other, route), headers=gestor.headers)
    assert (answer.status_code, answer.json()["detail"]["error_code"]) == (404, "prefeitura_not_found")


async def test_a_gestor_changes_neither_quota_nor_credits(
    client: httpx.AsyncClient, aurora: Prefeitura, gestor: Account
) -> None:
    edited = await client.patch(at(aurora, "quota"), json={"quota_tokens": 1}, headers=gestor.headers)
    credited = await client.post(
        at(aurora, "quota/creditos"), json={"tokens": 1, "motivo": "x"}, headers=gestor.headers
    )
    assert (edited.status_code, credited.status_code) == (403, 403)
    assert (await read(client, at(aurora, "quota"), gestor))["limite"] == 10_000
