"""Find documents of the collection by what is known of them."""

from dataclasses import dataclass, replace
from datetime import date

from balcao.application.ports import Clock
from balcao.application.unit_of_work import TenantUnitOfWork
from balcao.domain.document import Document
from balcao.domain.document_filter import DocumentFilter
from balcao.domain.errors import InvalidInput
from balcao.domain.identity import Principal
from balcao.domain.ids import DocumentId
from balcao.domain.period import day_in_brasilia
from balcao.domain.text import require_storable
from balcao.domain.usuario import Papel

_MOST_WORDS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class FindDocumentsRequest:
    """A page of ``limit`` documents, those behind ``after``; a filter without a day is of today in Brasília."""

    principal: Principal
    wanted: DocumentFilter
    limit: int
    after: DocumentId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundDocuments:
    """Documents without text, and the day that was asked about."""

    documents: list[Document]
    day: date


class FindDocumentsUseCase:
    """Reads what the collection holds, in whatever state; documents are of the whole installation."""

    def __init__(self, open_work: TenantUnitOfWork, clock: Clock) -> None:
        self._open_work = open_work
        self._clock = clock

    async def execute(self, request: FindDocumentsRequest) -> FoundDocuments:
        """A page, newest first; the next one comes ``after`` its last document.

        Raises:
            AuthenticationRequired: nobody is logged in.
            InvalidInput, InvalidText: the words are too many, or not words.
        """
        request.principal.require(*Papel)
        wanted = request.wanted
        require_storable((wanted.words, wanted.tag, wanted.act_number), param="q")
        if len(wanted.words) > _MOST_WORDS:
            raise InvalidInput(f"Busque no título por até {_MOST_WORDS} palavras.", param="q")
        day = wanted.day or day_in_brasilia(self._clock.now())
        async with self._open_work(request.principal.prefeitura_id) as work:
            found = await work.documents.find_page(replace(wanted, day=day), request.limit, request.after)
        return FoundDocuments(documents=found, day=day)
