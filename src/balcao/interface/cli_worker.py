"""``balcao trabalhador``."""

from contextlib import suppress
from typing import Annotated

import typer

from balcao.interface import cli_output as output
from balcao.interface import runtime
from balcao.interface.cli_options import Json


def run_worker(
    until_empty: Annotated[
        bool, typer.Option("--ate-esvaziar", help="Encerra quando a fila estiver vazia, em vez de esperar mais.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Ingere os documentos da fila até Ctrl-C; o que estiver pela metade volta à fila, sem perder o que foi pago."""
    from balcao.interface.worker import work

    done = 0

    async def action(installation: runtime.Installation) -> int:
        if not as_json and not until_empty:
            output.say("Trabalhador pronto; Ctrl-C encerra.")
        return await work(installation, until_empty=until_empty)

    with suppress(KeyboardInterrupt):
        done = runtime.run(action)
    output.show({"trabalhos": done}, f"Trabalhos feitos: {done}." if until_empty else "Encerrado.", as_json=as_json)
