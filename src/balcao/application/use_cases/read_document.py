"""Read what is known of one document."""

from dataclasses import dataclass
from datetime import date

from balcao.application.ports import Clock
from balcao.application.unit_of_work import TenantUnitOfWork
from balcao.domain.document import Document
from balcao.domain.errors import DocumentNotFound
from balcao.domain.identity import Principal
from balcao.domain.ids import DocumentId
from balcao.domain.period import day_in_brasilia
from balcao.domain.usuario import Papel


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadDocumentRequest:
    """One document."""

    principal: Principal
    document_id: DocumentId


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadDocument:
    """The document without its text, and today in Brasília."""

    document: Document
    day: date


class ReadDocumentUseCase:
    """Reads it in whatever state: also what was replaced, for those whose answers cite it."""

    def __init__(self, open_work: TenantUnitOfWork, clock: Clock) -> None:
        self._open_work = open_work
        self._clock = clock

    async def execute(self, request: ReadDocumentRequest) -> ReadDocument:
        """The document.

        Raises:
            AuthenticationRequired: nobody is logged in.
            DocumentNotFound: there is none with this id.
        """
        request.principal.require(*Papel)
        async with self._open_work(request.principal.prefeitura_id) as work:
            found = await work.documents.find_summary(request.document_id)
        if found is None:
            raise DocumentNotFound
        return ReadDocument(document=found, day=day_in_brasilia(self._clock.now()))
