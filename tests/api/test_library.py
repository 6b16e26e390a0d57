"""Documents that people find, read, describe and remove over HTTP."""

import json
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest

from balcao.domain.document import Document
from balcao.domain.usuario import Papel
from balcao.interface.dependencies.container import Container
from tests.api.accounts import Account, Accounts
from tests.api.library import DOCUMENTS, LAW, originals, send, taken_in


@pytest.fixture
async def operator(accounts: Accounts) -> Account:
    return await accounts.person(await accounts.public_id(), Papel.OPERADOR)


@pytest.fixture
async def reader(accounts: Accounts) -> Account:
    return await accounts.person(await accounts.public_id())


async def titles(client: httpx.AsyncClient, reader: Account, **query: str | int | bool) -> list[str]:
    found = await client.get(DOCUMENTS, params=query, headers=reader.headers)
    assert found.status_code == 200, found.text
    return [item["title"] for item in found.json()["itens"]]


async def edit(
    client: httpx.AsyncClient, operator: Account, document: Document | UUID, **body: object
) -> httpx.Response:
    document_id = document.id if isinstance(document, Document) else document
    return await client.patch(f"{DOCUMENTS}/{document_id}", json=body, headers=operator.headers)


async def test_documents_are_listed_newest_first_page_by_page(
    client: httpx.AsyncClient, reader: Account, library: list[Document]
) -> None:
    seen: list[str] = []
    cursor: str | None = None
    while True:
        query = {"limite": "2"} | ({"cursor": cursor} if cursor else {})
        page = (await client.get(DOCUMENTS, params=query, headers=reader.headers)).json()
        seen += [item["title"] for item in page["itens"]]
        cursor = page["proximo"]
        if cursor is None:
            break
    assert seen == [document.title for document in reversed(library)]


@pytest.mark.parametrize(
    ("q", "found"),
    [
        ("ferias", ["Lei das férias"]),
        ("LEI", ["Lei das férias", "Lei de acesso à informação"]),
        ("informacao acesso", ["Lei de acesso à informação"]),
        ("100%", []),
        ("_", []),
        ("\\", []),
        ("⁄", []),
        ("férias ouvidoria", []),
    ],
)
async def test_titles_are_searched_by_words(
    client: httpx.AsyncClient, reader: Account, q: str, found: list[str]
) -> None:
    assert await titles(client, reader, q=q) == found


async def test_documents_are_found_by_what_is_known_of_them(
    client: httpx.AsyncClient, reader: Account, operator: Account, library: list[Document]
) -> None:
    holidays = library[1]
    assert (
        await edit(client, operator, holidays, title="Lei nº 8.112, de 1990", tags=["RH", "rh "])
    ).status_code == 200
    assert (await edit(client, operator, holidays, ente="PR", vigente_ate="2020-12-31")).status_code == 200
    for query in (
        {"tag": "rh"},
        {"ente": "PR"},
        {"tipo": "lei", "numero": "8.112", "ano": 1990},
        {"em_vigor": False},
        {"q": "8.112", "estado": "disponivel"},
    ):
        assert await titles(client, reader, **query) == ["Lei nº 8.112, de 1990"], query
    assert len(await titles(client, reader, em_vigor=True)) == 2
    assert len(await titles(client, reader, em_vigor=True, na_data="2020-12-31")) == 3
    assert await titles(client, reader, estado="falhou") == []
    for bad in ({"ente": "XX"}, {"cursor": "nada!"}, {"q": " ".join("abcdefghijk")}):
        assert (await client.get(DOCUMENTS, params=bad, headers=reader.headers)).status_code == 400, bad


async def test_an_edit_changes_what_it_names_and_nothing_else(
    client: httpx.AsyncClient, operator: Account, library: list[Document]
) -> None:
    law, other = library[0], library[1]
    first = (await edit(client, operator, law, vigente_de="2012-05-16", revogado_por=str(other.id))).json()
    assert (first["vigente_de"], first["revogado_por"], first["em_vigor"]) == ("2012-05-16", str(other.id), False)
    second = (await edit(client, operator, law, title="  Lei   de acesso ", revogado_por=None)).json()
    assert (second["title"], second["vigente_de"], second["revogado_por"]) == ("Lei de acesso", "2012-05-16", None)
    assert second["em_vigor"]
    assert second["created_at"] == first["created_at"]


async def test_an_edit_that_cannot_be_is_refused(
    client: httpx.AsyncClient, operator: Account, library: list[Document]
) -> None:
    law = library[0]
    for body, status in (
        ({}, 422),
        ({"title": ""}, 422),
        ({"title": "  "}, 400),
        ({"title": "a\x00"}, 400),
        ({"tags": ["a" * 61]}, 422),
        ({"ente": "0000000"}, 400),
        ({"revogado_por": str(law.id)}, 400),
        ({"revogado_por": str(uuid4())}, 404),
        ({"vigente_de": "2020-01-02", "vigente_ate": "2020-01-01"}, 400),
    ):
        assert (await edit(client, operator, law, **body)).status_code == status, body
    assert (await edit(client, operator, uuid4(), title="Outro")).status_code == 404


async def test_a_document_that_is_being_taken_in_cannot_be_edited(client: httpx.AsyncClient, operator: Account) -> None:
    sent = (await send(client, operator)).json()
    refused = await edit(client, operator, UUID(sent["document_id"]), title="Outro")
    assert (refused.status_code, refused.json()["detail"]["error_code"]) == (409, "ingestion_in_progress")


