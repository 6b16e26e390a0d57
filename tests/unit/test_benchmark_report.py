"""What a benchmark's figures are judged by, and the page that is written from them."""

from datetime import UTC, datetime

import pytest
from benchmarks.measurement import Measurement
from benchmarks.report import Run, page, table


@pytest.mark.parametrize(
    ("target", "value", "passes"),
    [("<= 0.9", 0.9, True), ("<= 0.9", 0.91, False), (">= 20", 20, True), (">= 20", 19.9, False), ("< 3", 3, False)],
)
def test_a_target_is_met_or_not(target: str, value: float, passes: bool) -> None:
    assert Measurement(name="x", value=value, unit="", target=target).passes is passes


def test_without_a_target_there_is_nothing_to_meet() -> None:
    assert Measurement(name="x", value=1, unit="").passes is None


def test_the_page_shows_sizes_side_by_side_and_what_was_missed() -> None:
    lines = [
        Measurement(name="query_p50", value=0.61, unit="x", target="<= 0.9", meaning="Consulta.", size=10_000),
        Measurement(name="query_p50", value=0.95, unit="x", target="<= 0.9", meaning="Consulta.", size=50_000),
        Measurement(name="cold_question", value=2.5, unit="s", target="< 3", meaning="A frio."),
    ]
    run = Run(machine="uma", versions={"Python": "3.11"}, seconds=60, lines=lines)
    text = page(run, datetime(2026, 3, 10, tzinfo=UTC))
    assert "| Medida | 10.000 | 50.000 | Meta | O que é |" in text
    assert "| `query_p50` | 0,61 | 0,95 ✗ | ≤ 0,9 | Consulta. |" in text
    assert "| `cold_question` | 2,5 s | < 3 | A frio. |" in text
    assert "10/03/2026" in text
    assert "Metas atingidas: 2 de 3" in table(run)
