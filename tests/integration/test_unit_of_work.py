"""The unit of work: one transaction, COPY included, and a tenant that does not outlive it."""

from uuid import uuid4

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from balcao.domain.errors import DatabaseUnreachable, DuplicateDocument, SessionNotFound
from balcao.domain.ids import PrefeituraId, SessionId
from balcao.infrastructure.database.connection import DatabaseAccesses, create_engine
from balcao.infrastructure.database.constraints import raise_meaning
from balcao.infrastructure.database.database import Database
from balcao.infrastructure.database.tables import vocabulary
from balcao.infrastructure.repositories.copy import copy_rows
from tests.factories import a_chunk, a_document, a_question, an_embedding, publish

ROWS = [(f"palavra {number}",) for number in range(100)]
COLUMNS = ("term",)


class Interrupted(Exception):
    pass


async def copy_then_fail(database: Database) -> None:
    async with database.ingestion() as work:
        await copy_rows(work._open, vocabulary, COLUMNS, ROWS)
        raise Interrupted


async def test_copy_as_the_first_act_is_rolled_back(database: Database, admin: asyncpg.Connection) -> None:
    with pytest.raises(Interrupted):
        await copy_then_fail(database)
    assert await admin.fetchval("SELECT count(*) FROM vocabulario") == 0


async def test_without_its_first_statement_the_unit_of_work_refuses_to_copy(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The mutant: nothing is executed on entry, so SQLAlchemy has not sent BEGIN when COPY comes."""

    async def execute_nothing(self: AsyncConnection, *_: object) -> None: ...

    with monkeypatch.context() as patch:
        patch.setattr(AsyncConnection, "execute", execute_nothing)
        with pytest.raises(RuntimeError, match="outside a transaction"):
            await copy_then_fail(database)


async def test_a_raw_copy_before_any_statement_survives_the_rollback(
    accesses: DatabaseAccesses, admin: asyncpg.Connection
) -> None:
    """Why the guard exists: the same COPY without it. Should this ever fail, the guard has become needless."""
    engine = create_engine(accesses.ingestion, pool_size=1)
    async with engine.connect() as connection:
        raw = (await connection.get_raw_connection()).driver_connection
        assert raw is not None
        names = [vocabulary.c[key].name for key in COLUMNS]
        await raw.copy_records_to_table("vocabulario", schema_name="balcao", columns=names, records=ROWS)
        await connection.rollback()
    await engine.dispose()
    assert await admin.fetchval("SELECT count(*) FROM vocabulario") == len(ROWS)


async def test_a_clean_exit_commits(database: Database) -> None:
    document = await publish(database, a_document())
    async with database.tenant() as work:
        assert await work.documents.find_by_id(document.id) is not None


async def test_the_tenant_does_not_outlive_the_transaction(database: Database, public_id: PrefeituraId) -> None:
    for _ in range(10):
        async with database.tenant(public_id) as work:
            assert await work.prefeituras.find_by_id(public_id) is not None
        async with database.tenant() as work:
            assert await work.prefeituras.find_all() == []
            row = (await work._open.execute(text("SELECT session_user = current_user, tenant()"))).one()
            assert tuple(row) == (True, None)


async def test_a_broken_constraint_is_a_domain_error_with_its_cause(database: Database) -> None:
    first = await publish(database, a_document(source="/a.txt"))
    with pytest.raises(DuplicateDocument) as caught:
        await publish(database, a_document("outro texto", source=first.metadata.source))
    assert caught.value.__cause__ is not None


async def test_a_message_for_a_session_of_nobody_here_is_refused(database: Database, public_id: PrefeituraId) -> None:
    """By the foreign key where the role sees every tenant; the API's role meets its policy first."""
    with pytest.raises(SessionNotFound):
        async with database.operator() as work:
            await work.messages.save_message(a_question(public_id, SessionId(uuid4())))


async def test_errors_never_print_vectors(database: Database) -> None:
    document = a_document()
    with pytest.raises(Exception, match="documento_chunk_documento_fk") as caught:
        async with database.ingestion() as work:
            await work.chunks.save_chunk(a_chunk(document, embedding=an_embedding(1.0)))
    assert document.content not in str(caught.value)


async def lose_the_connection(database: Database, admin: asyncpg.Connection, act: str) -> None:
    async with database.ingestion() as work:
        await end_backend_of(work._open, admin)
        if act == "copy":
            await copy_rows(work._open, vocabulary, COLUMNS, ROWS)
        elif act == "statement":
            await work._open.execute(text("SELECT 1"))


async def lose_the_reader(database: Database, admin: asyncpg.Connection, act: str) -> None:
    async with database.reader() as reader:
        await end_backend_of(reader._open, admin)
        if act == "driver":
            await reader.passages.question_terms("prazo", ())
        else:
            await reader.documents.municipalities()


@pytest.mark.parametrize("act", ["copy", "statement", "commit"])
async def test_a_connection_lost_at_any_moment_is_an_unreachable_database(
    database: Database, admin: asyncpg.Connection, act: str
) -> None:
    with pytest.raises(DatabaseUnreachable):
        await lose_the_connection(database, admin, act)
    assert await admin.fetchval("SELECT count(*) FROM vocabulario") == 0


@pytest.mark.parametrize("act", ["statement", "driver"])
async def test_a_connection_lost_while_the_collection_is_read_is_an_unreachable_database(
    database: Database, admin: asyncpg.Connection, act: str
) -> None:
    with pytest.raises(DatabaseUnreachable):
        await lose_the_reader(database, admin, act)
    async with database.reader() as reader:
        assert await reader.documents.count() == 0


def test_a_constraint_that_copy_breaks_is_known_by_its_name() -> None:
    error = asyncpg.UniqueViolationError("duplicate key")
    error.constraint_name = "documento_sha"
    with pytest.raises(DuplicateDocument):
        raise_meaning(error)
    raise_meaning(asyncpg.UniqueViolationError("duplicate key"))


async def end_backend_of(connection: AsyncConnection, admin: asyncpg.Connection) -> None:
    """End the server's process of a connection, and wait until it is gone."""
    pid = (await connection.execute(text("SELECT pg_backend_pid()"))).scalar_one()
    assert await admin.fetchval("SELECT pg_terminate_backend($1, 5000)", pid)
