"""I2: fifty sendings of one file at once make one document and one original, and the others are told which."""

import asyncio
from uuid import uuid4

import asyncpg
import httpx

from balcao.domain.usuario import Papel
from balcao.infrastructure.database.connection import DatabaseAccesses
from balcao.infrastructure.external.object_storage import BucketAddress
from tests.acceptance.environment import AcceptanceEnvironment, RunningServer
from tests.acceptance.installation import open_installation
from tests.s3_server import S3Server

CODE = "I2"
TRIES = (
    "50 envios do mesmo arquivo ao mesmo tempo, por HTTP, a um processo de verdade: um documento, um objeto no S3, "
    "e os outros 49 recebem 409 com o document_id dele"
)
FULL = 500
BOUNDED = 50
MUTANT = "sem o índice único do SHA-256: só a consulta antes de gravar"

_AT_ONCE = 50
_PATH = "/api/v1/documents"
_SLOW_INSERT = (
    "CREATE FUNCTION devagar() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.3); RETURN NEW; END $$",
    "CREATE TRIGGER devagar BEFORE INSERT ON documento FOR EACH ROW EXECUTE FUNCTION devagar()",
)
"""Between the look and the insert there is always some time; the mutant's is long enough for others to look too."""


async def violations(attempts: int, environment: AcceptanceEnvironment) -> int:
    """Documents and objects too many or too few, and answers that do not lead to the one document."""
    return await _found(attempts, environment)


async def violations_of_mutant(attempts: int, environment: AcceptanceEnvironment) -> int:
    """The same where nothing but a look before the insert keeps a second document out."""
    return await _found(min(attempts, _AT_ONCE), environment, "DROP INDEX documento_sha", *_SLOW_INSERT)


async def test_i2(environment: AcceptanceEnvironment) -> None:
    assert await violations(BOUNDED, environment) == 0


async def test_i2_fails_on_its_mutant(environment: AcceptanceEnvironment) -> None:
    assert await violations_of_mutant(BOUNDED, environment) > 0


async def _found(attempts: int, environment: AcceptanceEnvironment, *defects: str) -> int:
    accesses = await environment.new_accesses()
    admin = await asyncpg.connect(accesses.admin.url, server_settings={"search_path": "balcao, public"})
    try:
        for defect in defects:
            await admin.execute(defect)
        with S3Server() as s3:
            bucket = s3.new_bucket()
            env = _environment(bucket)
            async with environment.start_server(accesses, **env) as server:
                headers = await _operator(environment, accesses, env["BALCAO_SECRET_KEY"])
                rounds = -(-attempts // _AT_ONCE)
                return sum([await _round(server, headers, admin, bucket) for _ in range(rounds)])
    finally:
        await admin.close()


def _environment(bucket: BucketAddress) -> dict[str, str]:
    return {
        "BALCAO_SECRET_KEY": uuid4().hex,
        "STORAGE_URL": f"s3://{bucket.bucket}/{bucket.prefix}",
        "STORAGE_ENDPOINT": bucket.endpoint or "",
        "STORAGE_REGION": bucket.region or "",
        "AWS_ACCESS_KEY_ID": bucket.access_key_id or "",
        "AWS_SECRET_ACCESS_KEY": bucket.secret_access_key or "",
    }


async def _operator(environment: AcceptanceEnvironment, accesses: DatabaseAccesses, secret: str) -> dict[str, str]:
    async with open_installation(environment, accesses, balcao_secret_key=secret) as installation:
        return (await installation.person(await installation.public_id(), Papel.OPERADOR)).headers


async def _round(
    server: RunningServer, headers: dict[str, str], admin: asyncpg.Connection, bucket: BucketAddress
) -> int:
    """One burst of one new file."""
    content = f"LEI Nº {uuid4().int % 10**6}, DE 3 DE MAIO DE 2021\nArt. 1º {uuid4().hex}.\n".encode()
    documents, objects = await _counts(admin, bucket)
    async with httpx.AsyncClient(headers=headers, timeout=60, limits=httpx.Limits(max_connections=_AT_ONCE)) as client:
        answers = await asyncio.gather(
            *(
                client.post(f"{server.url}{_PATH}", files={"file": (f"lei-{number}.txt", content)})
                for number in range(_AT_ONCE)
            )
        )
    documents_now, objects_now = await _counts(admin, bucket)
    accepted = [answer.json()["document_id"] for answer in answers if answer.status_code == 202]
    others = [answer for answer in answers if answer.status_code != 202]
    misled = sum(
        answer.status_code != 409 or answer.json()["detail"].get("document_id") not in accepted for answer in others
    )
    return abs(documents_now - documents - 1) + abs(objects_now - objects - 1) + abs(len(accepted) - 1) + misled


async def _counts(admin: asyncpg.Connection, bucket: BucketAddress) -> tuple[int, int]:
    """Documents, and objects in the bucket."""
    documents = await admin.fetchval("SELECT count(*) FROM documento")
    async with httpx.AsyncClient() as client:
        listed = await client.get(f"{bucket.endpoint}/{bucket.bucket}?list-type=2&max-keys=10000")
    return int(documents), listed.text.count("<Key>")
