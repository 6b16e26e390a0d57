"""S3: a stranger guesses few passwords, locks nobody out, learns of no account, and does not fill the memory."""

import asyncio
import random
import time
from bisect import bisect_left, bisect_right
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from unittest.mock import patch
from uuid import uuid4

import httpx
import psutil
from pwdlib.hashers.argon2 import Argon2Hasher

from balcao.application.login_attempts import Attempt, LoginAttempts
from balcao.application.unit_of_work import UnitOfWork
from balcao.domain.credentials import ATTEMPTS_PER_WINDOW
from balcao.domain.ids import PrefeituraId
from balcao.infrastructure.external.argon2_hasher import Argon2PasswordHasher
from balcao.interface.dependencies.identity import wire_identity
from balcao.interface.main import create_app
from tests.acceptance.described_api import PASSWORD
from tests.acceptance.environment import AcceptanceEnvironment
from tests.acceptance.installation import PROXY, Installation, client_of_app, open_installation
from tests.fakes import FakeClock, FakePasswordHasher

CODE = "S3"
TRIES = (
    "senhas tentadas por estranhos, com o dono entrando; conta que existe ou não: mesma resposta, mesmo trabalho "
    "e, em 500 de cada, o mesmo tempo (AUC até 0,55); 50 logins ao mesmo tempo em até 64 MiB; argon2id 19 MiB, t=2, p=1"
)
FULL = 1_000
BOUNDED = 90
MUTANT = "tentativas não contadas; senha de conta inexistente não verificada"

LOGIN = "/api/v1/auth/login"
_WRONG = "uma senha errada"
_AT_ONCE = 20
_TIMED = 500
_LARGEST_DISTANCE = 0.05
_FLOOD = 50
_LARGEST_GROWTH = 64 * 1024 * 1024
_HASH = "$argon2id$v=19$m=19456,t=2,p=1$"
_WINDOW = timedelta(minutes=15)

Guess = tuple[str, str]
"""An e-mail, and the address that it is tried from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """Where people log in, with a clock that stands still and a hasher that remembers what it was asked."""

    installation: Installation
    client: httpx.AsyncClient
    hasher: FakePasswordHasher
    clock: FakeClock

    async def knock(self, email: str, password: str, address: str, device: str | None = None) -> httpx.Response:
        """One login."""
        return await _log_in(self.client, email, password, address, device)


async def violations(attempts: int, environment: AcceptanceEnvironment) -> int:
    """Passwords tested beyond the limit, owners locked out, accounts told apart, weak hashes and a flood's memory."""
    found = await _too_many_guesses(attempts, environment) + await _told_apart(environment)
    if attempts >= FULL:
        found += await _told_apart_by_time(environment)
    return found + await _fills_the_memory(environment)


async def violations_of_mutant(attempts: int, environment: AcceptanceEnvironment) -> int:
    """The same without counting, and without work for an account that does not exist; 0 if either is missed."""
    verify = Argon2PasswordHasher.verify

    async def allow(_self: LoginAttempts, _work: UnitOfWork, _attempt: Attempt) -> bool:
        return True

    async def be_quick(self: Argon2PasswordHasher, password: str, kept: str | None) -> bool:
        return kept is not None and await verify(self, password, kept)

    with patch.object(LoginAttempts, "take", allow):
        guesses = await _too_many_guesses(attempts, environment)
    with patch.object(Argon2PasswordHasher, "verify", be_quick):
        told = await _told_apart(environment)
    return guesses + told if guesses and told else 0


async def test_s3(environment: AcceptanceEnvironment) -> None:
    assert await violations(BOUNDED, environment) == 0


async def test_s3_fails_on_its_mutant(environment: AcceptanceEnvironment) -> None:
    assert await violations_of_mutant(BOUNDED, environment) > 0


def test_s3_measures_how_far_two_samples_lie_apart() -> None:
    assert _distance([1.0, 2.0, 3.0], [1.0, 2.0, 3.0]) == 0
    assert _distance([1.0, 2.0], [3.0, 4.0]) == _distance([3.0, 4.0], [1.0, 2.0]) == 0.5


