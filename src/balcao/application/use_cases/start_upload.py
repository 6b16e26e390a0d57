"""Announce a file that is to arrive by itself, straight in the storage where it can."""

from dataclasses import dataclass
from uuid import uuid4

from balcao.application.ports import Clock, FileStorage, TextExtractor
from balcao.application.unit_of_work import InstallationUnitOfWork
from balcao.domain.document_service import DocumentService
from balcao.domain.identity import Principal
from balcao.domain.ids import UploadId
from balcao.domain.originals import upload_key
from balcao.domain.upload import UPLOAD_LIFE, Upload, check_upload, clean_file_name
from balcao.domain.usuario import Papel


@dataclass(frozen=True, slots=True, kw_only=True)
class StartUploadRequest:
    """A file by its name, its size in bytes and its SHA-256."""

    principal: Principal
    file_name: str
    size: int
    sha256: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class StartedUpload:
    """The upload, and the address in the storage to PUT the file to; None where it comes through this service."""

    upload: Upload
    url: str | None


class StartUploadUseCase:
    """Keeps the announcement; a file that the collection has is refused before it is sent."""

    def __init__(
        self,
        open_work: InstallationUnitOfWork,
        storage: FileStorage,
        extractor: TextExtractor,
        clock: Clock,
        *,
        max_bytes: int,
    ) -> None:
        self._open_work = open_work
        self._storage = storage
        self._extractor = extractor
        self._clock = clock
        self._max_bytes = max_bytes

    async def execute(self, request: StartUploadRequest) -> StartedUpload:
        """Announce it.

        Raises:
            AuthenticationRequired, PermissionDenied: the asker is no operador.
            InvalidInput, InvalidText, PayloadTooLarge: name, size or digest cannot be those of a file taken in.
            UnsupportedFormat: no file of this name is read.
            DuplicateDocument: the collection has it; with that document's id.
            StorageUnavailable: the storage gives no address.
        """
        request.principal.require(Papel.OPERADOR)
        upload = Upload(
            id=UploadId(uuid4()),
            file_name=clean_file_name(request.file_name),
            size=request.size,
            sha256=request.sha256,
            expires_at=self._clock.now() + UPLOAD_LIFE,
        )
        check_upload(upload, max_bytes=self._max_bytes)
        self._extractor.check_name(upload.file_name)
        url = await self._storage.upload_url(upload_key(upload.id), life=UPLOAD_LIFE)
        async with self._open_work() as work:
            await DocumentService(work.documents).refuse_same_bytes(upload.sha256)
            await work.uploads.add(upload)
        return StartedUpload(upload=upload, url=url)
