"""``balcao reindexar``: the collection under the terms and the embedding model of today."""

from typing import Annotated

import typer

from balcao.interface import runtime
from balcao.interface.cli_options import Json
from balcao.interface.cli_output import show


def reindex(
    pay: Annotated[
        bool, typer.Option("--pagar", help="Aceita o custo: o provedor cobra pelos vetores que vai gerar.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Refaz o índice dos documentos ingeridos com outra versão do programa ou outro modelo de vetores."""
    from balcao.application.use_cases.reindex import ReindexResponse

    async def action(installation: runtime.Installation) -> ReindexResponse:
        async with installation.container() as container:
            done = await container.reindex.execute(pay=pay)
            await container.collection.index_vectors.execute()
            return done

    done = runtime.run(action)
    sentences = [
        f"Documentos com índice de palavras refeito: {done.terms}.",
        f"Documentos com vetores refeitos: {done.vectors} ({done.usage.total_tokens} tokens).",
    ]
    if done.unpaid:
        sentences.append(f"Documentos sem vetores do modelo atual: {done.unpaid}; o provedor cobra: use --pagar.")
    value = {"termos": done.terms, "vetores": done.vectors, "sem_vetores": done.unpaid}
    show(value | {"tokens": done.usage.total_tokens}, "\n".join(sentences), as_json=as_json)
