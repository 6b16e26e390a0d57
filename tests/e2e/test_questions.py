"""Questions over the real documents: the right law first, never another city's, and nothing where nothing is."""

import json
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from balcao.application.use_cases.chat_with_documents import ChatRequest, ChatResponse
from balcao.domain.document import Document
from balcao.domain.portuguese import words
from balcao.domain.prompt import NOT_FOUND_ANSWER
from balcao.infrastructure.database.embedded import EmbeddedPostgres
from balcao.interface.dependencies.container import Container, embedded_accesses, open_container
from tests.applications import settings_in
from tests.conftest import REPOSITORY
from tests.e2e.conftest import CITIES, Balcao

QUESTIONS = REPOSITORY / "tests" / "data"
LAI_QUESTION = "Qual o prazo para responder a um pedido de acesso à informação?"
CAKE_QUESTION = "Qual a receita de bolo de cenoura?"
IBGE = {slug: ibge for slug, _, _, ibge in CITIES}

Question = dict[str, str | list[str]]


def questions(name: str) -> list[Question]:
    found: list[Question] = json.loads((QUESTIONS / name).read_text(encoding="utf-8"))
    return found


@asynccontextmanager
async def opened(collection: Balcao) -> AsyncIterator[Container]:
    """The program over the collection, in this process: many questions without many starts."""
    with EmbeddedPostgres(collection.data) as server:
        async with open_container(settings_in(collection.data), await embedded_accesses(server)) as container:
            yield container


async def answers(container: Container, asked: Sequence[Question]) -> list[ChatResponse]:
    return [
        await container.chat.execute(
            ChatRequest(message=str(question["pergunta"]), prefeitura=str(question.get("prefeitura") or "") or None)
        )
        for question in asked
    ]


def holds_expected(question: Question, answer: ChatResponse) -> bool:
    return set(question["esperado"]) <= set(words(answer.response))


async def test_no_city_is_answered_with_the_law_of_another(collection: Balcao) -> None:
    asked = questions("perguntas_cidades.json")
    assert len(asked) >= 20
    async with opened(collection) as container:
        documents = {document.id: document for document in await container.list_documents.execute()}
        given = await answers(container, asked)
    municipal = [document for document in documents.values() if document.ente.ibge]
    assert {document.ente.ibge for document in municipal} >= set(IBGE.values()), "each city has documents to leak"
    strange = [
        (question["pergunta"], documents[source.document_id].title)
        for question, answer in zip(asked, given, strict=True)
        for source in answer.sources
        if is_of_another(documents[source.document_id], str(question["prefeitura"]))
    ]
    assert strange == []
    right = sum(map(holds_expected, asked, given))
    print(f"\ncidades: {right} de {len(asked)} respostas com todas as palavras esperadas")
    assert right >= 14


def is_of_another(document: Document, slug: str) -> bool:
    return document.ente.esfera == "municipal" and document.ente.ibge != IBGE[slug]


async def test_the_check_for_strange_cities_sees_a_city_that_was_named(collection: Balcao) -> None:
    """Only a question that names another city may be answered with its law; by it the check shows that it can fail."""
    async with opened(collection) as container:
        documents = {document.id: document for document in await container.list_documents.execute()}
        question = "Quantos vereadores tem a Câmara Municipal de Maracaju?"
        answer = await container.chat.execute(ChatRequest(message=question, prefeitura="curitiba"))
    assert any(is_of_another(documents[source.document_id], "curitiba") for source in answer.sources)


async def test_federal_questions_find_their_law_first(collection: Balcao) -> None:
    asked = questions("perguntas_com_resposta.json")
    async with opened(collection) as container:
        given = await answers(container, asked)
    first = [
        bool(answer.headings) and str(question["documento"]) in answer.headings[0]
        for question, answer in zip(asked, given, strict=True)
    ]
    right = sum(map(holds_expected, asked, given))
    print(
        f"\ncom resposta: {sum(first)} de {len(asked)} com a lei certa em primeiro, {right} com as palavras esperadas"
    )
    assert sum(first) >= len(asked) - 1
    assert right >= len(asked) * 0.75


async def test_what_the_documents_do_not_hold_is_refused(collection: Balcao) -> None:
    asked = questions("perguntas_sem_resposta.json")
    async with opened(collection) as container:
        given = await answers(container, asked)
    refused = [answer for answer in given if not answer.found]
    print(f"\nsem resposta: {len(refused)} de {len(asked)} recusadas")
    assert len(refused) >= len(asked) - 1
    assert all(answer.response == NOT_FOUND_ANSWER and not answer.sources for answer in refused)


