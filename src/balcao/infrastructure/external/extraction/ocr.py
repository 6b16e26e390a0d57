"""OCR by Tesseract, a process for each page.

"por" alone never gives "§", hence "por+eng". The manual asks for 300 dpi (tesseract(1); "Improving the quality of the
output" in tessdoc).
"""

import re
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass

from balcao.domain.errors import ExtractionFailed
from balcao.infrastructure.external.extraction.lines import TextLine
from balcao.infrastructure.external.extraction.parsed import ExtractionLimits

DOTS_PER_INCH = 300
MOST_PIXELS = 25_000_000
"""Of a page that is drawn or scaled for OCR: an A3 sheet at 300 dpi has 17 million."""

MISSING = (
    "sem camada de texto: o arquivo é só imagem, e este servidor não tem OCR em português; instale nele os pacotes "
    "tesseract-ocr e tesseract-ocr-por (apt-get install) e envie de novo, ou envie um arquivo com texto."
)

_LANGUAGE = "por"
_LANGUAGES = "por+eng"
_WORD_LEVEL = "5"
_ORDINAL = re.compile(r"(?<=\d)°(?![CFNSEWLO]\b|\s[CF]\b|\s?\d)")
"""A degree sign behind a number that is neither a temperature nor a place: what Tesseract takes "º" for."""
_LEAST_CONFIDENCE = 20.0
_MARGIN_SECONDS = 5.0  # left to the page's other costs, drawing first of all


@dataclass(frozen=True, slots=True, kw_only=True)
class GreyImage:
    """An image in 8-bit grey, ``width * height`` bytes; ``scale`` of its pixels make one unit of the page."""

    width: int
    height: int
    pixels: bytes
    scale: float


def find_reader(limits: ExtractionLimits) -> "Reader | None":
    """Tesseract where it is installed with Portuguese, else None."""
    program = shutil.which("tesseract")
    if program is None:
        return None
    listed = subprocess.run([program, "--list-langs"], capture_output=True, text=True, timeout=10, check=False)
    languages = listed.stdout.split()
    if _LANGUAGE not in languages:
        return None
    return Reader(program, _LANGUAGES if "eng" in languages else _LANGUAGE, limits)


class Reader:
    """Reads images of pages; each page may take ``wall_seconds`` and tells the waiting process that it begins."""

    def __init__(self, program: str, languages: str, limits: ExtractionLimits) -> None:
        self._command = [program, "stdin", "stdout", "-l", languages, "--dpi", str(DOTS_PER_INCH), "tsv"]
        self._limits = limits

    def read(self, draw: Callable[[], GreyImage], name: str) -> list[TextLine]:
        """The lines of the page that ``draw`` gives, in Tesseract's reading order, measured in units of the page.

        Raises:
            ExtractionFailed: it costs more than the limits; the message calls the page ``name``.
        """
        begin_page(self._limits)
        image = draw()
        header = f"P5 {image.width} {image.height} 255\n".encode()
        seconds = max(1.0, self._limits.wall_seconds - _MARGIN_SECONDS)
        try:
            answer = subprocess.run(
                self._command, input=header + image.pixels, capture_output=True, timeout=seconds, check=True
            )
        except (subprocess.TimeoutExpired, subprocess.CalledProcessError) as error:
            raise ExtractionFailed(
                f"a {name} não pôde ser lida por OCR dentro do limite de tempo e de memória; digitalize-a de novo, "
                "em 300 dpi, e envie."
            ) from error
        return _lines(answer.stdout.decode("utf-8", errors="replace"), image.scale)


def begin_page(limits: ExtractionLimits) -> None:
    """Grant this process the processor time of one more page, and tell its parent, by a line break, that one begins."""
    spent = resource.getrusage(resource.RUSAGE_SELF)
    granted = int(spent.ru_utime + spent.ru_stime) + 1 + limits.cpu_seconds
    _, most = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (granted if most == resource.RLIM_INFINITY else min(granted, most), most))
    sys.stdout.write("\n")
    sys.stdout.flush()


def _lines(table: str, scale: float) -> list[TextLine]:
    """Lines from Tesseract's TSV: level, page, block, paragraph, line, word, left, top, width, height, conf, text."""
    lines: dict[tuple[str, ...], list[tuple[float, float, float, float, str]]] = {}
    for row in table.split("\n")[1:]:
        cells = row.rstrip("\r").split("\t", 11)
        if len(cells) < 12 or cells[0] != _WORD_LEVEL or not cells[11].strip() or float(cells[10]) < _LEAST_CONFIDENCE:
            continue
        left, top, width, height = (int(cell) / scale for cell in cells[6:10])
        lines.setdefault(tuple(cells[1:5]), []).append((left, top, left + width, top + height, cells[11].strip()))
    return [
        TextLine(
            text=_ORDINAL.sub("º", " ".join(word[4] for word in words)),
            x0=min(word[0] for word in words),
            y0=min(word[1] for word in words),
            x1=max(word[2] for word in words),
            y1=max(word[3] for word in words),
            row=row,
        )
        for row, words in enumerate(lines.values())
    ]
