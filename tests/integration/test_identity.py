"""Logins over a real database: opened, rotated, revoked at once, and guessed at in vain."""

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import asyncpg
import pytest

from balcao.application.use_cases.change_password import ChangePasswordRequest
from balcao.application.use_cases.log_in import LogInRequest
from balcao.application.use_cases.manage_usuarios import UsuarioRequest
from balcao.domain.credentials import ATTEMPT_WINDOW
from balcao.domain.errors import (
    AuthenticationRequired,
    InvalidCredentials,
    InvalidInput,
    PermissionDenied,
    TooManyAttempts,
    WeakPassword,
)
from balcao.domain.identity import ACCESS_TOKEN_LIFE, LOGIN_SESSION_LIFE, Principal
from balcao.domain.ids import PrefeituraId
from balcao.domain.usuario import Papel
from balcao.infrastructure.database.database import Database
from tests.factories import a_prefeitura
from tests.fakes import FakePasswordHasher
from tests.people import PASSWORD, People, outcome

WRONG = "uma senha qualquer"


@pytest.fixture
def people(database: Database) -> People:
    return People(database)


async def test_a_person_logs_in_and_is_recognised(people: People, public_id: PrefeituraId) -> None:
    ana = await people.a_person(public_id, papel=Papel.GESTOR)
    tokens = (await people.log_in("ANA")).tokens
    principal = await people.principal(tokens)
    assert (principal.usuario_id, principal.prefeitura_id, principal.papel) == (ana.id, public_id, Papel.GESTOR)
    assert principal.login_session_id is not None
    assert tokens.expires_in_seconds == ACCESS_TOKEN_LIFE.total_seconds()
    profile = await people.use.read_profile.execute(principal)
    assert (profile.usuario.email, profile.prefeitura.id) == ("ana@exemplo.org", public_id)


async def test_nobody_is_anonymous_in_the_public_prefeitura(people: People, public_id: PrefeituraId) -> None:
    principal = await people.use.identify.execute(None)
    assert principal == Principal(prefeitura_id=public_id)
    for action in (people.use.read_profile.execute, people.use.log_out.execute):
        with pytest.raises(AuthenticationRequired):
            await action(principal)


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer ", "Basic YTpi", "Bearer a.b.c", "Bearer blc_", "Bearer blc_é", "Bearer \x00", "x" * 5000],
)
async def test_other_authorization_headers_are_refused(people: People, header: str) -> None:
    with pytest.raises(InvalidCredentials):
        await people.use.identify.execute(header)


async def test_who_does_not_get_in_learns_nothing(people: People, database: Database, public_id: PrefeituraId) -> None:
    """Unknown, without a password, disabled, of a suspended prefeitura, or with a wrong password: all the same."""
    closed = await a_prefeitura(database, "fechada")
    await people.a_person(public_id, "certa")
    for nome, prefeitura_id, change in (
        ("semsenha", public_id, {"senha_hash": None}),
        ("desativada", public_id, {"ativo": False}),
        ("suspensa", closed.id, {}),
    ):
        person = await people.a_person(prefeitura_id, nome)
        async with database.tenant(prefeitura_id) as work:
            await work.usuarios.save(replace(person, **change))
    await suspend(database, closed.id)
    messages = set()
    for nome in ("certa", "ninguem", "semsenha", "desativada", "suspensa"):
        password = WRONG if nome == "certa" else PASSWORD
        with pytest.raises(InvalidCredentials) as refused:
            await people.log_in(nome, password, address=nome)
        messages.add((refused.value.message, refused.value.param))
    assert len(messages) == 1
    assert len(people.hasher.verified) == 5


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("ana", PASSWORD),
        ("ana@exemplo.org\x00", PASSWORD),
        ("ana@exemplo.org", "x\x00y"),
        ("ana@exemplo.org", "x" * 9999),
    ],
)
async def test_what_cannot_be_a_login(people: People, email: str, password: str) -> None:
    with pytest.raises(InvalidInput):
        await people.use.log_in.execute(LogInRequest(email=email, password=password, address="::1"))
    assert people.hasher.verified == []


async def test_an_outdated_hash_is_renewed_at_login(
    people: People, database: Database, public_id: PrefeituraId
) -> None:
    ana = await people.a_person(public_id)
    newer = People(database, people.clock, FakePasswordHasher(version=2))
    await newer.log_in()
    async with database.tenant(public_id) as work:
        found = await work.usuarios.find_by_id(ana.id)
    assert found is not None
    assert found.senha_hash == await newer.hasher.hash(PASSWORD)