@asynccontextmanager
async def _door(environment: AcceptanceEnvironment) -> AsyncIterator[Door]:
    async with open_installation(environment) as installation:
        hasher, clock = FakePasswordHasher(), FakeClock(datetime.now(UTC))
        signer = installation.container.identity.signer
        identity = wire_identity(installation.database.tenant, hasher, signer, clock)
        async with client_of_app(create_app(replace(installation.container, identity=identity))) as client:
            yield Door(installation=installation, client=client, hasher=hasher, clock=clock)


async def _too_many_guesses(attempts: int, environment: AcceptanceEnvironment) -> int:
    """A third of the guesses each: at one account, from one address, from one subscriber's many IPv6 addresses."""
    async with _door(environment) as door:
        place = await door.installation.prefeitura("aurora")
        owner = await _account(door.installation, place.id, await door.hasher.hash(PASSWORD))
        others = [await _account(door.installation, place.id, "mentira1:outra senha") for _ in range(5)]
        entered = await door.knock(owner, PASSWORD, "198.51.100.1")
        device = entered.cookies["balcao_dispositivo"]
        found = 0
        for guesses in (
            _at_one_account(owner, attempts // 3),
            _from_one_address(others, attempts // 3),
            _from_one_subscriber(others, attempts // 3),
        ):
            found += await _tested_beyond_the_limit(door, guesses)
            found += (await door.knock(owner, PASSWORD, guesses[-1][1], device)).status_code != 200
        door.clock.current += _WINDOW
        return found + ((await door.knock(owner, PASSWORD, "198.51.100.9")).status_code != 200)


def _at_one_account(email: str, guesses: int) -> list[Guess]:
    spellings = (email, email.upper(), f" {email} ", email.title())
    return [(spellings[number % 4], f"203.0.{number // 250}.{number % 250}") for number in range(guesses)]


def _from_one_address(accounts: list[str], guesses: int) -> list[Guess]:
    return [(email, "192.0.2.1") for email in _known_and_unknown(accounts, guesses)]


def _from_one_subscriber(accounts: list[str], guesses: int) -> list[Guess]:
    emails = enumerate(_known_and_unknown(accounts, guesses))
    return [(email, f"2001:db8::{number % 9999}:1") for number, email in emails]


def _known_and_unknown(accounts: list[str], guesses: int) -> Iterator[str]:
    for number in range(guesses):
        yield accounts[number % len(accounts)] if number % 3 == 0 else f"{uuid4().hex}@exemplo.org"


async def _tested_beyond_the_limit(door: Door, guesses: list[Guess]) -> int:
    """How many passwords more than the limit were looked at; and answers that are neither 401 nor 429."""
    before = len(door.hasher.verified)
    statuses: list[int] = []
    for start in range(0, len(guesses), _AT_ONCE):
        burst = [_log_in(door.client, email, _WRONG, address) for email, address in guesses[start : start + _AT_ONCE]]
        statuses += [answer.status_code for answer in await asyncio.gather(*burst)]
    tested = len(door.hasher.verified) - before
    return max(0, tested - ATTEMPTS_PER_WINDOW) + sum(status not in (401, 429) for status in statuses)


async def _told_apart(environment: AcceptanceEnvironment) -> int:
    """Accounts that are answered, or worked for, otherwise than one that does not exist; and hashes that are weak."""
    async with open_installation(environment) as installation:
        emails = await _accounts_of_every_kind(installation)
        hasher = installation.container.identity.log_in._hasher
        await hasher.verify(_WRONG, None)  # nobody's hash is made once
        seen = []
        with patch.object(Argon2Hasher, "verify", autospec=True, side_effect=Argon2Hasher.verify) as verifications:
            for number, email in enumerate(emails):
                verifications.reset_mock()
                answer = await installation.send(
                    "POST",
                    LOGIN,
                    body={"email": email, "senha": _WRONG},
                    X_Request_ID="s3",
                    X_Forwarded_For=f"203.0.113.{number}",
                )
                headers = [item for item in answer.headers.multi_items() if item[0] != "x-process-time"]
                seen.append((answer.status_code, answer.content, headers, verifications.call_count))
        kept = await installation.admin.fetch("SELECT senha_hash FROM usuario WHERE senha_hash IS NOT NULL")
    weak = sum(not row["senha_hash"].startswith(_HASH) for row in kept)
    return sum(one != seen[0] for one in seen) + (seen[0][3] != 1) + weak + (not kept)


async def _accounts_of_every_kind(installation: Installation) -> list[str]:
    """E-mails: nobody's, and of a person, a disabled one, one without a password, one of a suspended prefeitura."""
    senha_hash = await Argon2PasswordHasher().hash(PASSWORD)
    open_place, suspended = [await installation.prefeitura(slug) for slug in ("aurora", "bonito")]
    existing = await _account(installation, open_place.id, senha_hash)
    disabled = await _account(installation, open_place.id, senha_hash)
    invited = await _account(installation, open_place.id, None)
    shut_out = await _account(installation, suspended.id, senha_hash)
    await installation.admin.execute("UPDATE usuario SET ativo = false WHERE email = $1", disabled)
    await installation.admin.execute("UPDATE prefeitura SET ativo = false WHERE id = $1", suspended.id)
    return [f"{uuid4().hex}@exemplo.org", existing, disabled, invited, shut_out]


async def _told_apart_by_time(environment: AcceptanceEnvironment) -> int:
    """Whether the times of 500 failed logins of people and of 500 of nobody's are further apart than chance."""
    async with open_installation(environment) as installation:
        place = await installation.prefeitura("aurora")
        senha_hash = await Argon2PasswordHasher().hash(PASSWORD)
        accounts = range(_TIMED // ATTEMPTS_PER_WINDOW)
        known = [await _account(installation, place.id, senha_hash) for _ in accounts]
        unknown = [f"{uuid4().hex[:12]}@exemplo.org" for _ in accounts]
        turns = [(email, email in known) for email in (known + unknown) * ATTEMPTS_PER_WINDOW]
        random.shuffle(turns)
        times: dict[bool, list[float]] = {True: [], False: []}
        for number, (email, exists) in enumerate(turns):
            started = time.perf_counter()
            answer = await _log_in(installation.client, email, _WRONG, f"203.0.{number // 250}.{number % 250}")
            times[exists].append(time.perf_counter() - started)
            assert answer.status_code == 401
    return int(_distance(times[True], times[False]) > _LARGEST_DISTANCE)


def _distance(ones: list[float], others: list[float]) -> float:
    """How far from 1/2 the chance is that one of the first is greater than one of the others (AUC)."""
    ranked = sorted(others)
    wins = sum(bisect_left(ranked, one) + bisect_right(ranked, one) for one in ones) / 2
    return abs(wins / (len(ones) * len(others)) - 0.5)


async def _fills_the_memory(environment: AcceptanceEnvironment) -> int:
    """Whether many logins at once make a server process grow; and those that were not looked at."""
    accesses = await environment.new_accesses()
    async with (
        environment.start_server(accesses, TRUSTED_PROXIES=PROXY) as server,
        httpx.AsyncClient(base_url=server.url, timeout=60, limits=httpx.Limits(max_connections=_FLOOD)) as client,
    ):
        await _log_in(client, "antes@exemplo.org", _WRONG, "203.0.113.250")
        before, sampled = server.process.memory_info().rss, asyncio.Event()
        watching = asyncio.create_task(_largest_memory(server.process, sampled))
        answers = await asyncio.gather(
            *(_log_in(client, f"{number}@exemplo.org", _WRONG, f"203.0.113.{number}") for number in range(_FLOOD))
        )
        sampled.set()
        growth = await watching - before
    return int(growth > _LARGEST_GROWTH) + sum(answer.status_code != 401 for answer in answers)


async def _largest_memory(process: psutil.Process, until: asyncio.Event) -> int:
    """The most memory that the process holds, in bytes, until the event."""
    largest = 0
    while not until.is_set():
        largest = max(largest, process.memory_info().rss)
        await asyncio.sleep(0.002)
    return largest


async def _account(installation: Installation, prefeitura_id: PrefeituraId, senha_hash: str | None) -> str:
    """The e-mail of a new person."""
    actor = await installation.person(prefeitura_id, senha_hash=senha_hash)
    return str(await installation.admin.fetchval("SELECT email FROM usuario WHERE id = $1", actor.usuario_id))


async def _log_in(
    client: httpx.AsyncClient, email: str, password: str, address: str, device: str | None = None
) -> httpx.Response:
    client.cookies.clear()  # a stranger does not hold what the owner was given
    headers = {"X-Forwarded-For": address} | ({"Cookie": f"balcao_dispositivo={device}"} if device else {})
    return await client.post(LOGIN, json={"email": email, "senha": password}, headers=headers)
