"""``balcao perguntar`` and ``balcao buscar`` on the law of another day, over a real database."""

import asyncio
from datetime import date

import pytest

from balcao.domain.acts import Act, ActKind
from balcao.domain.ente import Ente
from balcao.domain.validity import Validity
from balcao.infrastructure.database.connection import DatabaseAccesses
from balcao.infrastructure.database.database import Database
from balcao.infrastructure.external.hashed_embedder import HashedNgramEmbedder
from tests.command_line import Run, record
from tests.factories import a_chunk, a_document, publish

QUESTION = "Qual o prazo para limpar o terreno baldio?"
RULE = "O prazo para limpar o terreno baldio é de trinta dias."
REMARK = "fora de vigor; vigeu até 31/12/2020"


@pytest.fixture
def law(accesses: DatabaseAccesses) -> None:
    async def publish_there() -> None:
        database = Database(accesses)
        act, validity = Act(kind=ActKind.LEI, number="10", year=2010), Validity(end=date(2020, 12, 31))
        document = a_document(RULE, title="Lei nº 10", ente=Ente.federal(), act=act, tags=("lixo",), validity=validity)
        batch = await HashedNgramEmbedder().embed([RULE])
        await publish(database, document, a_chunk(document, embedding=batch.embeddings[0]))
        await database.dispose()

    asyncio.run(publish_there())


@pytest.mark.usefixtures("law")
def test_a_question_and_a_search_go_back_to_a_day(run: Run) -> None:
    for options, is_found in (([], False), (["--na-data", "2020-12-31"], True), (["--incluir-revogados"], True)):
        metadata = record(run, "perguntar", QUESTION, *options)["metadata"]
        assert isinstance(metadata, dict)
        assert metadata["found"] is is_found
        assert metadata["headings"] == [f"Lei nº 10 (União) ({REMARK})"] * is_found
        results = record(run, "buscar", QUESTION, *options)["results"]
        assert isinstance(results, list)
        assert [result["title"] for result in results] == [f"Lei nº 10 ({REMARK})"] * is_found
    assert REMARK in run("buscar", QUESTION, "--incluir-revogados")[1]


@pytest.mark.usefixtures("law")
@pytest.mark.parametrize(
    ("options", "found"),
    [
        (["--etiqueta", "LIXO", "--tipo-ato", "lei", "--numero-ato", "nº 10", "--ano-ato", "2010"], 1),
        (["--ente", "federal"], 1),
        (["--ente", "PR"], 0),
        (["--numero-ato", "11"], 0),
        (["--documento", "00000000-0000-4000-8000-000000000000"], 0),
    ],
)
def test_a_search_is_narrowed(run: Run, options: list[str], found: int) -> None:
    results = record(run, "buscar", QUESTION, "--incluir-revogados", *options)["results"]
    assert isinstance(results, list)
    assert len(results) == found


@pytest.mark.parametrize("options", [["--na-data", "ontem"], ["--tipo-ato", "bula"], ["--ano-ato", "1799"]])
def test_filters_that_say_nothing_are_wrong_usage(run: Run, options: list[str]) -> None:
    assert run("buscar", QUESTION, *options)[0] == 2
