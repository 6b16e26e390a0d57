"""A consumption report as a table that spreadsheets set to Brazilian Portuguese open as it is."""

import csv
import io

from balcao.domain.consumption_report import ConsumptionReport, ConsumptionRow, Grouping

_FIRST_COLUMNS = {
    Grouping.DAY: ("dia",),
    Grouping.PERSON: ("usuario_id", "nome"),
    Grouping.MODEL: ("modelo",),
}
_SUMS = (
    "tokens_prompt",
    "tokens_resposta",
    "tokens",
    "tokens_estimados",
    "perguntas",
    "custo_reais",
    "custo_conhecido_reais",
    "tokens_sem_preco",
)
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


def consumption_csv(report: ConsumptionReport) -> str:
    """A row for each row of the report: RFC 4180 but for semicolons, with a byte order mark and decimal commas."""
    written = io.StringIO()
    writer = csv.writer(written, delimiter=";", lineterminator="\r\n")
    writer.writerow((*_FIRST_COLUMNS[report.grouping], *_SUMS))
    writer.writerows(_cells(report.grouping, row) for row in report.rows)
    return "\ufeff" + written.getvalue()


def _cells(grouping: Grouping, row: ConsumptionRow) -> list[str]:
    first = {
        Grouping.DAY: (str(row.day),),
        Grouping.PERSON: (str(row.usuario_id or ""), row.nome or ""),
        Grouping.MODEL: (row.model or "",),
    }[grouping]
    consumed = row.consumed
    known = f"{consumed.reais:.10f}".replace(".", ",")
    sums = (
        consumed.prompt_tokens,
        consumed.completion_tokens,
        consumed.tokens,
        consumed.estimated,
        consumed.questions,
        "" if consumed.cost is None else known,
        known,
        consumed.unpriced,
    )
    return [*map(_harmless, first), *map(str, sums)]


def _harmless(cell: str) -> str:
    """Text that no spreadsheet takes for a formula (OWASP, CSV Injection)."""
    return f"'{cell}" if cell.startswith(_FORMULA_STARTS) else cell
