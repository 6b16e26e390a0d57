"""Take a document out of the collection."""

from balcao.application.audit_trail import AuditTrail
from balcao.application.unit_of_work import InstallationUnitOfWork
from balcao.domain.audit import Actor, AuditKind
from balcao.domain.document import Document
from balcao.domain.errors import DocumentNotFound, WrongDocumentState
from balcao.domain.identity import Principal
from balcao.domain.ids import DocumentId


class RemoveDocumentUseCase:
    """Removes text, vectors, terms and the work on them in one transaction.

    The original goes with the sweep, some time after it was last stored: whoever takes the same file in at this very
    moment may rely on the one that is there.
    """

    def __init__(self, open_work: InstallationUnitOfWork, trail: AuditTrail) -> None:
        self._open_work = open_work
        self._trail = trail

    async def execute(self, document_id: DocumentId, principal: Principal | None = None) -> Document:
        """Remove the document, on this person's order or, without one, the installation's; what it was.

        Raises:
            DocumentNotFound: there is no such document.
            WrongDocumentState: it revoked another, which would be in force again as if nothing had been.
        """
        async with self._open_work() as work:
            await work.documents.lock(document_id)
            document = await work.documents.find_summary(document_id)
            if document is None:
                raise DocumentNotFound
            if revoked := await work.documents.find_revoked_by(document_id):
                raise WrongDocumentState(
                    f"Este documento revogou outro; antes, altere o revogado_por de: {revoked.title} ({revoked.id})."
                )
            await work.documents.delete(document_id)
            await self._trail.document(work, Actor.behind(principal), AuditKind.DOCUMENT_REMOVED, document)
        return document
