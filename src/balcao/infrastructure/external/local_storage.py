"""Originals in a folder of this machine."""

import asyncio
import errno
import hashlib
import os
import shutil
import stat
from pathlib import Path
from tempfile import NamedTemporaryFile

from balcao.domain.errors import EmptyFile, InvalidConfiguration, UnreadableFile


class LocalFileStorage:
    """FileStorage under one folder, which is created when the first original arrives."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def digest(self, path: Path) -> bytes:
        """SHA-256 of the file."""
        return await asyncio.to_thread(_digest, path)

    async def put(self, path: Path, *, key: str) -> None:
        """Copy the file beside its place, then move it there: an original is whole or absent."""
        try:
            await asyncio.to_thread(self._copy, path, self._folder / key)
        except OSError as error:
            if error.filename == str(path):
                raise UnreadableFile(f"{path}: {_reason(error)}.") from error
            raise InvalidConfiguration(
                f"A pasta {self._folder} não pode ser escrita; confira o espaço em disco e a permissão."
            ) from error

    async def exists(self, key: str) -> bool:
        """Whether the original is there."""
        return await asyncio.to_thread((self._folder / key).is_file)

    async def delete(self, key: str) -> None:
        """Remove the original."""
        await asyncio.to_thread((self._folder / key).unlink, missing_ok=True)

    @staticmethod
    def _copy(source: Path, target: Path) -> None:
        if target.is_file():
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        with source.open("rb") as original, NamedTemporaryFile(dir=target.parent, delete=False) as copy:
            shutil.copyfileobj(original, copy)
            copy.flush()
            os.fsync(copy.fileno())
        Path(copy.name).replace(target)


def _digest(path: Path) -> bytes:
    try:
        kind = path.stat().st_mode
        if stat.S_ISDIR(kind):
            raise UnreadableFile(f"{path}: a pasta não pôde ser aberta; ajuste a permissão e tente de novo.")
        if not stat.S_ISREG(kind):  # opening a named pipe would wait for its writer
            raise UnreadableFile(f"{path}: não é um arquivo; informe o caminho de um documento.")
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").digest()
            size = file.tell()
    except OSError as error:
        raise UnreadableFile(f"{path}: {_reason(error)}.") from error
    if size == 0:
        raise EmptyFile(f"{path}: o arquivo está vazio (0 bytes); envie um arquivo com conteúdo.")
    return digest


def _reason(error: OSError) -> str:
    if error.errno in (errno.EACCES, errno.EPERM):
        return "sem permissão de leitura; ajuste a permissão do arquivo e tente de novo"
    if error.errno == errno.ENOENT:
        return "o arquivo não existe; confira o caminho"
    return "o arquivo não pôde ser lido; confira o disco e a permissão"
