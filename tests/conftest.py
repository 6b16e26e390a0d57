"""Real parts for the tests: one embedded PostgreSQL for the whole run, one fresh database for each test."""

import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from itertools import count
from pathlib import Path

import asyncpg
import pytest

from balcao.domain.ids import PrefeituraId
from balcao.infrastructure.database import migrator
from balcao.infrastructure.database.connection import (
    APP_ROLE,
    INGESTION_ROLE,
    OPERATOR_ROLE,
    DatabaseAccess,
    DatabaseAccesses,
)
from balcao.infrastructure.database.database import Database
from balcao.infrastructure.database.embedded import EmbeddedPostgres

REPOSITORY = Path(__file__).parent.parent
TEMPLATE = "modelo"
_numbers = count(1)


@pytest.fixture(scope="session")
def short_folder() -> Iterator[Path]:
    """A folder whose path is short enough for a Unix socket (pytest's own is not)."""
    folder = Path(tempfile.mkdtemp(prefix="balcao-"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def server(short_folder: Path) -> Iterator[EmbeddedPostgres]:
    with EmbeddedPostgres(short_folder / "dados") as running:
        yield running


@pytest.fixture
async def empty_database(server: EmbeddedPostgres) -> str:
    """Name of a new database without the schema."""
    name = f"vazio_{next(_numbers)}"
    await migrator.create_database(DatabaseAccess(url=server.url("postgres", "postgres")), name)
    return name


@pytest.fixture
async def accesses(server: EmbeddedPostgres) -> DatabaseAccesses:
    """A new migrated database, copied from a template that the first test makes."""
    postgres = DatabaseAccess(url=server.url("postgres", "postgres"))
    await migrator.create_database(postgres, TEMPLATE)
    await migrator.upgrade(DatabaseAccess(url=server.url("postgres", TEMPLATE)))
    name = f"teste_{next(_numbers)}"
    connection = await asyncpg.connect(postgres.url)
    await connection.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
    await connection.close()
    return accesses_of(server, name)


def accesses_of(server: EmbeddedPostgres, name: str) -> DatabaseAccesses:
    return DatabaseAccesses(
        app=DatabaseAccess(url=server.url(APP_ROLE, name)),
        ingestion=DatabaseAccess(url=server.url(INGESTION_ROLE, name)),
        operator=DatabaseAccess(url=server.url(OPERATOR_ROLE, name)),
        admin=DatabaseAccess(url=server.url("postgres", name)),
    )


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
