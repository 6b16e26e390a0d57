"""The audit trail over HTTP: what a gestor sees of his prefeitura, page by page, and takes home."""

import io
import zipfile
from uuid import UUID, uuid4

import httpx
import pytest

from balcao.domain.prefeitura import Prefeitura
from balcao.domain.usuario import Papel
from tests.api.accounts import Account, Accounts

KEYS = "/api/v1/chaves"


@pytest.fixture
async def aurora(accounts: Accounts) -> Prefeitura:
    return await accounts.prefeitura("aurora")


@pytest.fixture
async def gestor(client: httpx.AsyncClient, accounts: Accounts, aurora: Prefeitura) -> Account:
    """A gestor who made three keys."""
    found = await accounts.person(aurora.id, Papel.GESTOR, nome="gil")
    for _ in range(3):
        await client.post(KEYS, json={"nome": "Site"}, headers=found.headers)
    return found


def at(chain_id: UUID, route: str = "") -> str:
    return f"/api/v1/prefeituras/{chain_id}/auditoria{route}"


async def read(client: httpx.AsyncClient, url: str, asker: Account) -> dict[str, object]:
    response = await client.get(url, headers=asker.headers)
    assert response.status_code == 200, response.text
    found: dict[str, object] = response.json()
    return found


async def test_entries_come_page_by_page_newest_first(
    client: httpx.AsyncClient, aurora: Prefeitura, gestor: Account
) -> None:
    page = await read(client, f"{at(aurora.id)}?limite=2", gestor)
    rest = await read(client, f"{at(aurora.id)}?limite=2&cursor={page['proximo']}", gestor)
    assert isinstance(page["itens"], list)
    assert isinstance(rest["itens"], list)
    items = [*page["itens"], *rest["itens"]]
    assert [item["numero"] for item in items] == [3, 2, 1]
    assert rest["proximo"] is None
    assert items[0]["acao"] == "chave_criada"
    assert items[0]["ator"] == {"tipo": "pessoa", "id": str(gestor.usuario.id)}
    assert [items[0]["anterior"], items[2]["anterior"]] == [items[1]["hash"], "0" * 64]


async def test_entries_are_filtered_by_act_and_day(
    client: httpx.AsyncClient, aurora: Prefeitura, gestor: Account
) -> None:
    for query, expected in (
        ("acao=chave_criada", 3),
        ("acao=pergunta", 0),
        ("de=2999-01-01", 0),
        ("ate=2000-01-01", 0),
        ("de=2000-01-01&ate=2999-12-31", 3),
    ):
        found = (await read(client, f"{at(aurora.id)}?{query}", gestor))["itens"]
        assert isinstance(found, list)
        assert len(found) == expected, query
    for query in ("de=0001-01-01", "ate=9999-12-31", "cursor=__________________8"):
        response = await client.get(f"{at(aurora.id)}?{query}", headers=gestor.headers)
        assert response.status_code == 400, query


async def test_a_trail_is_verified_and_exported(client: httpx.AsyncClient, aurora: Prefeitura, gestor: Account) -> None:
    verdict = await read(client, at(aurora.id, "/verificar"), gestor)
    assert (verdict["integra"], verdict["entradas"], verdict["falha"]) == (True, 3, None)
    response = await client.get(at(aurora.id, "/exportar"), headers=gestor.headers)
    assert response.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(response.content)) as archive:
        names = {name.rpartition("/")[2] for name in archive.namelist()}
    assert names == {"entradas.jsonl", "manifesto.json", "verificar.py"}


async def test_the_installations_own_trail_is_an_operadors(
    client: httpx.AsyncClient, accounts: Accounts, gestor: Account
) -> None:
    operador = await accounts.person(await accounts.public_id(), Papel.OPERADOR, nome="olga")
    own = UUID(int=0)
    assert (await read(client, at(own, "/verificar"), operador))["nome"] == "instalacao"
    for route in ("", "/verificar", "/exportar"):
        hidden = await client.get(at(own, route), headers=gestor.headers)
        assert hidden.status_code == (await client.get(at(uuid4(), route), headers=gestor.headers)).status_code == 404
