"""How far a document is in coming in."""

from dataclasses import dataclass

from balcao.application.unit_of_work import InstallationUnitOfWork
from balcao.domain.document import Document
from balcao.domain.errors import DocumentNotFound
from balcao.domain.ids import DocumentId
from balcao.domain.ingestion_job import IngestionJob


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestionStatus:
    """A document, without its text's meaning anything here, and its newest job; None where it came in without one."""

    document: Document
    job: IngestionJob | None
    percent: int


class ReadIngestionUseCase:
    """Reads the newest job of a document."""

    def __init__(self, open_work: InstallationUnitOfWork) -> None:
        self._open_work = open_work

    async def execute(self, document_id: DocumentId) -> IngestionStatus:
        """The status.

        Raises:
            DocumentNotFound: there is no such document.
        """
        async with self._open_work() as work:
            document = await work.documents.find_summary(document_id)
            if document is None:
                raise DocumentNotFound
            job = await work.jobs.latest_of(document_id)
        return IngestionStatus(document=document, job=job, percent=job.percent if job else 100)
