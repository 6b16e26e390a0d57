"""Try a document again that failed."""

from balcao.application.audit_trail import AuditTrail
from balcao.application.ingestion import Registered, begin_job
from balcao.application.unit_of_work import InstallationUnitOfWork
from balcao.domain.audit import Actor, AuditKind
from balcao.domain.document import DocumentState
from balcao.domain.document_service import DocumentService
from balcao.domain.errors import DocumentNotFound, WrongDocumentState
from balcao.domain.identity import Principal
from balcao.domain.ids import DocumentId


class RetryIngestionUseCase:
    """Begins a new job, with all its attempts, over the original that is kept."""

    def __init__(self, open_work: InstallationUnitOfWork, trail: AuditTrail) -> None:
        self._open_work = open_work
        self._trail = trail

    async def execute(
        self, document_id: DocumentId, principal: Principal | None = None, *, inline: bool = False
    ) -> Registered:
        """Try again, in the principal's name or the installation's; ``inline``: the caller processes the job itself.

        Raises:
            DocumentNotFound: there is no such document.
            WrongDocumentState: it did not fail.
            DuplicateDocument: the same file came in meanwhile.
        """
        async with self._open_work() as work:
            document = await work.documents.find_summary(document_id)
            if document is None:
                raise DocumentNotFound
            if document.state is not DocumentState.FALHOU:
                raise WrongDocumentState("Este documento não falhou; não há o que tentar de novo.")
            await DocumentService(work.documents).refuse_same_bytes(document.sha256)
            last = await work.jobs.latest_of(document_id)
            actor = Actor.behind(principal)
            begun = await begin_job(
                work,
                document,
                requested_by=actor,
                announce=not inline,
                confirmed=bool(last and last.confirmed),
                keeps_title=bool(last and last.keeps_title),
                keeps_ente=bool(last and last.keeps_ente),
            )
            await self._trail.document(work, actor, AuditKind.DOCUMENT_RETRIED, document)
        return begun
