"""Ports of files: reading their text, keeping the originals."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from balcao.domain.document import ExtractedDocument


class TextExtractor(Protocol):
    """Reads the text of a file."""

    def check_name(self, file_name: str) -> None:
        """Refuse a file by its name alone, before it is stored.

        Raises:
            UnsupportedFormat: files of this extension are not read; the message names the file.
        """
        ...

    async def extract(self, path: Path) -> ExtractedDocument:
        """The file's text by page, free of NUL and of unpaired surrogates, with its title and metadata.

        Raises:
            UnusableFile: why this file cannot be used; the message names the file.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """A stored object; ``size`` in bytes, ``stored_at`` as the storage says."""

    key: str
    size: int
    stored_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FileStream:
    """Bytes ``start`` (inclusive) to ``end`` (exclusive) of an object of ``size`` bytes, in pieces as they arrive."""

    size: int
    start: int
    end: int
    pieces: AsyncIterator[bytes]


class FileStorage(Protocol):
    """Keeps files under keys; ``domain/originals.py`` names them. A whole file never sits in memory.

    Every method but ``digest`` raises StorageUnavailable when the storage does not answer, and InvalidConfiguration
    when it refuses this installation or cannot be written.
    """

    async def digest(self, path: Path) -> bytes:
        """SHA-256 of a local file's bytes.

        Raises:
            UnreadableFile: there is no such file, or it may not be read; the message names it.
        """
        ...

    async def put(self, path: Path, *, key: str) -> None:
        """Store a local file, whole or not at all; where it is stored already, it is as new again.

        Raises:
            UnreadableFile: the file went away, or its bytes are no longer those of the digest in the key.
        """
        ...

    async def fetch(self, key: str, path: Path) -> None:
        """Write an object's bytes to a new local file.

        Raises:
            OriginalNotFound: nothing is stored under this key.
            CorruptOriginal: the bytes are not those of the digest in the key; no file is left.
        """
        ...

    async def open(self, key: str, *, start: int = 0, end: int | None = None) -> FileStream:
        """An object's bytes from ``start`` to before ``end``, cut to its size; the digest is not checked.

        Raises:
            OriginalNotFound: nothing is stored under this key.
        """
        ...

    async def find(self, key: str) -> StoredFile | None:
        """What is stored under this key."""
        ...

    async def exists(self, key: str) -> bool:
        """Whether something is stored under this key."""
        ...

    async def delete(self, key: str) -> None:
        """Remove the object; nothing happens when there is none."""
        ...

    def older_than(self, instant: datetime) -> AsyncIterator[StoredFile]:
        """Every object that was stored before this instant."""
        ...

    async def upload_url(self, key: str, *, life: timedelta) -> str | None:
        """An address to which anybody may PUT the object while it lives; None where the storage has none to give."""
        ...

    async def download_url(self, key: str, *, life: timedelta) -> str | None:
        """An address from which anybody may GET the object while it lives; None where the storage has none to give."""
        ...
