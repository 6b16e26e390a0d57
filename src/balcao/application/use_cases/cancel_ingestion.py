"""Stop a document from coming in."""

from balcao.application.unit_of_work import InstallationUnitOfWork
from balcao.domain.document import DocumentState
from balcao.domain.errors import DocumentNotFound, WrongDocumentState
from balcao.domain.ids import DocumentId

_CANCELLED = "Cancelado a pedido."


class CancelIngestionUseCase:
    """Ends the document's job; a process that is at it stops before its next batch, and publishes nothing."""

    def __init__(self, open_work: InstallationUnitOfWork) -> None:
        self._open_work = open_work

    async def execute(self, document_id: DocumentId) -> None:
        """Cancel.

        Raises:
            DocumentNotFound: there is no such document.
            WrongDocumentState: nothing of it is under way, or it was published a moment ago.
        """
        async with self._open_work() as work:
            if await work.documents.find_summary(document_id) is None:
                raise DocumentNotFound
            if not await work.jobs.cancel(document_id, _CANCELLED):
                raise WrongDocumentState("Nada deste documento está em andamento; não há o que cancelar.")
            await work.documents.change_state(document_id, DocumentState.FALHOU)
