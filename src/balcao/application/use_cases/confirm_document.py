"""A person says that a document whose title is like another's is to come in."""

from balcao.application.ingestion import Registered, begin_job
from balcao.application.unit_of_work import InstallationUnitOfWork
from balcao.domain.document import DocumentState
from balcao.domain.errors import DocumentNotFound, WrongDocumentState
from balcao.domain.ids import DocumentId


class ConfirmDocumentUseCase:
    """Begins a job that no longer asks."""

    def __init__(self, open_work: InstallationUnitOfWork) -> None:
        self._open_work = open_work

    async def execute(self, document_id: DocumentId, *, inline: bool = False) -> Registered:
        """Confirm; ``inline``: the caller processes the job itself.

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
            return await begin_job(work, document, announce=not inline, confirmed=True)
