"""Behind a transaction pooler: what works, and which mistakes of its set-up are told instead of suffered."""

from dataclasses import replace
from pathlib import Path

import pytest

from balcao.domain.errors import InvalidConfiguration
from balcao.infrastructure.database.connection import SESSION_SETTINGS, DatabaseAccesses, connect
from balcao.infrastructure.database.database import Database
from balcao.interface.dependencies.container import external_accesses
from tests.acceptance.environment import AcceptanceEnvironment
from tests.applications import settings_in
from tests.factories import a_document, publish
from tests.pooler import behind_pgbouncer, pgbouncer

EVERYTHING = ", ".join(("role", *SESSION_SETTINGS))


async def test_documents_are_copied_in_and_read_by_way_of_it(
    environment: AcceptanceEnvironment, accesses: DatabaseAccesses
) -> None:
    async with behind_pgbouncer(pgbouncer(), environment.new_folder(), accesses) as pooled:
        database = Database(pooled)
        document = await publish(database, a_document())
        async with database.tenant() as work:
            assert await work.documents.find_by_id(document.id) is not None
        await database.dispose()


async def test_the_server_starts_by_way_of_it(environment: AcceptanceEnvironment, accesses: DatabaseAccesses) -> None:
    async with (
        behind_pgbouncer(pgbouncer(), environment.new_folder(), accesses) as pooled,
        environment.start_server(pooled, DATABASE_TRANSACTION_POOLER="true") as server,
    ):
        assert server.process.is_running()


async def test_a_pooler_that_nobody_announced_is_recognised(
    environment: AcceptanceEnvironment, accesses: DatabaseAccesses
) -> None:
    async with behind_pgbouncer(pgbouncer(), environment.new_folder(), accesses) as pooled:
        with pytest.raises(InvalidConfiguration, match="DATABASE_TRANSACTION_POOLER"):
            await connect(replace(pooled.app, transaction_pooler=False))


async def test_a_pooler_that_drops_the_role_does_not_leave_the_admin_in_its_place(
    environment: AcceptanceEnvironment, accesses: DatabaseAccesses
) -> None:
    folder = environment.new_folder()
    async with behind_pgbouncer(pgbouncer(), folder, accesses, ignores=EVERYTHING) as pooled:
        as_admin = replace(pooled.admin, role="balcao_app", transaction_pooler=False)
        with pytest.raises(InvalidConfiguration, match="não assumiu o papel balcao_app"):
            await connect(as_admin)


async def test_sessions_without_their_settings_are_refused(accesses: DatabaseAccesses) -> None:
    with pytest.raises(
        InvalidConfiguration, match=r"balcao_app não têm.*search_path, hnsw\.iterative_scan.*ALTER ROLE"
    ):
        await connect(replace(accesses.app, transaction_pooler=True))


def test_each_role_needs_its_own_address(tmp_path: Path) -> None:
    settings = settings_in(
        tmp_path,
        database_url="postgresql://balcao_app:senha@pooler:6432/balcao",
        database_admin_url="postgresql://balcao_admin:senha@servidor/balcao",
        database_transaction_pooler=True,
    )
    with pytest.raises(InvalidConfiguration, match="entre como balcao_ingestao"):
        external_accesses(settings)
