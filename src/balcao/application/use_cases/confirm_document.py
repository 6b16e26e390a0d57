"""A person says that a document whose title is like another's is to come in."""

from balcao.application.audit_trail import AuditTrail
from balcao.application.ingestion import Registered, begin_job
from balcao.application.unit_of_work import InstallationUnitOfWork
from balcao.domain.audit import Actor, AuditKind
from balcao.domain.document import DocumentState
from balcao.domain.errors import DocumentNotFound, WrongDocumentState
from balcao.domain.identity import Principal
from balcao.domain.ids import DocumentId


class ConfirmDocumentUseCase:
    """Begins a job that no longer asks."""

    def __init__(self, open_work: InstallationUnitOfWork, trail: AuditTrail) -> None:
        self._open_work = open_work
        self._trail = trail

    async def execute(
        self, document_id: DocumentId, principal: Principal | None = None, *, inline: bool = False
    ) -> Registered:
        """Confirm, in the principal's name or the installation's; ``inline``: the caller processes the job itself.

        Raises:
            DocumentNotFound: there is no such document.
            WrongDocumentState: it does not wait for a confirmation.
        """
        async with self._open_work() as work:
            document = await work.documents.find_summary(document_id)
            if document is None:
                raise DocumentNotFound
            if document.state is not DocumentState.AGUARDANDO_CONFIRMACAO:
                raise WrongDocumentState("Este documento não aguarda confirmação.")
            actor = Actor.behind(principal)
            begun = await begin_job(work, document, requested_by=actor, announce=not inline, confirmed=True)
            await self._trail.document(work, actor, AuditKind.DOCUMENT_CONFIRMED, document)
        return begun
