"""Whether there is an answer: both legs have their say."""

from uuid import uuid4

from balcao.domain.ente import Ente
from balcao.domain.ids import ChunkId, DocumentId
from balcao.domain.relevance import RelevanceRule
from balcao.domain.search import Passage, without_copies, without_repetitions


def a_passage(*, coverage: float = 0.0, similarity: float = 0.0, named: bool = False, content: str = "x") -> Passage:
    return Passage(
        chunk_id=ChunkId(uuid4()),
        document_id=DocumentId(uuid4()),
        chunk_index=0,
        title="Lei",
        source="lei.txt",
        ente=Ente.geral(),
        content=content,
        page=None,
        path=None,
        score=1.0,
        similarity=similarity,
        coverage=coverage,
        named=named,
    )


RULE = RelevanceRule(similarity_floor=0.9, typical_similarity=0.4)


def test_words_and_vector_that_agree_are_an_answer() -> None:
    passage = a_passage(coverage=0.7, similarity=0.3)
    assert RULE.relevant([passage]) == [passage]


def test_one_leg_alone_is_none() -> None:
    assert RULE.relevant([a_passage(coverage=0.8, similarity=0.02)]) == []
    assert RULE.relevant([a_passage(coverage=0.05, similarity=0.8)]) == []


def test_without_a_vector_to_compare_the_words_decide() -> None:
    held, loose = a_passage(coverage=0.6), a_passage(coverage=0.5)
    assert RULE.relevant([held]) == [held]
    assert RULE.relevant([loose]) == []
    assert RelevanceRule(similarity_threshold=0.35).relevant([held, loose]) == [held]


def test_a_similarity_that_the_model_vouches_for_is_one() -> None:
    passage = a_passage(similarity=0.9)
    assert RULE.relevant([passage, a_passage()]) == [passage]


def test_only_what_comes_near_the_best_goes_with_it() -> None:
    best, near, far = (a_passage(coverage=part, similarity=0.4) for part in (1.0, 0.7, 0.2))
    assert RULE.relevant([best, near, far]) == [best, near]


def test_where_the_question_names_the_act_less_is_enough() -> None:
    assert RULE.relevant([a_passage(coverage=0.5, similarity=0.2)]) == []
    named = a_passage(coverage=0.5, similarity=0.2, named=True)
    assert RULE.relevant([named]) == [named]


def test_an_explicit_threshold_replaces_the_rule() -> None:
    rule = RelevanceRule(similarity_threshold=0.35)
    over, under = a_passage(similarity=0.36), a_passage(coverage=1.0, similarity=0.34)
    assert rule.relevant([over, under]) == [over]


def test_copies_collapse_and_near_repetitions_do_where_that_is_asked() -> None:
    text = " ".join(f"palavra{number}" for number in range(30))
    first, copy = a_passage(content=text), a_passage(content=text.upper() + ".")
    near, other = a_passage(content=f"{text} mais"), a_passage(content="outro texto")
    assert without_copies([first, copy, near, other]) == [first, near, other]
    assert without_repetitions([first, copy, near, other]) == [first, other]
