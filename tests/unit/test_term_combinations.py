"""Which terms of a question are looked for together."""

import math

import pytest

from balcao.domain.search import QuestionTerm
from balcao.infrastructure.repositories.term_combinations import telling_combinations

_PASSAGES = 50_000


def a_term(name: str, frequency: int) -> QuestionTerm:
    rarity = math.log(_PASSAGES / frequency)
    return QuestionTerm(word=name, term=name, rarity=rarity, match=name, match_rarity=rarity, match_frequency=frequency)


@pytest.mark.parametrize(
    ("frequencies", "expected"),
    [
        ([3_000, 3_000], ["ab"]),  # 180 passages are expected to have both
        ([4_000, 4_000], []),  # 320
        ([4_000, 4_000, 4_000], ["abc"]),
        ([3_000, 3_000, 4_000], ["ab"]),  # a third one would only be to spare
        ([1_000, 2_000, 3_000], ["ab", "ac", "bc"]),
        ([1_000, 1_000, 1_000, 1_000], ["ab", "ac", "ad", "bc"]),
        ([20_000, 20_000, 20_000, 20_000], []),
        ([3_000], []),
        ([], []),
    ],
)
def test_those_that_few_passages_should_have_heaviest_first(frequencies: list[int], expected: list[str]) -> None:
    terms = [a_term(name, frequency) for name, frequency in zip("abcdef", frequencies, strict=False)]
    found = telling_combinations(terms)
    assert ["".join(term.match for term in together) for together in found] == expected


def test_a_long_question_is_combined_of_its_heaviest_terms() -> None:
    terms = [a_term(f"comum{number}", 9_000) for number in range(40)] + [a_term("raro", 1_100), a_term("outro", 1_200)]
    assert {term.match for term in telling_combinations(terms)[0]} == {"raro", "outro"}
