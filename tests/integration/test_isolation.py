"""The database itself keeps prefeituras apart, and gives each role only what it needs."""

from uuid import uuid4

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from balcao.domain.chat import ChatSession, TokenUsage
from balcao.domain.ids import PrefeituraId, SessionId
from balcao.infrastructure.database.connection import DatabaseAccess, DatabaseAccesses
from balcao.infrastructure.database.database import Database
from tests.factories import a_document, a_prefeitura, a_question, publish

DENIED = "42501"


async def sqlstate_of(access: DatabaseAccess, statement: str) -> str | None:
    connection = await asyncpg.connect(access.url, server_settings={"search_path": "balcao, public"})
    try:
        await connection.execute(statement)
    except asyncpg.PostgresError as error:
        return str(error.sqlstate)
    finally:
        await connection.close()
    return None


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO documento (titulo, conteudo, caminho_arquivo, origem, sha256, texto_sha256, ente_esfera)"
        " VALUES ('t', 'c', 'p', 'o', sha256('a'), sha256('a'), 'geral')",
        "UPDATE documento SET titulo = 'x'",
        "DELETE FROM documento_chunk",
        "TRUNCATE message",
        "DELETE FROM message",
        "UPDATE prefeitura SET quota_tokens = 1",
        "ALTER TABLE message DISABLE ROW LEVEL SECURITY",
        "SET ROLE balcao_operador",
        "SELECT * FROM vetor_pago",
    ],
)
async def test_the_applications_role_may_not(accesses: DatabaseAccesses, statement: str) -> None:
    assert await sqlstate_of(accesses.app, statement) == DENIED


async def test_a_messages_tokens_only_grow(
    accesses: DatabaseAccesses, database: Database, public_id: PrefeituraId
) -> None:
    session = ChatSession(id=SessionId(uuid4()), prefeitura_id=public_id)
    async with database.tenant(public_id) as work:
        await work.sessions.save_session(session)
        question = await work.messages.save_message(a_question(public_id, session.id))
        await work.messages.add_tokens(question.id, TokenUsage(prompt_tokens=5, completion_tokens=2))
    tenant = f"SELECT set_config('balcao.prefeitura_id', '{public_id}', false)"
    assert await sqlstate_of(accesses.app, f"{tenant}; UPDATE message SET tokens_usados = tokens_usados + 1") is None
    assert await sqlstate_of(accesses.app, f"{tenant}; UPDATE message SET tokens_usados = 5") == DENIED


@pytest.mark.parametrize("table", ["message", "chat_session", "usuario", "prefeitura"])
async def test_the_ingestion_role_sees_nobodys_conversations(accesses: DatabaseAccesses, table: str) -> None:
    assert await sqlstate_of(accesses.ingestion, f"SELECT * FROM {table}") == DENIED


async def test_no_role_of_the_program_bypasses_row_level_security(admin: asyncpg.Connection) -> None:
    roles = await admin.fetch("SELECT rolname, rolsuper, rolbypassrls FROM pg_roles WHERE rolname LIKE 'balcao%'")
    assert {role["rolname"] for role in roles} == {"balcao_dono", "balcao_app", "balcao_ingestao", "balcao_operador"}
    assert not any(role["rolsuper"] or role["rolbypassrls"] for role in roles)


async def test_every_tenant_table_forces_row_level_security(admin: asyncpg.Connection) -> None:
    unprotected = """
        SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE n.nspname = 'balcao' AND c.relkind = 'r' AND NOT (c.relrowsecurity AND c.relforcerowsecurity)
           AND (c.relname = 'prefeitura' OR EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid
                                                       AND a.attname = 'prefeitura_id' AND NOT a.attisdropped))"""
    assert await admin.fetch(unprotected) == []
    await admin.execute("ALTER TABLE message NO FORCE ROW LEVEL SECURITY")
    assert [row["relname"] for row in await admin.fetch(unprotected)] == ["message"]


