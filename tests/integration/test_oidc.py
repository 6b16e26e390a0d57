"""Login by an OpenID provider, through the real application and a provider that errs as it is told."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
import pytest
from joserfc.jwk import ECKey, RSAKey

from balcao.domain.errors import ProviderUnavailable
from balcao.domain.ids import PrefeituraId, UsuarioId
from balcao.domain.usuario import Usuario
from balcao.infrastructure.database.connection import DatabaseAccesses
from balcao.infrastructure.database.database import Database
from balcao.infrastructure.external.oidc_provider import CACHE_LIFE, OidcClient, OidcIdentityProvider
from tests.applications import serving, settings_in
from tests.factories import a_prefeitura
from tests.fakes import FakeClock
from tests.oidc_flow import (
    DENIED,
    ENTER,
    RETURN,
    an_invited_person,
    begin,
    log_in,
    query_of,
    refusal,
    settings_for,
    visit,
)
from tests.oidc_server import CLIENT_ID, CLIENT_SECRET, REDIRECT_URI, Claims, OidcServer

DISCOVERY = "/.well-known/openid-configuration"


@pytest.fixture
async def client(accesses: DatabaseAccesses, oidc: OidcServer, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with serving(accesses, settings_for(oidc, tmp_path)) as opened:
        yield opened


@pytest.fixture
async def ana(database: Database, public_id: PrefeituraId) -> Usuario:
    return await an_invited_person(database, public_id)


@pytest.mark.parametrize("key", ["RS256", "ES256"])
async def test_an_invited_person_gets_in(client: httpx.AsyncClient, oidc: OidcServer, ana: Usuario, key: str) -> None:
    if key == "ES256":
        oidc.rotate(ECKey.generate_key("P-256", auto_kid=True))
    oidc.person["email"] = "Ana@Exemplo.org"
    response = await log_in(client)
    assert response.status_code == 200, response.text
    tokens = response.json()
    assert tokens.keys() == {"access_token", "token_type", "expires_in", "refresh_token"}
    me = await client.get("/api/v1/auth/me", headers={"Authorization": f"Bearer {tokens['access_token']}"})
    assert me.status_code == 200
    assert "ana@exemplo.org" in me.text
    renewed = await client.post("/api/v1/auth/refresh", json={"refresh_token": tokens["refresh_token"]})
    assert renewed.status_code == 200


async def test_the_cookie_is_short_lived_and_for_the_return_alone(client: httpx.AsyncClient, ana: Usuario) -> None:
    response = await client.get(ENTER)
    parts = {part.strip().lower() for part in response.headers["set-cookie"].split(";")[1:]}
    assert parts == {"httponly", "max-age=600", f"path={RETURN}", "samesite=lax"}
    returned = await client.get(RETURN, params=await visit(response.headers["location"]))
    assert returned.status_code == 200
    assert not client.cookies


async def test_no_more_than_needed_is_asked_of_the_provider(client: httpx.AsyncClient, oidc: OidcServer) -> None:
    url = urlsplit(await begin(client))
    asked = query_of(url.geturl())
    assert f"{url.scheme}://{url.netloc}{url.path}" == f"{oidc.issuer}/authorize"
    secrets = [asked.pop(name) for name in ("state", "nonce", "code_challenge")]
    assert len({*secrets}) == 3
    assert all(len(secret) == 43 for secret in secrets)
    assert asked == {
        "response_type": "code",
        "client_id": CLIENT_ID,
        "redirect_uri": REDIRECT_URI,
        "scope": "openid email",
        "code_challenge_method": "S256",
    }


async def test_a_login_that_this_browser_did_not_begin(client: httpx.AsyncClient, ana: Usuario) -> None:
    mine, theirs = await begin(client), await begin(client)
    answer = await visit(theirs)
    wrong_state = answer | {"state": (await visit(mine))["state"]}
    assert refusal(await client.get(RETURN, params=wrong_state)) == DENIED
    assert refusal(await client.get(RETURN, params={"code": answer["code"]})) == DENIED
    cookie = client.cookies["balcao_provedor"]
    for other in (None, "", "a.b.c", f"{cookie}x"):
        client.cookies.clear()
        headers = {} if other is None else {"Cookie": f"balcao_provedor={other}"}
        assert refusal(await client.get(RETURN, params=answer, headers=headers)) == DENIED
    assert (await client.get(RETURN, params=answer, headers={"Cookie": f"balcao_provedor={cookie}"})).is_success


async def test_a_login_returns_once(client: httpx.AsyncClient, ana: Usuario) -> None:
    url = await begin(client)
    cookie = {"Cookie": f"balcao_provedor={client.cookies['balcao_provedor']}"}
    first = await visit(url)
    assert (await client.get(RETURN, params=first, headers=cookie)).status_code == 200
    again = await visit(url)
    assert (again["state"], again["code"] != first["code"]) == (first["state"], True)
    assert refusal(await client.get(RETURN, params=again, headers=cookie)) == DENIED


async def test_strangers_and_disabled_people_get_the_same_answer(
    client: httpx.AsyncClient, oidc: OidcServer, ana: Usuario, database: Database
) -> None:
    bodies = []
    oidc.person["email"] = "estranho@exemplo.org"
    bodies.append(await log_in(client))
    oidc.person["email"] = ana.email
    async with database.tenant(ana.prefeitura_id) as work:
        await work.usuarios.save(replace(ana, ativo=False))
    bodies.append(await log_in(client))
    suspended = await a_prefeitura(database, "suspensa")
    bruno = replace(ana, id=UsuarioId(uuid4()), prefeitura_id=suspended.id, email="bruno@exemplo.org")
    async with database.operator() as work:
        await work.usuarios.save(bruno)
        await work.prefeituras.save(replace(suspended, ativo=False))
    oidc.person["email"] = bruno.email
    bodies.append(await log_in(client))
    assert {refusal(response) for response in bodies} == {DENIED}
    assert len({response.json()["detail"]["detail"] for response in bodies}) == 1
    async with database.operator() as work:
        assert await work.usuarios.owner_of_email("estranho@exemplo.org") is None


async def test_a_person_who_refuses_at_the_provider(client: httpx.AsyncClient, oidc: OidcServer) -> None:
    state = query_of(await begin(client))["state"]
    response = await client.get(RETURN, params={"error": "access_denied", "state": state})
    assert refusal(response) == DENIED
    assert "gov.br não foi autorizada" in response.json()["detail"]["detail"]
    assert "/token" not in oidc.requests


TOKEN_ANSWERS = (
    ((400, '{"error": "invalid_grant"}'), DENIED),
    ((401, '{"error": "invalid_client"}'), (502, "provider_refused")),
    ((500, '{"error": "server_error"}'), (502, "provider_unavailable")),
    ((503, "fora do ar"), (502, "provider_unavailable")),
    ((200, "<html>"), (502, "provider_unavailable")),
    ((200, "[]"), (502, "provider_unavailable")),
    ((302, ""), (502, "provider_unavailable")),
    ((200, "{}"), DENIED),
)


async def test_a_token_endpoint_that_fails(client: httpx.AsyncClient, oidc: OidcServer) -> None:
    for answer, expected in TOKEN_ANSWERS:
        oidc.token_answer = answer
        assert refusal(await log_in(client)) == expected, answer
    assert oidc.requests.count("/token") == len(TOKEN_ANSWERS)


async def test_a_wrong_secret(accesses: DatabaseAccesses, oidc: OidcServer, tmp_path: Path, ana: Usuario) -> None:
    async with serving(accesses, settings_for(oidc, tmp_path, oidc_client_secret="outro")) as client:
        response = await log_in(client)
    assert refusal(response) == (502, "provider_refused")
    assert "OIDC_CLIENT_SECRET" in response.json()["detail"]["detail"]


async def test_a_provider_that_wants_the_secret_in_the_body(
    client: httpx.AsyncClient, oidc: OidcServer, ana: Usuario
) -> None:
    oidc.metadata = {"token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"]}
    assert (await log_in(client)).status_code == 200


async def test_a_provider_that_is_down(client: httpx.AsyncClient, oidc: OidcServer) -> None:
    answer = await visit(await begin(client))
    oidc.stop()
    response = await client.get(RETURN, params=answer)
    assert refusal(response) == (502, "provider_unavailable")
    assert "e-mail e senha" in response.json()["detail"]["detail"]


async def test_a_provider_that_was_never_up(accesses: DatabaseAccesses, oidc: OidcServer, tmp_path: Path) -> None:
    oidc.stop()
    async with serving(accesses, settings_for(oidc, tmp_path)) as client:
        assert refusal(await client.get(ENTER)) == (502, "provider_unavailable")


UNTRUSTED: list[Claims] = [
    {"issuer": "https://outro.example"},
    {"issuer": None},
    {"token_endpoint": "http://provedor.example/token"},
    {"authorization_endpoint": "http://provedor.example/authorize"},
    {"jwks_uri": "http://provedor.example/jwks"},
    {"jwks_uri": "file:///etc/passwd"},
    {"token_endpoint": None},
    {"token_endpoint": "https://provedor.example:porta/token"},
]


async def test_a_discovery_document_that_is_not_to_be_trusted(client: httpx.AsyncClient, oidc: OidcServer) -> None:
    for metadata in UNTRUSTED:
        oidc.metadata = metadata
        assert refusal(await client.get(ENTER)) == (502, "provider_unavailable"), metadata
    assert set(oidc.requests) == {DISCOVERY}


async def test_an_address_that_the_login_did_not_begin_with(
    accesses: DatabaseAccesses, oidc: OidcServer, tmp_path: Path, ana: Usuario
) -> None:
    async with serving(accesses, settings_for(oidc, tmp_path)) as client:
        answer = await visit(await begin(client))
        cookie = {"Cookie": f"balcao_provedor={client.cookies['balcao_provedor']}"}
    moved_away = settings_for(oidc, tmp_path, public_url="https://outro.example")
    async with serving(accesses, moved_away) as client:
        assert refusal(await client.get(RETURN, params=answer, headers=cookie)) == DENIED
        async with httpx.AsyncClient() as browser:
            assert (await browser.get(await begin(client))).status_code == 400


async def test_without_a_provider_there_is_no_such_login(accesses: DatabaseAccesses, tmp_path: Path) -> None:
    async with serving(accesses, settings_in(tmp_path, public_url="https://balcao.example")) as client:
        for path in (ENTER, RETURN):
            assert refusal(await client.get(path)) == (404, "not_found")


@pytest.fixture
def provider(oidc: OidcServer) -> tuple[OidcIdentityProvider, FakeClock]:
    client = OidcClient(
        discovery_url=oidc.discovery_url, client_id=CLIENT_ID, client_secret=CLIENT_SECRET, name="gov.br"
    )
    clock = FakeClock(datetime.now(UTC))
    return OidcIdentityProvider(client, clock), clock


async def test_the_discovery_document_is_read_again_after_a_while(
    oidc: OidcServer, provider: tuple[OidcIdentityProvider, FakeClock]
) -> None:
    adapter, clock = provider

    async def url() -> str:
        return await adapter.authorization(state="e", nonce="n", code_challenge="c" * 43, redirect_uri=REDIRECT_URI)

    before = await url()
    clock.current += CACHE_LIFE - timedelta(seconds=1)
    oidc.metadata = {"authorization_endpoint": f"{oidc.issuer}/outro"}
    assert await url() == before
    assert oidc.requests == [DISCOVERY, "/jwks"]
    clock.current += timedelta(seconds=1)
    assert (await url()).startswith(f"{oidc.issuer}/outro?")
    oidc.stop()
    clock.current += CACHE_LIFE
    with pytest.raises(ProviderUnavailable):
        await url()


async def test_a_provider_may_change_its_key(client: httpx.AsyncClient, oidc: OidcServer, ana: Usuario) -> None:
    assert (await log_in(client)).status_code == 200
    assert oidc.requests.count("/jwks") == 1
    oidc.rotate(RSAKey.generate_key(2048, auto_kid=True))
    assert (await log_in(client)).status_code == 200
    assert (await log_in(client)).status_code == 200
    assert oidc.requests.count("/jwks") == 2
