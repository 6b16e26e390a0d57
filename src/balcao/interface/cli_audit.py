"""``balcao auditoria``: verify, export and read the audit trails."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from balcao.domain.audit import INSTALLATION_CHAIN, AuditKind
from balcao.domain.errors import UnreadableFile
from balcao.interface import cli_output as output
from balcao.interface import runtime
from balcao.interface.cli_options import INSTALLATION, Json

if TYPE_CHECKING:
    from balcao.application.ports import AuditBundle
    from balcao.application.use_cases.verify_audit import AuditVerdict
    from balcao.domain.audit import AuditEntry
    from balcao.domain.audit_verification import PublishedHeads
    from balcao.domain.ids import PrefeituraId

auditoria_app = typer.Typer(help="Confere, exporta e lista as trilhas de auditoria.", no_args_is_help=True)

Slug = Annotated[
    str | None, typer.Option("--prefeitura", metavar="SLUG", help="De qual prefeitura; sem ela, da instalação.")
]


@auditoria_app.command("verificar")
def verify_audit(
    slug: Annotated[
        str | None, typer.Option("--prefeitura", metavar="SLUG", help="Só a desta; sem ela, todas as trilhas.")
    ] = None,
    heads: Annotated[
        Path | None,
        typer.Option("--cabecas", metavar="ARQUIVO", help="Compara também com as cabeças publicadas neste arquivo."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Confere as trilhas, da primeira entrada à última, e diz a entrada exata em que uma está quebrada."""
    from balcao.application.use_cases.verify_audit import VerifyAuditRequest

    published = _published(heads) if heads else {}
    request = VerifyAuditRequest(principal=INSTALLATION, prefeitura=slug, published=published)

    async def action(installation: runtime.Installation) -> "list[AuditVerdict]":
        async with installation.container() as container:
            return await container.audit.verify.execute(request)

    verdicts = runtime.run(action)
    _show_verdicts(verdicts, compared=heads is not None, as_json=as_json)
    if any(verdict.fault for verdict in verdicts):
        raise typer.Exit(runtime.EXIT_NOT_DONE)


@auditoria_app.command("exportar")
def export_audit(
    path: Annotated[Path, typer.Option("--para", metavar="CAMINHO", help="Um .zip novo, ou uma pasta nova.")],
    slug: Slug = None,
    as_json: Json = False,
) -> None:
    """Exporta uma trilha com o programa que a confere sem o banco e sem o Balcão."""
    from balcao.application.use_cases.export_audit import ExportAuditRequest

    request = ExportAuditRequest(principal=INSTALLATION, prefeitura=slug or INSTALLATION_CHAIN, path=path)

    async def action(installation: runtime.Installation) -> "AuditBundle":
        async with installation.container() as container:
            return await container.audit.export.execute(request)

    written = runtime.run(action)
    value = {"caminho": str(written.path), "entradas": written.head.number, "hash": written.head.hash.hex()}
    output.show(value, f"{written.head.number} entradas em {written.path}; confira com verificar.py", as_json=as_json)


@auditoria_app.command("listar")
def list_audit(
    slug: Slug = None,
    kind: Annotated[AuditKind | None, typer.Option("--acao", help="Só entradas desta ação.")] = None,
    limit: Annotated[int, typer.Option("--limite", min=1, max=10_000, metavar="N", help="Quantas entradas.")] = 50,
    as_json: Json = False,
) -> None:
    """Lista as entradas de uma trilha, a mais nova primeiro."""
    from balcao.application.use_cases.list_audit import ListAuditRequest

    wanted: str | PrefeituraId = slug or INSTALLATION_CHAIN
    request = ListAuditRequest(principal=INSTALLATION, prefeitura=wanted, kind=kind, limit=limit)

    async def action(installation: runtime.Installation) -> "list[AuditEntry]":
        async with installation.container() as container:
            return await container.audit.list_entries.execute(request)

    _show_entries(runtime.run(action), as_json=as_json)


@auditoria_app.command("publicar")
def publish_heads(as_json: Json = False) -> None:
    """Publica as cabeças das trilhas onde isso ainda não foi feito hoje; o servidor o faz sozinho."""

    async def action(installation: runtime.Installation) -> int:
        async with installation.container() as container:
            return await container.audit.publish_heads.execute()

    told = runtime.run(action)
    said = f"Cabeças publicadas agora em {told} destino(s)." if told else "As cabeças de hoje já estavam publicadas."
    output.show({"publicadas_em": told}, said, as_json=as_json)


def _published(path: Path) -> "PublishedHeads":
    from balcao.domain.audit_verification import read_published

    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UnreadableFile(f'O arquivo "{path}" não pôde ser lido; confira o caminho e a permissão.') from error
    return read_published(text.splitlines())


def _show_verdicts(verdicts: "list[AuditVerdict]", *, compared: bool, as_json: bool) -> None:
    from balcao.interface.api.audit_schemas import AuditVerdictView

    rows = [AuditVerdictView.of(verdict).model_dump(mode="json") for verdict in verdicts]
    lines = [_verdict(verdict) for verdict in verdicts]
    if not compared:
        lines.append("Sem --cabecas, um corte do fim ou um trecho final todo refeito não apareceria.")
    output.show(rows, "\n".join(lines), as_json=as_json)


def _verdict(verdict: "AuditVerdict") -> str:
    if verdict.fault:
        return f"{verdict.name}: QUEBRADA, {verdict.fault} (íntegra até a {verdict.last.number})"
    heads = f", cabeças comparadas: {verdict.compared}" if verdict.compared else ""
    return f"{verdict.name}: íntegra, {verdict.last.number} entradas{heads}"


def _show_entries(entries: "list[AuditEntry]", *, as_json: bool) -> None:
    from balcao.interface.api.audit_schemas import AuditEntryView

    views = [AuditEntryView.of(entry) for entry in entries]
    lines = [
        f"{view.numero:>8}  {view.instante}  {view.acao}  {view.ator.tipo} "
        f"{view.ator.id or ''}  {json.dumps(view.detalhes, ensure_ascii=False)}"
        for view in views
    ]
    text = "\n".join(lines) or "Nenhuma entrada."
    output.show([view.model_dump(mode="json") for view in views], text, as_json=as_json)
