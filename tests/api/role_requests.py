"""What each route does with a request of each role, found out by sending it.

For every route there are requests about something within the asker's reach (``OWN``) and, where that can be, about
something of others (``FOREIGN``): another prefeitura's, or a colleague's conversation.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID, uuid4

import httpx

from balcao.domain.chat import ChatSession
from balcao.domain.identity import ApiKey
from balcao.domain.ids import ApiKeyId, PrefeituraId, SessionId, UsuarioId
from balcao.domain.prefeitura import Prefeitura
from balcao.domain.usuario import Papel
from balcao.infrastructure.database.database import Database
from tests.api.accounts import Account, Accounts
from tests.factories import a_document

API = "/api/v1"
ROLES = ("anônimo", *Papel)
PASSWORD = "uma senha comprida"
_AN_UPLOAD = f"{API}/documents/uploads/{uuid4()}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A request; ``shows`` is what a list must show to have been about it; ``done`` is the status of a route that
    let the asker through and had nothing to do.
    """

    path: str
    json: dict[str, object] | None = None
    shows: str | None = None
    done: int = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A prefeitura that requests are about, and how its people are named from outside: nothing for one's own."""

    prefeitura: Prefeitura
    query: str


class World:
    """Two prefeituras, with somebody of each role in the first."""

    def __init__(self, database: Database, accounts: Accounts, own: Prefeitura, other: Prefeitura) -> None:
        self.database = database
        self.accounts = accounts
        self.own = Place(prefeitura=own, query="")
        self.other = Place(prefeitura=other, query=f"?prefeitura={other.slug}")
        self.askers: dict[str, Account] = {}

    async def renew(self, role: str) -> None:
        """Somebody new of this role asks from now on: an earlier request may have ended the last one's login."""
        if role in tuple(Papel):
            self.askers[role] = await self.accounts.person(self.own.prefeitura.id, Papel(role), nome=role)

    async def conversation(self, prefeitura_id: PrefeituraId, usuario_id: UsuarioId | None) -> UUID:
        """A new conversation of this person, or nobody's."""
        session = ChatSession(id=SessionId(uuid4()), prefeitura_id=prefeitura_id, usuario_id=usuario_id)
        async with self.database.tenant(prefeitura_id, usuario_id) as work:
            return (await work.sessions.save_session(session)).id

    async def key(self, place: Place) -> UUID:
        """A new API key."""
        new = ApiKey(
            id=ApiKeyId(uuid4()),
            prefeitura_id=place.prefeitura.id,
            nome="Site",
            papel=Papel.SERVIDOR,
            prefix="blc_12345678",
            secret_sha256=uuid4().bytes * 2,
        )
        async with self.database.tenant(place.prefeitura.id) as work:
            return (await work.api_keys.save(new)).id

    async def person(self, place: Place) -> UUID:
        """A new person."""
        return (await self.accounts.person(place.prefeitura.id)).usuario.id


Maker = Callable[[World, str, Place], Awaitable[Sent | None]]
"""Makes a request of a role about a place; None where it cannot be about others."""


def _plain(path: str, json: dict[str, object] | None = None) -> Maker:
    async def make(world: World, role: str, place: Place) -> Sent | None:
        return Sent(path=path, json=json) if place is world.own else None

    return make


async def _login(world: World, role: str, place: Place) -> Sent | None:
    if place is world.other:
        return None
    person = await world.accounts.person(place.prefeitura.id, password=PASSWORD)
    return Sent(path=f"{API}/auth/login", json={"email": person.usuario.email, "senha": PASSWORD})


def _no_provider(path: str) -> Maker:
    """A route of the login by a provider, which this installation has not."""

    async def make(world: World, role: str, place: Place) -> Sent | None:
        return Sent(path=path, done=404) if place is world.own else None

    return make


async def _refresh(world: World, role: str, place: Place) -> Sent | None:
    person = await world.accounts.person(place.prefeitura.id)
    return Sent(path=f"{API}/auth/refresh", json={"refresh_token": person.tokens.refresh_token})


async def _logout(world: World, role: str, place: Place) -> Sent | None:
    return Sent(path=f"{API}/auth/logout") if place is world.own else None


async def _password(world: World, role: str, place: Place) -> Sent | None:
    person = await world.accounts.person(place.prefeitura.id)
    return Sent(
        path=f"{API}/auth/senha",
        json={"convite": await world.accounts.invitation(person.usuario), "senha_nova": PASSWORD},
    )


async def _list_sessions(world: World, role: str, place: Place) -> Sent | None:
    return Sent(path=f"{API}/chat/sessions", shows=str(await _session(world, role, place)))


