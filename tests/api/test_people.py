"""Prefeituras, people, keys and conversations over HTTP."""

from uuid import uuid4

import httpx
import pytest

from balcao.domain.ids import PrefeituraId
from balcao.domain.prefeitura import Prefeitura
from balcao.domain.usuario import Papel
from tests.api.accounts import Account, Accounts, bearer
from tests.api.conftest import QUESTION

API = "/api/v1"
PASSWORD = "uma senha comprida"


@pytest.fixture
async def trento(accounts: Accounts) -> Prefeitura:
    return await accounts.prefeitura("nova-trento")


@pytest.fixture
async def gestor(accounts: Accounts, trento: Prefeitura) -> Account:
    return await accounts.person(trento.id, Papel.GESTOR, nome="gestora")


@pytest.fixture
async def operador(accounts: Accounts, public_id: PrefeituraId) -> Account:
    return await accounts.person(public_id, Papel.OPERADOR, nome="operador")


async def all_pages(client: httpx.AsyncClient, path: str, account: Account, limit: int) -> list[dict[str, object]]:
    """Every item of a list, page by page."""
    found: list[dict[str, object]] = []
    params: dict[str, str | int] = {"limite": limit}
    while True:
        response = await client.get(path, params=params, headers=account.headers)
        assert response.status_code == 200
        page = response.json()
        assert page.keys() == {"itens", "proximo"}
        assert len(page["itens"]) <= limit
        found += page["itens"]
        if page["proximo"] is None:
            return found
        assert page["itens"]
        params["cursor"] = page["proximo"]


async def test_an_operador_creates_reads_and_changes_a_prefeitura(client: httpx.AsyncClient, operador: Account) -> None:
    body = {
        "nome": "Prefeitura de Nova Trento",
        "slug": "nova-trento",
        "uf": "SC",
        "ibge": "4211504",
        "dia_contrato": 31,
    }
    created = await client.post(f"{API}/prefeituras", json=body, headers=operador.headers)
    assert created.status_code == 201
    made = created.json()
    assert {key: made[key] for key in body} == body
    assert (made["quota_tokens"], made["publica"], made["ativo"]) == (10_000, False, True)
    address = f"{API}/prefeituras/{made['id']}"
    assert (await client.get(address, headers=operador.headers)).json() == made
    changed = await client.patch(address, json={"quota_tokens": 5, "dia_contrato": 2}, headers=operador.headers)
    assert changed.json() == made | {"quota_tokens": 5, "dia_contrato": 2}
    again = await client.post(f"{API}/prefeituras", json=body, headers=operador.headers)
    assert (again.status_code, again.json()["detail"]["error_code"]) == (409, "duplicate_prefeitura")


@pytest.mark.parametrize(
    ("change", "status", "param"),
    [
        ({"uf": "XX"}, 400, None),
        ({"ibge": "４２１１５０４"}, 400, None),
        ({"nome": "  "}, 400, "nome"),
        ({"nome": "a\u0000b"}, 400, "nome"),
        ({"dia_contrato": 32}, 422, None),
        ({"dia_contrato": 0}, 422, None),
        ({"quota_tokens": -1}, 422, None),
        ({"quota_tokens": 10**18}, 422, None),
    ],
)
async def test_what_a_prefeitura_cannot_be(
    client: httpx.AsyncClient,
    operador: Account,
    trento: Prefeitura,
    change: dict[str, object],
    status: int,
    param: str | None,
) -> None:
    address = f"{API}/prefeituras/{trento.id}"
    before = (await client.get(address, headers=operador.headers)).json()
    response = await client.patch(address, json=change, headers=operador.headers)
    assert response.status_code == status
    if status == 400:
        assert response.json()["detail"]["param"] == param
    assert (await client.get(address, headers=operador.headers)).json() == before


