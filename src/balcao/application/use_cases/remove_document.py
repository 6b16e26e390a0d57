"""Take a document out of the collection."""

from contextlib import suppress

from balcao.application.audit_trail import AuditTrail
from balcao.application.ports import FileStorage
from balcao.application.unit_of_work import InstallationUnitOfWork
from balcao.domain.audit import AuditKind
from balcao.domain.document import Document
from balcao.domain.errors import DocumentNotFound, StorageUnavailable
from balcao.domain.identity import Principal
from balcao.domain.ids import DocumentId


class RemoveDocumentUseCase:
    """Removes text, vectors, terms and the work on them in one transaction, then the original that nobody else has.

    Whoever takes the same file in at that very moment stores it again; where even that comes before the removal, his
    document is refused when it is read, for want of its original, and never opened to search.
    """

    def __init__(self, open_work: InstallationUnitOfWork, storage: FileStorage, trail: AuditTrail) -> None:
        self._open_work = open_work
        self._storage = storage
        self._trail = trail

    async def execute(self, document_id: DocumentId, principal: Principal | None = None) -> Document:
        """Remove the document, on this person's order or, without one, the installation's; what it was.

        Raises:
            DocumentNotFound: there is no such document.
        """
        async with self._open_work() as work:
            document = await work.documents.find_summary(document_id)
            if document is None:
                raise DocumentNotFound
            await work.documents.delete(document_id)
            await self._trail.document(work, principal, AuditKind.DOCUMENT_REMOVED, document)
            unused = await work.documents.unused_originals([document.file_path])
        with suppress(StorageUnavailable):  # the sweep will find it
            for key in unused:
                await self._storage.delete(key)
        return document
