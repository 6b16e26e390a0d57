"""A login by the test's OpenID provider: its settings, its people, and its way through a browser."""

from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import httpx

from balcao.domain.ids import PrefeituraId, UsuarioId
from balcao.domain.usuario import Usuario
from balcao.infrastructure.database.database import Database
from balcao.infrastructure.settings import Settings
from tests.applications import settings_in
from tests.oidc_server import CLIENT_ID, CLIENT_SECRET, REDIRECT_URI, OidcServer

ENTER = "/api/v1/auth/oidc/entrar"
RETURN = "/api/v1/auth/oidc/retorno"
DENIED = (401, "invalid_credentials")


def settings_for(oidc: OidcServer, folder: Path, **values: object) -> Settings:
    """Settings with this provider, called gov.br."""
    configured: dict[str, object] = {
        "oidc_discovery_url": oidc.discovery_url,
        "oidc_client_id": CLIENT_ID,
        "oidc_client_secret": CLIENT_SECRET,
        "oidc_name": "gov.br",
        "public_url": "https://balcao.example",
    }
    return settings_in(folder, **(configured | values))


async def an_invited_person(database: Database, prefeitura_id: PrefeituraId) -> Usuario:
    """Ana, whom the provider confirms; she never set a password."""
    person = Usuario(id=UsuarioId(uuid4()), prefeitura_id=prefeitura_id, nome="Ana", email="ana@exemplo.org")
    async with database.tenant(prefeitura_id) as work:
        return await work.usuarios.save(person)


async def begin(client: httpx.AsyncClient) -> str:
    """The address at the provider that the browser is sent to."""
    response = await client.get(ENTER)
    assert response.status_code == 302, response.text
    return response.headers["location"]


async def visit(url: str) -> dict[str, str]:
    """What the provider sends the person back with."""
    async with httpx.AsyncClient() as browser:
        back = (await browser.get(url)).headers["location"]
    assert back.startswith(f"{REDIRECT_URI}?")
    return query_of(back)


async def log_in(client: httpx.AsyncClient) -> httpx.Response:
    """The whole way."""
    return await client.get(RETURN, params=await visit(await begin(client)))


def query_of(url: str) -> dict[str, str]:
    """The query, each name once."""
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


def refusal(response: httpx.Response) -> tuple[int, str]:
    """How a request was refused."""
    return response.status_code, response.json()["detail"]["error_code"]
