"""The ``balcao`` command. Each command parses, calls one use case and prints; ``--json`` prints one JSON value.

Exit codes: 0 done; 1 something was not done (a file refused, a thing not found); 2 wrong usage; 3 the installation is
not ready; 4 the model's provider failed; 130 interrupted.
"""

import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from balcao.domain.errors import BalcaoError
from balcao.interface import cli_output as output
from balcao.interface import runtime
from balcao.interface.cli_audit import auditoria_app
from balcao.interface.cli_consumption import consumo_app, quota_app
from balcao.interface.cli_documents import documents_app, ingest
from balcao.interface.cli_evaluation import evaluate
from balcao.interface.cli_options import Json
from balcao.interface.cli_people import chave_app, introduce_first_operator, usuario_app
from balcao.interface.cli_prefeituras import prefeitura_app
from balcao.interface.cli_questions import ask, search
from balcao.interface.cli_reindex import reindex
from balcao.interface.cli_usage import speak_portuguese, usage_error
from balcao.interface.cli_worker import run_worker

app = typer.Typer(
    name="balcao",
    help="Balcão: respostas com citações a documentos oficiais.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.command("ingerir")(ingest)
app.command("perguntar")(ask)
app.command("buscar")(search)
app.command("trabalhador")(run_worker)
app.add_typer(documents_app, name="documentos")
app.add_typer(prefeitura_app, name="prefeitura")
app.add_typer(usuario_app, name="usuario")
app.add_typer(chave_app, name="chave")
app.command("avaliar")(evaluate)
app.command("reindexar")(reindex)
app.add_typer(quota_app, name="quota")
app.add_typer(consumo_app, name="consumo")
app.add_typer(auditoria_app, name="auditoria")


@app.command("servir")
def serve(
    host: Annotated[str | None, typer.Option("--host", metavar="ENDEREÇO", help="Endereço; sem ele, API_HOST.")] = None,
    port: Annotated[
        int | None, typer.Option("--porta", metavar="PORTA", min=0, max=65535, help="Porta; sem ela, API_PORT.")
    ] = None,
    examples: Annotated[
        Path | None,
        typer.Option(
            "--demonstracao",
            metavar="PASTA",
            exists=True,
            file_okay=False,
            help="Cria a prefeitura fictícia e, com a coleção vazia, ingere os exemplos desta pasta.",
        ),
    ] = None,
    alone: Annotated[
        bool, typer.Option("--sem-trabalhador", help='Não liga um trabalhador ao lado; veja "balcao trabalhador".')
    ] = False,
    as_json: Json = False,
) -> None:
    """Serve a API e a página de perguntas até Ctrl-C, com um trabalhador ao lado."""
    started = time.perf_counter()

    async def action(installation: runtime.Installation) -> None:
        from balcao.interface.ingestion import ingest_examples
        from balcao.interface.server import listen
        from balcao.interface.server import serve as serve_until_stopped

        settings = installation.settings
        listener = listen(host or settings.api_host, settings.api_port if port is None else port)
        if examples is not None:
            await ingest_examples(installation, examples)
        async with installation.container() as container:
            first = await introduce_first_operator(container, as_json=as_json)
            where = "http://{}:{}".format(*listener.getsockname()[:2])

            def announce() -> None:
                seconds = time.perf_counter() - started
                if as_json:
                    access = {"email": first.email, "senha": first.password} if first else None
                    output.show_server(where, seconds, access)
                else:
                    output.announce_server(where, container, seconds, bool(examples))

            await serve_until_stopped(container, listener, announce, with_worker=not alone)

    with suppress(KeyboardInterrupt):
        runtime.run(action)
    if not as_json:
        output.say("Servidor encerrado.")


@app.command("migrar-banco")
def migrate(as_json: Json = False) -> None:
    """Leva o esquema do banco à versão deste programa; seguro de repetir e de rodar em paralelo."""

    revision = runtime.run(runtime.migrate)
    output.show({"versao": revision}, f"Banco na versão {revision}.", as_json=as_json)


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run a command: every expected error is one sentence and an exit code."""
    arguments = sys.argv[1:] if arguments is None else arguments
    as_json = "--json" in arguments
    output.accept_any_text(as_json=as_json)
    speak_portuguese(app)
    try:
        code = app(args=arguments, prog_name="balcao", standalone_mode=False)
    except typer.TyperException as error:
        sentence, usage = usage_error(error)
        output.show_failure("usage", sentence, as_json=as_json, details=usage)
        code = runtime.EXIT_USAGE
    except BalcaoError as error:
        output.show_failure(error.code, error.message, as_json=as_json)
        code = runtime.exit_code_of(error)
    if code == runtime.EXIT_INTERRUPTED:
        output.show_failure("interrupted", "Interrompido.", as_json=as_json)
    sys.exit(code)
