"""``balcao ingerir`` and ``balcao documentos``."""

from typing import Annotated
from uuid import UUID

import typer

from balcao.domain.document import Document, DocumentState
from balcao.domain.ids import DocumentId
from balcao.interface import cli_ingestion_output as ingestion_output
from balcao.interface import cli_output as output
from balcao.interface import runtime
from balcao.interface.cli_options import Json

documents_app = typer.Typer(help="Lista, acompanha, confirma e remove documentos.", no_args_is_help=True)

Id = Annotated[UUID, typer.Argument(metavar="ID", help='Veja em "balcao documentos listar".')]


def ingest(
    paths: Annotated[
        list[str],
        typer.Argument(
            metavar="CAMINHO...",
            help='Arquivos, pastas, padrões ("leis/*.pdf"), endereços http(s), ou - (a entrada padrão).',
        ),
    ],
    ente: Annotated[
        str | None,
        typer.Option(
            "--ente",
            metavar="ENTE",
            help='De quem são: "federal", "geral", uma UF ou um código IBGE. Sem ele, reconhece.',
        ),
    ] = None,
    source: Annotated[
        str | None,
        typer.Option(
            "--origem", metavar="ORIGEM", help="De onde vem um só documento; outro arquivo dela será nova versão."
        ),
    ] = None,
    name: Annotated[
        str | None,
        typer.Option("--nome", metavar="NOME", help='Como se chama o que vem pela entrada padrão: "aviso.txt".'),
    ] = None,
    tags: Annotated[
        list[str] | None, typer.Option("--etiqueta", metavar="ETIQUETA", help="Etiqueta; pode ser repetida.")
    ] = None,
    confirm: Annotated[
        bool, typer.Option("--confirmar", help="Aceita títulos parecidos com os de outros documentos.")
    ] = False,
    simulate: Annotated[
        bool, typer.Option("--simular", help="Diz o que aconteceria e quanto custaria; não grava nada.")
    ] = False,
    internal: Annotated[
        bool, typer.Option("--rede-interna", help="Aceita endereços desta máquina e da rede interna.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Ingere documentos; o que já está na coleção não entra de novo, e o que mudou vira nova versão."""
    from balcao.interface.ingestion import IngestionOptions, ingest_inputs

    options = IngestionOptions(
        ente=ente,
        source=source,
        name=name,
        tags=tuple(tags or ()),
        confirm=confirm,
        simulate=simulate,
        internal=internal,
    )

    async def action(installation: runtime.Installation) -> list[ingestion_output.IngestedFile]:
        async with installation.container() as container:
            return await ingest_inputs(container, paths, options, quiet=as_json)

    files = runtime.run(action)
    ingestion_output.show_ingestion(files, as_json=as_json, simulated=simulate)
    if any(file.situacao == "falhou" for file in files):
        raise typer.Exit(runtime.EXIT_NOT_DONE)


@documents_app.command("listar")
def list_documents(
    state: Annotated[
        DocumentState | None,
        typer.Option(
            "--situacao",
            metavar="SITUACAO",
            help="processando, aguardando_confirmacao, disponivel, falhou ou substituido; sem ela, disponivel.",
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Lista os documentos abertos à busca, ou os de outra situação."""

    async def action(installation: runtime.Installation) -> list[output.ListedDocument]:
        async with installation.container() as container:
            found = await container.list_documents.execute(state or DocumentState.DISPONIVEL)
            return [output.ListedDocument.of(document, container.directory) for document in found]

    output.show_documents(runtime.run(action), is_whole=state is None, as_json=as_json)


@documents_app.command("situacao")
def show_status(document_id: Id, as_json: Json = False) -> None:
    """Mostra em que etapa um documento está, ou por que parou."""
    from balcao.application.use_cases.read_ingestion import IngestionStatus

    async def action(installation: runtime.Installation) -> IngestionStatus:
        async with installation.container() as container:
            return await container.collection.read_ingestion.execute(DocumentId(document_id))

    ingestion_output.show_status(runtime.run(action), as_json=as_json)


@documents_app.command("confirmar")
def confirm_document(document_id: Id, as_json: Json = False) -> None:
    """Aceita um documento cujo título é parecido com o de outro, e o ingere."""
    _begin_and_process(document_id, as_json=as_json, retry=False)


@documents_app.command("tentar-de-novo")
def retry_document(document_id: Id, as_json: Json = False) -> None:
    """Ingere de novo um documento que falhou, a partir do original guardado."""
    _begin_and_process(document_id, as_json=as_json, retry=True)


@documents_app.command("cancelar")
def cancel_document(document_id: Id, as_json: Json = False) -> None:
    """Interrompe a ingestão de um documento; nada dele fica na busca."""

    async def action(installation: runtime.Installation) -> None:
        async with installation.container() as container:
            await container.collection.cancel.execute(DocumentId(document_id))

    runtime.run(action)
    output.show({"document_id": str(document_id)}, "Ingestão cancelada.", as_json=as_json)


@documents_app.command("remover")
def remove_document(document_id: Id, as_json: Json = False) -> None:
    """Remove um documento com seus trechos e vetores; o original vai depois, com a limpeza do servidor."""

    async def action(installation: runtime.Installation) -> Document:
        async with installation.container() as container:
            return await container.remove_document.execute(DocumentId(document_id))

    removed = runtime.run(action)
    output.show(
        {"document_id": str(removed.id), "titulo": removed.title}, f"Removido: {removed.title}", as_json=as_json
    )


def _begin_and_process(document_id: UUID, *, as_json: bool, retry: bool) -> None:
    """Confirm or try again, and do the job in this process."""
    from balcao.interface.ingestion import process_document

    async def action(installation: runtime.Installation) -> ingestion_output.IngestedFile:
        async with installation.container() as container:
            begin = container.collection.retry if retry else container.collection.confirm
            return await process_document(
                container, lambda: begin.execute(DocumentId(document_id), inline=True), quiet=as_json
            )

    outcome = runtime.run(action)
    ingestion_output.show_ingestion([outcome], as_json=as_json)
    if outcome.situacao == "falhou":
        raise typer.Exit(runtime.EXIT_NOT_DONE)
