"""Files that arrive by HTTP: written to a folder of this machine as they come, never held in memory."""

import asyncio
import shutil
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from fastapi import Request
from starlette.requests import ClientDisconnect

from balcao.domain.errors import RequestTooSlow
from balcao.domain.upload import clean_file_name
from balcao.interface.api.multipart import MultipartForm

_LONGEST_SECONDS = 24 * 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedForm:
    """A form with one file: its local copy, what its sender called it, and the other fields' values by name."""

    path: Path
    file_name: str
    fields: dict[str, list[str]]


@asynccontextmanager
async def received_form(request: Request, folder: Path) -> AsyncIterator[ReceivedForm]:
    """The form of a request, for as long as the context lasts.

    Raises:
        InvalidInput, InvalidText: it is no form with one file.
        PayloadTooLarge, RequestTooSlow: it does not fit its limits.
    """
    async with new_file(folder) as path:
        with MultipartForm(request.headers.get("content-type", ""), path) as form:
            async for piece in _pieces(request):
                await asyncio.to_thread(form.write, piece)
        yield ReceivedForm(path=path, file_name=clean_file_name(form.check()), fields=form.fields)


@asynccontextmanager
async def received_body(request: Request, folder: Path) -> AsyncIterator[Path]:
    """The body of a request as a local file, for as long as the context lasts.

    Raises:
        PayloadTooLarge, RequestTooSlow: it does not fit its limits.
    """
    async with new_file(folder) as path:
        with path.open("xb") as file:
            async for piece in _pieces(request):
                await asyncio.to_thread(file.write, piece)
        yield path


@asynccontextmanager
async def new_file(folder: Path) -> AsyncIterator[Path]:
    """The path of a file to be written, in a folder of its own that is removed when the context ends."""
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    with TemporaryDirectory(dir=folder) as own:
        yield Path(own, "arquivo")


def clear_leftovers(folder: Path) -> None:
    """Remove what a process that was killed left behind: no file takes a day to arrive."""
    for own in folder.glob("*"):
        with suppress(FileNotFoundError):  # its upload ended just now
            if time.time() - own.stat().st_mtime > _LONGEST_SECONDS:
                shutil.rmtree(own, ignore_errors=True)


async def _pieces(request: Request) -> AsyncIterator[bytes]:
    try:
        async for piece in request.stream():
            yield piece
    except ClientDisconnect as error:  # nobody is left to read what it means
        raise RequestTooSlow from error
