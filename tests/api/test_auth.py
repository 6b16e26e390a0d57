"""Logins over HTTP."""

import httpx
import pytest

from balcao.domain.ids import PrefeituraId
from balcao.domain.usuario import Papel
from balcao.interface.dependencies.container import Container
from tests.api.accounts import PASSWORD, Account, Accounts, bearer

AUTH = "/api/v1/auth"
NEW = "outra senha comprida"


@pytest.fixture
async def ana(accounts: Accounts, public_id: PrefeituraId) -> Account:
    """A person with a password."""
    return await accounts.person(public_id, password=PASSWORD)


async def log_in(client: httpx.AsyncClient, account: Account, password: str = PASSWORD) -> httpx.Response:
    return await client.post(f"{AUTH}/login", json={"email": account.usuario.email, "senha": password})


async def me(client: httpx.AsyncClient, token: str) -> httpx.Response:
    return await client.get(f"{AUTH}/me", headers=bearer(token))


def assert_refused(response: httpx.Response, code: str, status: int = 401) -> None:
    assert (response.status_code, response.json()["detail"]["error_code"]) == (status, code)
    assert response.headers.get("www-authenticate") == ("Bearer" if status == 401 else None)


async def test_a_login_gives_tokens_that_say_who_it_is(client: httpx.AsyncClient, ana: Account) -> None:
    response = await log_in(client, ana)
    assert response.status_code == 200
    tokens = response.json()
    assert tokens.keys() == {"access_token", "token_type", "expires_in", "refresh_token"}
    assert (tokens["token_type"], tokens["expires_in"]) == ("Bearer", 600)
    assert response.headers["cache-control"] == "no-store"
    profile = (await me(client, tokens["access_token"])).json()
    assert profile["usuario"]["email"] == ana.usuario.email
    assert profile["usuario"]["papel"] == "servidor"
    assert profile["prefeitura"]["slug"] == "publica"
    assert "senha_hash" not in str(profile)


async def test_the_device_keeps_a_cookie_for_logins_alone(client: httpx.AsyncClient, ana: Account) -> None:
    cookie = (await log_in(client, ana)).headers["set-cookie"]
    assert cookie.startswith("balcao_dispositivo=")
    for attribute in ("HttpOnly", "SameSite=strict", "Path=/api/v1/auth/login"):
        assert attribute in cookie
    assert "Secure" not in cookie


async def test_a_known_device_gets_in_while_a_stranger_guesses(client: httpx.AsyncClient, ana: Account) -> None:
    assert (await log_in(client, ana)).status_code == 200
    device = client.cookies.get("balcao_dispositivo")
    client.cookies.clear()
    answers = [await log_in(client, ana, "uma senha errada") for _ in range(11)]
    assert [answer.status_code for answer in answers] == [401] * 10 + [429]
    assert 0 < int(answers[-1].headers["retry-after"]) <= 900
    assert (await log_in(client, ana)).status_code == 429
    client.cookies.set("balcao_dispositivo", str(device))
    assert (await log_in(client, ana)).status_code == 200


async def test_a_wrong_password_and_a_missing_account_are_answered_alike(
    client: httpx.AsyncClient, ana: Account
) -> None:
    wrong = await log_in(client, ana, "uma senha errada")
    missing = await client.post(f"{AUTH}/login", json={"email": "ninguem@exemplo.org", "senha": PASSWORD})
    assert_refused(wrong, "invalid_credentials")
    ours, theirs = wrong.json()["detail"], missing.json()["detail"]
    assert {**ours, "request_id": None} == {**theirs, "request_id": None}


async def test_a_refresh_token_works_once(client: httpx.AsyncClient, ana: Account) -> None:
    async def refresh(token: str) -> httpx.Response:
        return await client.post(f"{AUTH}/refresh", json={"refresh_token": token})

    first = await refresh(ana.tokens.refresh_token)
    assert first.status_code == 200
    assert (await me(client, first.json()["access_token"])).status_code == 200
    assert_refused(await refresh(ana.tokens.refresh_token), "invalid_credentials")
    assert_refused(await refresh(first.json()["refresh_token"]), "invalid_credentials")
    assert_refused(await me(client, first.json()["access_token"]), "invalid_credentials")


async def test_a_logout_ends_the_login_at_once(client: httpx.AsyncClient, ana: Account) -> None:
    assert (await client.post(f"{AUTH}/logout", headers=ana.headers)).status_code == 204
    assert_refused(await me(client, ana.tokens.access_token), "invalid_credentials")
    assert_refused(await client.post(f"{AUTH}/logout", headers=ana.headers), "invalid_credentials")


