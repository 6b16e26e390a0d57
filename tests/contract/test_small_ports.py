"""What ``TokenCounter`` and ``Clock`` promise, of every implementation."""

from datetime import UTC, timedelta

import pytest
import tiktoken

from balcao.application.ports import Clock, TokenCounter
from balcao.infrastructure.external.system_clock import SystemClock
from balcao.infrastructure.external.token_counters import EstimatedTokenCounter, TiktokenCounter
from tests.fakes import FakeClock, FakeTokenCounter

BYTES = tiktoken.Encoding(
    name="bytes",
    pat_str=r"(?s:.)",
    mergeable_ranks={bytes([byte]): byte for byte in range(256)},
    special_tokens={"<|endoftext|>": 256},
)


@pytest.fixture(
    params=[EstimatedTokenCounter(), TiktokenCounter(BYTES), FakeTokenCounter()], ids=lambda c: type(c).__name__
)
def counter(request: pytest.FixtureRequest) -> TokenCounter:
    found: TokenCounter = request.param
    return found


def test_nothing_has_no_tokens_and_a_word_has_some(counter: TokenCounter) -> None:
    assert counter.count("") == 0
    assert counter.count("prazo") >= 1
    assert isinstance(counter.exact, bool)


def test_a_longer_text_never_has_fewer_tokens(counter: TokenCounter) -> None:
    text = "Art. 1º O prazo é de vinte dias – “úteis” 🏛."
    counts = [counter.count(text[:length]) for length in range(len(text) + 1)]
    assert counts == sorted(counts)


@pytest.mark.parametrize("text", ["<|endoftext|>", "\x00", "e\u0301", "§ " * 5000], ids=lambda text: ascii(text)[:20])
def test_any_text_is_counted_and_always_alike(counter: TokenCounter, text: str) -> None:
    assert counter.count(text) == counter.count(text) > 0


@pytest.fixture(params=[SystemClock(), FakeClock()], ids=lambda clock: type(clock).__name__)
def clock(request: pytest.FixtureRequest) -> Clock:
    found: Clock = request.param
    return found


def test_the_time_has_its_zone_and_does_not_run_back(clock: Clock) -> None:
    first, second = clock.now(), clock.now()
    assert first.utcoffset() == timedelta(0)
    assert first.tzinfo is UTC
    assert first <= second
