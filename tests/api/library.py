"""Documents as people send, find and open them over HTTP."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from uuid import UUID

import httpx

from balcao.domain.ids import JobId
from balcao.interface.dependencies.container import Container
from tests.api.accounts import Account

Fields = Mapping[str, str | list[str]]
DOCUMENTS = "/api/v1/documents"
LAW = (
    "LEI Nº 1.234, DE 5 DE MAIO DE 2021\n"
    "Dispõe sobre as feiras livres.\n"
    "Art. 1º As feiras livres funcionam das 6 às 13 horas.\n"
    "Art. 2º A licença custa trinta reais por ano.\n"
)


async def send(
    client: httpx.AsyncClient,
    sender: Account | None,
    content: bytes = LAW.encode(),
    name: str = "lei.txt",
    fields: Fields | None = None,
) -> httpx.Response:
    """Send a file by the form."""
    headers = sender.headers if sender else {}
    return await client.post(DOCUMENTS, files={"file": (name, content)}, data=fields or {}, headers=headers)


async def taken_in(
    container: Container,
    client: httpx.AsyncClient,
    sender: Account,
    content: bytes = LAW.encode(),
    name: str = "lei.txt",
    fields: Fields | None = None,
) -> UUID:
    """A document that was sent and read."""
    sent = await send(client, sender, content, name, fields)
    assert sent.status_code == 202, sent.text
    await container.collection.process.execute(JobId(UUID(sent.json()["job_id"])))
    return UUID(sent.json()["document_id"])


def originals(folder: Path) -> list[Path]:
    """Files that the folder's storage keeps."""
    return sorted(path for path in (folder / "originais").rglob("*") if path.is_file())


def left_in_reception(folder: Path) -> list[Path]:
    """Files that arrived and were not cleared away."""
    return sorted((folder / "recebidos").rglob("*"))


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
