"""Files in an S3-compatible object storage: Amazon S3, DigitalOcean Spaces, and others that speak its protocol."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

import obstore
from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError
from obstore.store import S3Store

from balcao.application.ports import FileStream, StoredFile
from balcao.domain.errors import InvalidConfiguration, OriginalNotFound, StorageUnavailable
from balcao.domain.originals import media_type_of
from balcao.infrastructure.external.local_files import CheckedCopy, digest_of_file, pieces_for

if TYPE_CHECKING:
    from obstore.store import S3Config

PART_BYTES = 5 * 1024 * 1024
"""The body of one request, up and down: what is in memory of a file, times CONCURRENT_PARTS. S3 takes at most 10,000
parts, none but the last under 5 MiB (Amazon S3 User Guide, "Amazon S3 multipart upload limits").
"""
CONCURRENT_PARTS = 2
_RETRIES = 3
_CONNECT_SECONDS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class BucketAddress:
    """Where the bucket is, and who asks. What is None is looked for where Amazon's own programs look for it.

    ``timeout_seconds`` bounds one request, of at most PART_BYTES. With ``direct_access`` the people who use this
    service reach the storage by themselves.
    """

    bucket: str
    prefix: str = ""
    endpoint: str | None = None
    region: str | None = None
    access_key_id: str | None = field(default=None, repr=False)
    secret_access_key: str | None = field(default=None, repr=False)
    timeout_seconds: float = 30.0
    direct_access: bool = True


class ObjectStorage:
    """FileStorage in one bucket, under a prefix."""

    def __init__(self, address: BucketAddress) -> None:
        self._store = _store(address)
        self._direct_access = address.direct_access

    async def digest(self, path: Path) -> bytes:
        """SHA-256 of the file."""
        return await asyncio.to_thread(digest_of_file, path)

    async def put(self, path: Path, *, key: str) -> None:
        """Send the file in parts; the object appears with the last one, and only if the bytes are those of its key."""
        try:
            with _told():
                await obstore.put_async(
                    self._store,
                    key,
                    pieces_for(path, key, size=PART_BYTES),
                    attributes={"Content-Type": media_type_of(key)},
                    chunk_size=PART_BYTES,
                    max_concurrency=CONCURRENT_PARTS,
                )
        except OriginalNotFound as error:
            raise InvalidConfiguration("O bucket de STORAGE_URL não existe; crie-o ou corrija o nome.") from error

    async def fetch(self, key: str, path: Path) -> None:
        """Copy the object, range by range."""
        stream = await self.open(key)
        with CheckedCopy(path, key) as copy:
            async for piece in stream.pieces:
                await asyncio.to_thread(copy.write, piece)

    async def open(self, key: str, *, start: int = 0, end: int | None = None) -> FileStream:
        """The object by ranges, each a request of its own: none lasts longer than its timeout."""
        found = await self.find(key)
        if found is None:
            raise OriginalNotFound
        last = found.size if end is None else min(end, found.size)
        first = min(start, last)
        return FileStream(size=found.size, start=first, end=last, pieces=self._pieces(key, first, last))

    async def find(self, key: str) -> StoredFile | None:
        """The object's size and time."""
        try:
            with _told():
                known = await obstore.head_async(self._store, key)
        except OriginalNotFound:
            return None
        return StoredFile(key=key, size=known["size"], stored_at=known["last_modified"])

    async def exists(self, key: str) -> bool:
        """Whether the object is there."""
        return await self.find(key) is not None

    async def delete(self, key: str) -> None:
        """Remove the object."""
        with _told():
            await obstore.delete_async(self._store, key)

    async def older_than(self, instant: datetime) -> AsyncIterator[StoredFile]:
        """Every object of that age under the prefix."""
        with _told():
            async for found in obstore.list(self._store):
                for known in found:
                    if known["last_modified"] < instant:
                        yield StoredFile(key=known["path"], size=known["size"], stored_at=known["last_modified"])

    async def upload_url(self, key: str, *, life: timedelta) -> str | None:
        """A presigned PUT; it bounds neither the size nor the type of what is sent."""
        return await self._signed("PUT", key, life)

    async def download_url(self, key: str, *, life: timedelta) -> str | None:
        """A presigned GET."""
        return await self._signed("GET", key, life)

    async def _signed(self, method: Literal["GET", "PUT"], key: str, life: timedelta) -> str | None:
        if not self._direct_access:
            return None
        with _told():
            return await obstore.sign_async(self._store, method, key, life)

    async def _pieces(self, key: str, start: int, end: int) -> AsyncIterator[bytes]:
        for first in range(start, end, PART_BYTES):
            with _told():
                piece = await obstore.get_range_async(self._store, key, start=first, end=min(first + PART_BYTES, end))
            yield piece.to_bytes()


def _store(address: BucketAddress) -> S3Store:
    config: S3Config = {}
    if address.endpoint is not None:
        config["endpoint"] = address.endpoint
    if address.region is not None:
        config["region"] = address.region
    if address.access_key_id is not None and address.secret_access_key is not None:
        config["access_key_id"] = address.access_key_id
        config["secret_access_key"] = address.secret_access_key
    return S3Store(
        address.bucket,
        prefix=address.prefix or None,
        config=config,
        client_options={
            "allow_http": urlsplit(address.endpoint or "").scheme == "http",
            "timeout": timedelta(seconds=address.timeout_seconds),
            "connect_timeout": timedelta(seconds=_CONNECT_SECONDS),
        },
        retry_config={"max_retries": _RETRIES, "retry_timeout": timedelta(seconds=address.timeout_seconds)},
    )


@contextmanager
def _told() -> Iterator[None]:
    """Say what the storage's failures mean. Their own words are kept as the cause alone: they hold addresses."""
    try:
        yield
    except FileNotFoundError as error:
        raise OriginalNotFound from error
    except (PermissionDeniedError, UnauthenticatedError) as error:
        raise InvalidConfiguration(
            "O armazenamento recusou o acesso; confira AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY e a política do bucket."
        ) from error
    except BaseError as error:
        raise StorageUnavailable from error