async def _one_session(world: World, role: str, place: Place) -> Sent | None:
    return Sent(path=f"{API}/chat/sessions/{await _session(world, role, place)}")


async def _session(world: World, role: str, place: Place) -> UUID:
    """Foreign is a colleague's conversation: nearer than another prefeitura's."""
    asker = world.askers.get(role)
    if place is world.own:
        public = await world.accounts.public_id()
        return await world.conversation(
            asker.usuario.prefeitura_id if asker else public, asker.usuario.id if asker else None
        )
    colleague = await world.accounts.person(world.own.prefeitura.id)
    return await world.conversation(world.own.prefeitura.id, colleague.usuario.id)


async def _list_prefeituras(world: World, role: str, place: Place) -> Sent | None:
    return Sent(path=f"{API}/prefeituras", shows=place.prefeitura.slug)


async def _create_prefeitura(world: World, role: str, place: Place) -> Sent | None:
    if place is world.other:
        return None
    return Sent(path=f"{API}/prefeituras", json={"nome": "Prefeitura nova", "slug": f"nova-{uuid4().hex}"})


async def _one_prefeitura(world: World, role: str, place: Place) -> Sent | None:
    return Sent(path=f"{API}/prefeituras/{place.prefeitura.id}", json={"quota_tokens": 7})


async def _people(world: World, role: str, place: Place) -> Sent | None:
    return Sent(path=f"{API}/usuarios{place.query}", json={"nome": "Nova", "email": f"{uuid4().hex}@exemplo.org"})


async def _invitation(world: World, role: str, place: Place) -> Sent | None:
    return Sent(path=f"{API}/usuarios/{await world.person(place)}/convite{place.query}")


async def _one_person(world: World, role: str, place: Place) -> Sent | None:
    return Sent(path=f"{API}/usuarios/{await world.person(place)}{place.query}", json={"ativo": False})


async def _keys(world: World, role: str, place: Place) -> Sent | None:
    return Sent(path=f"{API}/chaves{place.query}", json={"nome": "Site"})


def _of_document(suffix: str = "", json: dict[str, object] | None = None, *, done: int = 200) -> Maker:
    """A route about a document, which is everybody's."""

    async def make(world: World, role: str, place: Place) -> Sent | None:
        if place is world.other:
            return None
        async with world.database.ingestion() as work:
            document = await work.documents.save(a_document(title=f"Lei {uuid4().hex}"))
        return Sent(path=f"{API}/documents/{document.id}{suffix}", json=json, done=done)

    return make


async def _announce(world: World, role: str, place: Place) -> Sent | None:
    body: dict[str, object] = {"file_name": "lei.txt", "size": 7, "sha256": uuid4().hex * 2}
    return Sent(path=f"{API}/documents/uploads", json=body) if place is world.own else None


def _nothing_sent(path: str, *, done: int) -> Maker:
    """A route that takes a file, and gets none."""

    async def make(world: World, role: str, place: Place) -> Sent | None:
        return Sent(path=path, json={}, done=done) if place is world.own else None

    return make


async def _one_key(world: World, role: str, place: Place) -> Sent | None:
    return Sent(path=f"{API}/chaves/{await world.key(place)}{place.query}")


def _about_prefeitura(route: str, json: dict[str, object] | None = None) -> Maker:
    """A route below one prefeitura, which its id in the path names."""

    async def make(world: World, role: str, place: Place) -> Sent | None:
        return Sent(path=f"{API}/prefeituras/{place.prefeitura.id}/{route}", json=json)

    return make


