"""When an alert is due, what it forecasts, and how long its delivery is tried."""

from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest

from balcao.domain.alerts import (
    ATTEMPTS,
    AlertDelivery,
    Channel,
    DeliveryState,
    QuotaAlert,
    forecast_exhaustion,
    reached_thresholds,
)
from balcao.domain.ids import AlertId, PrefeituraId
from balcao.domain.period import Period
from balcao.domain.quota import QuotaBalance

MARCH = Period(start=date(2026, 3, 1), end=date(2026, 4, 1))
BEGIN = MARCH.starts_at


def balance(used: int, *, quota: int = 1000, extra: int = 0) -> QuotaBalance:
    return QuotaBalance(prefeitura_id=PrefeituraId(uuid4()), period=MARCH, quota=quota, extra=extra, used=used)


@pytest.mark.parametrize(
    ("used", "reached"),
    [(0, ()), (499, ()), (500, (50,)), (799, (50,)), (800, (50, 80)), (999, (50, 80)), (1000, (50, 80, 100))],
)
def test_thresholds_are_reached_to_the_token(used: int, reached: tuple[int, ...]) -> None:
    assert reached_thresholds(balance(used)) == reached


def test_credits_count_and_a_quota_of_nothing_is_used_up_by_anything() -> None:
    assert reached_thresholds(balance(900, extra=1000)) == ()
    assert reached_thresholds(balance(1, quota=0)) == (50, 80, 100)
    assert reached_thresholds(balance(0, quota=0)) == ()


@pytest.mark.parametrize(
    ("used", "days", "expected"),
    [
        (0, 10, None),
        (500, 10, date(2026, 3, 21)),
        (250, 10, None),
        (330, 10, date(2026, 3, 31)),
        (1000, 10, date(2026, 3, 11)),
        (2000, 10, date(2026, 3, 11)),
        (100, 0, date(2026, 3, 10)),
        (1, 30, None),
    ],
)
def test_the_forecast_follows_the_pace(used: int, days: int, expected: date | None) -> None:
    assert forecast_exhaustion(balance(used), BEGIN + timedelta(days=days)) == expected


def test_a_forecast_of_the_largest_numbers_does_not_overflow() -> None:
    assert forecast_exhaustion(balance(1, quota=10**15), BEGIN) is None


def alert(threshold: int, exhaustion: date | None = None) -> QuotaAlert:
    return QuotaAlert(
        id=AlertId(uuid4()),
        prefeitura_id=PrefeituraId(uuid4()),
        period=MARCH,
        threshold=threshold,
        used=1,
        limit=1,
        exhaustion=exhaustion,
        created_at=BEGIN,
    )


def test_an_alert_says_what_to_expect() -> None:
    assert "dura até o fim" in alert(50).in_words()
    assert "acaba em 20/03/2026" in alert(80, date(2026, 3, 20)).in_words()
    assert "só com trechos" in alert(100, date(2026, 3, 20)).in_words()
    assert "01/04/2026" in alert(50).in_words()


def test_a_delivery_is_tried_ever_less_often_and_then_given_up() -> None:
    now = datetime(2026, 3, 10, tzinfo=UTC)
    delivery = AlertDelivery(channel=Channel.EMAIL, next_at=now)
    pauses = []
    for _ in range(ATTEMPTS):
        assert delivery.state is DeliveryState.PENDING
        delivery = delivery.begun(now).failed("sem resposta")
        pauses.append(delivery.next_at - now)
        now = delivery.next_at
    assert pauses[:3] == [timedelta(minutes=2), timedelta(minutes=4), timedelta(minutes=8)]
    assert max(pauses) == timedelta(hours=8)
    assert delivery.state is DeliveryState.GIVEN_UP
    assert delivery.error == "sem resposta"


def test_a_delivery_whose_last_attempt_nobody_ended_is_given_up() -> None:
    now = datetime(2026, 3, 10, tzinfo=UTC)
    abandoned = AlertDelivery(channel=Channel.EMAIL, attempts=ATTEMPTS, next_at=now)
    assert abandoned.begun(now).state is DeliveryState.GIVEN_UP


def test_what_arrived_after_a_failure_has_no_error() -> None:
    now = datetime(2026, 3, 10, tzinfo=UTC)
    arrived = AlertDelivery(channel=Channel.WEBHOOK, next_at=now).begun(now).failed("500").begun(now).delivered(now)
    assert (arrived.state, arrived.error, arrived.attempts) == (DeliveryState.DELIVERED, None, 2)
