"""X3: whatever Schemathesis makes of the OpenAPI, each answer is one that it documents, and tells no secret."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from uuid import uuid4

from balcao.domain.usuario import Papel
from tests.acceptance import broken_server
from tests.acceptance.environment import AcceptanceEnvironment, RunningServer
from tests.acceptance.fuzzing import Findings, Fuzzing
from tests.acceptance.installation import Actor, Installation, open_installation

CODE = "X3"
TRIES = (
    "casos do Schemathesis, também em sequência, por quatro papéis: nenhum erro 5xx, status ou corpo fora do OpenAPI, "
    "nem segredo ou rastro de pilha"
)
FULL = 20_000
BOUNDED = 400
MUTANT = "três rotas: uma que falha, uma com status não documentado, uma que mostra o rastro da pilha"

_EXAMPLES_AT_FULL, _EXAMPLES = 30, 4
_ENOUGH_FOR_THE_MUTANT = 10
_BROKEN = "^/quebrada/"
_LOGOUT, _NOTHING = "/auth/logout$", "^$"
"""The one is left out where it would end the actor's login, and with it the use of the run."""

_KINDS_OF_MUTANT = {"not_a_server_error", "status_code_conformance", "indiscreet_body"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A server process, and an application over the same database that makes people for it."""

    server: RunningServer
    installation: Installation
    secrets: tuple[str, ...]


async def violations(attempts: int, environment: AcceptanceEnvironment) -> int:
    """Defects of the answers.

    Raises:
        RuntimeError: hardly anything was let in, so that little would be shown.
    """
    findings = await _fuzz(attempts, environment)
    if sum(number for status, number in findings.statuses.items() if status < 300) < findings.cases // 50:
        raise RuntimeError(f"almost every request was refused: {findings.statuses}")
    return findings.defects.total()


async def violations_of_mutant(attempts: int, environment: AcceptanceEnvironment) -> int:
    """The same on a server with broken routes; 0 where a kind of defect goes unnoticed."""
    findings = await _fuzz(_ENOUGH_FOR_THE_MUTANT, environment, program=Path(broken_server.__file__), paths=_BROKEN)
    return findings.defects.total() if findings.defects.keys() >= _KINDS_OF_MUTANT else 0


async def test_x3(environment: AcceptanceEnvironment) -> None:
    assert await violations(BOUNDED, environment) == 0


async def test_x3_fails_on_its_mutant(environment: AcceptanceEnvironment) -> None:
    assert await violations_of_mutant(BOUNDED, environment) > 0


async def _fuzz(
    attempts: int, environment: AcceptanceEnvironment, *, program: Path | None = None, paths: str = "."
) -> Findings:
    accesses = await environment.new_accesses()
    secret = uuid4().hex
    settings = {"BALCAO_SECRET_KEY": secret, "MAX_DAILY_MESSAGES": "1000000", "ANONYMOUS_DAILY_PER_ADDRESS": "1000000"}
    async with (
        environment.start_server(accesses, program, **settings) as server,
        open_installation(environment, accesses, balcao_secret_key=secret) as installation,
    ):
        secrets = (secret, accesses.app.url, accesses.admin.url)
        target = Target(server=server, installation=installation, secrets=secrets)
        total = Findings()
        examples = _EXAMPLES_AT_FULL if attempts >= FULL else _EXAMPLES
        for number, phase in _phases():
            run = await _run(target, number, phase, examples, paths)
            found = await asyncio.to_thread(run.run, attempts - total.cases)
            total.cases += found.cases
            total.defects += found.defects
            total.statuses += found.statuses
            if total.cases >= attempts:
                break
        return total


def _phases() -> Iterator[tuple[int, str]]:
    """Rounds of random cases and sequences; each role sees once the cases that follow from the schema alone."""
    for number in count():
        yield number, "fuzzing"
        yield number, "stateful"
        if number < len(_ROLES):
            yield number, "coverage"


async def _run(target: Target, number: int, phase: str, examples: int, paths: str) -> Fuzzing:
    actor = await _actor(target.installation, number)
    return Fuzzing(
        url=target.server.url,
        headers=actor.headers,
        secrets=target.secrets,
        phase=phase,
        examples=examples,
        seed=number,
        paths=paths,
        without=_LOGOUT if actor.usuario_id else _NOTHING,
    )


_ROLES: tuple[tuple[str, Papel | None], ...] = (
    ("pessoa", Papel.OPERADOR),
    ("programa", Papel.GESTOR),
    ("pessoa", Papel.SERVIDOR),
    ("visitante", None),
)


async def _actor(installation: Installation, number: int) -> Actor:
    """Somebody new of the role whose turn it is."""
    kind, papel = _ROLES[number % len(_ROLES)]
    if papel is None:
        return Actor(name=kind, prefeitura_id=await installation.public_id())
    home = await installation.prefeitura(f"cidade-{uuid4().hex[:12]}")
    return await (installation.person if kind == "pessoa" else installation.program)(home.id, papel)