REQUESTS: dict[str, Maker] = {
    "GET /": _plain("/"),
    "GET /health": _plain("/health"),
    "GET /info": _plain("/info"),
    "POST /api/v1/chat/ask": _plain(f"{API}/chat/ask", {"message": "Qual o prazo para responder?"}),
    "GET /api/v1/chat/health": _plain(f"{API}/chat/health"),
    "GET /api/v1/chat/models": _plain(f"{API}/chat/models"),
    "GET /api/v1/chat/sessions": _list_sessions,
    "GET /api/v1/chat/sessions/{session_id}": _one_session,
    "DELETE /api/v1/chat/sessions/{session_id}": _one_session,
    "POST /api/v1/documents/search": _plain(f"{API}/documents/search", {"query": "prazo"}),
    "POST /api/v1/documents": _nothing_sent(f"{API}/documents", done=400),
    "POST /api/v1/documents/uploads": _announce,
    "PUT /api/v1/documents/uploads/{upload_id}/content": _nothing_sent(f"{_AN_UPLOAD}/content", done=404),
    "POST /api/v1/documents/uploads/{upload_id}/complete": _nothing_sent(f"{_AN_UPLOAD}/complete", done=404),
    "GET /api/v1/documents": _plain(f"{API}/documents"),
    "GET /api/v1/documents/{document_id}": _of_document(),
    "PATCH /api/v1/documents/{document_id}": _of_document(json={"title": "Outro título"}),
    "DELETE /api/v1/documents/{document_id}": _of_document(),
    "GET /api/v1/documents/{document_id}/status": _of_document("/status"),
    "GET /api/v1/documents/{document_id}/events": _of_document("/events"),
    "GET /api/v1/documents/{document_id}/original": _of_document("/original", done=404),
    "GET /api/v1/documents/{document_id}/chunks": _of_document("/chunks"),
    "POST /api/v1/documents/{document_id}/confirmar": _of_document("/confirmar", done=409),
    "POST /api/v1/documents/{document_id}/cancelar": _of_document("/cancelar", done=409),
    "POST /api/v1/documents/{document_id}/tentar-de-novo": _of_document("/tentar-de-novo", done=409),
    "POST /api/v1/auth/login": _login,
    "POST /api/v1/auth/refresh": _refresh,
    "POST /api/v1/auth/logout": _logout,
    "GET /api/v1/auth/me": _plain(f"{API}/auth/me"),
    "POST /api/v1/auth/senha": _password,
    "GET /api/v1/auth/oidc/entrar": _no_provider(f"{API}/auth/oidc/entrar"),
    "GET /api/v1/auth/oidc/retorno": _no_provider(f"{API}/auth/oidc/retorno"),
    "GET /api/v1/prefeituras": _list_prefeituras,
    "POST /api/v1/prefeituras": _create_prefeitura,
    "GET /api/v1/prefeituras/{prefeitura_id}": _one_prefeitura,
    "PATCH /api/v1/prefeituras/{prefeitura_id}": _one_prefeitura,
    "GET /api/v1/prefeituras/{prefeitura_id}/consumo": _about_prefeitura("consumo"),
    "GET /api/v1/prefeituras/{prefeitura_id}/quota": _about_prefeitura("quota"),
    "PATCH /api/v1/prefeituras/{prefeitura_id}/quota": _about_prefeitura("quota", {"quota_tokens": 20_000}),
    "POST /api/v1/prefeituras/{prefeitura_id}/quota/creditos": _about_prefeitura(
        "quota/creditos", {"tokens": 10, "motivo": "Mutirão"}
    ),
    "GET /api/v1/prefeituras/{prefeitura_id}/avisos": _about_prefeitura("avisos"),
    "GET /api/v1/prefeituras/{prefeitura_id}/auditoria": _about_prefeitura("auditoria"),
    "GET /api/v1/prefeituras/{prefeitura_id}/auditoria/verificar": _about_prefeitura("auditoria/verificar"),
    "GET /api/v1/prefeituras/{prefeitura_id}/auditoria/exportar": _about_prefeitura("auditoria/exportar"),
    "GET /api/v1/usuarios": _people,
    "POST /api/v1/usuarios": _people,
    "POST /api/v1/usuarios/{usuario_id}/convite": _invitation,
    "PATCH /api/v1/usuarios/{usuario_id}": _one_person,
    "GET /api/v1/chaves": _keys,
    "POST /api/v1/chaves": _keys,
    "DELETE /api/v1/chaves/{chave_id}": _one_key,
}


async def observed(client: httpx.AsyncClient, world: World, route: str, role: str) -> str:
    """``sim``, ``não`` or ``próprio``: what the route does with this role; anything else is a defect."""
    verdicts = []
    for place in (world.own, world.other):
        sent = await REQUESTS[route](world, role, place)
        if sent is not None:
            verdicts.append(await _verdict(client, world, route, role, sent))
    if set(verdicts) == {"feito"}:
        return "sim"
    if verdicts in (["recusado"], ["recusado", "recusado"]):
        return "não"
    return "próprio" if verdicts == ["feito", "inexistente"] else f"defeito: {verdicts}"


async def _verdict(client: httpx.AsyncClient, world: World, route: str, role: str, sent: Sent) -> str:
    asker = world.askers.get(role)
    method = route.partition(" ")[0]
    client.cookies.clear()
    response = await client.request(
        method,
        sent.path,
        json=sent.json if method in ("POST", "PATCH") else None,
        headers=asker.headers if asker else None,
    )
    if response.is_success or response.status_code == sent.done:
        return "feito" if sent.shows is None or sent.shows in response.text else "inexistente"
    if response.status_code == (403 if asker else 401):
        return "recusado"
    return "inexistente" if response.status_code == 404 else f"{response.status_code}"
