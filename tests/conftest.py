"""Real parts for the tests: one embedded PostgreSQL for the whole run, one fresh database for each test."""

import atexit
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest
from joserfc.jwk import RSAKey

from balcao.domain.ids import PrefeituraId
from balcao.infrastructure.database.connection import DatabaseAccesses
from balcao.infrastructure.database.database import Database
from balcao.infrastructure.database.embedded import EmbeddedPostgres
from balcao.infrastructure.logs import configure_logs
from tests.acceptance.environment import AcceptanceEnvironment
from tests.databases import new_empty_database, new_migrated_database
from tests.oidc_server import OidcServer
from tests.s3_server import S3Server

REPOSITORY = Path(__file__).parent.parent


@pytest.fixture(autouse=True)
def log_of_its_own() -> None:
    """The product's log, whatever a command that another test ran has made of it."""
    configure_logs("INFO")


@pytest.fixture(scope="session")
def short_folder() -> Path:
    """A folder whose path is short enough for a Unix socket (pytest's own is not)."""
    folder = Path(tempfile.mkdtemp(prefix="balcao-"))
    # Gigabytes of databases: on a busy disk removing them takes longer than a test, and its teardown, may
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


@pytest.fixture(scope="session")
def server(short_folder: Path) -> Iterator[EmbeddedPostgres]:
    with EmbeddedPostgres(short_folder / "dados") as running:
        yield running


@pytest.fixture(scope="session")
def environment(server: EmbeddedPostgres, short_folder: Path) -> AcceptanceEnvironment:
    """What the acceptance checks run on."""
    return AcceptanceEnvironment(server=server, folder=short_folder)


@pytest.fixture
async def empty_database(server: EmbeddedPostgres) -> str:
    """Name of a new database without the schema."""
    return await new_empty_database(server)


@pytest.fixture
async def accesses(server: EmbeddedPostgres) -> DatabaseAccesses:
    """A new migrated database, copied from a template that the first test makes."""
    return await new_migrated_database(server)


@pytest.fixture
async def database(accesses: DatabaseAccesses) -> AsyncIterator[Database]:
    database = Database(accesses)
    yield database
    await database.dispose()


@pytest.fixture
async def admin(accesses: DatabaseAccesses) -> AsyncIterator[asyncpg.Connection]:
    """A superuser's connection to the test's database: sees and breaks everything."""
    connection = await asyncpg.connect(accesses.admin.url, server_settings={"search_path": "balcao, public"})
    yield connection
    await connection.close()


@pytest.fixture(scope="session")
def rsa_key() -> RSAKey:
    """A private key, made once: that takes a while."""
    return RSAKey.generate_key(2048, auto_kid=True)


@pytest.fixture
def oidc(rsa_key: RSAKey) -> Iterator[OidcServer]:
    with OidcServer(rsa_key) as running:
        yield running


@pytest.fixture(scope="session")
def s3() -> Iterator[S3Server]:
    with S3Server() as running:
        yield running


@pytest.fixture
async def public_id(database: Database) -> PrefeituraId:
    async with database.tenant() as work:
        found = await work.prefeituras.public_id()
    assert found is not None
    return found


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real documents; it is not part of the repository."""
    folder = Path(os.environ.get("BALCAO_DADOS_REAIS", REPOSITORY.parent / "shared" / "data"))
    if not (folder / "docs").is_dir():
        pytest.skip("sem os documentos reais (BALCAO_DADOS_REAIS)")
    return folder
