"""An installation with people of every role, programs and a visitor, who speak to it over HTTP."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import uuid4

import asyncpg
import httpx
from fastapi import FastAPI

from balcao.application.use_cases.manage_api_keys import CreateApiKeyRequest
from balcao.domain.identity import Principal
from balcao.domain.ids import PrefeituraId, UsuarioId
from balcao.domain.prefeitura import Prefeitura
from balcao.domain.usuario import Papel, Usuario
from balcao.infrastructure.database.connection import DatabaseAccesses
from balcao.infrastructure.database.database import Database
from balcao.interface.dependencies.container import Container, open_container
from balcao.interface.main import create_app
from tests.acceptance.environment import AcceptanceEnvironment
from tests.applications import settings_in
from tests.factories import a_prefeitura

PROXY = "127.0.0.1"
"""Where every request comes from, as the application sees it; it is believed what it says of addresses behind it."""
SETTINGS: dict[str, object] = {
    "max_daily_messages": 10**6,
    "anonymous_daily_per_address": 10**6,
    "trusted_proxies": PROXY,
}
"""No daily limit gets in the way, and a request may come from any address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who speaks: a person, a program or, without headers, a visitor."""

    name: str
    prefeitura_id: PrefeituraId
    papel: Papel | None = None
    usuario_id: UsuarioId | None = None
    headers: dict[str, str] = field(default_factory=dict, repr=False)
    refresh_token: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """The application over one database; ``admin`` is a connection that sees everything."""

    accesses: DatabaseAccesses
    app: FastAPI
    container: Container
    client: httpx.AsyncClient
    database: Database
    admin: asyncpg.Connection

    async def send(
        self, method: str, url: str, actor: Actor | None = None, *, body: object = None, **headers: str
    ) -> httpx.Response:
        """One request of an actor, who remembers no cookie. Names of headers are written with ``_`` for ``-``."""
        self.client.cookies.clear()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        own = actor.headers if actor else {}
        return await self.client.request(method, url, json=body, headers=own | named)

    async def prefeitura(self, slug: str) -> Prefeitura:
        """A new prefeitura."""
        return await a_prefeitura(self.database, slug)

    async def public_id(self) -> PrefeituraId:
        """The prefeitura of who has no login."""
        async with self.database.tenant() as work:
            found = await work.prefeituras.public_id()
        assert found is not None
        return found

    async def person(
        self, prefeitura_id: PrefeituraId, papel: Papel = Papel.SERVIDOR, *, senha_hash: str | None = None
    ) -> Actor:
        """A new person, logged in."""
        name = uuid4().hex[:12]
        usuario = Usuario(
            id=UsuarioId(uuid4()),
            prefeitura_id=prefeitura_id,
            nome=f"Pessoa {name}",
            email=f"{name}@exemplo.org",
            papel=papel,
            senha_hash=senha_hash,
        )
        return await self.log_in(usuario)

    async def log_in(self, usuario: Usuario) -> Actor:
        """The person with a new login."""
        async with self.database.tenant(usuario.prefeitura_id) as work:
            saved = await work.usuarios.save(usuario)
            tokens = await self.container.identity.tokens.open_login(work, saved, datetime.now(UTC))
        return Actor(
            name=f"{usuario.papel} {usuario.nome}",
            prefeitura_id=usuario.prefeitura_id,
            papel=usuario.papel,
            usuario_id=usuario.id,
            headers={"Authorization": f"Bearer {tokens.access_token}"},
            refresh_token=tokens.refresh_token,
        )

    async def program(self, prefeitura_id: PrefeituraId, papel: Papel = Papel.SERVIDOR) -> Actor:
        """A new program with its key."""
        maker = Principal(prefeitura_id=prefeitura_id, papel=Papel.OPERADOR)
        request = CreateApiKeyRequest(principal=maker, nome="programa", papel=papel)
        created = await self.container.identity.create_api_key.execute(request)
        headers = {"Authorization": f"Bearer {created.secret}"}
        return Actor(name=f"programa {papel}", prefeitura_id=prefeitura_id, papel=papel, headers=headers)


@asynccontextmanager
async def open_installation(
    environment: AcceptanceEnvironment, accesses: DatabaseAccesses | None = None, /, **settings: object
) -> AsyncIterator[Installation]:
    """The application, in this process, over a new database or this one."""
    accesses = accesses or await environment.new_accesses()
    database = Database(accesses)
    admin = await asyncpg.connect(accesses.admin.url, server_settings={"search_path": "balcao, public"})
    try:
        async with open_container(settings_in(environment.new_folder(), **(SETTINGS | settings)), accesses) as opened:
            app = create_app(opened)
            async with client_of_app(app) as client:
                yield Installation(
                    accesses=accesses, app=app, container=opened, client=client, database=database, admin=admin
                )
    finally:
        await admin.close()
        await database.dispose()


@asynccontextmanager
async def client_of_app(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A client from ``PROXY``; what fails in the application is answered, as a server would."""
    transport = httpx.ASGITransport(app=app, client=(PROXY, 1234), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://balcao.example") as client:
        yield client
