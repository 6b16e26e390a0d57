"""C6: with the object storage away, silent, cut off or corrupt, no document is without its original."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import cycle, islice
from pathlib import Path
from unittest.mock import patch
from uuid import UUID, uuid4

import httpx

from balcao.domain.errors import BalcaoError, StorageUnavailable
from balcao.domain.ids import JobId
from balcao.domain.usuario import Papel
from balcao.infrastructure.external.object_storage import BucketAddress, ObjectStorage
from tests.acceptance.environment import AcceptanceEnvironment
from tests.acceptance.installation import Actor, Installation, open_installation
from tests.faulty_proxy import Fault, FaultyProxy
from tests.s3_server import S3Server, object_url

CODE = "C6"
TRIES = (
    "documentos enviados e lidos com o armazenamento S3 fora do ar, mudo, cortado no meio ou com o original corrompido:"
    " recusados por inteiro ou à espera, nenhum sem o seu original"
)
FULL = 200
BOUNDED = 8
MUTANT = "original lido sem conferir o SHA-256; falha ao guardar o original ignorada"

Scenarios = tuple[tuple[str, Fault], ...]
_SCENARIOS: Scenarios = (
    ("send", Fault.NONE),
    ("send", Fault.REFUSED),
    ("send", Fault.SILENT),
    ("send", Fault.CUT_REQUEST),
    ("send", Fault.CUT_RESPONSE),
    ("read", Fault.REFUSED),
    ("read", Fault.CUT_RESPONSE),
    ("corrupt", Fault.NONE),
)
_PATH = "/api/v1/documents"
_SECONDS = 0.5
_ENOUGH_FOR_A_MUTANT = 2
_OPEN = "disponivel"


async def violations(attempts: int, environment: AcceptanceEnvironment) -> int:
    """Documents without their original, refusals that left something, and answers that are not clear ones."""
    return await _found(attempts, environment)


async def violations_of_mutant(attempts: int, environment: AcceptanceEnvironment) -> int:
    """The same with each defect; 0 where one of them goes unnoticed."""
    few = min(attempts, _ENOUGH_FOR_A_MUTANT)
    with _unchecked():
        corrupt = await _found(few, environment, (("corrupt", Fault.NONE),))
    with _careless():
        lost = await _found(few, environment, (("send", Fault.REFUSED),))
    return corrupt + lost if corrupt and lost else 0


async def test_c6(environment: AcceptanceEnvironment) -> None:
    assert await violations(BOUNDED, environment) == 0


async def test_c6_fails_on_its_mutant(environment: AcceptanceEnvironment) -> None:
    assert await violations_of_mutant(BOUNDED, environment) > 0


async def _found(attempts: int, environment: AcceptanceEnvironment, scenarios: Scenarios = _SCENARIOS) -> int:
    with S3Server() as s3:
        bucket = s3.new_bucket()
        async with FaultyProxy(s3.port) as proxy:
            settings: dict[str, object] = {
                "storage_url": f"s3://{bucket.bucket}/{bucket.prefix}",
                "storage_endpoint": proxy.url,
                "storage_region": bucket.region,
                "storage_timeout_seconds": _SECONDS,
                "aws_access_key_id": bucket.access_key_id,
                "aws_secret_access_key": bucket.secret_access_key,
            }
            async with open_installation(environment, **settings) as installation:
                operator = await installation.person(await installation.public_id(), Papel.OPERADOR)
                bench = _Bench(installation, operator, bucket, proxy)
                found = sum([await bench.round(*scenario) for scenario in islice(cycle(scenarios), attempts)])
                return found + await bench.lost()


class _Bench:
    """An application whose storage can be made to fail."""

    def __init__(self, installation: Installation, operator: Actor, bucket: BucketAddress, proxy: FaultyProxy) -> None:
        self._installation = installation
        self._operator = operator
        self._bucket = bucket
        self._proxy = proxy

    async def round(self, step: str, fault: Fault) -> int:
        """Send one document and read it, with this fault at this step."""
        content = _a_law()
        sent = await self._send(content, fault if step == "send" else Fault.NONE)
        found = await self.lost(content)
        if fault is Fault.NONE or step != "send":
            found += sent.status_code != 202
        else:
            found += await self._is_badly_refused(sent, content)
        if sent.status_code != 202:
            return found
        document_id = UUID(sent.json()["document_id"])
        if step == "corrupt":
            await self._corrupt(document_id)
        state = await self._read(sent.json()["job_id"], document_id, fault if step == "read" else Fault.NONE)
        is_whole = step == "send"
        found += (state == _OPEN) != is_whole
        found += await self._opens_badly(document_id)
        if step == "corrupt":
            await self._forget(document_id)
        return found + await self.lost(content)

    async def _send(self, content: bytes, fault: Fault) -> httpx.Response:
        self._proxy.fault = fault
        answer = await self._installation.client.post(
            _PATH, files={"file": (f"{uuid4().hex}.txt", content)}, headers=self._operator.headers
        )
        self._proxy.fault = Fault.NONE
        return answer

    async def _is_badly_refused(self, answer: httpx.Response, content: bytes) -> bool:
        """Whether a refusal is unclear or left a document; one that was taken in after all must be whole."""
        if answer.status_code == 202:
            return False
        known = await self._installation.admin.fetchval(
            "SELECT count(*) FROM documento WHERE sha256 = $1", hashlib.sha256(content).digest()
        )
        is_clear = (answer.status_code, answer.json()["detail"]["error_code"]) == (503, "storage_unavailable")
        return bool(known) or not is_clear

    async def _read(self, job_id: str, document_id: UUID, fault: Fault) -> str:
        """Process the job as a worker does; the document's state then."""
        self._proxy.fault = fault
        with suppress(BalcaoError):  # after which the worker tries again, or gives up
            await self._installation.container.collection.process.execute(JobId(UUID(job_id)))
        self._proxy.fault = Fault.NONE
        return str(await self._installation.admin.fetchval("SELECT estado FROM documento WHERE id = $1", document_id))

    async def _opens_badly(self, document_id: UUID) -> bool:
        """Whether opening the original while the storage is away is answered by anything but a clear refusal."""
        self._proxy.fault = Fault.REFUSED
        answer = await self._installation.client.get(f"{_PATH}/{document_id}/original", headers=self._operator.headers)
        self._proxy.fault = Fault.NONE
        return (answer.status_code, answer.json()["detail"]["error_code"]) != (503, "storage_unavailable")

    async def _corrupt(self, document_id: UUID) -> None:
        key = await self._installation.admin.fetchval(
            "SELECT caminho_arquivo FROM documento WHERE id = $1", document_id
        )
        async with httpx.AsyncClient() as client:
            (await client.put(object_url(self._bucket, key), content=b"outra coisa, legivel")).raise_for_status()

    async def _forget(self, document_id: UUID) -> None:
        """What was corrupted on purpose is not to be counted again."""
        await self._installation.admin.execute("DELETE FROM documento WHERE id = $1", document_id)

    async def lost(self, content: bytes | None = None) -> int:
        """How many documents have no original that is theirs: of all, or of those with this content."""
        digest = hashlib.sha256(content).digest() if content is not None else None
        rows = await self._installation.admin.fetch(
            "SELECT caminho_arquivo, sha256 FROM documento WHERE sha256 = $1 OR $1 IS NULL", digest
        )
        lost = 0
        async with httpx.AsyncClient() as client:
            for row in rows:
                kept = await client.get(object_url(self._bucket, row["caminho_arquivo"]))
                lost += kept.status_code != 200 or hashlib.sha256(kept.content).digest() != row["sha256"]
        return lost


def _a_law() -> bytes:
    number = uuid4().int % 10**6
    return f"LEI Nº {number}, DE 2 DE JANEIRO DE 2020\nArt. 1º {uuid4().hex} fica denominada.\n".encode() * 400


@contextmanager
def _unchecked() -> Iterator[None]:
    """Whatever comes from the storage passes for what was stored."""
    with patch("balcao.infrastructure.external.local_files.digest_in_key", lambda _key: None):
        yield


@contextmanager
def _careless() -> Iterator[None]:
    """An original that could not be stored passes for one that was."""
    put = ObjectStorage.put

    async def put_or_not(self: ObjectStorage, path: Path, *, key: str) -> None:
        with suppress(StorageUnavailable):
            await put(self, path, key=key)

    with patch.object(ObjectStorage, "put", put_or_not):
        yield
