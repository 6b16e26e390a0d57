"""The quota rule, and what is charged of what."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from balcao.domain.chat import TokenUsage
from balcao.domain.consumption import Charge, ChargeKind, beyond, total
from balcao.domain.errors import InvalidInput
from balcao.domain.ids import CreditId, PrefeituraId
from balcao.domain.period import Period
from balcao.domain.quota import TOKENS_OF_A_QUESTION, Credit, QuotaBalance, check_credit

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
BALANCE = QuotaBalance(
    prefeitura_id=PrefeituraId(uuid4()), period=Period(start=date(2026, 11, 1), end=date(2026, 12, 1)), quota=10_000
)


@pytest.mark.parametrize(
    ("used", "reserved", "extra", "left"), [(0, 0, 0, 10_000), (4_000, 1_000, 500, 5_500), (12_000, 0, 0, 0)]
)
def test_what_is_left(used: int, reserved: int, extra: int, left: int) -> None:
    assert replace(BALANCE, used=used, reserved=reserved, extra=extra).left == left


def test_the_most_is_reserved_or_what_is_left_of_it_but_never_too_little() -> None:
    assert BALANCE.affordable(least=100, most=2_000) == 2_000
    assert BALANCE.affordable(least=100, most=20_000) == 10_000
    assert replace(BALANCE, used=9_901).affordable(least=100, most=2_000) is None
    assert replace(BALANCE, used=9_900).affordable(least=100, most=2_000) == 100


def test_without_an_average_the_default_quota_is_about_three_answers_and_it_says_so() -> None:
    assert BALANCE.questions_left == 3
    assert BALANCE.in_words() == (
        "Resta quota para cerca de 3 perguntas este mês, até 01/12/2026: uma estimativa com 3.300 tokens por pergunta, "
        "enquanto a prefeitura não tem média própria."
    )
    assert TOKENS_OF_A_QUESTION * 3 <= 10_000 < TOKENS_OF_A_QUESTION * 4


def test_with_an_average_it_counts_by_it() -> None:
    balance = replace(BALANCE, quota=100_000, used=4_000, known_tokens=4_000, known_questions=5)
    assert balance.tokens_of_a_question == 800
    assert balance.in_words() == "Resta quota para cerca de 120 perguntas este mês, até 01/12/2026."


@pytest.mark.parametrize(
    ("used", "words"),
    [
        (9_500, "Resta quota para cerca de uma pergunta este mês, até 01/12/2026."),
        (9_900, "A quota deste mês está no fim; ela se renova em 01/12/2026."),
        (10_001, "A quota deste mês está no fim; ela se renova em 01/12/2026."),
    ],
)
def test_near_the_end(used: int, words: str) -> None:
    assert replace(BALANCE, used=used, known_tokens=400, known_questions=1).in_words() == words


def test_thousands_are_written_as_in_portuguese() -> None:
    assert "cerca de 1.250 perguntas" in replace(BALANCE, known_tokens=8, known_questions=1).in_words()


@pytest.mark.parametrize(
    "wrong", [{"tokens": 0}, {"tokens": 10**16}, {"reason": " "}, {"reason": "a" * 301}, {"valid_until": NOW}]
)
def test_impossible_credits(wrong: dict[str, int | str | datetime]) -> None:
    credit = Credit(
        id=CreditId(uuid4()),
        prefeitura_id=BALANCE.prefeitura_id,
        tokens=1_000,
        reason="Campanha do IPTU",
        valid_from=NOW,
        valid_until=NOW + timedelta(days=3),
    )
    assert check_credit(credit) == credit
    changed: dict[str, object] = {**wrong}
    with pytest.raises(InvalidInput):
        check_credit(replace(credit, **changed))  # type: ignore[arg-type]


def charge(prompt: int, completion: int) -> Charge:
    usage = TokenUsage(prompt_tokens=prompt, completion_tokens=completion)
    return Charge(kind=ChargeKind.ANSWER, model="m", usage=usage)


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), max_size=4), st.integers(min_value=0, max_value=300))
def test_what_was_charged_is_charged_once(calls: list[tuple[int, int]], already: int) -> None:
    charges = [charge(*call) for call in calls]
    due = beyond(charges, already)
    assert total(due).total_tokens == max(0, total(charges).total_tokens - already)
    assert all(item.usage.total_tokens > 0 for item in due)


def test_what_was_charged_is_taken_from_the_first_charges_prompt_first() -> None:
    assert beyond([charge(7, 0), charge(100, 20)], 57) == (charge(50, 20),)
    assert beyond([charge(7, 0), charge(100, 20)], 117) == (charge(0, 10),)
