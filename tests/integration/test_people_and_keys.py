"""Invitations, roles and API keys over a real database."""

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import asyncpg
import pytest

from balcao.application.use_cases.accept_invitation import AcceptInvitationRequest
from balcao.application.use_cases.log_in import LogInRequest
from balcao.application.use_cases.manage_api_keys import CreateApiKeyRequest, ListApiKeysRequest, RevokeApiKeyRequest
from balcao.application.use_cases.manage_usuarios import (
    ChangeRoleRequest,
    InviteRequest,
    ListUsuariosRequest,
    UsuarioRequest,
)
from balcao.domain.errors import (
    ApiKeyNotFound,
    AuthenticationRequired,
    DuplicateUsuario,
    InvalidCredentials,
    InvalidInput,
    InvalidInvitation,
    PermissionDenied,
    PrefeituraNotFound,
    UsuarioNotFound,
    WeakPassword,
)
from balcao.domain.identity import INVITATION_LIFE, Principal
from balcao.domain.ids import ApiKeyId, PrefeituraId, UsuarioId
from balcao.domain.usuario import Papel
from balcao.infrastructure.database.database import Database
from tests.factories import a_prefeitura
from tests.people import PASSWORD, People, outcome


@pytest.fixture
def people(database: Database) -> People:
    return People(database)


def an_invitation(principal: Principal, papel: Papel = Papel.SERVIDOR, slug: str | None = None) -> InviteRequest:
    return InviteRequest(
        principal=principal, nome=" Nova ", email="Nova@Exemplo.org", papel=papel, prefeitura_slug=slug
    )


async def test_an_invited_person_sets_a_password_and_is_in(people: People, public_id: PrefeituraId) -> None:
    gestor = await people.a_principal(public_id, "chefe", Papel.GESTOR)
    invited = await people.use.invite_usuario.execute(an_invitation(gestor))
    assert (invited.usuario.nome, invited.usuario.email) == ("Nova", "nova@exemplo.org")
    assert invited.usuario.prefeitura_id == public_id
    assert invited.expires_at == people.clock.now() + INVITATION_LIFE
    assert await outcome(people.log_in("nova")) is InvalidCredentials
    accept = people.use.accept_invitation.execute
    for weak in ("curta", "eu sou nova aqui"):
        with pytest.raises(WeakPassword):
            await accept(AcceptInvitationRequest(token=invited.token, password=weak))
    tokens = await accept(AcceptInvitationRequest(token=invited.token, password=PASSWORD))
    assert (await people.principal(tokens)).usuario_id == invited.usuario.id
    await people.log_in("nova")
    with pytest.raises(InvalidInvitation):
        await accept(AcceptInvitationRequest(token=invited.token, password=PASSWORD))


async def test_an_invitation_is_used_once_even_at_once(people: People, public_id: PrefeituraId) -> None:
    gestor = await people.a_principal(public_id, "chefe", Papel.GESTOR)
    invited = await people.use.invite_usuario.execute(an_invitation(gestor))
    request = AcceptInvitationRequest(token=invited.token, password=PASSWORD)
    results = await asyncio.gather(*(outcome(people.use.accept_invitation.execute(request)) for _ in range(8)))
    assert Counter(results) == {None: 1, InvalidInvitation: 7}


@pytest.mark.parametrize("why", ["expired", "renewed", "disabled", "suspended", "unknown", "unstorable"])
async def test_an_invitation_that_does_not_work(
    people: People, database: Database, public_id: PrefeituraId, admin: asyncpg.Connection, why: str
) -> None:
    operador = await people.a_principal(public_id, "chefe", Papel.OPERADOR)
    await a_prefeitura(database, "cidade")
    invited = await people.use.invite_usuario.execute(an_invitation(operador, slug="cidade"))
    request = AcceptInvitationRequest(token=invited.token, password=PASSWORD)
    person = UsuarioRequest(principal=operador, usuario_id=invited.usuario.id, prefeitura_slug="cidade")
    if why == "expired":
        people.clock.current += INVITATION_LIFE
    elif why == "renewed":
        await people.use.renew_invitation.execute(person)
    elif why == "disabled":
        await people.use.disable_usuario.execute(person)
    elif why == "suspended":
        await admin.execute("UPDATE prefeitura SET ativo = false WHERE slug = 'cidade'")
    else:
        request = replace(request, token="x" if why == "unknown" else "\ud800\x00")
    with pytest.raises(InvalidInvitation):
        await people.use.accept_invitation.execute(request)