async def test_a_removed_document_leaves_its_original_to_the_sweep_unless_another_has_it(
    container: Container, client: httpx.AsyncClient, operator: Account, tmp_path: Path, admin: asyncpg.Connection
) -> None:
    first = await taken_in(container, client, operator)
    await admin.execute("UPDATE documento SET estado = 'substituido' WHERE id = $1", first)
    second = await taken_in(container, client, operator)
    assert (await client.delete(f"{DOCUMENTS}/{second}", headers=operator.headers)).status_code == 204
    sweep = container.collection.sweep_originals
    assert await sweep.execute(grace=timedelta(seconds=-1)) == 0
    assert (await client.delete(f"{DOCUMENTS}/{first}", headers=operator.headers)).status_code == 204
    assert len(originals(tmp_path)) == 1
    assert await sweep.execute(grace=timedelta(seconds=-1)) == 1
    assert originals(tmp_path) == []
    assert (await client.delete(f"{DOCUMENTS}/{first}", headers=operator.headers)).status_code == 404


async def test_a_document_can_be_removed_while_it_is_being_taken_in(
    client: httpx.AsyncClient, operator: Account, admin: asyncpg.Connection, tmp_path: Path
) -> None:
    sent = (await send(client, operator)).json()
    gone = await client.delete(f"{DOCUMENTS}/{sent['document_id']}", headers=operator.headers)
    assert gone.status_code == 204
    assert await admin.fetchval("SELECT count(*) FROM trabalho_ingestao") == 0


async def test_what_revoked_another_is_not_removed(
    client: httpx.AsyncClient, operator: Account, library: list[Document]
) -> None:
    law, revoker = library[:2]
    assert (await edit(client, operator, law, revogado_por=str(revoker.id))).status_code == 200
    refused = await client.delete(f"{DOCUMENTS}/{revoker.id}", headers=operator.headers)
    assert (refused.status_code, refused.json()["detail"]["error_code"]) == (409, "wrong_document_state")
    assert law.title in refused.json()["detail"]["detail"]
    assert (await edit(client, operator, law, revogado_por=None)).status_code == 200
    assert (await client.delete(f"{DOCUMENTS}/{revoker.id}", headers=operator.headers)).status_code == 204


async def test_the_trail_names_who_sent_and_cancelled_a_document(client: httpx.AsyncClient, operator: Account) -> None:
    sent = (await send(client, operator)).json()
    path = f"{DOCUMENTS}/{sent['document_id']}"
    for act in ("cancelar", "tentar-de-novo"):
        await client.post(f"{path}/{act}", headers=operator.headers)
    trail = await client.get(f"/api/v1/prefeituras/{UUID(int=0)}/auditoria", headers=operator.headers)
    acts = ["documento_retomado", "documento_cancelado", "documento_enviado"]
    assert [item["acao"] for item in trail.json()["itens"]] == acts
    assert {item["ator"]["id"] for item in trail.json()["itens"]} == {str(operator.usuario.id)}


async def test_chunks_are_read_in_order_with_their_place(
    container: Container, client: httpx.AsyncClient, operator: Account, reader: Account
) -> None:
    document_id = await taken_in(container, client, operator)
    page = (await client.get(f"{DOCUMENTS}/{document_id}/chunks", headers=reader.headers)).json()
    assert page["proximo"] is None
    assert [item["index"] for item in page["itens"]] == list(range(len(page["itens"])))
    for item in page["itens"]:
        assert item.keys() == {"chunk_id", "index", "content", "start", "end", "page", "path", "boxes"}
        assert LAW[item["start"] : item["end"]].strip() == item["content"].strip()
    one = await client.get(f"{DOCUMENTS}/{document_id}/chunks", params={"limite": 1}, headers=reader.headers)
    assert [item["index"] for item in one.json()["itens"]] == [0]
    assert (await client.get(f"{DOCUMENTS}/{uuid4()}/chunks", headers=reader.headers)).status_code == 404


def events_in(text: str) -> list[tuple[str, dict[str, object]]]:
    found = []
    for block in text.strip().split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.splitlines())
        found.append((lines["event"], json.loads(lines["data"])))
    return found


async def test_progress_is_told_until_nothing_more_will_change(
    container: Container, client: httpx.AsyncClient, operator: Account, reader: Account
) -> None:
    document_id = await taken_in(container, client, operator)
    told = await client.get(f"{DOCUMENTS}/{document_id}/events", headers=reader.headers)
    assert told.status_code == 200
    assert told.headers["content-type"].startswith("text/event-stream")
    [(event, data)] = events_in(told.text)
    assert (event, data["percent"], data["state"]) == ("fim", 100, "disponivel")
    assert (await client.get(f"{DOCUMENTS}/{uuid4()}/events", headers=reader.headers)).status_code == 404


async def test_a_cancelled_document_can_be_tried_again(client: httpx.AsyncClient, operator: Account) -> None:
    sent = (await send(client, operator)).json()
    path = f"{DOCUMENTS}/{sent['document_id']}"
    assert (await client.post(f"{path}/confirmar", headers=operator.headers)).status_code == 409
    assert (await client.post(f"{path}/cancelar", headers=operator.headers)).status_code == 204
    assert (await client.get(f"{path}/status", headers=operator.headers)).json()["job_state"] == "cancelado"
    assert (await client.post(f"{path}/cancelar", headers=operator.headers)).status_code == 409
    retried = await client.post(f"{path}/tentar-de-novo", headers=operator.headers)
    assert retried.status_code == 202, retried.text
    assert retried.json()["job_id"] != sent["job_id"]
