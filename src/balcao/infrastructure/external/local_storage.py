"""Files in a folder of this machine.

obstore's LocalStore is not used for it: it renames a finished file into place, but never has it written to the disk
(fsync) before, so that a power cut could leave an original with a name and without bytes.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import NamedTemporaryFile

from balcao.application.ports import FileStream, StoredFile
from balcao.domain.errors import InvalidConfiguration, OriginalNotFound, StorageUnavailable
from balcao.domain.originals import UNFINISHED
from balcao.infrastructure.external.local_files import PIECE_BYTES, CheckedCopy, digest_of_file, pieces_for


class LocalFileStorage:
    """FileStorage under one folder, which is created when the first file arrives."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def digest(self, path: Path) -> bytes:
        """SHA-256 of the file."""
        return await asyncio.to_thread(digest_of_file, path)

    async def put(self, path: Path, *, key: str) -> None:
        """Copy the file beside its place, have it written to the disk, then move it there."""
        try:
            await asyncio.to_thread(self._copy, path, key)
        except OSError as error:
            raise InvalidConfiguration(
                f"A pasta {self._folder} não pode ser escrita; confira o espaço em disco e a permissão."
            ) from error

    async def fetch(self, key: str, path: Path) -> None:
        """Copy the stored file."""
        stream = await self.open(key)
        with CheckedCopy(path, key) as copy:
            async for piece in stream.pieces:
                await asyncio.to_thread(copy.write, piece)

    async def open(self, key: str, *, start: int = 0, end: int | None = None) -> FileStream:
        """The stored file, read in pieces by a thread."""
        found = await self.find(key)
        if found is None:
            raise OriginalNotFound
        last = found.size if end is None else min(end, found.size)
        first = min(start, last)
        return FileStream(
            size=found.size, start=first, end=last, pieces=_pieces(self._folder / key, first, last - first)
        )

    async def find(self, key: str) -> StoredFile | None:
        """The file's size and time."""
        return await asyncio.to_thread(self._find, key)

    async def exists(self, key: str) -> bool:
        """Whether the file is there."""
        return await self.find(key) is not None

    async def delete(self, key: str) -> None:
        """Remove the file."""
        await asyncio.to_thread((self._folder / key).unlink, missing_ok=True)

    async def older_than(self, instant: datetime) -> AsyncIterator[StoredFile]:
        """Every file of that age, copies that were never finished among them."""
        for found in await asyncio.to_thread(lambda: list(self._files())):
            if found.stored_at < instant:
                yield found

    async def upload_url(self, key: str, *, life: timedelta) -> str | None:  # noqa: ARG002 - the port's signature
        """None: a folder has no addresses."""
        return None

    async def download_url(self, key: str, *, life: timedelta) -> str | None:  # noqa: ARG002 - the port's signature
        """None: a folder has no addresses."""
        return None

    def _find(self, key: str) -> StoredFile | None:
        path = self._folder / key
        if not path.is_file():
            return None
        known = path.stat()
        return StoredFile(key=key, size=known.st_size, stored_at=datetime.fromtimestamp(known.st_mtime, UTC))

    def _files(self) -> Iterator[StoredFile]:
        for path in sorted(self._folder.rglob("*")):
            if found := self._find(path.relative_to(self._folder).as_posix()):
                yield found

    def _copy(self, source: Path, key: str) -> None:
        target = self._folder / key
        target.parent.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile(dir=target.parent, prefix=UNFINISHED, delete=False) as copy:
            part = Path(copy.name)
            try:
                for piece in pieces_for(source, key):
                    copy.write(piece)
                copy.flush()
                os.fsync(copy.fileno())
                part.replace(target)
            except BaseException:
                part.unlink(missing_ok=True)
                raise
        _write_to_disk(target.parent)


def _write_to_disk(folder: Path) -> None:
    """Have a folder's new entries survive a power cut (fsync(2))."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


async def _pieces(path: Path, start: int, length: int) -> AsyncIterator[bytes]:
    try:
        file = await asyncio.to_thread(path.open, "rb")
        with file:
            file.seek(start)
            while length and (piece := await asyncio.to_thread(file.read, min(PIECE_BYTES, length))):
                length -= len(piece)
                yield piece
    except OSError as error:
        raise StorageUnavailable from error
