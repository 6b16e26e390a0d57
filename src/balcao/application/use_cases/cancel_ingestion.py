"""Stop a document from coming in."""

from balcao.application.audit_trail import AuditTrail
from balcao.application.unit_of_work import InstallationUnitOfWork
from balcao.domain.audit import Actor, AuditKind
from balcao.domain.document import DocumentState
from balcao.domain.errors import DocumentNotFound, WrongDocumentState
from balcao.domain.identity import Principal
from balcao.domain.ids import DocumentId

_CANCELLED = "Cancelado a pedido."


class CancelIngestionUseCase:
    """Ends the document's job; a process that is at it stops before its next batch, and publishes nothing."""

    def __init__(self, open_work: InstallationUnitOfWork, trail: AuditTrail) -> None:
        self._open_work = open_work
        self._trail = trail

    async def execute(self, document_id: DocumentId, principal: Principal | None = None) -> None:
        """Cancel, on this person's order or, without one, the installation's.

        Raises:
            DocumentNotFound: there is no such document.
            WrongDocumentState: nothing of it is under way, or it was published a moment ago.
        """
        async with self._open_work() as work:
            document = await work.documents.find_summary(document_id)
            if document is None:
                raise DocumentNotFound
            if not await work.jobs.cancel(document_id, _CANCELLED):
                raise WrongDocumentState("Nada deste documento está em andamento; não há o que cancelar.")
            await work.documents.change_state(document_id, DocumentState.FALHOU)
            await self._trail.document(work, Actor.behind(principal), AuditKind.DOCUMENT_CANCELLED, document)