async def test_tokens_expire_and_are_renewed_until_the_login_ends(people: People, public_id: PrefeituraId) -> None:
    await people.a_person(public_id)
    tokens = (await people.log_in()).tokens
    people.clock.current += ACCESS_TOKEN_LIFE
    with pytest.raises(InvalidCredentials):
        await people.principal(tokens)
    tokens = await people.use.refresh_login.execute(tokens.refresh_token)
    assert (await people.principal(tokens)).papel is Papel.SERVIDOR
    people.clock.current += LOGIN_SESSION_LIFE - ACCESS_TOKEN_LIFE
    with pytest.raises(InvalidCredentials):
        await people.use.refresh_login.execute(tokens.refresh_token)


async def test_a_refresh_token_used_twice_ends_its_login(people: People, public_id: PrefeituraId) -> None:
    await people.a_person(public_id)
    first, other = (await people.log_in()).tokens, (await people.log_in()).tokens
    second = await people.use.refresh_login.execute(first.refresh_token)
    assert second.refresh_token != first.refresh_token
    with pytest.raises(InvalidCredentials):
        await people.use.refresh_login.execute(first.refresh_token)
    assert await outcome(people.use.refresh_login.execute(second.refresh_token)) is InvalidCredentials
    assert await outcome(people.principal(second)) is InvalidCredentials
    assert await outcome(people.principal(other)) is None


@pytest.mark.parametrize("token", ["", "x", "\x00", "\ud800", "x" * 100_000])
async def test_an_unknown_refresh_token(people: People, token: str) -> None:
    with pytest.raises(InvalidCredentials):
        await people.use.refresh_login.execute(token)


async def test_of_refreshes_at_once_one_wins(people: People, public_id: PrefeituraId) -> None:
    await people.a_person(public_id)
    for _ in range(5):
        token = (await people.log_in()).tokens.refresh_token
        results = await asyncio.gather(*(outcome(people.use.refresh_login.execute(token)) for _ in range(8)))
        assert Counter(results) == {None: 1, InvalidCredentials: 7}


async def test_only_digests_are_kept(people: People, public_id: PrefeituraId, admin: asyncpg.Connection) -> None:
    await people.a_person(public_id)
    login = await people.log_in()
    kept = str([await admin.fetch(f"SELECT * FROM {table}") for table in ("sessao_login", "contador", "convite")])
    for secret in (login.tokens.refresh_token, login.tokens.access_token, login.device_cookie, "ana@exemplo.org"):
        assert secret not in kept
        assert secret == "ana@exemplo.org" or secret not in repr(login)


async def suspend(database: Database, prefeitura_id: PrefeituraId) -> None:
    async with database.operator() as work:
        found = await work.prefeituras.find_by_id(prefeitura_id)
        assert found is not None
        await work.prefeituras.save(replace(found, ativo=False))


@pytest.mark.parametrize("way", ["logout", "password", "disabled", "suspended", "erased login"])
async def test_revocation_holds_from_the_next_request_on(
    people: People, database: Database, public_id: PrefeituraId, admin: asyncpg.Connection, way: str
) -> None:
    city = await a_prefeitura(database, "cidade")
    boss = await people.a_principal(public_id, "chefe", Papel.OPERADOR)
    ana = await people.a_principal(city.id, "ana")
    tokens = (await people.log_in("ana")).tokens
    principal = await people.principal(tokens)
    if way == "logout":
        await people.use.log_out.execute(principal)
    elif way == "password":
        await people.use.change_password.execute(
            ChangePasswordRequest(principal=ana, current=PASSWORD, new="outra senha comprida")
        )
    elif way == "disabled":
        assert ana.usuario_id is not None
        request = UsuarioRequest(principal=boss, usuario_id=ana.usuario_id, prefeitura_slug="cidade")
        assert not (await people.use.disable_usuario.execute(request)).ativo
    elif way == "suspended":
        await suspend(database, city.id)
    else:
        await admin.execute("DELETE FROM sessao_login WHERE id = $1", principal.login_session_id)
    assert await outcome(people.principal(tokens)) is InvalidCredentials
    assert await outcome(people.use.refresh_login.execute(tokens.refresh_token)) is InvalidCredentials


async def test_a_token_speaks_for_its_own_login_only(people: People, public_id: PrefeituraId) -> None:
    """A token of one person with the login of another: signed by us or not, it is nobody's."""
    ana, rui = await people.a_principal(public_id, "ana"), await people.a_principal(public_id, "rui")
    token = (await people.log_in("ana")).tokens.access_token
    signer = people.use.signer
    claims = signer.read_access_token(token, now=people.clock.now())
    assert rui.login_session_id is not None
    assert claims.usuario_id == ana.usuario_id
    mixed = signer.access_token(replace(claims, login_session_id=rui.login_session_id), now=people.clock.now())
    with pytest.raises(InvalidCredentials):
        await people.use.identify.execute(f"Bearer {mixed}")


