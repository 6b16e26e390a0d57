"""The port ``TextExtractor``: one child process for each file."""

import asyncio
import json
import os
import signal
import stat
import sys
from contextlib import suppress
from pathlib import Path

import balcao
from balcao.domain.document import DocumentMetadata, ExtractedDocument, HeadingStart, PageText
from balcao.domain.errors import (
    ContentMismatch,
    EmptyFile,
    ExtractionFailed,
    NoTextLayer,
    UnreadableFile,
    UnsupportedFormat,
    UnusableFile,
)
from balcao.domain.page_boxes import decode_lines
from balcao.domain.text import storable_path
from balcao.infrastructure.external.extraction.child import encode_limits
from balcao.infrastructure.external.extraction.formats import type_of
from balcao.infrastructure.external.extraction.parsed import ExtractionLimits

_CHILD = "balcao.infrastructure.external.extraction.child"
_ERRORS = {
    cls.code: cls
    for cls in (ContentMismatch, EmptyFile, ExtractionFailed, NoTextLayer, UnsupportedFormat, UnusableFile)
}
_BYTES_PER_CHARACTER = 12
_PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "VIRTUAL_ENV", "LD_LIBRARY_PATH", "TESSDATA_PREFIX")
_READ_SIZE = 1 << 20
_PAGE_BEGINS = b"\n"
_TOO_COSTLY = "a leitura passou do limite de tempo ou de memória; divida ou simplifique o documento e envie de novo."
_BROKEN = "o arquivo está corrompido ou tem uma estrutura que o Balcão não lê; exporte-o de novo e envie."


class ChildProcessTextExtractor:
    """Reads the formats of ``formats``, each file in a process of its own."""

    def __init__(self, limits: ExtractionLimits | None = None) -> None:
        self._limits = limits or ExtractionLimits()

    def check_name(self, file_name: str) -> None:
        """Refuse by its name a file that ``extract`` would not open.

        Raises:
            UnsupportedFormat: the extension is not one of those read here.
        """
        type_of(file_name)

    async def extract(self, path: Path) -> ExtractedDocument:
        """The file's text by page, free of NUL and of unpaired surrogates, with its title and metadata.

        Raises:
            UnreadableFile: the path does not exist, is no file, or may not be read.
            UnsupportedFormat: the extension is not one of those read here.
            EmptyFile: it has no bytes, or no text but white space.
            ContentMismatch: the content is not what the extension says.
            NoTextLayer: it is but pictures, and there is no OCR, or it finds no text.
            ExtractionFailed: it is broken, protected, or costs more than the limits.
        """
        file_type, size = await asyncio.to_thread(_inspect, path, self._limits)
        reply = json.loads(await self._run_child(path, file_type))
        if "error" in reply:
            raise _ERRORS[reply["error"]](f"{path.name}: {reply['message']}")
        headings = tuple(HeadingStart(start_char=start, level=level) for start, level in reply["headings"])
        pages = tuple(
            PageText(number=number, text=text, lines=decode_lines(lines), headings=() if number else headings)
            for number, text, lines in reply["pages"]
        )
        metadata = DocumentMetadata(
            source=storable_path(str(await asyncio.to_thread(path.resolve))),
            file_size=size,
            file_type=file_type,
            page_count=len(pages) if pages[0].number is not None else None,
            word_count=sum(len(page.text.split()) for page in pages),
            title=reply["title"],
            custom_fields=_about_ocr(reply["recognised"], reply["unread"]),
            **reply["stated"],
        )
        return ExtractedDocument(title=reply["title"], pages=pages, metadata=metadata)

    async def _run_child(self, path: Path, file_type: str) -> bytes:
        """What the child wrote, at most what the text's limit allows; it and what it started end with this call."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", _CHILD, str(path), file_type, encode_limits(self._limits)),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env=_environment(),
            start_new_session=True,
        )
        try:
            async with asyncio.timeout(self._limits.wall_seconds) as deadline:
                output = await self._read(process, deadline)
                await process.wait()
        except (TimeoutError, OverflowError) as error:
            raise ExtractionFailed(f"{path.name}: {_TOO_COSTLY}") from error
        finally:
            with suppress(ProcessLookupError):  # the group outlives its leader while what that started runs
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
        if process.returncode:
            raise ExtractionFailed(f"{path.name}: {_BROKEN if process.returncode > 0 else _TOO_COSTLY}")
        return output

    async def _read(self, process: asyncio.subprocess.Process, deadline: asyncio.Timeout) -> bytes:
        """All that a process writes; a leading line break puts the deadline off, since a page of OCR begins.

        Raises:
            OverflowError: it writes more than the limits allow.
        """
        output = bytearray()
        begun = 0
        while process.stdout is not None and (piece := await process.stdout.read(_READ_SIZE)):
            if not output:
                text = piece.lstrip(_PAGE_BEGINS)
                begun += len(piece) - len(text)
                deadline.reschedule(asyncio.get_running_loop().time() + self._limits.wall_seconds)
                piece = text
            output += piece
            if len(output) > self._limits.text_length * _BYTES_PER_CHARACTER or begun > self._limits.ocr_pages:
                raise OverflowError
        return bytes(output)


def _about_ocr(recognised: list[int], unread: list[int]) -> dict[str, str]:
    """What a reader of the document should know of its pages without text, by number."""
    fields = {"paginas_lidas_por_ocr": recognised, "paginas_sem_texto": unread}
    return {name: ", ".join(map(str, pages)) for name, pages in fields.items() if pages}


def _inspect(path: Path, limits: ExtractionLimits) -> tuple[str, int]:
    """The type by extension, and the size in bytes, of a file that can be opened."""
    try:
        facts = path.stat()
        if not stat.S_ISREG(facts.st_mode):
            raise UnreadableFile(f"{path.name}: não é um arquivo; informe o caminho de um documento.")
        with path.open("rb"):
            pass
    except FileNotFoundError as error:
        raise UnreadableFile(f"{path.name}: arquivo não encontrado; confira o caminho.") from error
    except PermissionError as error:
        raise UnreadableFile(f"{path.name}: sem permissão de leitura; ajuste a permissão do arquivo.") from error
    except (OSError, ValueError) as error:
        raise UnreadableFile(f"{path.name}: o arquivo não pôde ser lido; confira o caminho e o disco.") from error
    file_type = type_of(path.name)
    if facts.st_size == 0:
        raise EmptyFile(f"{path.name}: o arquivo está vazio (0 bytes); envie um arquivo com conteúdo.")
    if facts.st_size > limits.file_size:
        most = limits.file_size // 1_000_000
        raise ExtractionFailed(f"{path.name}: o arquivo passa de {most} MB; divida-o e envie as partes.")
    return file_type, facts.st_size


def _environment() -> dict[str, str]:
    """The child's environment: no secret of this process reaches a parser of other people's files."""
    passed_on = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    return passed_on | {"PYTHONPATH": str(Path(balcao.__file__).parent.parent), "PYTHONIOENCODING": "utf-8"}
