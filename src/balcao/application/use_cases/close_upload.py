"""Forget an upload whose file is registered as a document."""

from contextlib import suppress

from balcao.application.ports import FileStorage
from balcao.application.unit_of_work import InstallationUnitOfWork
from balcao.domain.errors import StorageUnavailable
from balcao.domain.ids import UploadId
from balcao.domain.originals import upload_key


class CloseUploadUseCase:
    """What it does not get to, the sweep does."""

    def __init__(self, open_work: InstallationUnitOfWork, storage: FileStorage) -> None:
        self._open_work = open_work
        self._storage = storage

    async def execute(self, upload_id: UploadId) -> None:
        """Forget it, and remove what arrived: its document has its own original."""
        async with self._open_work() as work:
            await work.uploads.remove(upload_id)
        with suppress(StorageUnavailable):
            await self._storage.delete(upload_key(upload_id))
