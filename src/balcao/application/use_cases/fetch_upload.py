"""Fetch an announced file that has arrived, to be registered as a document."""

from dataclasses import dataclass
from pathlib import Path

from balcao.application.ports import Clock, FileStorage
from balcao.application.unit_of_work import InstallationUnitOfWork
from balcao.domain.errors import UploadIncomplete, UploadMismatch, UploadNotFound
from balcao.domain.identity import Principal
from balcao.domain.ids import UploadId
from balcao.domain.originals import upload_key
from balcao.domain.upload import Upload
from balcao.domain.usuario import Papel


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchUploadRequest:
    """The upload, and the new local file that its bytes go to."""

    principal: Principal
    upload_id: UploadId
    path: Path


class FetchUploadUseCase:
    """Believes nothing of what arrived: a presigned address bounds neither size nor content."""

    def __init__(self, open_work: InstallationUnitOfWork, storage: FileStorage, clock: Clock) -> None:
        self._open_work = open_work
        self._storage = storage
        self._clock = clock

    async def execute(self, request: FetchUploadRequest) -> Upload:
        """The upload, whose bytes are those announced.

        Raises:
            AuthenticationRequired, PermissionDenied: the asker is no operador.
            UploadNotFound: there is no such upload, or its time is over.
            UploadIncomplete: the file has not arrived.
            UploadMismatch: another one arrived, which is thrown away.
            StorageUnavailable: the storage does not answer.
        """
        request.principal.require(Papel.OPERADOR)
        async with self._open_work() as work:
            upload = await work.uploads.find(request.upload_id)
        if upload is None or not upload.is_live(self._clock.now()):
            raise UploadNotFound
        key = upload_key(upload.id)
        stored = await self._storage.find(key)
        if stored is None:
            raise UploadIncomplete
        if not (stored.size == upload.size and await self._is_announced(key, upload, request.path)):
            await self._storage.delete(key)
            raise UploadMismatch
        return upload

    async def _is_announced(self, key: str, upload: Upload, path: Path) -> bool:
        await self._storage.fetch(key, path)
        return await self._storage.digest(path) == upload.sha256
