"""T2: nothing in the catalogue of a migrated database lets a prefeitura reach another's rows."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from tests.acceptance.catalogue import RULES, Rule
from tests.acceptance.environment import AcceptanceEnvironment

CODE = "T2"
TRIES = (
    "achar no catálogo do banco migrado uma brecha de cada tipo: segurança por linha, políticas, donos, papéis, funções"
)
FULL = BOUNDED = len(RULES)
MUTANTS = [(rule, statements) for rule in RULES for statements in rule.mutants]
MUTANT = f"{len(MUTANTS)} brechas plantadas, ao menos uma de cada tipo"


async def violations(attempts: int, environment: AcceptanceEnvironment) -> int:
    """Findings of this many rules."""
    return len(await _findings(environment, RULES[:attempts]))


async def violations_of_mutant(attempts: int, environment: AcceptanceEnvironment) -> int:
    """Planted holes that their own rule finds; 0 as soon as one is missed."""
    return 0 if await _missed(environment) else len(MUTANTS)


async def test_t2(environment: AcceptanceEnvironment) -> None:
    assert await _findings(environment, RULES) == []


async def test_t2_fails_on_its_mutant(environment: AcceptanceEnvironment) -> None:
    assert await _missed(environment) == []
    assert all(rule.mutants for rule in RULES)


async def _findings(environment: AcceptanceEnvironment, rules: tuple[Rule, ...]) -> list[str]:
    async with _administrator(environment) as connection:
        return [finding for rule in rules for finding in await rule.findings(connection)]


async def _missed(environment: AcceptanceEnvironment) -> list[str]:
    """Statements that make a hole which their rule does not find."""
    async with _administrator(environment) as connection:
        return [statements for rule, statements in MUTANTS if not await _notices(connection, rule, statements)]


async def _notices(connection: asyncpg.Connection, rule: Rule, statements: str) -> bool:
    """Whether the rule finds what these statements break; they are undone."""
    transaction = connection.transaction()
    await transaction.start()
    try:
        await connection.execute(statements)
        return await rule.findings(connection) != []
    finally:
        await transaction.rollback()


@asynccontextmanager
async def _administrator(environment: AcceptanceEnvironment) -> AsyncIterator[asyncpg.Connection]:
    """A superuser's connection to a new migrated database."""
    accesses = await environment.new_accesses()
    connection = await asyncpg.connect(accesses.admin.url, server_settings={"search_path": "balcao, public"})
    try:
        yield connection
    finally:
        await connection.close()
