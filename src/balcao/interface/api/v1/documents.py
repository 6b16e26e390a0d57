"""The collection of documents."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, Request, Response

from balcao.application.use_cases.edit_document import EditDocumentRequest
from balcao.application.use_cases.find_documents import FindDocumentsRequest
from balcao.application.use_cases.open_original import OpenOriginalRequest
from balcao.application.use_cases.read_chunks import ReadChunksRequest
from balcao.application.use_cases.read_document import ReadDocumentRequest
from balcao.application.use_cases.search_documents import SearchRequest
from balcao.domain.acts import act_number
from balcao.domain.document_description import folded_tag
from balcao.domain.document_filter import DocumentFilter
from balcao.domain.ente_recognition import parse_ente
from balcao.domain.ids import ChunkId, DocumentId
from balcao.interface.api.document_schemas import (
    ChunkView,
    DayQuery,
    DocumentView,
    EditDocumentBody,
    EnteQuery,
    InForceQuery,
    KindQuery,
    NumberQuery,
    StateQuery,
    TagQuery,
    WordsQuery,
    YearQuery,
)
from balcao.interface.api.idempotency import ACCEPTS_KEY, IdempotentRoute
from balcao.interface.api.original_response import original_response, span_in
from balcao.interface.api.paging import PAGE_SIZE, CursorQuery, LimitQuery, PageView, id_in, page_of
from balcao.interface.api.schemas import SearchBody, SearchView, errors
from balcao.interface.dependencies.providers import (
    ClientDep,
    ContainerDep,
    LoggedInDep,
    OperatorDep,
    PrincipalDep,
)

router = APIRouter(prefix="/documents", tags=["documents"], route_class=IdempotentRoute)


@router.post(
    "/search",
    summary="Buscar trechos",
    openapi_extra=ACCEPTS_KEY,
    responses=errors(400, 401, 404, 409, 422, 429, 502),
)
async def search(body: SearchBody, container: ContainerDep, principal: LoggedInDep, client: ClientDep) -> SearchView:
    """Devolve os trechos mais próximos da busca, do melhor para o pior, sem corte por relevância.

    Só procura em documentos vigentes hoje; `na_data` procura nos vigentes em outro dia e `incluir_revogados`, em todos.
    O `title` de um trecho diz quando o documento dele não está em vigor.
    """
    found = await container.search.execute(
        SearchRequest(
            query=body.query,
            n_results=body.n_results,
            filter=body.filter(container.directory),
            principal=principal,
            address=client.address,
        )
    )
    return SearchView.of(found)


@router.get("", summary="Listar documentos", responses=errors(400, 401, 404))
async def list_documents(
    container: ContainerDep,
    principal: PrincipalDep,
    q: WordsQuery = None,
    ente: EnteQuery = None,
    tag: TagQuery = None,
    tipo: KindQuery = None,
    numero: NumberQuery = None,
    ano: YearQuery = None,
    estado: StateQuery = None,
    em_vigor: InForceQuery = None,
    na_data: DayQuery = None,
    limite: LimitQuery = PAGE_SIZE,
    cursor: CursorQuery = None,
) -> PageView[DocumentView]:
    """Os documentos de toda a instalação, do mais novo ao mais antigo, com os que falharam e os substituídos."""
    after = id_in(cursor)
    wanted = DocumentFilter(
        words=tuple((q or "").split()),
        ente=parse_ente(ente, container.directory) if ente else None,
        tag=folded_tag(tag) if tag else None,
        act_kind=tipo,
        act_number=act_number(numero) if numero else None,
        act_year=ano,
        state=estado,
        in_force=em_vigor,
        day=na_data,
    )
    found = await container.library.find.execute(
        FindDocumentsRequest(
            principal=principal,
            wanted=wanted,
            limit=limite + 1,
            after=DocumentId(after) if after is not None else None,
        )
    )
    return page_of(
        found.documents, limite, lambda document: DocumentView.of(document, found.day), lambda document: document.id
    )


@router.get("/{document_id}", summary="Ler documento", responses=errors(401, 404))
async def read_document(document_id: UUID, container: ContainerDep, principal: PrincipalDep) -> DocumentView:
    """O que se sabe do documento, em qualquer estado; `replaced_by` é a versão mais nova."""
    read = await container.library.read.execute(
        ReadDocumentRequest(principal=principal, document_id=DocumentId(document_id))
    )
    return DocumentView.of(read.document, read.day)


@router.patch("/{document_id}", summary="Alterar documento", responses=errors(400, 401, 403, 404, 409))
async def edit_document(
    document_id: UUID, body: EditDocumentBody, container: ContainerDep, operator: OperatorDep
) -> DocumentView:
    """Altera título, etiquetas, ente e vigência; vale a partir da próxima pergunta."""
    given = {"vigente_de": "start", "vigente_ate": "end", "revogado_por": "revoked_by"}
    await container.library.edit.execute(
        EditDocumentRequest(
            principal=operator,
            document_id=DocumentId(document_id),
            title=body.title,
            ente=parse_ente(body.ente, container.directory) if body.ente is not None else None,
            tags=None if body.tags is None else tuple(body.tags),
            start=body.vigente_de,
            end=body.vigente_ate,
            revoked_by=DocumentId(body.revogado_por) if body.revogado_por else None,
            given=frozenset(given[name] for name in body.model_fields_set & given.keys()),
        )
    )
    return await read_document(document_id, container, operator)


@router.delete("/{document_id}", summary="Remover documento", status_code=204, responses=errors(401, 403, 404, 409))
async def remove_document(document_id: UUID, container: ContainerDep, operator: OperatorDep) -> None:
    """Tira o documento da coleção, com trechos, vetores, trabalho em andamento e o original que só ele usa.

    O que revogou outro só sai depois que a vigência do outro for alterada.
    """
    await container.remove_document.execute(DocumentId(document_id), operator)


@router.get(
    "/{document_id}/original",
    summary="Abrir o original",
    response_class=Response,
    responses=errors(401, 404, 416, 429)
    | {
        200: {"content": {"*/*": {}}, "description": "O arquivo."},
        206: {"content": {"*/*": {}}, "description": "O trecho pedido em `Range`."},
        304: {"description": "O arquivo que o navegador já tem."},
        307: {"description": "O arquivo, num endereço do armazenamento que vale por 5 minutos."},
    },
)
async def open_original(
    document_id: UUID,
    request: Request,
    container: ContainerDep,
    principal: LoggedInDep,
    client: ClientDep,
    range_: Annotated[str | None, Header(alias="Range", max_length=100)] = None,
) -> Response:
    """O arquivo como foi enviado; num PDF, `#page=12` no endereço leva à página. Aberto a quem pode perguntar."""
    span = span_in(range_)
    opened = await container.library.open_original.execute(
        OpenOriginalRequest(principal=principal, document_id=DocumentId(document_id), address=client.address, span=span)
    )
    return original_response(
        opened, request.url.path, is_partial=span is not None, if_none_match=request.headers.get("if-none-match")
    )


@router.get("/{document_id}/chunks", summary="Ler trechos", responses=errors(400, 401, 404))
async def list_chunks(
    document_id: UUID,
    container: ContainerDep,
    principal: PrincipalDep,
    limite: LimitQuery = PAGE_SIZE,
    cursor: CursorQuery = None,
) -> PageView[ChunkView]:
    """Os trechos em que o documento foi dividido, na ordem do texto, com página, lugar e retângulos na página."""
    after = id_in(cursor)
    found = await container.library.read_chunks.execute(
        ReadChunksRequest(
            principal=principal,
            document_id=DocumentId(document_id),
            limit=limite + 1,
            after=ChunkId(after) if after is not None else None,
        )
    )
    return page_of(found, limite, ChunkView.of, lambda chunk: chunk.id)