async def test_a_new_password_ends_every_other_login(client: httpx.AsyncClient, ana: Account) -> None:
    other = (await log_in(client, ana)).json()["access_token"]
    body = {"senha_atual": PASSWORD, "senha_nova": NEW}
    changed = await client.post(f"{AUTH}/senha", json=body, headers=ana.headers)
    assert changed.status_code == 200
    assert (await me(client, changed.json()["access_token"])).status_code == 200
    for old in (other, ana.tokens.access_token):
        assert_refused(await me(client, old), "invalid_credentials")
    client.cookies.clear()
    assert_refused(await log_in(client, ana), "invalid_credentials")
    assert (await log_in(client, ana, NEW)).status_code == 200


@pytest.mark.parametrize(
    ("body", "status", "code", "param"),
    [
        ({"senha_atual": "a senha errada", "senha_nova": NEW}, 401, "invalid_credentials", "senha_atual"),
        ({"senha_atual": PASSWORD, "senha_nova": "curta"}, 400, "weak_password", "senha_nova"),
        ({"convite": "inventado", "senha_nova": NEW}, 400, "invalid_invitation", "convite"),
    ],
)
async def test_a_password_that_may_not_be_set(
    client: httpx.AsyncClient, ana: Account, body: dict[str, str], status: int, code: str, param: str
) -> None:
    response = await client.post(f"{AUTH}/senha", json=body, headers=ana.headers)
    assert_refused(response, code, status)
    assert response.json()["detail"]["param"] == param
    assert (await me(client, ana.tokens.access_token)).status_code == 200


@pytest.mark.parametrize("proofs", [{}, {"senha_atual": PASSWORD, "convite": "x"}])
async def test_a_new_password_needs_one_proof(client: httpx.AsyncClient, proofs: dict[str, str]) -> None:
    response = await client.post(f"{AUTH}/senha", json={"senha_nova": NEW} | proofs)
    assert response.status_code == 422
    assert "senha_atual ou convite" in response.text


async def test_nobody_changes_a_password_without_a_login(client: httpx.AsyncClient) -> None:
    body = {"senha_atual": PASSWORD, "senha_nova": NEW}
    assert_refused(await client.post(f"{AUTH}/senha", json=body), "authentication_required")


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer ",
        "Basic YTpi",
        "Bearer a b",
        "bearer nada",
        "Bearer eyJhbGciOiJub25lIn0.e30.",
        "Bearer blc_x",
    ],
)
async def test_a_header_that_proves_nothing_is_no_anonymous_request(client: httpx.AsyncClient, header: str) -> None:
    for path in ("/api/v1/chat/ask", "/api/v1/documents/search"):
        body = {"message": "Qual o prazo?", "query": "prazo"}
        response = await client.post(path, json=body, headers={"Authorization": header})
        assert_refused(response, "invalid_credentials")


async def test_a_program_is_nobody_but_may_ask(
    client: httpx.AsyncClient, accounts: Accounts, public_id: PrefeituraId
) -> None:
    gestor = await accounts.person(public_id, Papel.GESTOR)
    created = await client.post("/api/v1/chaves", json={"nome": "Site"}, headers=gestor.headers)
    assert created.status_code == 201
    key = bearer(created.json()["segredo"])
    asked = await client.post("/api/v1/chat/ask", json={"message": "Qual o prazo da resposta?"}, headers=key)
    assert asked.status_code == 200
    assert_refused(await client.get(f"{AUTH}/me", headers=key), "permission_denied", 403)
    assert_refused(await client.get("/api/v1/chat/sessions", headers=key), "permission_denied", 403)
    (listed,) = (await client.get("/api/v1/chaves", headers=gestor.headers)).json()["itens"]
    assert listed["usada_em"] is not None
    assert listed["prefixo"] == created.json()["segredo"][:12]
    revoked = await client.delete(f"/api/v1/chaves/{listed['id']}", headers=gestor.headers)
    assert revoked.status_code == 204
    assert_refused(
        await client.post("/api/v1/chat/ask", json={"message": "E agora?"}, headers=key), "invalid_credentials"
    )


async def test_the_first_operator_gets_in_once(client: httpx.AsyncClient, container: Container) -> None:
    created = await container.identity.create_first_operator.execute()
    assert created is not None
    assert await container.identity.create_first_operator.execute() is None
    response = await client.post(f"{AUTH}/login", json={"email": created.email, "senha": created.password})
    profile = (await me(client, response.json()["access_token"])).json()
    assert profile["usuario"]["papel"] == "operador"
