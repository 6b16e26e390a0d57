"""``balcao avaliar``: how well the search finds, on questions whose right documents are known."""

from pathlib import Path
from typing import Annotated

import typer
import uvloop

from balcao.interface.cli_options import Json


def evaluate(
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="PASTA", help="Pasta com corpus.jsonl, queries.jsonl e qrels.tsv.", exists=True, file_okay=False
        ),
    ],
    rerank: Annotated[
        bool, typer.Option("--reordenar", help="Mede também a ordem dada pelo modelo: gasta tokens em cada pergunta.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Mede a busca com perguntas de resposta conhecida, em um banco temporário: a coleção não é tocada."""
    from balcao.application.use_cases.evaluate_search import EvaluateSearchResponse
    from balcao.infrastructure.logs import configure_logs
    from balcao.infrastructure.settings import load_settings
    from balcao.interface.dependencies.evaluation import open_evaluation, scratch_server
    from balcao.interface.evaluation_files import read_evaluation
    from balcao.interface.evaluation_output import show_evaluation

    settings = load_settings().model_copy(update={"rerank_by_model": rerank})
    configure_logs(settings.log_level)
    request = read_evaluation(folder)
    with scratch_server() as server:

        async def action() -> EvaluateSearchResponse:
            async with open_evaluation(settings, server) as evaluation:
                return await evaluation.execute(request)

        measured = uvloop.run(action())
    show_evaluation(measured, as_json=as_json)
