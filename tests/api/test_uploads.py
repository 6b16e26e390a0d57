"""Files that come in over HTTP: by one form, or announced first and sent by themselves."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from balcao.domain.usuario import Papel
from balcao.infrastructure.database.connection import DatabaseAccesses
from balcao.interface.dependencies.container import Container
from tests.api.accounts import Account, Accounts
from tests.api.library import DOCUMENTS, LAW, left_in_reception, originals, send, sha256, taken_in
from tests.applications import serving, settings_in

UPLOADS = f"{DOCUMENTS}/uploads"
CONTENT = LAW.encode()


@pytest.fixture
async def operator(accounts: Accounts) -> Account:
    return await accounts.person(await accounts.public_id(), Papel.OPERADOR)


async def test_a_file_is_taken_in_and_found(container: Container, client: httpx.AsyncClient, operator: Account) -> None:
    document_id = await taken_in(container, client, operator, fields={"tags": "feiras, Licenças", "ente": "4106902"})
    read = (await client.get(f"{DOCUMENTS}/{document_id}", headers=operator.headers)).json()
    assert read["state"] == "disponivel"
    assert read["act"] == {"kind": "lei", "number": "1234", "year": 2021}
    assert read["tags"] == ["feiras", "licenças"]
    assert read["ente"]["ibge"] == "4106902"
    assert (read["file_name"], read["file_size"], read["sha256"]) == ("lei.txt", len(CONTENT), sha256(CONTENT))
    status = (await client.get(f"{DOCUMENTS}/{document_id}/status", headers=operator.headers)).json()
    assert (status["state"], status["job_state"], status["percent"]) == ("disponivel", "concluido", 100)


async def test_the_answer_says_which_document_and_job(
    client: httpx.AsyncClient, operator: Account, tmp_path: Path
) -> None:
    sent = await send(client, operator)
    assert sent.status_code == 202
    assert sent.json().keys() == {"document_id", "job_id", "state"}
    assert sent.json()["state"] == "processando"
    [original] = originals(tmp_path)
    assert original.read_bytes() == CONTENT
    assert original.stem == sha256(CONTENT)
    assert left_in_reception(tmp_path) == []


async def test_the_same_file_is_refused_with_the_document_that_it_is(
    client: httpx.AsyncClient, operator: Account
) -> None:
    first = (await send(client, operator)).json()
    again = await send(client, operator, name="outro nome.txt")
    assert again.status_code == 409
    assert again.json()["detail"]["error_code"] == "duplicate_document"
    assert again.json()["detail"]["document_id"] == first["document_id"]


async def test_parallel_sendings_of_one_file_make_one_document(
    client: httpx.AsyncClient, operator: Account, tmp_path: Path
) -> None:
    answers = await asyncio.gather(*(send(client, operator) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [202] + [409] * 7
    ids = {a.json().get("document_id") or a.json()["detail"]["document_id"] for a in answers}
    assert len(ids) == 1
    assert len(originals(tmp_path)) == 1


@pytest.mark.parametrize("papel", [None, Papel.SERVIDOR, Papel.GESTOR])
async def test_whoever_is_no_operador_is_refused_before_anything_is_read(
    client: httpx.AsyncClient, accounts: Accounts, tmp_path: Path, papel: Papel | None
) -> None:
    asker = await accounts.person(await accounts.public_id(), papel) if papel else None

    async def never_ending() -> AsyncIterator[bytes]:
        yield b"--x\r\n"
        raise AssertionError("the body was read on")

    for method, path in (("POST", DOCUMENTS), ("PUT", f"{UPLOADS}/{uuid4()}/content")):
        headers = {"Content-Type": "multipart/form-data; boundary=x"} | (asker.headers if asker else {})
        refused = await client.request(method, path, content=never_ending(), headers=headers)
        assert refused.status_code == (403 if asker else 401)
    assert originals(tmp_path) == []


@pytest.mark.parametrize(
    ("content", "content_type"),
    [
        (b"", "application/json"),
        (b"{}", "application/json"),
        (b"nada", "multipart/form-data"),
        (b"nada", "multipart/form-data; boundary="),
        (b"nada", "multipart/form-data; boundary=x"),
        (b"--x\r\n", "multipart/form-data; boundary=x"),
        (b'--x\r\nContent-Disposition: form-data; name="file"\r\n\r\nabc\r\n--x--', "multipart/form-data; boundary=x"),
        (
            b'--x\r\nContent-Disposition: form-data; name="outro"; filename="a.txt"\r\n\r\nabc\r\n--x--',
            "multipart/form-data; boundary=x",
        ),
        (
            b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\nabc',
            "multipart/form-data; boundary=x",
        ),
        (
            b'--x\r\nContent-Disposition: form-data; name="file"; filename=""\r\n\r\nabc\r\n--x--',
            "multipart/form-data; boundary=x",
        ),
        (
            b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\nabc\r\n'
            b'--x\r\nContent-Disposition: form-data; name="file"; filename="b.txt"\r\n\r\nabc\r\n--x--',
            "multipart/form-data; boundary=x",
        ),
        (b"--x\r\n" + b"a" * 9000, "multipart/form-data; boundary=x"),
        (
            b'--x\r\nContent-Disposition: form-data; name="title"\r\n\r\n' + b"a" * 5000 + b"\r\n--x--",
            "multipart/form-data; boundary=x",
        ),
        (
            b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n' * 60 + b"--x--",
            "multipart/form-data; boundary=x",
        ),
    ],
    ids=str,
)
async def test_what_is_no_form_with_one_file_is_refused(
    client: httpx.AsyncClient, operator: Account, tmp_path: Path, content: bytes, content_type: str
) -> None:
    headers = operator.headers | {"Content-Type": content_type}
    refused = await client.post(DOCUMENTS, content=content, headers=headers)
    assert refused.status_code == 400, refused.text
    assert originals(tmp_path) == left_in_reception(tmp_path) == []


@pytest.mark.parametrize(
    ("fields", "status", "where"),
    [
        ({"vigente_de": "ontem"}, 422, ["body", "vigente_de"]),
        ({"revogado_por": "nada"}, 422, ["body", "revogado_por"]),
        ({"title": ["a", "b"]}, 422, ["body", "title"]),
        ({"tags": ",".join(f"e{n}" for n in range(21))}, 422, ["body", "tags"]),
        ({"ente": "XX"}, 400, "invalid_ente"),
        ({"title": "a\x00b"}, 400, "invalid_text"),
        ({"vigente_de": "2020-01-02", "vigente_ate": "2020-01-01"}, 400, "invalid_input"),
        ({"revogado_por": str(uuid4())}, 404, "document_not_found"),
    ],
    ids=str,
)
async def test_a_description_that_cannot_be_is_refused(
    client: httpx.AsyncClient, operator: Account, fields: dict[str, str], status: int, where: object
) -> None:
    refused = await send(client, operator, fields=fields)
    assert refused.status_code == status, refused.text
    detail = refused.json()["detail"]
    assert (detail[0]["loc"] if status == 422 else detail["error_code"]) == where
    listed = (await client.get(DOCUMENTS, headers=operator.headers)).json()["itens"]
    assert all(item["file_name"] != "lei.txt" for item in listed)


async def test_a_file_that_nobody_reads_is_refused(
    client: httpx.AsyncClient, operator: Account, tmp_path: Path
) -> None:
    for name, content, code in (("a.zip", b"PK", "unsupported_format"), ("a.txt", b"", "empty_file")):
        refused = await send(client, operator, content, name)
        assert (refused.status_code, refused.json()["detail"]["error_code"]) == (400, code)
        assert refused.json()["detail"]["detail"].startswith(f"{name}: "), "not the path that it has here"
    assert originals(tmp_path) == []


async def test_a_file_over_the_limit_is_refused(accesses: DatabaseAccesses, tmp_path: Path, operator: Account) -> None:
    async with serving(accesses, settings_in(tmp_path, max_upload_bytes=100_000)) as small:
        announced = await send(small, operator, b"a" * 200_000)

        async def chunked() -> AsyncIterator[bytes]:
            yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\n'
            for _ in range(1000):
                yield b"a" * 1000
            raise AssertionError("the body was read to its end")

        headers = operator.headers | {"Content-Type": "multipart/form-data; boundary=x"}
        sent_in_chunks = await small.post(DOCUMENTS, content=chunked(), headers=headers)
    assert [announced.status_code, sent_in_chunks.status_code] == [413, 413]
    assert originals(tmp_path) == left_in_reception(tmp_path) == []


async def start(client: httpx.AsyncClient, operator: Account, content: bytes = CONTENT) -> httpx.Response:
    body = {"file_name": "lei.txt", "size": len(content), "sha256": sha256(content)}
    return await client.post(UPLOADS, json=body, headers=operator.headers)


async def test_an_announced_file_is_sent_and_completed(
    client: httpx.AsyncClient, operator: Account, tmp_path: Path
) -> None:
    started = (await start(client, operator)).json()
    assert not started["direto"]
    assert started["url"] == f"{UPLOADS}/{started['upload_id']}/content"
    complete = f"{UPLOADS}/{started['upload_id']}/complete"
    early = await client.post(complete, json={}, headers=operator.headers)
    assert (early.status_code, early.json()["detail"]["error_code"]) == (409, "upload_incomplete")
    put = await client.put(started["url"], content=CONTENT, headers=operator.headers)
    assert put.status_code == 204
    done = await client.post(complete, json={"title": "Lei das feiras"}, headers=operator.headers)
    assert done.status_code == 202, done.text
    assert [path.stem for path in originals(tmp_path)] == [sha256(CONTENT)]
    again = await client.post(complete, json={}, headers=operator.headers)
    assert (again.status_code, again.json()["detail"]["error_code"]) == (404, "upload_not_found")
    duplicate = await start(client, operator)
    assert duplicate.status_code == 409
    assert duplicate.json()["detail"]["document_id"] == done.json()["document_id"]


async def test_another_file_than_the_announced_one_is_refused(
    client: httpx.AsyncClient, operator: Account, tmp_path: Path
) -> None:
    started = (await start(client, operator)).json()
    for content in (CONTENT[:-1], CONTENT[:-1] + b"!", CONTENT + b"mais"):
        refused = await client.put(started["url"], content=content, headers=operator.headers)
        assert (refused.status_code, refused.json()["detail"]["error_code"]) == (400, "upload_mismatch")
    assert originals(tmp_path) == left_in_reception(tmp_path) == []


@pytest.mark.parametrize(
    "change", [{"size": 0}, {"size": -1}, {"sha256": "ab"}, {"sha256": "G" * 64}, {"file_name": ""}], ids=str
)
async def test_an_announcement_that_cannot_be_a_files_is_refused(
    client: httpx.AsyncClient, operator: Account, change: dict[str, object]
) -> None:
    body = {"file_name": "lei.txt", "size": 7, "sha256": sha256(b"")} | change
    assert (await client.post(UPLOADS, json=body, headers=operator.headers)).status_code == 422


async def test_an_announcement_of_a_file_that_is_not_taken_in_is_refused(
    client: httpx.AsyncClient, operator: Account
) -> None:
    for change, status in (({"size": 400 * 1024**2}, 413), ({"file_name": "a.exe"}, 400), ({"file_name": "/"}, 400)):
        body = {"file_name": "lei.txt", "size": 7, "sha256": sha256(b"")} | change
        refused = await client.post(UPLOADS, json=body, headers=operator.headers)
        assert refused.status_code == status, refused.text
