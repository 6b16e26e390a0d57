"""What the command line is asked to ingest: files, folders, patterns, the standard input and addresses."""

import glob
import os
import shutil
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from balcao.domain.errors import EmptyFile, InvalidInput, UnreadableFile
from balcao.domain.text import storable_path
from balcao.infrastructure.addresses import IpAddress, without_credentials
from balcao.infrastructure.external.web_download import WebDownload

STANDARD_INPUT = "-"


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalFile:
    """A file on this machine; ``source`` is where it comes from for good, where that is known."""

    path: Path
    file_name: str
    source: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestionInput:
    """One thing to ingest: ``place`` is where it is, ``name`` what to call the standard input.

    With ``internal`` an address may be of this machine or its network. ``was_found`` says that nobody named it: it is
    of a folder, or matches a pattern.
    """

    place: str
    name: str | None = None
    internal: bool = False
    was_found: bool = False

    @property
    def label(self) -> str:
        """What the person calls it; never a password."""
        return without_credentials(self.place) if is_address(self.place) else self.place

    @asynccontextmanager
    async def local(self) -> AsyncIterator[LocalFile]:
        """The file, for as long as the context lasts; what comes from elsewhere is a temporary one.

        Raises:
            UnreadableFile, EmptyFile: it cannot be had, or its path is longer than what is kept; the message names it.
        """
        if self.place == STANDARD_INPUT:
            with TemporaryDirectory(prefix="balcao-") as folder:
                yield LocalFile(
                    path=_from_standard_input(Path(folder), self.name or ""), file_name=self.name or "", source=None
                )
        elif is_address(self.place):
            download = WebDownload(is_allowed=_anything) if self.internal else WebDownload()
            with TemporaryDirectory(prefix="balcao-") as folder:
                path = await download.fetch(self.place, Path(folder))
                yield LocalFile(path=path, file_name=path.name, source=self.label)
        else:
            path = Path(self.place)
            if glob.has_magic(self.place) and not _exists(path):
                raise UnreadableFile(f"{self.place}: nenhum arquivo combina com o padrão.")
            yield LocalFile(path=path, file_name=path.name, source=_place_of(path))


def is_address(text: str) -> bool:
    """Whether it is an http(s) address."""
    return text.lower().startswith(("http://", "https://"))


def inputs_of(arguments: list[str], *, name: str | None, internal: bool = False) -> list[IngestionInput]:
    """One input a file, in order, each once; folders are looked into, patterns matched.

    Raises:
        InvalidInput: the standard input was asked for without a name that says its format.
    """
    if STANDARD_INPUT in arguments and not name:
        raise InvalidInput('A entrada padrão ("-") precisa de --nome, com a extensão do formato: --nome aviso.txt.')
    places: dict[str, bool] = {}
    for argument in arguments:
        for place in _places(argument):
            places[place] = places.get(place, True) and place != argument
    return [
        IngestionInput(place=place, name=name, internal=internal, was_found=was_found)
        for place, was_found in places.items()
    ]


def _anything(_address: IpAddress) -> bool:
    return True


def _place_of(path: Path) -> str:
    """The path as source: absolute, links followed; one that leads round and round stays as it is."""
    return storable_path(os.path.realpath(path))


def _places(argument: str) -> Iterator[str]:
    if argument == STANDARD_INPUT or is_address(argument):
        yield argument
        return
    path = Path(argument)
    if not _exists(path) and glob.has_magic(argument):
        matches = sorted(glob.glob(argument, recursive=True))  # noqa: PTH207 - a pattern may be absolute
        yield from (place for match in matches for place in _places(match)) if matches else [argument]
    elif _is_folder(path):
        yield from (str(found) for found in sorted(_inside(path)))
    else:
        yield argument


def _inside(folder: Path, above: tuple[Path, ...] = ()) -> Iterator[Path]:
    """Files of a folder and its folders, hidden ones left out; a folder that cannot be listed stands for itself.

    A link to a folder is followed, unless it leads back to one of the folders ``above``.
    """
    place = folder.resolve()
    if place in above:
        return
    try:
        entries = [entry for entry in folder.iterdir() if not entry.name.startswith(".")]
    except OSError:
        yield folder
        return
    for entry in entries:
        if _is_folder(entry):
            yield from _inside(entry, (*above, place))
        else:
            yield entry


def _is_folder(path: Path) -> bool:
    """Whether it is known to be one; of what may not even be looked at, reading says why."""
    try:
        return path.is_dir()
    except OSError:
        return False


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:
        return False


def _from_standard_input(folder: Path, name: str) -> Path:
    path = folder / Path(name).name
    with path.open("wb") as file:
        shutil.copyfileobj(sys.stdin.buffer, file)
    if not path.stat().st_size:
        raise EmptyFile(f"{name}: a entrada padrão está vazia; envie um documento por ela.")
    return path
