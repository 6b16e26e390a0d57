"""Contract months: every day in exactly one, whatever the contract day."""

from calendar import monthrange
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from balcao.domain.period import Period, day_in_brasilia, period_of

FIRST, LAST = date(2024, 1, 1), date(2032, 12, 31)
DAYS = [FIRST + timedelta(days=number) for number in range((LAST - FIRST).days + 1)]


@pytest.mark.parametrize("contract_day", range(1, 32))
def test_every_day_of_nine_years_is_in_exactly_one_period(contract_day: int) -> None:
    periods = {period_of(day, contract_day) for day in DAYS}
    holding = [sum(day in period for period in periods) for day in DAYS]
    assert set(holding) == {1}
    assert all(day in period_of(day, contract_day) for day in DAYS)


@pytest.mark.parametrize("contract_day", range(1, 32))
def test_periods_follow_each_other_from_the_contract_day_on(contract_day: int) -> None:
    period = period_of(FIRST, contract_day)
    while period.end <= LAST:
        following = period_of(period.end, contract_day)
        assert following.start == period.end
        assert 28 <= (following.end - following.start).days <= 31
        assert following.start.day == min(contract_day, monthrange(following.start.year, following.start.month)[1])
        period = following


def test_a_check_that_forgets_to_clamp_would_be_noticed() -> None:
    ends = {(period_of(day, 31).end.month, period_of(day, 31).end.day) for day in DAYS}
    assert {(2, 28), (2, 29), (4, 30), (12, 31)} <= ends


@given(day=st.dates(min_value=date(2, 1, 1), max_value=date(9998, 12, 1)), contract_day=st.integers(1, 31))
def test_any_day_is_within_its_period(day: date, contract_day: int) -> None:
    period = period_of(day, contract_day)
    assert day in period
    assert period.start not in period_of(period.start - timedelta(days=1), contract_day)


@pytest.mark.parametrize(
    ("instant", "day"),
    [
        (datetime(2026, 1, 1, 2, 59, 59, tzinfo=UTC), date(2025, 12, 31)),
        (datetime(2026, 1, 1, 3, 0, 0, tzinfo=UTC), date(2026, 1, 1)),
    ],
)
def test_the_day_turns_at_midnight_in_brasilia(instant: datetime, day: date) -> None:
    assert day_in_brasilia(instant) == day


def test_instants_of_a_period() -> None:
    period = Period(start=date(2026, 1, 31), end=date(2026, 2, 28))
    assert period.starts_at == datetime(2026, 1, 31, 3, tzinfo=UTC)
    assert period.ends_at == datetime(2026, 2, 28, 3, tzinfo=UTC)


def test_a_period_begins_where_the_one_before_went_on_to() -> None:
    period = Period(start=date(2026, 1, 1), end=date(2026, 2, 1))
    assert period.begun_at(date(2026, 1, 15)) == Period(start=date(2026, 1, 15), end=date(2026, 2, 1))
    assert period.begun_at(date(2025, 12, 15)) == period
