"""What every storage does with files of this machine: read them in pieces, and say what is wrong with them."""

import errno
import hashlib
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from balcao.domain.errors import CorruptOriginal, StorageUnavailable, UnreadableFile
from balcao.domain.originals import digest_in_key

PIECE_BYTES = 1024 * 1024


def digest_of_file(path: Path) -> bytes:
    """SHA-256 of a file's bytes.

    Raises:
        UnreadableFile: there is no such file, or it may not be read; the message names it.
    """
    try:
        kind = path.stat().st_mode
        if stat.S_ISDIR(kind):
            raise UnreadableFile(f"{path}: a pasta não pôde ser aberta; ajuste a permissão e tente de novo.")
        if not stat.S_ISREG(kind):  # opening a named pipe would wait for its writer
            raise UnreadableFile(f"{path}: não é um arquivo; informe o caminho de um documento.")
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").digest()
    except OSError as error:
        raise unreadable(path, error) from error


def pieces_for(path: Path, key: str, *, size: int = PIECE_BYTES) -> Iterator[bytes]:
    """A file's bytes in pieces of ``size``, ended by an error rather than by an end where they do not fit the key.

    Raises:
        UnreadableFile: the file cannot be read, or changed since its digest was taken.
    """
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while piece := file.read(size):
                digest.update(piece)
                yield piece
    except OSError as error:
        raise unreadable(path, error) from error
    if digest_in_key(key) not in (None, digest.digest()):
        raise UnreadableFile(f"{path}: o arquivo mudou enquanto era lido; tente de novo.")


class CheckedCopy:
    """A new local file that is written in pieces and is only left there whole, with the bytes of its key.

    Raises:
        StorageUnavailable: this machine's disk does not take it; in time, it may.
    """

    def __init__(self, path: Path, key: str) -> None:
        self._path = path
        self._wanted = digest_in_key(key)
        self._digest = hashlib.sha256()
        with _refusals_explained(path):
            self._file = path.open("xb")

    def write(self, piece: bytes) -> None:
        """Add a piece."""
        self._digest.update(piece)
        with _refusals_explained(self._path):
            self._file.write(piece)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Raises CorruptOriginal or StorageUnavailable: these are not the key's bytes, or the last were not taken."""
        is_right = error is None and self._wanted in (None, self._digest.digest())
        try:
            with _refusals_explained(self._path):
                self._file.close()
        except StorageUnavailable:
            self._path.unlink()
            raise
        if not is_right:
            self._path.unlink()
        if error is None and not is_right:
            raise CorruptOriginal


@contextmanager
def _refusals_explained(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StorageUnavailable(
            f"A pasta {path.parent} não aceitou o arquivo; confira o espaço em disco e a permissão."
        ) from error


def unreadable(path: Path, error: OSError) -> UnreadableFile:
    """Why a file cannot be read."""
    return UnreadableFile(f"{path}: {_reason(error)}.")


def _reason(error: OSError) -> str:
    if error.errno in (errno.EACCES, errno.EPERM):
        return "sem permissão de leitura; ajuste a permissão do arquivo e tente de novo"
    if error.errno == errno.ENOENT:
        return "o arquivo não existe; confira o caminho"
    return "o arquivo não pôde ser lido; confira o disco e a permissão"
