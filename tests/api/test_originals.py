"""Originals as citations lead to them: whole or in part, shown or saved, never run, whoever may ask."""

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest

from balcao.domain.usuario import Papel
from balcao.infrastructure.database.connection import DatabaseAccesses
from balcao.infrastructure.external.object_storage import BucketAddress
from balcao.interface.dependencies.container import Container, open_container
from tests.api.accounts import Account, Accounts
from tests.api.library import DOCUMENTS, LAW, originals, send, sha256, taken_in
from tests.applications import client_of, settings_in
from tests.s3_server import S3Server

CONTENT = LAW.encode()


@pytest.fixture
async def operator(accounts: Accounts) -> Account:
    return await accounts.person(await accounts.public_id(), Papel.OPERADOR)


@pytest.fixture
async def law(container: Container, client: httpx.AsyncClient, operator: Account) -> UUID:
    return await taken_in(container, client, operator, name="lei das feiras nº 1.txt")


async def fetch(client: httpx.AsyncClient, document_id: UUID, **headers: str) -> httpx.Response:
    return await client.get(f"{DOCUMENTS}/{document_id}/original", headers=headers)


async def test_whoever_may_ask_may_open_what_an_answer_cites(client: httpx.AsyncClient, law: UUID) -> None:
    opened = await fetch(client, law)
    assert (opened.status_code, opened.content) == (200, CONTENT)
    assert opened.headers["content-type"] == "text/plain; charset=utf-8"
    assert opened.headers["content-length"] == str(len(CONTENT))
    assert opened.headers["accept-ranges"] == "bytes"
    assert opened.headers["etag"] == f'"{sha256(CONTENT)}"'
    assert opened.headers["content-disposition"] == "inline; filename*=UTF-8''lei%20das%20feiras%20n%C2%BA%201.txt"
    assert opened.headers["x-content-type-options"] == "nosniff"


async def test_a_text_in_windows_old_encoding_is_labelled_so(
    container: Container, client: httpx.AsyncClient, operator: Account
) -> None:
    document_id = await taken_in(container, client, operator, content=LAW.encode("cp1252"))
    assert (await fetch(client, document_id)).headers["content-type"] == "text/plain; charset=windows-1252"


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [("bytes=0-9", 0, 10), ("bytes=10-", 10, None), ("bytes=-5", -5, None), ("bytes=0-999999", 0, None)],
)
async def test_a_part_is_sent_where_one_is_asked_for(
    client: httpx.AsyncClient, law: UUID, asked: str, start: int, end: int | None
) -> None:
    part = await fetch(client, law, Range=asked)
    assert (part.status_code, part.content) == (206, CONTENT[start:end])
    first, last, _ = slice(start, end).indices(len(CONTENT))
    assert part.headers["content-range"] == f"bytes {first}-{last - 1}/{len(CONTENT)}"


@pytest.mark.parametrize("asked", ["bytes=5-2", "bytes=-", "bytes=0-1,3-4", "linhas=1-2", "bytes=a-b"])
async def test_of_a_range_that_is_none_everything_is_sent(client: httpx.AsyncClient, law: UUID, asked: str) -> None:
    assert (await fetch(client, law, Range=asked)).status_code == 200


@pytest.mark.parametrize("asked", ["bytes=99999-", "bytes=-0", "bytes=99999-100000"])
async def test_a_part_that_is_not_there_is_refused_with_the_size(
    client: httpx.AsyncClient, law: UUID, asked: str
) -> None:
    refused = await fetch(client, law, Range=asked)
    assert (refused.status_code, refused.json()["detail"]["error_code"]) == (416, "unsatisfiable_range")
    assert refused.headers["content-range"] == f"bytes */{len(CONTENT)}"


async def test_whom_has_it_is_told_that_it_did_not_change(client: httpx.AsyncClient, law: UUID) -> None:
    etag = (await fetch(client, law)).headers["etag"]
    known = await fetch(client, law, **{"If-None-Match": etag})
    assert (known.status_code, known.content) == (304, b"")
    assert (await fetch(client, law, **{"If-None-Match": '"outro"'})).status_code == 200


async def test_an_html_original_is_kept_from_running_here(
    container: Container, client: httpx.AsyncClient, operator: Account
) -> None:
    page = "<html><head><title>Decreto nº 7, de 2020</title></head><body><main><p>Art. 1º A coleta é diária.</p>"
    page += "<script>document.title = 'tomado'</script></main></body></html>"
    sent = await send(client, operator, page.encode(), "decreto.html")
    assert sent.status_code == 202, sent.text
    opened = await client.get(f"{DOCUMENTS}/{sent.json()['document_id']}/original", headers=operator.headers)
    policy = [part.strip() for part in opened.headers["content-security-policy"].split(";")]
    assert "sandbox" in policy
    assert "default-src 'none'" in policy


async def test_what_is_not_taken_in_is_open_to_members_only(client: httpx.AsyncClient, operator: Account) -> None:
    document_id = UUID((await send(client, operator)).json()["document_id"])
    assert (await fetch(client, document_id)).status_code == 404
    assert (await fetch(client, document_id, **operator.headers)).status_code == 200


