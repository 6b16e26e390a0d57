"""List the collection."""

from balcao.application.unit_of_work import InstallationUnitOfWork
from balcao.domain.document import Document, DocumentState

_PAGE = 500


class ListDocumentsUseCase:
    """Reads the documents open to search, or those of another state."""

    def __init__(self, open_work: InstallationUnitOfWork) -> None:
        self._open_work = open_work

    async def execute(self, state: DocumentState = DocumentState.DISPONIVEL) -> list[Document]:
        """Every document of this state, oldest first, without text."""
        found: list[Document] = []
        async with self._open_work() as work:
            while page := await work.documents.find_all(limit=_PAGE, offset=len(found), state=state):
                found += page
        return found
