"""What a model is asked for an order of passages, and which answers count as one."""

import pytest

from balcao.domain.ente import Ente
from balcao.domain.reranking import LONGEST_SHOWN, RankingPrompt, read_order, reordered
from balcao.domain.search import Passage
from tests.factories import a_chunk, a_document


def passage(text: str) -> Passage:
    document = a_document(text)
    chunk = a_chunk(document)
    return Passage(
        chunk_id=chunk.id,
        document_id=document.id,
        chunk_index=0,
        title="Lei nº 1",
        source="lei.txt",
        ente=Ente.geral(),
        content=text,
        page=None,
        path=None,
        score=1.0,
        similarity=0.5,
        coverage=1.0,
    )


@pytest.mark.parametrize(
    ("answer", "order"),
    [
        ("[3, 1, 2]", (3, 1, 2)),
        ("  [2,3]\n", (2, 3)),
        ("```json\n[3, 2, 1]\n```", (3, 2, 1)),
        ("```\n[ 1 ]```", (1,)),
        ("", ()),
        ("[]", ()),
        ("[ , ]", ()),
        ("[1 2]", ()),
        ("[1, 1]", ()),
        ("[0, 1]", ()),
        ("[1, 4]", ()),
        ("[1, -2]", ()),
        ("[1.5]", ()),
        ("[[1]]", ()),
        ("[" * 100_000, ()),
        ("[" + "1" * 100_000 + "]", ()),
        ("[" + "1 , " * 50_000, ()),
        ("A ordem é [3, 1, 2].", ()),
        ("[3, 1, 2] [1]", ()),
        ("[①, 2]", ()),
        ('{"ordem": [1, 2]}', ()),
    ],
    ids=lambda value: str(value)[:20],
)
def test_only_a_list_of_passages_is_an_order(answer: str, order: tuple[int, ...]) -> None:
    assert read_order(answer, 3) == order


def test_what_is_not_named_stays_behind_in_its_order() -> None:
    passages = [passage(text) for text in "abcd"]
    assert [found.content for found in reordered(passages, (3, 1))] == ["c", "a", "b", "d"]
    assert reordered(passages, ()) == passages


def test_the_model_sees_the_beginnings_of_the_passages_by_number() -> None:
    prompt = RankingPrompt(question="Qual o prazo?", passages=(passage("Dez dias."), passage("ã" * 5000)))
    shown, question = prompt.texts()
    assert question == "Qual o prazo?"
    assert "[1] Lei nº 1\nDez dias.\n\n[2] Lei nº 1\nãã" in shown
    assert len(shown.rpartition("[2] ")[2].encode()) in (LONGEST_SHOWN - 1, LONGEST_SHOWN)
    assert len(prompt.system_text().encode()) < 2 * LONGEST_SHOWN + 500
    assert prompt.max_tokens < 40
