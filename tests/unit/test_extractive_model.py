import re
from uuid import uuid4

from balcao.domain.ente import Ente
from balcao.domain.ids import ChunkId, DocumentId
from balcao.domain.prompt import NOT_FOUND_ANSWER, Prompt
from balcao.domain.search import Passage
from balcao.infrastructure.external.extractive_model import ExtractiveLanguageModel

ACCESS = (
    "Art. 11. O órgão deverá conceder o acesso imediato à informação disponível.\n"
    "§ 1º Não sendo possível conceder o acesso imediato, o órgão que receber o pedido deverá,\n"
    "em prazo não superior a 20 (vinte) dias:\n"
    "I - comunicar a data e o local da consulta;\n"
    "II - indicar as razões da recusa.\n"
)
APPEAL = "Art. 15. No indeferimento de acesso a informações, cabe recurso no prazo de 10 (dez) dias da ciência."


def passage(content: str, *, path: str | None = None, page: int | None = None) -> Passage:
    return Passage(
        chunk_id=ChunkId(uuid4()),
        document_id=DocumentId(uuid4()),
        chunk_index=0,
        title="Lei nº 12.527, de 18 de novembro de 2011",
        source="lei.pdf",
        ente=Ente.federal(),
        content=content,
        page=page,
        path=path,
        score=1.0,
        similarity=0.0,
        coverage=1.0,
    )


def folded(text: str) -> str:
    return " ".join(text.split())


async def test_it_quotes_the_answer_first_with_its_citation() -> None:
    passages = (passage(APPEAL), passage(ACCESS, path="Capítulo III > Art. 11", page=3))
    question = "Qual o prazo para responder a um pedido de acesso à informação?"
    answer = await ExtractiveLanguageModel().complete(Prompt(question=question, passages=passages))
    head, place, first, *_ = answer.text.split("\n\n")
    assert head == "Encontrei nos documentos:"
    assert place == "Lei nº 12.527, de 18 de novembro de 2011, Capítulo III > Art. 11, página 3 [2]:"
    assert first.startswith("• «")
    assert "em prazo não superior a 20 (vinte) dias:" in first
    assert answer.found
    assert answer.cited[0] == 2


async def test_every_quotation_is_the_passages_own_words() -> None:
    passages = (passage(ACCESS), passage(APPEAL))
    answer = await ExtractiveLanguageModel().complete(Prompt(question="prazo de acesso e recurso", passages=passages))
    cited: list[int] = []
    for paragraph in answer.text.split("\n\n")[1:]:
        if place := re.search(r" \[(\d+)\]:$", paragraph):
            cited.append(int(place[1]))
            continue
        assert paragraph.startswith("• «")
        for quoted in re.findall("«(.*?)»", paragraph):
            assert quoted in folded(passages[cited[-1] - 1].content)
    assert tuple(cited) == answer.cited


async def test_a_clause_comes_with_the_list_it_introduces() -> None:
    answer = await ExtractiveLanguageModel().complete(
        Prompt(question="prazo do pedido de acesso", passages=(passage(ACCESS),))
    )
    assert (
        "20 (vinte) dias: I - comunicar a data e o local da consulta; II - indicar as razões da recusa.»" in answer.text
    )


async def test_an_inciso_far_from_its_clause_comes_after_it() -> None:
    answer = await ExtractiveLanguageModel().complete(
        Prompt(question="indicar as razões da recusa", passages=(passage(ACCESS),))
    )
    assert "20 (vinte) dias:» […] «II - indicar as razões da recusa.»" in answer.text


async def test_without_an_answer_it_says_only_that() -> None:
    answer = await ExtractiveLanguageModel().complete(
        Prompt(question="Qual a capital da Austrália?", passages=(passage(ACCESS), passage(APPEAL)))
    )
    assert (answer.text, answer.found, answer.cited) == (NOT_FOUND_ANSWER, False, ())


async def test_it_costs_nothing_and_does_not_claim_to_write() -> None:
    model = ExtractiveLanguageModel()
    answer = await model.complete(Prompt(question="prazo do pedido de acesso", passages=(passage(ACCESS),)))
    assert answer.usage.total_tokens == 0
    assert answer.model == model.card.id == "extrativo"
    assert "Não redige" in model.card.description