async def test_a_new_link_for_who_forgot_the_password_comes_from_an_operador(
    people: People, public_id: PrefeituraId
) -> None:
    """A gestor who could set it would read a colleague's conversations."""
    gestor = await people.a_principal(public_id, "chefe", Papel.GESTOR)
    operador = await people.a_principal(public_id, "operadora", Papel.OPERADOR)
    pending = (await people.use.invite_usuario.execute(an_invitation(gestor))).usuario
    renew = people.use.renew_invitation.execute
    link = await renew(UsuarioRequest(principal=gestor, usuario_id=pending.id))
    old = await people.use.accept_invitation.execute(AcceptInvitationRequest(token=link.token, password=PASSWORD))
    with pytest.raises(PermissionDenied):
        await renew(UsuarioRequest(principal=gestor, usuario_id=pending.id))
    link = await renew(UsuarioRequest(principal=operador, usuario_id=pending.id))
    assert await outcome(people.principal(old)) is None
    new = AcceptInvitationRequest(token=link.token, password="outra senha comprida")
    await people.use.accept_invitation.execute(new)
    assert await outcome(people.principal(old)) is InvalidCredentials
    assert await outcome(people.log_in("nova")) is InvalidCredentials


async def test_unusable_invitations(people: People, database: Database, public_id: PrefeituraId) -> None:
    gestor = await people.a_principal(public_id, "chefe", Papel.GESTOR)
    other = await a_prefeitura(database, "outra")
    await people.a_person(other.id, "nova")
    request = an_invitation(gestor)
    invite = people.use.invite_usuario.execute
    assert await outcome(invite(request)) is DuplicateUsuario
    for unusable in (replace(request, nome=" "), replace(request, nome="a\x00"), replace(request, email="nova")):
        assert issubclass(await outcome(invite(unusable)) or object, InvalidInput)


EVERYBODY = (None, *Papel)


@pytest.mark.parametrize("papel", EVERYBODY)
@pytest.mark.parametrize("given", list(Papel))
async def test_who_may_give_which_role(
    people: People, public_id: PrefeituraId, papel: Papel | None, given: Papel
) -> None:
    asker = Principal(prefeitura_id=public_id, papel=papel)
    person = await people.a_person(public_id, "rui")
    expected = {
        None: AuthenticationRequired,
        Papel.SERVIDOR: PermissionDenied,
        Papel.GESTOR: PermissionDenied if given is Papel.OPERADOR else None,
        Papel.OPERADOR: None,
    }[papel]
    role = ChangeRoleRequest(principal=asker, usuario_id=person.id, papel=given)
    key = CreateApiKeyRequest(principal=asker, nome="site", papel=given)
    assert await outcome(people.use.invite_usuario.execute(an_invitation(asker, given))) is expected
    assert await outcome(people.use.change_role.execute(role)) is expected
    assert await outcome(people.use.create_api_key.execute(key)) is expected


@pytest.mark.parametrize("papel", EVERYBODY)
async def test_who_manages_whom(people: People, public_id: PrefeituraId, papel: Papel | None) -> None:
    asker = Principal(prefeitura_id=public_id, papel=papel)
    use = people.use
    for target in Papel:
        person = UsuarioRequest(principal=asker, usuario_id=(await people.a_person(public_id, target, target)).id)
        above = target is Papel.OPERADOR and papel is Papel.GESTOR
        expected = {None: AuthenticationRequired, Papel.SERVIDOR: PermissionDenied}.get(papel)
        expected = PermissionDenied if above else expected
        assert await outcome(use.disable_usuario.execute(person)) is expected
        assert await outcome(use.enable_usuario.execute(person)) is expected
    expected = {None: AuthenticationRequired, Papel.SERVIDOR: PermissionDenied}.get(papel)
    assert await outcome(use.list_usuarios.execute(ListUsuariosRequest(principal=asker))) is expected
    assert await outcome(use.list_api_keys.execute(ListApiKeysRequest(principal=asker))) is expected
    key = RevokeApiKeyRequest(principal=asker, key_id=ApiKeyId(uuid4()))
    assert await outcome(use.revoke_api_key.execute(key)) is (expected or ApiKeyNotFound)


