"""Neighbours of a passage join it where the budget leaves room, after passages and history."""

from dataclasses import replace
from uuid import uuid4

from balcao.domain.ente import Ente
from balcao.domain.ids import ChunkId, DocumentId
from balcao.domain.prompt import build_prompt
from balcao.domain.search import Passage

PASSAGE = Passage(
    chunk_id=ChunkId(uuid4()),
    document_id=DocumentId(uuid4()),
    chunk_index=1,
    title="Lei",
    source="lei.txt",
    ente=Ente.geral(),
    content="meio",
    page=1,
    path="Art. 1º",
    score=1.0,
    similarity=1.0,
    coverage=1.0,
    before="antes ",
    after=" depois",
)


def content(budget: int, *passages: Passage) -> list[str]:
    prompt = build_prompt("?", passages or [PASSAGE], [], budget_tokens=budget, count_tokens=_words)
    return [passage.content for passage in prompt.passages]


def _words(text: str) -> int:
    return 0 if text.startswith("Você atende") else len(text.split())


def test_neighbours_join_their_passage_as_far_as_the_budget_goes() -> None:
    bare = 1 + len(PASSAGE.heading.split()) + 1
    assert content(bare) == ["meio"]
    assert content(bare + 1) == ["meio depois"]
    assert content(bare + 2) == ["antes meio depois"]


def test_no_neighbour_takes_the_place_of_a_passage() -> None:
    other = replace(PASSAGE, chunk_id=ChunkId(uuid4()), content="outro", before="", after="")
    both = 1 + 2 * (len(PASSAGE.heading.split()) + 1)
    assert content(both, PASSAGE, other) == ["meio", "outro"]
