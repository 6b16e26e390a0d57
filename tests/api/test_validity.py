"""Answers and searches from the law of another day, and from what was revoked, over HTTP."""

import json
from datetime import date

import asyncpg
import httpx
import pytest

from balcao.domain.acts import Act, ActKind
from balcao.domain.document import Document
from balcao.domain.ente import Ente
from balcao.domain.prompt import NOT_FOUND_ANSWER
from balcao.domain.usuario import Papel
from balcao.domain.validity import Validity
from balcao.infrastructure.database.database import Database
from balcao.infrastructure.external.hashed_embedder import HashedNgramEmbedder
from tests.api.accounts import Accounts
from tests.factories import a_chunk, a_document, publish

ASK = "/api/v1/chat/ask"
SEARCH = "/api/v1/documents/search"
QUESTION = "Qual o prazo para limpar o terreno baldio?"
OLD, NEW, UNDATED = "trinta dias", "quinze dias", "noventa dias"


@pytest.fixture
async def laws(database: Database) -> dict[str, Document]:
    """One rule in the law of today, in the one before it, and in one that was revoked nobody knows when."""
    new = await publish_law(database, NEW, 20, Validity(start=date(2021, 1, 1)))
    before = Validity(start=date(2010, 1, 1), end=date(2020, 12, 31), revoked_by=new.id)
    old = await publish_law(database, OLD, 10, before)
    undated = await publish_law(database, UNDATED, 5, Validity(revoked_by=new.id))
    return {NEW: new, OLD: old, UNDATED: undated}


async def publish_law(database: Database, term: str, number: int, validity: Validity) -> Document:
    text = f"Art. 1º O prazo para limpar o terreno baldio é de {term}."
    document = a_document(
        text,
        title=f"Lei nº {number}, de 2010",
        ente=Ente.federal() if number > 5 else Ente.estado("PR"),
        act=Act(kind=ActKind.LEI, number=str(number), year=2010),
        tags=("limpeza urbana",) if number == 20 else (),
        validity=validity,
    )
    batch = await HashedNgramEmbedder().embed([text])
    return await publish(database, document, a_chunk(document, embedding=batch.embeddings[0]))


async def ask(client: httpx.AsyncClient, **body: object) -> dict[str, object]:
    response = await client.post(ASK, json={"message": QUESTION} | body)
    assert response.status_code == 200, response.text
    answer: dict[str, object] = response.json()
    return answer


def headings(answer: dict[str, object]) -> list[str]:
    metadata = answer["metadata"]
    assert isinstance(metadata, dict)
    return list(metadata["headings"])


@pytest.mark.usefixtures("laws")
@pytest.mark.parametrize(
    ("day", "said", "heading"),
    [
        (None, NEW, "Lei nº 20, de 2010 (União)"),
        ("2021-01-01", NEW, "Lei nº 20, de 2010 (União)"),
        ("2020-12-31", OLD, "Lei nº 10, de 2010 (União) (revogado; vigeu até 31/12/2020)"),
    ],
)
async def test_a_question_is_answered_from_the_law_of_its_day(
    client: httpx.AsyncClient, day: str | None, said: str, heading: str
) -> None:
    answer = await ask(client, na_data=day)
    text = str(answer["response"])
    assert [term for term in (OLD, NEW, UNDATED) if term in text] == [said]
    assert headings(answer) == [heading]
    assert heading in text


@pytest.mark.usefixtures("laws")
async def test_before_there_was_a_law_there_is_no_answer(client: httpx.AsyncClient) -> None:
    assert (await ask(client, na_data="2009-12-31"))["response"] == NOT_FOUND_ANSWER


@pytest.mark.usefixtures("laws")
async def test_what_was_revoked_is_shown_when_asked_for_and_says_so(client: httpx.AsyncClient) -> None:
    shown = headings(await ask(client, incluir_revogados=True))
    assert "Lei nº 20, de 2010 (União)" in shown
    assert "Lei nº 10, de 2010 (União) (revogado; vigeu até 31/12/2020)" in shown