def test_the_question_of_the_readme_by_the_real_command(collection: Balcao) -> None:
    answer = collection.run("perguntar", LAI_QUESTION, "--json").fields()
    sources = answer["sources"]
    assert isinstance(sources, list)
    assert "lei-12527" in sources[0]["source"]
    assert "20 (vinte) dias" in sources[0]["excerpt"]
    people = collection.run("perguntar", LAI_QUESTION)
    assert people.code == 0
    assert "vinte" in people.out
    assert "Fontes:\n  [1] Lei nº 12.527" in people.out
    assert people.err == ""

    follow = collection.run("perguntar", "E se for negado?", "--sessao", str(answer["session_id"]), "--json").fields()
    assert follow["session_id"] == answer["session_id"]


def test_what_is_absent_is_said_to_be_absent(collection: Balcao) -> None:
    answer = collection.run("perguntar", CAKE_QUESTION, "--json")
    assert answer.code == 0
    assert answer.fields()["response"] == NOT_FOUND_ANSWER
    assert answer.fields()["sources"] == []
    people = collection.run("perguntar", CAKE_QUESTION).out
    assert people.startswith(NOT_FOUND_ANSWER)
    assert "Fontes" not in people


@pytest.mark.parametrize(
    ("arguments", "code", "error_code"),
    [
        (["perguntar", ""], 1, "empty_message"),
        (["perguntar", " \n "], 1, "empty_message"),
        (["perguntar", os.fsdecode(b"a\xffo")], 1, "invalid_text"),
        (["perguntar", "Oi", "--prefeitura", "atlantida"], 1, "prefeitura_not_found"),
        (["perguntar", "Oi", "--prefeitura", "'; DROP TABLE documento; --"], 1, "prefeitura_not_found"),
        (["perguntar", "Oi", "--sessao", "00000000-0000-4000-8000-000000000000"], 1, "session_not_found"),
        (["buscar", ""], 1, "empty_message"),
        (["buscar", "prazo", "--prefeitura", "atlantida"], 1, "prefeitura_not_found"),
        (["documentos", "remover", "00000000-0000-4000-8000-000000000000"], 1, "document_not_found"),
    ],
    ids=lambda value: " ".join(value).encode("ascii", "replace").decode() if isinstance(value, list) else "",
)
def test_odd_requests_are_one_sentence_or_one_value(
    collection: Balcao, arguments: list[str], code: int, error_code: str
) -> None:
    programs = collection.run(*arguments, "--json")
    assert programs.code == code
    assert programs.fields()["error_code"] == error_code
    assert programs.err == ""
    if "DROP" not in str(arguments):
        people = collection.run(*arguments)
        assert people.code == code
        assert people.out == ""
        assert people.err.strip() == programs.fields()["detail"]


def test_search_shows_passages_with_their_scores(collection: Balcao) -> None:
    found = collection.run("buscar", "estágio de estudantes jornada", "-n", "3", "--json").fields()
    results = found["results"]
    assert isinstance(results, list)
    assert len(results) == 3
    assert "11788" in results[0]["source"]
    scores = [result["score"] for result in results]
    assert scores == sorted(scores, reverse=True)
    people = collection.run("buscar", "estágio de estudantes jornada", "-n", "3")
    assert people.out.count("(pontos ") == 3


def test_a_removed_document_is_gone_and_may_come_back(collection: Balcao, tmp_path: Path) -> None:
    (tmp_path / "zepelim.txt").write_text("O zepelim municipal decola às terças-feiras do campo de pouso.")
    (row,) = collection.run("ingerir", tmp_path, "--ente", "geral", "--json").rows()
    question = "Quando decola o zepelim municipal?"
    assert "terças" in str(collection.run("perguntar", question, "--json").fields()["response"])
    removed = collection.run("documentos", "remover", str(row["document_id"]))
    assert removed.code == 0
    assert removed.out.startswith("Removido: ")
    assert collection.run("perguntar", question, "--json").fields()["response"] == NOT_FOUND_ANSWER
    assert str(row["document_id"]) not in collection.run("documentos", "listar").out
    twice = collection.run("documentos", "remover", str(row["document_id"]), "--json")
    assert twice.fields()["error_code"] == "document_not_found"
    (back,) = collection.run("ingerir", tmp_path, "--ente", "geral", "--json").rows()
    assert back["situacao"] == "novo"
    collection.run("documentos", "remover", str(back["document_id"]))


def test_prefeituras_are_listed_for_people_and_programs(collection: Balcao) -> None:
    listed = {row["slug"]: row for row in collection.run("prefeitura", "listar", "--json").rows()}
    assert set(listed) >= {slug for slug, *_ in CITIES}
    assert (listed["nova-trento"]["uf"], listed["nova-trento"]["ibge"]) == ("SC", "4211504")
    people = collection.run("prefeitura", "listar").out
    assert "Nova Trento" in people
    again = collection.run("prefeitura", "criar", "--nome", "Outra", "--slug", "nova-trento", "--json")
    assert (again.code, again.fields()["error_code"]) == (1, "duplicate_prefeitura")
