"""S2: what was revoked is refused with the next request, whatever revoked it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from unittest.mock import patch

from balcao.application.ports import AccessClaims
from balcao.application.unit_of_work import UnitOfWork
from balcao.application.use_cases.identify import IdentifyUseCase
from balcao.domain.ids import PrefeituraId
from balcao.domain.usuario import Papel, Usuario
from balcao.infrastructure.external.argon2_hasher import Argon2PasswordHasher
from tests.acceptance.described_api import PASSWORD, Json
from tests.acceptance.environment import AcceptanceEnvironment
from tests.acceptance.installation import Actor, Installation, open_installation

CODE = "S2"
TRIES = "credenciais usadas logo depois de revogadas, de dez maneiras; também para renovar o acesso"
FULL = 100
BOUNDED = 20
MUTANT = "login, pessoa e prefeitura não conferidos a cada pedido; chave de API revogada ainda encontrada"

_NEW_PASSWORD = "outra senha comprida"
_ANY_KEY = """
    CREATE OR REPLACE FUNCTION chave_por_segredo(procurado bytea, OUT prefeitura_id uuid, OUT id uuid, OUT papel text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = balcao, pg_temp
    AS $$ SELECT c.prefeitura_id, c.id, c.papel FROM chave_api c WHERE c.segredo_sha256 = procurado $$"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Revoked:
    """Whose credential was just revoked, and what it used to open."""

    actor: Actor
    path: str = "/api/v1/prefeituras"
    is_refused_with: int = 401


@dataclass(frozen=True, slots=True, kw_only=True)
class City:
    """A prefeitura with those who can revoke."""

    installation: Installation
    id: PrefeituraId
    operador: Actor
    gestor: Actor
    senha_hash: str

    async def victim(self, papel: Papel = Papel.SERVIDOR) -> Actor:
        """A person with a password, whose credential works.

        Raises:
            RuntimeError: it does not.
        """
        return await self.works(await self.installation.person(self.id, papel, senha_hash=self.senha_hash))

    async def works(self, actor: Actor) -> Actor:
        """The actor, once his credential opened something."""
        await self.do("GET", "/api/v1/prefeituras", actor)
        return actor

    async def do(self, method: str, path: str, actor: Actor | None = None, body: object = None) -> Json:
        """A request that must succeed.

        Raises:
            RuntimeError: it did not.
        """
        response = await self.installation.send(method, path, actor, body=body)
        if response.status_code >= 400:
            raise RuntimeError(f"{method} {path}: {response.status_code} {response.text}")
        answer: Json = response.json() if response.content else {}
        return answer


async def _by_logout(city: City) -> Revoked:
    actor = await city.victim()
    await city.do("POST", "/api/v1/auth/logout", actor)
    return Revoked(actor=actor)


async def _by_a_new_password(city: City) -> Revoked:
    actor = await city.victim()
    email = await city.installation.admin.fetchval("SELECT email FROM usuario WHERE id = $1", actor.usuario_id)
    entered = await city.do("POST", "/api/v1/auth/login", body={"email": email, "senha": PASSWORD})
    other = Actor(
        name="outro acesso",
        prefeitura_id=city.id,
        headers={"Authorization": f"Bearer {entered['access_token']}"},
    )
    await city.do("POST", "/api/v1/auth/senha", other, {"senha_atual": PASSWORD, "senha_nova": _NEW_PASSWORD})
    return Revoked(actor=actor)


async def _by_an_invitation(city: City) -> Revoked:
    actor = await city.victim()
    path = f"/api/v1/usuarios/{actor.usuario_id}/convite"
    invited = await city.do("POST", path, city.operador)
    await city.do("POST", "/api/v1/auth/senha", body={"convite": invited["convite"], "senha_nova": _NEW_PASSWORD})
    return Revoked(actor=actor)


async def _by_disabling(city: City) -> Revoked:
    actor = await city.victim()
    await city.do("PATCH", f"/api/v1/usuarios/{actor.usuario_id}", city.gestor, {"ativo": False})
    return Revoked(actor=actor)


async def _by_disabling_for_a_while(city: City) -> Revoked:
    revoked = await _by_disabling(city)
    await city.do("PATCH", f"/api/v1/usuarios/{revoked.actor.usuario_id}", city.gestor, {"ativo": True})
    return revoked


async def _by_demotion(city: City) -> Revoked:
    actor = await city.victim(Papel.GESTOR)
    await city.do("GET", "/api/v1/usuarios", actor)
    await city.do("PATCH", f"/api/v1/usuarios/{actor.usuario_id}", city.gestor, {"papel": "servidor"})
    return Revoked(actor=actor, path="/api/v1/usuarios", is_refused_with=403)


async def _by_suspension(city: City) -> Revoked:
    place = await city.installation.prefeitura(f"suspensa-{await _number(city)}")
    actor = await city.works(await city.installation.person(place.id))
    await city.do("PATCH", f"/api/v1/prefeituras/{place.id}", city.operador, {"ativo": False})
    return Revoked(actor=actor)


async def _by_suspension_of_a_program(city: City) -> Revoked:
    place = await city.installation.prefeitura(f"suspensa-{await _number(city)}")
    actor = await city.works(await city.installation.program(place.id))
    await city.do("PATCH", f"/api/v1/prefeituras/{place.id}", city.operador, {"ativo": False})
    return Revoked(actor=actor)


async def _by_reuse_of_a_refresh_token(city: City) -> Revoked:
    actor = await city.victim()
    body = {"refresh_token": actor.refresh_token}
    await city.do("POST", "/api/v1/auth/refresh", body=body)
    reused = await city.installation.send("POST", "/api/v1/auth/refresh", body=body)
    if reused.status_code != 401:
        raise RuntimeError("a refresh token worked twice")
    return Revoked(actor=actor)


async def _by_revocation_of_a_key(city: City) -> Revoked:
    created = await city.do("POST", "/api/v1/chaves", city.gestor, {"nome": "programa"})
    headers = {"Authorization": f"Bearer {created['segredo']}"}
    actor = await city.works(Actor(name="programa", prefeitura_id=city.id, headers=headers))
    key = created["chave"]
    assert isinstance(key, dict)
    await city.do("DELETE", f"/api/v1/chaves/{key['id']}", city.gestor)
    return Revoked(actor=actor)


WAYS: tuple[Callable[[City], Awaitable[Revoked]], ...] = (
    _by_logout,
    _by_a_new_password,
    _by_an_invitation,
    _by_disabling,
    _by_disabling_for_a_while,
    _by_demotion,
    _by_suspension,
    _by_suspension_of_a_program,
    _by_reuse_of_a_refresh_token,
    _by_revocation_of_a_key,
)


async def violations(attempts: int, environment: AcceptanceEnvironment, *defects: str) -> int:
    """Revoked credentials that still open something; the defects are planted in the database before."""
    async with open_installation(environment) as installation:
        for defect in defects:
            await installation.admin.execute(defect)
        city = await _city(installation)
        found = 0
        for number in range(attempts):
            found += await _still_opens(city, await WAYS[number % len(WAYS)](city))
        return found


async def violations_of_mutant(attempts: int, environment: AcceptanceEnvironment) -> int:
    """The same where a signed token is believed, and where any key that ever was is; 0 if either is missed."""

    async def believe(_self: IdentifyUseCase, work: UnitOfWork, claims: AccessClaims) -> Usuario | None:
        return await work.usuarios.find_by_id(claims.usuario_id)

    with patch.object(IdentifyUseCase, "_alive", believe):
        people = await violations(attempts, environment)
    programs = await violations(attempts, environment, _ANY_KEY)
    return people + programs if people and programs else 0


async def test_s2(environment: AcceptanceEnvironment) -> None:
    assert len(WAYS) <= BOUNDED
    assert await violations(BOUNDED, environment) == 0


async def test_s2_fails_on_its_mutant(environment: AcceptanceEnvironment) -> None:
    assert await violations_of_mutant(BOUNDED, environment) > 0


async def _city(installation: Installation) -> City:
    place = await installation.prefeitura("aurora")
    return City(
        installation=installation,
        id=place.id,
        operador=await installation.person(place.id, Papel.OPERADOR),
        gestor=await installation.person(place.id, Papel.GESTOR),
        senha_hash=await Argon2PasswordHasher().hash(PASSWORD),
    )


async def _number(city: City) -> int:
    return int(await city.installation.admin.fetchval("SELECT count(*) FROM prefeitura"))


async def _still_opens(city: City, revoked: Revoked) -> bool:
    """Whether the very next request, or an exchange of the refresh token, is not refused."""
    next_one = await city.installation.send("GET", revoked.path, revoked.actor)
    if next_one.status_code != revoked.is_refused_with:
        return True
    if revoked.is_refused_with != 401 or revoked.actor.refresh_token is None:
        return False
    body = {"refresh_token": revoked.actor.refresh_token}
    return (await city.installation.send("POST", "/api/v1/auth/refresh", body=body)).status_code != 401
