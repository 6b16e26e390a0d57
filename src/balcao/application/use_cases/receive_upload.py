"""Take the bytes of an announced file, where they come through this service."""

from dataclasses import dataclass
from pathlib import Path

from balcao.application.ports import Clock, FileStorage
from balcao.application.unit_of_work import InstallationUnitOfWork
from balcao.domain.errors import UploadMismatch, UploadNotFound
from balcao.domain.identity import Principal
from balcao.domain.ids import UploadId
from balcao.domain.originals import upload_key
from balcao.domain.usuario import Papel


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiveUploadRequest:
    """The announced file, as it arrived on this machine."""

    principal: Principal
    upload_id: UploadId
    path: Path


class ReceiveUploadUseCase:
    """Puts them where a storage with addresses of its own would have got them."""

    def __init__(self, open_work: InstallationUnitOfWork, storage: FileStorage, clock: Clock) -> None:
        self._open_work = open_work
        self._storage = storage
        self._clock = clock

    async def execute(self, request: ReceiveUploadRequest) -> None:
        """Keep the file until the upload is completed; sent again, it takes the place of the first.

        Raises:
            AuthenticationRequired, PermissionDenied: the asker is no operador.
            UploadNotFound: there is no such upload, or its time is over.
            UploadMismatch: it is not the announced file.
            StorageUnavailable: it could not be kept.
        """
        request.principal.require(Papel.OPERADOR)
        async with self._open_work() as work:
            upload = await work.uploads.find(request.upload_id)
        if upload is None or not upload.is_live(self._clock.now()):
            raise UploadNotFound
        if await self._storage.digest(request.path) != upload.sha256:
            raise UploadMismatch
        await self._storage.put(request.path, key=upload_key(upload.id))