async def test_nobody_shuts_himself_out(people: People, public_id: PrefeituraId) -> None:
    gestor = await people.a_principal(public_id, "chefe", Papel.GESTOR)
    assert gestor.usuario_id is not None
    me = UsuarioRequest(principal=gestor, usuario_id=gestor.usuario_id)
    role = ChangeRoleRequest(principal=gestor, usuario_id=gestor.usuario_id, papel=Papel.SERVIDOR)
    assert await outcome(people.use.disable_usuario.execute(me)) is PermissionDenied
    assert await outcome(people.use.change_role.execute(role)) is PermissionDenied


async def test_a_role_holds_from_the_next_request_on(people: People, public_id: PrefeituraId) -> None:
    gestor = await people.a_principal(public_id, "chefe", Papel.GESTOR)
    ana = await people.a_person(public_id, "ana")
    tokens = (await people.log_in("ana")).tokens
    request = ChangeRoleRequest(principal=gestor, usuario_id=ana.id, papel=Papel.GESTOR)
    await people.use.change_role.execute(request)
    assert (await people.principal(tokens)).papel is Papel.GESTOR
    await people.use.change_role.execute(replace(request, papel=Papel.SERVIDOR))
    assert (await people.principal(tokens)).papel is Papel.SERVIDOR


async def test_a_disabled_person_comes_back_with_the_old_password(people: People, public_id: PrefeituraId) -> None:
    gestor = await people.a_principal(public_id, "chefe", Papel.GESTOR)
    request = UsuarioRequest(principal=gestor, usuario_id=(await people.a_person(public_id, "ana")).id)
    await people.use.disable_usuario.execute(request)
    assert await outcome(people.log_in()) is InvalidCredentials
    await people.use.enable_usuario.execute(request)
    await people.log_in()


async def test_another_prefeitura_is_nobodys_but_the_operadors(
    people: People, database: Database, public_id: PrefeituraId
) -> None:
    other = await a_prefeitura(database, "outra")
    theirs = await people.a_person(other.id, "rui")
    gestor = await people.a_principal(public_id, "chefe", Papel.GESTOR)
    operador = await people.a_principal(public_id, "operadora", Papel.OPERADOR)
    disable = people.use.disable_usuario.execute
    for usuario_id in (theirs.id, UsuarioId(uuid4())):
        request = UsuarioRequest(principal=gestor, usuario_id=usuario_id)
        assert await outcome(disable(request)) is UsuarioNotFound
    for slug in ("outra", "nenhuma"):
        assert await outcome(disable(replace(request, prefeitura_slug=slug))) is PrefeituraNotFound
        listing = ListUsuariosRequest(principal=gestor, prefeitura_slug=slug)
        assert await outcome(people.use.list_usuarios.execute(listing)) is PrefeituraNotFound
    assert await outcome(disable(replace(request, prefeitura_slug="publica"))) is UsuarioNotFound
    done = UsuarioRequest(principal=operador, usuario_id=theirs.id, prefeitura_slug="outra")
    assert not (await disable(done)).ativo