async def test_a_password_is_changed_by_who_knows_it(people: People, public_id: PrefeituraId) -> None:
    await people.a_person(public_id)
    here, elsewhere = (await people.log_in()).tokens, (await people.log_in()).tokens
    principal = await people.principal(here)
    change = ChangePasswordRequest(principal=principal, current=WRONG, new="outra senha comprida")
    assert await outcome(people.use.change_password.execute(change)) is InvalidCredentials
    weak = replace(change, current=PASSWORD, new="curta")
    assert await outcome(people.use.change_password.execute(weak)) is WeakPassword
    assert await outcome(people.principal(here)) is None
    fresh = await people.use.change_password.execute(replace(change, current=PASSWORD))
    assert (await people.principal(fresh)).usuario_id == principal.usuario_id
    for tokens in (here, elsewhere):
        assert await outcome(people.principal(tokens)) is InvalidCredentials
        assert await outcome(people.use.refresh_login.execute(tokens.refresh_token)) is InvalidCredentials
    await people.log_in(password="outra senha comprida")
    assert await outcome(people.log_in()) is InvalidCredentials
    anonymous = replace(change, principal=Principal(prefeitura_id=public_id))
    assert await outcome(people.use.change_password.execute(anonymous)) is AuthenticationRequired
    program = replace(change, principal=Principal(prefeitura_id=public_id, papel=Papel.GESTOR))
    assert await outcome(people.use.change_password.execute(program)) is PermissionDenied


async def test_the_current_password_cannot_be_guessed_from_an_open_screen(
    people: People, public_id: PrefeituraId
) -> None:
    principal = await people.a_principal(public_id)
    people.hasher.verified.clear()
    change = ChangePasswordRequest(principal=principal, current=WRONG, new="outra senha comprida")
    results = [await outcome(people.use.change_password.execute(change)) for _ in range(13)]
    assert Counter(results) == {InvalidCredentials: 10, TooManyAttempts: 3}
    assert len(people.hasher.verified) == 10


async def test_strangers_test_ten_passwords_and_lock_nobody_out(people: People, public_id: PrefeituraId) -> None:
    await people.a_person(public_id)
    device = (await people.log_in()).device_cookie
    people.hasher.verified.clear()

    async def guess(number: int) -> type[Exception] | None:
        return await outcome(people.log_in(password=f"{WRONG} {number}", address=f"192.0.2.{number}"))

    results = Counter(await asyncio.gather(*(guess(number) for number in range(100))))
    assert results == {InvalidCredentials: 10, TooManyAttempts: 90}
    assert len(people.hasher.verified) == 10
    with pytest.raises(TooManyAttempts) as refused:
        await people.log_in()
    assert 1 <= refused.value.retry_after_seconds <= ATTEMPT_WINDOW.total_seconds()
    assert (await people.principal((await people.log_in(device=device)).tokens)).papel is Papel.SERVIDOR
    people.clock.current += ATTEMPT_WINDOW
    await people.log_in()


async def test_an_address_tests_ten_passwords_whatever_the_account(people: People, public_id: PrefeituraId) -> None:
    await people.a_person(public_id)
    device = (await people.log_in(address="2001:db8::1")).device_cookie
    results = [await outcome(people.log_in(f"n{number}", address=f"2001:db8::{number}")) for number in range(12)]
    assert results == [InvalidCredentials] * 10 + [TooManyAttempts] * 2
    await people.log_in(address="2001:db8::1", device=device)
    await people.log_in(address="2001:db8:1::1")


async def test_who_gets_in_uses_nothing_up(people: People, public_id: PrefeituraId) -> None:
    """A whole city hall logs in from one address in the morning."""
    for number in range(12):
        await people.a_person(public_id, f"pessoa{number}")
    for number in range(12):
        for _ in range(2):
            await people.log_in(f"pessoa{number}")


async def test_a_device_has_ten_attempts_of_its_own_at_its_own_account(people: People, public_id: PrefeituraId) -> None:
    await people.a_person(public_id, "ana")
    await people.a_person(public_id, "rui")
    device = (await people.log_in("ana")).device_cookie
    results = [await outcome(people.log_in("ana", WRONG, device=device)) for _ in range(12)]
    assert results == [InvalidCredentials] * 10 + [TooManyAttempts] * 2
    await people.log_in("ana")
    results = [await outcome(people.log_in("rui", WRONG, device=device)) for _ in range(12)]
    assert results == [InvalidCredentials] * 10 + [TooManyAttempts] * 2
    assert await outcome(people.log_in("rui", device="inventado")) is TooManyAttempts
    people.clock.current += timedelta(minutes=15)
    await people.log_in("rui")
