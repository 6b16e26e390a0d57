"""What the command line says of documents that come in."""

import sys
from collections import Counter
from dataclasses import asdict, dataclass

from rich.console import Console
from rich.table import Table
from rich.text import Text

from balcao.application.use_cases.read_ingestion import IngestionStatus
from balcao.interface.cli_output import say, show

OUTCOMES = ("novo", "atualizado", "duplicado", "parecido", "falhou", "ignorado")
_PLURALS = {
    "novo": "novos",
    "atualizado": "atualizados",
    "duplicado": "duplicados",
    "parecido": "parecidos",
    "falhou": "com falha",
    "ignorado": "ignorados",
}
_WIDTH = 160
"""Of a table that is not shown on a terminal: lines long enough to be searched."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestedFile:
    """What became of an input, or would become of it: ``situacao`` is one of OUTCOMES.

    ``reais`` is an estimate, None where the price is not known or nothing was simulated.
    """

    arquivo: str
    situacao: str
    motivo: str | None = None
    document_id: str | None = None
    titulo: str | None = None
    ente: str | None = None
    versao: int = 1
    trechos: int = 0
    tokens: int = 0
    reais: float | None = None


def show_ingestion(files: list[IngestedFile], *, as_json: bool, simulated: bool = False) -> None:
    """A row for what became of each file, and the totals."""
    if as_json:
        show([asdict(file) for file in files], "", as_json=True)
        return
    table = Table(box=None, pad_edge=False)
    for column in ("situação", "arquivo", "título, ou por quê", "de quem", "trechos", "tokens"):
        table.add_column(column, overflow="fold", justify="right" if column in ("trechos", "tokens") else "left")
    for file in files:
        told = file.motivo if file.situacao in ("duplicado", "falhou", "ignorado") else _titled(file)
        cells = (file.situacao, file.arquivo.rpartition("/")[2], told or "", file.ente or "")
        table.add_row(*map(Text, cells), str(file.trechos or ""), str(file.tokens or ""))
    Console(file=sys.stdout, width=None if sys.stdout.isatty() else _WIDTH).print(table)
    for line in _advice(files):
        say(line)
    say(_totals(files, simulated=simulated))


def show_status(status: IngestionStatus, *, as_json: bool) -> None:
    """Where a document is."""
    document, job = status.document, status.job
    value = {
        "document_id": str(document.id),
        "titulo": document.title,
        "situacao": document.state,
        "versao": document.version,
        "percentual": status.percent,
        "etapa": job.step if job else None,
        "trechos_feitos": job.done if job else None,
        "trechos": job.total if job else None,
        "tentativas": job.attempts if job else None,
        "tokens": job.tokens if job else None,
        "motivo": job.reason if job else None,
        "relacionado_a": str(job.related) if job and job.related else None,
    }
    lines = [f"{document.title}: {document.state}, {status.percent}%"]
    if job and not job.is_final and job.total:
        lines.append(f"Etapa {job.step}: {job.done} de {job.total} trechos, {job.tokens} tokens.")
    if job and job.reason:
        lines.append(job.reason)
    show(value, "\n".join(lines), as_json=as_json)


def _titled(file: IngestedFile) -> str:
    version = f" (versão {file.versao})" if file.versao > 1 else ""
    waiting = f" ID {file.document_id}." if file.situacao == "parecido" and file.document_id else ""
    return f"{file.titulo}{version}. {file.motivo}{waiting}" if file.motivo else f"{file.titulo}{version}"


def _advice(files: list[IngestedFile]) -> list[str]:
    general = sum(file.ente == "geral" for file in files)
    unknown = sum(file.ente == "município não identificado" for file in files)
    similar = sum(file.situacao == "parecido" for file in files)
    lines = [] if files else ["Nenhum arquivo encontrado."]
    if general:
        lines.append(
            f"De ninguém em particular (geral): {general}; respondem a toda prefeitura. Se são normas, use --ente."
        )
    if unknown:
        lines.append(
            f"De município não identificado: {unknown}; não respondem a ninguém. Remova e ingira de novo com --ente."
        )
    if similar:
        lines.append(
            f"Parecidos, à espera de um sim: {similar}; nada foi gasto. Repita com --confirmar, ou "
            '"balcao documentos confirmar ID".'
        )
    return lines


def _totals(files: list[IngestedFile], *, simulated: bool) -> str:
    totals = Counter(file.situacao for file in files)
    counted = ", ".join(
        f"{totals[name]} {name if totals[name] == 1 and name != 'falhou' else _PLURALS[name]}"
        for name in OUTCOMES
        if totals[name] or name != "ignorado"
    )
    tokens = sum(file.tokens for file in files)
    if not simulated:
        return f"{counted}; {tokens} tokens gastos."
    told = f"Simulação, nada foi gravado: {counted}; custaria até {tokens} tokens"
    if any(file.tokens and file.reais is None for file in files):
        return f"{told} (estimados), a um preço que não se conhece: informe-o em PRICE_TABLE_FILE."
    reais = f"{sum(file.reais or 0 for file in files):.2f}".replace(".", ",")
    return f"{told}, cerca de R$ {reais} (estimados)."
