"""Take a document out of the collection."""

from balcao.application.audit_trail import AuditTrail
from balcao.application.ports import FileStorage
from balcao.application.unit_of_work import InstallationUnitOfWork
from balcao.domain.audit import AuditKind
from balcao.domain.document import Document
from balcao.domain.errors import DocumentNotFound
from balcao.domain.ids import DocumentId


class RemoveDocumentUseCase:
    """Removes text, vectors and terms in one transaction, then the original."""

    def __init__(self, open_work: InstallationUnitOfWork, storage: FileStorage, trail: AuditTrail) -> None:
        self._open_work = open_work
        self._storage = storage
        self._trail = trail

    async def execute(self, document_id: DocumentId) -> Document:
        """Remove the document; what it was.

        Raises:
            DocumentNotFound: there is no such document.
        """
        async with self._open_work() as work:
            document = await work.documents.find_by_id(document_id)
            if document is None:
                raise DocumentNotFound
            await work.documents.delete(document_id)
            await self._trail.document(work, None, AuditKind.DOCUMENT_REMOVED, document)
        await self._storage.delete(document.file_path)
        return document
