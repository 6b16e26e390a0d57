"""Read the chunks that a document was divided into."""

from dataclasses import dataclass

from balcao.application.unit_of_work import TenantUnitOfWork
from balcao.domain.document import DocumentChunk
from balcao.domain.errors import DocumentNotFound
from balcao.domain.identity import Principal
from balcao.domain.ids import ChunkId, DocumentId
from balcao.domain.usuario import Papel


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadChunksRequest:
    """A page of ``limit`` chunks, those behind ``after``."""

    principal: Principal
    document_id: DocumentId
    limit: int
    after: ChunkId | None = None


class ReadChunksUseCase:
    """Reads them in the order of the text."""

    def __init__(self, open_work: TenantUnitOfWork) -> None:
        self._open_work = open_work

    async def execute(self, request: ReadChunksRequest) -> list[DocumentChunk]:
        """A page; a document that is not read yet has none.

        Raises:
            AuthenticationRequired: nobody is logged in.
            DocumentNotFound: there is no such document.
        """
        request.principal.require(*Papel)
        async with self._open_work(request.principal.prefeitura_id) as work:
            if await work.documents.find_summary(request.document_id) is None:
                raise DocumentNotFound
            return await work.chunks.find_page(request.document_id, request.limit, request.after)