@pytest.mark.usefixtures("laws")
async def test_the_day_is_kept_with_the_question_and_in_the_audit_trail(
    client: httpx.AsyncClient, accounts: Accounts, admin: asyncpg.Connection
) -> None:
    public_id = await accounts.public_id()
    gestor = await accounts.person(public_id, Papel.GESTOR)
    asked = {"message": QUESTION, "metadata": {"canal": "site"}}
    days: list[dict[str, object]] = [{"na_data": "2020-12-31"}, {"incluir_revogados": True}, {}]
    for day in days:
        assert (await client.post(ASK, json=asked | day, headers=gestor.headers)).status_code == 200
    kept = await admin.fetch("SELECT metadata FROM message WHERE role = 'user' ORDER BY ordem")
    assert [json.loads(row[0]) for row in kept] == [{"canal": "site"} | day for day in days]
    trail = await client.get(f"/api/v1/prefeituras/{public_id}/auditoria?acao=pergunta", headers=gestor.headers)
    recorded = [item["detalhes"] for item in trail.json()["itens"]][::-1]
    assert [{name: told[name] for name in told if name not in ("sessao", "texto")} for told in recorded] == days


@pytest.mark.parametrize("body", [{"na_data": "ontem"}, {"na_data": "2020-13-01"}, {"incluir_revogados": "talvez"}])
async def test_what_is_no_day_is_a_malformed_request(refuser: httpx.AsyncClient, body: dict[str, object]) -> None:
    for url, text in ((ASK, "message"), (SEARCH, "query")):
        assert (await refuser.post(url, json={text: QUESTION} | body)).status_code == 422


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({}, {NEW}),
        ({"na_data": "2020-12-31"}, {OLD}),
        ({"na_data": "2009-12-31"}, set()),
        ({"incluir_revogados": True}, {NEW, OLD}),
        ({"incluir_revogados": True, "na_data": "2009-12-31"}, {NEW, OLD}),
        ({"incluir_revogados": True, "ente": "PR"}, {UNDATED}),
        ({"ente": "federal"}, {NEW}),
        ({"ente": "SP"}, set()),
        ({"etiqueta": " Limpeza  URBANA"}, {NEW}),
        ({"etiqueta": "limpeza"}, set()),
        ({"tipo_ato": "lei", "numero_ato": "nº 020", "ano_ato": 2010}, {NEW}),
        ({"tipo_ato": "decreto"}, set()),
        ({"numero_ato": "2.0"}, {NEW}),
        ({"numero_ato": "21"}, set()),
        ({"ano_ato": 2011}, set()),
    ],
    ids=str,
)
async def test_a_search_looks_where_its_filters_say(
    client: httpx.AsyncClient, laws: dict[str, Document], filters: dict[str, object], found: set[str]
) -> None:
    named = {str(document.id): term for term, document in laws.items()}
    response = await client.post(SEARCH, json={"query": QUESTION, "n_results": 100} | filters)
    assert response.status_code == 200, response.text
    results = [item for item in response.json()["results"] if item["document_id"] in named]
    assert {named[item["document_id"]] for item in results} == found
    titles = {item["title"] for item in results if item["document_id"] == str(laws[OLD].id)}
    assert titles <= {"Lei nº 10, de 2010 (revogado; vigeu até 31/12/2020)"}


async def test_a_search_looks_in_one_document_alone(client: httpx.AsyncClient, laws: dict[str, Document]) -> None:
    wanted = str(laws[NEW].id)
    results = (await client.post(SEARCH, json={"query": "férias", "document_id": wanted})).json()["results"]
    assert {item["document_id"] for item in results} == {wanted}


@pytest.mark.parametrize(
    ("filters", "status", "code"),
    [
        ({"ente": "XX"}, 400, "invalid_ente"),
        ({"etiqueta": "a\x00"}, 400, "invalid_text"),
        ({"tipo_ato": "bula"}, 422, None),
        ({"ano_ato": 1799}, 422, None),
        ({"document_id": "1"}, 422, None),
        ({"etiqueta": "a" * 101}, 422, None),
    ],
    ids=ascii,
)
async def test_filters_that_say_nothing_are_refused(
    refuser: httpx.AsyncClient, filters: dict[str, object], status: int, code: str | None
) -> None:
    response = await refuser.post(SEARCH, json={"query": QUESTION} | filters)
    assert response.status_code == status
    assert code is None or response.json()["detail"]["error_code"] == code