async def test_a_suspended_prefeitura_is_shut_out_until_it_is_resumed(
    client: httpx.AsyncClient, operador: Account, gestor: Account, trento: Prefeitura
) -> None:
    key = await client.post(f"{API}/chaves", json={"nome": "Site", "papel": "gestor"}, headers=gestor.headers)
    address = f"{API}/prefeituras/{trento.id}"
    for active, expected in ((False, 401), (True, 200)):
        changed = await client.patch(address, json={"ativo": active}, headers=operador.headers)
        assert changed.json()["ativo"] is active
        for headers in (gestor.headers, bearer(key.json()["segredo"])):
            assert (await client.get(f"{API}/chaves", headers=headers)).status_code == expected


async def test_an_operador_does_not_lock_himself_out(
    client: httpx.AsyncClient, operador: Account, public_id: PrefeituraId
) -> None:
    address = f"{API}/prefeituras/{public_id}"
    refused = await client.patch(address, json={"ativo": False}, headers=operador.headers)
    assert (refused.status_code, refused.json()["detail"]["error_code"]) == (403, "permission_denied")
    hidden = await client.patch(address, json={"publica": False}, headers=operador.headers)
    assert (hidden.status_code, hidden.json()["detail"]["param"]) == (400, "publica")
    assert (await client.post(f"{API}/chat/ask", json={"message": QUESTION})).status_code == 200


async def test_another_prefeitura_becomes_the_public_one(
    client: httpx.AsyncClient, operador: Account, trento: Prefeitura, public_id: PrefeituraId
) -> None:
    changed = await client.patch(f"{API}/prefeituras/{trento.id}", json={"publica": True}, headers=operador.headers)
    assert changed.json()["publica"] is True
    before = await client.get(f"{API}/prefeituras/{public_id}", headers=operador.headers)
    assert before.json()["publica"] is False


async def test_an_invited_person_sets_a_password_and_gets_in(client: httpx.AsyncClient, gestor: Account) -> None:
    body = {"nome": "Bia Lima", "email": "Bia@Exemplo.ORG"}
    invited = await client.post(f"{API}/usuarios", json=body, headers=gestor.headers)
    assert invited.status_code == 201
    person = invited.json()["usuario"]
    assert (person["email"], person["papel"], person["tem_senha"]) == ("bia@exemplo.org", "servidor", False)
    accept = {"convite": invited.json()["convite"], "senha_nova": PASSWORD}
    accepted = await client.post(f"{API}/auth/senha", json=accept)
    assert accepted.status_code == 200
    profile = await client.get(f"{API}/auth/me", headers=bearer(accepted.json()["access_token"]))
    assert profile.json()["prefeitura"]["slug"] == "nova-trento"
    spent = await client.post(f"{API}/auth/senha", json=accept)
    assert (spent.status_code, spent.json()["detail"]["error_code"]) == (400, "invalid_invitation")
    login = await client.post(f"{API}/auth/login", json={"email": "bia@exemplo.org", "senha": PASSWORD})
    assert login.status_code == 200


async def test_a_new_invitation_replaces_the_first(client: httpx.AsyncClient, gestor: Account) -> None:
    body = {"nome": "Bia Lima", "email": "bia@exemplo.org"}
    first = (await client.post(f"{API}/usuarios", json=body, headers=gestor.headers)).json()
    address = f"{API}/usuarios/{first['usuario']['id']}/convite"
    second = await client.post(address, headers=gestor.headers)
    assert second.status_code == 201
    for convite, status in ((first["convite"], 400), (second.json()["convite"], 200)):
        answer = await client.post(f"{API}/auth/senha", json={"convite": convite, "senha_nova": PASSWORD})
        assert answer.status_code == status
    assert (await client.post(address, headers=gestor.headers)).status_code == 403


