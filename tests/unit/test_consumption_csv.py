"""A report as CSV: what spreadsheets read, and nothing that they would run."""

import csv
import io
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from uuid import UUID

import pytest

from balcao.domain.consumption_report import Consumed, ConsumptionReport, ConsumptionRow, DayRange, Grouping
from balcao.domain.ids import UsuarioId
from balcao.interface.api.consumption_csv import consumption_csv

ANA = UsuarioId(UUID(int=7))
SPENT = Consumed(prompt_tokens=10, completion_tokens=5, estimated=3, questions=2, reais=Decimal("1.5"))


def table(grouping: Grouping, rows: Sequence[ConsumptionRow]) -> list[list[str]]:
    days = DayRange(first=date(2026, 3, 1), last=date(2026, 3, 31))
    written = consumption_csv(ConsumptionReport(days=days, grouping=grouping, rows=rows, total=SPENT))
    assert written.startswith("\ufeff")
    assert written.endswith("\r\n")
    return list(csv.reader(io.StringIO(written.removeprefix("\ufeff"), newline=""), delimiter=";"))


def test_a_row_has_its_subject_and_its_sums() -> None:
    head, row = table(Grouping.DAY, [ConsumptionRow(consumed=SPENT, day=date(2026, 3, 9))])
    assert dict(zip(head, row, strict=True)) == {
        "dia": "2026-03-09",
        "tokens_prompt": "10",
        "tokens_resposta": "5",
        "tokens": "15",
        "tokens_estimados": "3",
        "perguntas": "2",
        "custo_reais": "1,5000000000",
        "custo_conhecido_reais": "1,5000000000",
        "tokens_sem_preco": "0",
    }


def test_nobodys_row_is_empty_and_an_unknown_cost_too() -> None:
    unpriced = Consumed(prompt_tokens=4, unpriced=4)
    _, row = table(Grouping.PERSON, [ConsumptionRow(consumed=unpriced)])
    assert row == ["", "", "4", "0", "4", "0", "0", "", "0,0000000000", "4"]


@pytest.mark.parametrize("name", ["=HYPERLINK(1)", "+55", "-2", "@SUM(A1)", "\t=1", "\r=1", "\n=1"])
def test_no_cell_is_a_formula(name: str) -> None:
    _, row = table(Grouping.PERSON, [ConsumptionRow(consumed=SPENT, usuario_id=ANA, nome=name)])
    assert row[1] == f"'{name}"
    _, row = table(Grouping.MODEL, [ConsumptionRow(consumed=SPENT, model=name)])
    assert row[0] == f"'{name}"


def test_separators_in_names_stay_names() -> None:
    _, row = table(Grouping.PERSON, [ConsumptionRow(consumed=SPENT, usuario_id=ANA, nome='Ana "Lu"; Souza')])
    assert row[:2] == [str(ANA), 'Ana "Lu"; Souza']
