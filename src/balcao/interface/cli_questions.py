"""``balcao perguntar`` and ``balcao buscar``."""

from typing import Annotated
from uuid import UUID

import typer

from balcao.domain.acts import ActKind
from balcao.interface import cli_output as output
from balcao.interface import runtime
from balcao.interface.cli_options import Day, Json, OutOfForceToo

Slug = Annotated[
    str | None,
    typer.Option("--prefeitura", metavar="SLUG", help="Em nome de qual prefeitura; sem ela, a pública."),
]


def ask(
    question: Annotated[str, typer.Argument(metavar="PERGUNTA")],
    slug: Slug = None,
    session: Annotated[
        UUID | None, typer.Option("--sessao", metavar="UUID", help="Continua uma conversa anterior.")
    ] = None,
    day: Day = None,
    out_of_force: OutOfForceToo = False,
    strict: Annotated[
        bool,
        typer.Option("--estrito", help="Sem quota para uma resposta, falha em vez de mostrar os trechos."),
    ] = False,
    as_json: Json = False,
) -> None:
    """Responde uma pergunta com base nos documentos, citando as fontes."""
    from balcao.application.use_cases.chat_with_documents import ChatRequest, ChatResponse
    from balcao.domain.ids import SessionId

    request = ChatRequest(
        message=question,
        session_id=SessionId(session) if session else None,
        prefeitura=slug,
        is_strict=strict,
        on=day.date() if day else None,
        include_out_of_force=out_of_force,
    )

    async def action(installation: runtime.Installation) -> ChatResponse:
        async with installation.container() as container:
            return await container.chat.execute(request)

    output.show_answer(runtime.run(action), as_json=as_json)


def search(
    query: Annotated[str, typer.Argument(metavar="BUSCA")],
    slug: Slug = None,
    n_results: Annotated[
        int, typer.Option("-n", "--resultados", metavar="N", min=1, max=100, help="Quantos trechos.")
    ] = 5,
    document: Annotated[UUID | None, typer.Option("--documento", metavar="UUID", help="Só neste documento.")] = None,
    tag: Annotated[
        str | None, typer.Option("--etiqueta", metavar="ETIQUETA", help="Só em documentos com esta etiqueta.")
    ] = None,
    kind: Annotated[
        ActKind | None, typer.Option("--tipo-ato", metavar="TIPO", help='Só em atos deste tipo: "lei", "decreto"...')
    ] = None,
    number: Annotated[
        str | None, typer.Option("--numero-ato", metavar="NUMERO", help="Só no ato deste número.")
    ] = None,
    year: Annotated[
        int | None, typer.Option("--ano-ato", metavar="ANO", min=1800, max=2200, help="Só em atos deste ano.")
    ] = None,
    ente: Annotated[
        str | None, typer.Option("--ente", metavar="ENTE", help="Só deste ente, mesmo que de outro município.")
    ] = None,
    day: Day = None,
    out_of_force: OutOfForceToo = False,
    as_json: Json = False,
) -> None:
    """Mostra os trechos mais próximos de uma busca, sem montar resposta."""
    from balcao.application.use_cases.search_documents import SearchRequest, SearchResponse
    from balcao.domain.acts import act_number
    from balcao.domain.document_description import folded_tag
    from balcao.domain.ente_recognition import parse_ente
    from balcao.domain.ids import DocumentId
    from balcao.domain.search import SearchFilter

    async def action(installation: runtime.Installation) -> SearchResponse:
        async with installation.container() as container:
            wanted = SearchFilter(
                document_id=DocumentId(document) if document else None,
                tag=folded_tag(tag) if tag else None,
                act_kind=kind,
                act_number=act_number(number) if number else None,
                act_year=year,
                ente=parse_ente(ente, container.directory) if ente else None,
                on=day.date() if day else None,
                include_out_of_force=out_of_force,
            )
            return await container.search.execute(
                SearchRequest(query=query, n_results=n_results, filter=wanted, prefeitura=slug)
            )

    output.show_passages(runtime.run(action), as_json=as_json)
