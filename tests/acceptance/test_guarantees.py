"""The table of guarantees speaks of checks that exist, ran in full, held, and noticed their mutants."""

from dataclasses import replace

import pytest

from tests.acceptance import guarantees
from tests.acceptance.checks import all_checks
from tests.acceptance.guarantees import DOCUMENT, Guarantee

ROW = Guarantee("T2", "lacunas no catálogo", 10, 0, "0123abc", "2026-11-24", 3, "sem RLS", 1)
EMPTY = "# Garantias\n\n" + "\n".join(guarantees.head()) + "\n"


def test_every_row_tells_of_a_check_that_ran_in_full_and_held() -> None:
    checks = all_checks()
    for row in guarantees.read(DOCUMENT.read_text(encoding="utf-8")):
        assert row.code in checks
        assert row.attempts >= checks[row.code].full
        assert row.violations == 0
        assert row.mutant_violations > 0


def test_the_rows_are_sorted_and_each_code_has_one() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    for row in guarantees.read(text):
        assert guarantees.with_row(text, row) == text


def test_every_check_says_what_it_tries_and_is_shorter_in_the_suite() -> None:
    checks = all_checks()
    assert {"T2", "T3", "T4"} <= set(checks)
    for check in checks.values():
        assert str(replace(ROW, code=check.code, tries=check.tries, mutant=check.mutant)).startswith(
            f"| {check.code} |"
        )
        assert 0 < check.bounded <= check.full


def test_a_row_replaces_the_codes_earlier_one_and_stands_in_order() -> None:
    text = EMPTY
    for code in ("T10", "T2", "I1", "T2"):
        text = guarantees.with_row(text, replace(ROW, code=code))
    assert [row.code for row in guarantees.read(text)] == ["I1", "T2", "T10"]


@pytest.mark.parametrize(
    "line",
    [
        "| T2 | lacunas | 10 | 0 | 0123abc | 2026-11-24 | 3 | sem RLS |",
        "| T2 | lacunas | muitas | 0 | 0123abc | 2026-11-24 | 3 | sem RLS | 1 |",
        "| T2 | lacunas | 10 | 0 | rascunho | 2026-11-24 | 3 | sem RLS | 1 |",
        "| T2 | lacunas | 10 | 0 | 0123abc | ontem | 3 | sem RLS | 1 |",
        "| isolamento | lacunas | 10 | 0 | 0123abc | 2026-11-24 | 3 | sem RLS | 1 |",
        "| T2 |  | 10 | 0 | 0123abc | 2026-11-24 | 3 | sem RLS | 1 |",
    ],
)
def test_a_malformed_row_is_noticed(line: str) -> None:
    assert guarantees.read(EMPTY + str(ROW)) == [ROW]
    with pytest.raises(ValueError, match=r"cell|code|int"):
        guarantees.read(EMPTY + line)