async def test_a_replaced_version_stays_and_names_the_newer_one(
    client: httpx.AsyncClient, law: UUID, container: Container, operator: Account, admin: asyncpg.Connection
) -> None:
    newer = await taken_in(
        container, client, operator, content=CONTENT + b"Art. 3 Novo.\n", fields={"title": "Outra lei"}
    )
    await admin.execute("UPDATE documento SET estado = 'substituido', substituido_por = $2 WHERE id = $1", law, newer)
    opened = await fetch(client, law)
    assert opened.status_code == 200
    assert opened.headers["link"] == f'<{DOCUMENTS}/{newer}/original>; rel="successor-version"'
    read = (await client.get(f"{DOCUMENTS}/{law}", headers=operator.headers)).json()
    assert (read["state"], read["replaced_by"]) == ("substituido", str(newer))


async def test_a_lost_original_is_said(client: httpx.AsyncClient, law: UUID, tmp_path: Path) -> None:
    for path in originals(tmp_path):
        path.unlink()
    lost = await fetch(client, law)
    assert (lost.status_code, lost.json()["detail"]["error_code"]) == (404, "original_not_found")
    assert (await fetch(client, uuid4())).status_code == 404


async def test_an_address_opens_so_many_a_day_without_a_login(
    accesses: DatabaseAccesses, client: httpx.AsyncClient, law: UUID, operator: Account, tmp_path: Path
) -> None:
    async with (
        open_container(settings_in(tmp_path, anonymous_originals_per_address=2), accesses) as strict,
        client_of(strict) as limited,
    ):
        assert [(await fetch(limited, law)).status_code for _ in range(3)] == [200, 200, 429]
        for most in ("bytes=0-", "bytes=1-", f"bytes=-{len(CONTENT)}0000000", "bytes=1-99999999", "linhas=2-"):
            assert (await fetch(limited, law, Range=most)).status_code == 429, most
        for piece in ("bytes=5-6", "bytes=-10"):
            assert (await fetch(limited, law, Range=piece)).status_code == 206, piece
        assert (await fetch(limited, law, **operator.headers)).status_code == 200


async def test_small_pieces_are_bounded_too(
    accesses: DatabaseAccesses, client: httpx.AsyncClient, law: UUID, tmp_path: Path
) -> None:
    async with (
        open_container(settings_in(tmp_path, anonymous_originals_per_address=1), accesses) as strict,
        client_of(strict) as limited,
    ):
        answers = [(await fetch(limited, law, Range="bytes=5-6")).status_code for _ in range(101)]
        assert (answers.count(206), answers[-1]) == (100, 429)
        assert (await fetch(limited, law)).status_code == 200


class TestInObjectStorage:
    """The same over S3."""

    @pytest.fixture
    def bucket(self, s3: S3Server) -> BucketAddress:
        return s3.new_bucket()

    @pytest.fixture
    async def container(
        self, accesses: DatabaseAccesses, bucket: BucketAddress, tmp_path: Path
    ) -> AsyncIterator[Container]:
        settings = settings_in(
            tmp_path,
            storage_url=f"s3://{bucket.bucket}/{bucket.prefix}",
            storage_endpoint=bucket.endpoint,
            storage_region=bucket.region,
            aws_access_key_id="chave",
            aws_secret_access_key="segredo",
        )
        async with open_container(settings, accesses) as opened:
            yield opened

    async def test_a_pdf_is_opened_at_an_address_of_the_storage(
        self, client: httpx.AsyncClient, operator: Account
    ) -> None:
        content = b"%PDF-1.4 de mentira"
        sent = (await send(client, operator, content, "lei.pdf")).json()
        opened = await fetch(client, UUID(sent["document_id"]), **operator.headers)
        assert opened.status_code == 307
        assert opened.headers["cache-control"] == "no-store"
        async with httpx.AsyncClient() as direct:
            file = await direct.get(opened.headers["location"])
        assert (file.content, file.headers["content-type"]) == (content, "application/pdf")

    async def test_everything_else_comes_through_this_service(
        self, container: Container, client: httpx.AsyncClient, operator: Account
    ) -> None:
        law = await taken_in(container, client, operator)
        assert (await fetch(client, law)).content == CONTENT
        assert (await fetch(client, law, Range="bytes=3-8")).content == CONTENT[3:9]

    async def test_a_big_file_is_sent_to_the_storage_itself(self, client: httpx.AsyncClient, operator: Account) -> None:
        body = {"file_name": "lei.txt", "size": len(CONTENT), "sha256": sha256(CONTENT)}
        uploads = f"{DOCUMENTS}/uploads"
        started = (await client.post(uploads, json=body, headers=operator.headers)).json()
        assert started["direto"]
        complete = f"{uploads}/{started['upload_id']}/complete"
        async with httpx.AsyncClient() as direct:
            (await direct.put(started["url"], content=CONTENT[:-1] + b"!")).raise_for_status()
            refused = await client.post(complete, json={}, headers=operator.headers)
            assert (refused.status_code, refused.json()["detail"]["error_code"]) == (400, "upload_mismatch")
            early = await client.post(complete, json={}, headers=operator.headers)
            assert early.json()["detail"]["error_code"] == "upload_incomplete"
            (await direct.put(started["url"], content=CONTENT)).raise_for_status()
        done = await client.post(complete, json={}, headers=operator.headers)
        assert done.status_code == 202, done.text