async def test_lists_go_on_behind_their_last_item(people: People, database: Database, public_id: PrefeituraId) -> None:
    gestor = Principal(prefeitura_id=public_id, papel=Papel.GESTOR)
    elsewhere = await a_prefeitura(database, "outra")
    theirs = await people.a_person(elsewhere.id, "alice")
    for nome in ("carla", "ana", "bia", "davi", "ana2"):
        await people.a_person(public_id, nome)
        await people.use.create_api_key.execute(CreateApiKeyRequest(principal=gestor, nome="igual"))
    pages = []
    request = ListUsuariosRequest(principal=gestor, limit=2)
    while page := await people.use.list_usuarios.execute(request):
        pages.append([person.nome for person in page])
        request = replace(request, after=page[-1].id)
    assert pages == [["ana", "ana2"], ["bia", "carla"], ["davi"]]
    for stranger in (theirs.id, UsuarioId(uuid4())):
        assert await people.use.list_usuarios.execute(replace(request, after=stranger)) == []
    keys, listing = [], ListApiKeysRequest(principal=gestor, limit=2)
    while found := await people.use.list_api_keys.execute(listing):
        keys += found
        listing = replace(listing, after=found[-1].id)
    assert len({key.id for key in keys}) == len(keys) == 5


async def test_a_key_works_until_revoked_and_notes_its_use(
    people: People, public_id: PrefeituraId, admin: asyncpg.Connection
) -> None:
    gestor = Principal(prefeitura_id=public_id, papel=Papel.GESTOR)
    made = await people.use.create_api_key.execute(CreateApiKeyRequest(principal=gestor, nome="site"))
    assert made.secret.startswith("blc_")
    assert made.secret.startswith(made.key.prefix)
    assert made.secret not in repr(made)
    assert made.secret[12:] not in str(await admin.fetch("SELECT * FROM chave_api"))
    header = f"bearer {made.secret}"
    uses = []
    for pause in (timedelta(0), timedelta(seconds=30), timedelta(minutes=1)):
        people.clock.current += pause
        principal = await people.use.identify.execute(header)
        uses.append((await people.use.list_api_keys.execute(ListApiKeysRequest(principal=gestor)))[0].last_used_at)
    assert principal == Principal(prefeitura_id=public_id, papel=Papel.SERVIDOR, api_key_id=made.key.id)
    assert uses[0] is not None
    assert uses[0] == uses[1]
    assert uses[2] == uses[0] + timedelta(seconds=90)
    revoke = RevokeApiKeyRequest(principal=gestor, key_id=made.key.id)
    await people.use.revoke_api_key.execute(revoke)
    assert await outcome(people.use.identify.execute(header)) is InvalidCredentials
    assert await outcome(people.use.revoke_api_key.execute(revoke)) is ApiKeyNotFound


async def test_a_key_of_another_or_a_suspended_prefeitura(
    people: People, database: Database, public_id: PrefeituraId, admin: asyncpg.Connection
) -> None:
    other = await a_prefeitura(database, "outra")
    theirs = Principal(prefeitura_id=other.id, papel=Papel.GESTOR)
    made = await people.use.create_api_key.execute(CreateApiKeyRequest(principal=theirs, nome="site"))
    mine = RevokeApiKeyRequest(principal=Principal(prefeitura_id=public_id, papel=Papel.GESTOR), key_id=made.key.id)
    assert await outcome(people.use.revoke_api_key.execute(mine)) is ApiKeyNotFound
    assert (await people.use.identify.execute(f"Bearer {made.secret}")).prefeitura_id == other.id
    await admin.execute("UPDATE prefeitura SET ativo = false WHERE slug = 'outra'")
    assert await outcome(people.use.identify.execute(f"Bearer {made.secret}")) is InvalidCredentials


async def test_the_first_operador_is_made_once_even_at_once(
    people: People, public_id: PrefeituraId, admin: asyncpg.Connection
) -> None:
    results = await asyncio.gather(*(people.use.create_first_operator.execute() for _ in range(8)))
    (made,) = (result for result in results if result)
    assert await people.use.create_first_operator.execute() is None
    assert made.password not in repr(made)
    assert await admin.fetchval("SELECT count(*) FROM usuario") == 1
    login = await people.use.log_in.execute(LogInRequest(email=made.email, password=made.password, address="::1"))
    principal = await people.principal(login.tokens)
    assert (principal.papel, principal.prefeitura_id) == (Papel.OPERADOR, public_id)


async def test_where_anybody_exists_no_operador_is_made(people: People, public_id: PrefeituraId) -> None:
    await people.a_person(public_id)
    assert await people.use.create_first_operator.execute() is None