async def test_a_tenant_sees_its_own_rows_only(database: Database, public_id: PrefeituraId) -> None:
    other = await a_prefeitura(database, "outra")
    mine = await a_session(database, public_id)
    theirs = await a_session(database, other.id)
    async with database.tenant(public_id) as work:
        assert await work.sessions.find_session_by_id(mine) is not None
        assert await work.sessions.find_session_by_id(theirs) is None
        assert [session.id for session in await work.sessions.find_active_sessions()] == [mine]
    async with database.operator() as work:
        assert {session.id for session in await work.sessions.find_active_sessions()} == {mine, theirs}


async def test_without_row_level_security_that_check_fails(
    database: Database, admin: asyncpg.Connection, public_id: PrefeituraId
) -> None:
    """The mutant: the same query leaks as soon as the table is not protected."""
    theirs = await a_session(database, (await a_prefeitura(database, "outra")).id)
    await admin.execute("ALTER TABLE chat_session DISABLE ROW LEVEL SECURITY")
    async with database.tenant(public_id) as work:
        assert await work.sessions.find_session_by_id(theirs) is not None


async def test_without_a_tenant_there_are_no_rows_and_no_inserts(database: Database, public_id: PrefeituraId) -> None:
    await a_session(database, public_id)
    async with database.tenant() as work:
        assert await work.sessions.find_active_sessions() == []
    with pytest.raises(DBAPIError, match="row-level security"):
        async with database.tenant() as work:
            await work.sessions.save_session(ChatSession(id=SessionId(uuid4()), prefeitura_id=public_id))


async def test_a_reader_sees_a_prefeitura_as_that_one_does_and_for_one_statement_only(
    database: Database, public_id: PrefeituraId
) -> None:
    other = await a_prefeitura(database, "outra", uf="SP")
    async with database.reader() as reader:
        assert await reader.prefeitura(other.id) == other
        public = await reader.prefeitura(None)
        assert public is not None
        assert public.id == public_id
        assert await reader.prefeitura(PrefeituraId(uuid4())) is None
        await reader.prefeitura(other.id)
        assert await reader.prefeituras.find_by_id(other.id) is None
        assert await reader.prefeituras.find_all() == []


async def test_what_a_reader_sees_of_a_prefeitura_is_what_the_policy_shows(
    database: Database, admin: asyncpg.Connection, public_id: PrefeituraId
) -> None:
    await admin.execute("ALTER POLICY tenant ON prefeitura USING (id <> (SELECT tenant()))")
    async with database.reader() as reader:
        assert await reader.prefeitura(public_id) is None


async def test_documents_are_everybodys(database: Database, public_id: PrefeituraId) -> None:
    document = await publish(database, a_document())
    for tenant in (None, public_id, (await a_prefeitura(database, "outra")).id):
        async with database.tenant(tenant) as work:
            assert await work.documents.find_by_id(document.id) is not None


async def test_an_external_database_is_entered_through_the_role(accesses: DatabaseAccesses) -> None:
    """One admin URL for everything: each pool assumes its role as the session's default, which no RESET leaves."""
    admin = accesses.admin.url
    external = Database(
        DatabaseAccesses(
            app=DatabaseAccess(url=admin, role="balcao_app"),
            ingestion=DatabaseAccess(url=admin, role="balcao_ingestao"),
            operator=DatabaseAccess(url=admin, role="balcao_operador"),
            admin=accesses.admin,
        )
    )
    async with external.tenant() as work:
        for reset in ("RESET ROLE", "RESET ALL"):
            await work._open.execute(text(reset))
            assert (await work._open.execute(text("SELECT current_user"))).scalar_one() == "balcao_app"
    await external.dispose()


async def a_session(database: Database, prefeitura_id: PrefeituraId) -> SessionId:
    async with database.tenant(prefeitura_id) as work:
        session = ChatSession(id=SessionId(uuid4()), prefeitura_id=prefeitura_id)
        return (await work.sessions.save_session(session)).id