async def test_what_a_gestor_changes_holds_from_the_next_request(
    client: httpx.AsyncClient, accounts: Accounts, gestor: Account, trento: Prefeitura
) -> None:
    bia = await accounts.person(trento.id, nome="bia")
    address = f"{API}/usuarios/{bia.usuario.id}"
    assert (await client.get(f"{API}/usuarios", headers=bia.headers)).status_code == 403
    promoted = await client.patch(address, json={"papel": "gestor"}, headers=gestor.headers)
    assert promoted.json()["papel"] == "gestor"
    assert (await client.get(f"{API}/usuarios", headers=bia.headers)).status_code == 200
    for body in ({"papel": "operador"}, {"papel": "servidor"}):
        status = 403 if body["papel"] == "operador" else 200
        assert (await client.patch(address, json=body, headers=gestor.headers)).status_code == status
    disabled = await client.patch(address, json={"ativo": False}, headers=gestor.headers)
    assert disabled.json()["ativo"] is False
    assert (await client.get(f"{API}/auth/me", headers=bia.headers)).status_code == 401
    assert (await client.patch(address, json={"ativo": True}, headers=gestor.headers)).json()["ativo"] is True
    own = f"{API}/usuarios/{gestor.usuario.id}"
    assert (await client.patch(own, json={"ativo": False}, headers=gestor.headers)).status_code == 403


@pytest.mark.parametrize("body", [{}, {"papel": "gestor", "ativo": True}, {"papel": "rei"}, {"papel": None}])
async def test_a_change_is_one_change(client: httpx.AsyncClient, gestor: Account, body: dict[str, object]) -> None:
    response = await client.patch(f"{API}/usuarios/{uuid4()}", json=body, headers=gestor.headers)
    assert response.status_code == 422


async def test_lists_come_by_page(
    client: httpx.AsyncClient, accounts: Accounts, gestor: Account, operador: Account, trento: Prefeitura
) -> None:
    for name in ("eva", "bia", "davi", "caio"):
        await accounts.person(trento.id, nome=name)
        await client.post(f"{API}/chaves", json={"nome": name}, headers=gestor.headers)
        await accounts.prefeitura(name)
    for limit in (1, 2, 5, 100):
        people = await all_pages(client, f"{API}/usuarios", gestor, limit)
        assert [person["nome"] for person in people] == ["bia", "caio", "davi", "eva", "gestora"]
        keys = await all_pages(client, f"{API}/chaves", gestor, limit)
        assert [key["nome"] for key in keys] == ["bia", "caio", "davi", "eva"]
        prefeituras = await all_pages(client, f"{API}/prefeituras", operador, limit)
        assert {item["slug"] for item in prefeituras} == {"bia", "caio", "davi", "eva", "nova-trento", "publica"}
        assert len(prefeituras) == 6
    own = await all_pages(client, f"{API}/prefeituras", gestor, 1)
    assert [item["slug"] for item in own] == ["nova-trento"]


@pytest.mark.parametrize("cursor", ["", "x", "!!", "%00", "a" * 200, "é", "AAAA", "_" * 22])
@pytest.mark.parametrize("path", ["/usuarios", "/chaves", "/prefeituras", "/chat/sessions"])
async def test_a_foreign_cursor_is_refused_or_leads_nowhere(
    client: httpx.AsyncClient, gestor: Account, path: str, cursor: str
) -> None:
    response = await client.get(f"{API}{path}", params={"cursor": cursor}, headers=gestor.headers)
    if response.status_code == 200:
        assert response.json() == {"itens": [], "proximo": None}
    else:
        assert (response.status_code, response.json()["detail"]["param"]) == (400, "cursor")


async def test_a_person_has_conversations_of_his_own(
    client: httpx.AsyncClient, accounts: Accounts, gestor: Account, trento: Prefeitura
) -> None:
    async def ask(account: Account, session_id: str | None = None) -> str:
        body = {"message": QUESTION, "session_id": session_id}
        response = await client.post(f"{API}/chat/ask", json=body, headers=account.headers)
        assert response.status_code == 200
        return str(response.json()["session_id"])

    bia = await accounts.person(trento.id, nome="bia")
    first, second = await ask(bia), await ask(bia)
    await ask(bia, first)
    foreign = await ask(gestor)
    for limit in (1, 50):
        listed = await all_pages(client, f"{API}/chat/sessions", bia, limit)
        assert [item["session_id"] for item in listed] == [first, second]
    read = (await client.get(f"{API}/chat/sessions/{first}", headers=bia.headers)).json()
    assert [message["role"] for message in read["messages"]] == ["user", "assistant"] * 2
    assert read["messages"][0]["content"] == QUESTION
    assert read["messages"][1]["sources"]
    for headers in (bia.headers, None):
        assert (await client.get(f"{API}/chat/sessions/{foreign}", headers=headers)).status_code == 404
    assert (await client.delete(f"{API}/chat/sessions/{first}", headers=gestor.headers)).status_code == 404
    assert (await client.delete(f"{API}/chat/sessions/{first}", headers=bia.headers)).status_code == 204
    assert (await client.get(f"{API}/chat/sessions/{first}", headers=bia.headers)).status_code == 404
    assert [item["session_id"] for item in await all_pages(client, f"{API}/chat/sessions", bia, 50)] == [second]


async def test_an_anonymous_conversation_is_read_by_its_id_and_never_listed(
    client: httpx.AsyncClient, gestor: Account
) -> None:
    asked = await client.post(f"{API}/chat/ask", json={"message": QUESTION})
    address = f"{API}/chat/sessions/{asked.json()['session_id']}"
    assert len((await client.get(address)).json()["messages"]) == 2
    assert (await client.get(f"{API}/chat/sessions")).status_code == 401
    assert (await client.get(address, headers=gestor.headers)).status_code == 404
    assert (await client.delete(address)).status_code == 204
    assert (await client.get(address)).status_code == 404


async def test_others_and_random_ids_are_answered_alike(
    client: httpx.AsyncClient, accounts: Accounts, gestor: Account, public_id: PrefeituraId
) -> None:
    stranger = await accounts.person(public_id, nome="estranho")
    foreign = [
        (f"{API}/prefeituras/{{}}", "GET", public_id),
        (f"{API}/usuarios/{{}}", "PATCH", stranger.usuario.id),
        (f"{API}/usuarios/{{}}/convite", "POST", stranger.usuario.id),
    ]
    for path, method, theirs in foreign:
        bodies = []
        for wanted in (theirs, uuid4()):
            response = await client.request(method, path.format(wanted), json={"ativo": False}, headers=gestor.headers)
            assert response.status_code == 404
            bodies.append(response.json()["detail"] | {"request_id": None})
        assert bodies[0] == bodies[1]


@pytest.mark.parametrize("slug", ["publica", "nao-existe"])
async def test_a_gestor_names_no_other_prefeitura(client: httpx.AsyncClient, gestor: Account, slug: str) -> None:
    for path in ("/usuarios", "/chaves"):
        response = await client.get(f"{API}{path}", params={"prefeitura": slug}, headers=gestor.headers)
        assert (response.status_code, response.json()["detail"]["error_code"]) == (404, "prefeitura_not_found")


async def test_an_operador_names_any(client: httpx.AsyncClient, operador: Account, gestor: Account) -> None:
    response = await client.get(f"{API}/usuarios", params={"prefeitura": "nova-trento"}, headers=operador.headers)
    assert [person["email"] for person in response.json()["itens"]] == [gestor.usuario.email]
    invited = await client.post(
        f"{API}/usuarios",
        params={"prefeitura": "nova-trento"},
        json={"nome": "Bia", "email": "bia@exemplo.org", "papel": "gestor"},
        headers=operador.headers,
    )
    assert invited.status_code == 201


@pytest.mark.parametrize("slug", ["%00", "Nova", "-", "a" * 64, "a/b"])
async def test_a_slug_that_is_none_is_refused(client: httpx.AsyncClient, operador: Account, slug: str) -> None:
    response = await client.get(f"{API}/usuarios?prefeitura={slug}", headers=operador.headers)
    assert response.status_code == 422
