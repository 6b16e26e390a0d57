"""DOC of Word 97 to 2003, by antiword where it is installed."""

import shutil
import subprocess
from pathlib import Path

from balcao.domain.document import PageText
from balcao.domain.errors import ContentMismatch, ExtractionFailed, UnsupportedFormat
from balcao.infrastructure.external.extraction.clean import clean
from balcao.infrastructure.external.extraction.docx import parse_docx
from balcao.infrastructure.external.extraction.parsed import OPENING_LENGTH, ExtractionLimits, ParsedFile
from balcao.infrastructure.external.extraction.rtf import parse_rtf, table_rows

_OLE = b"\xd0\xcf\x11\xe0"
_COMMAND = ("-m", "UTF-8.txt", "-w", "0", "-t")
_MISSING = (
    "este servidor não lê DOC antigo; instale nele o pacote antiword (apt-get install) ou salve o documento como DOCX "
    "e envie."
)
_BROKEN = "o DOC está corrompido, tem senha ou é de uma versão do Word que não se lê; salve-o como DOCX e envie."
_SECONDS = 20


def parse_doc(path: Path, limits: ExtractionLimits) -> ParsedFile:
    """A DOC as one page; what is but called DOC, and is an RTF or a DOCX as editors write them, is read as that.

    Raises:
        ContentMismatch: it is none of these.
        UnsupportedFormat: antiword is not installed.
        ExtractionFailed: it is broken or protected.
    """
    with path.open("rb") as file:
        start = file.read(8)
    if start.startswith(b"{\\rtf"):
        return parse_rtf(path)
    if start.startswith(b"PK"):
        return parse_docx(path, limits)
    if not start.startswith(_OLE):
        raise ContentMismatch("o conteúdo não é um DOC; abra-o no editor e salve-o como DOCX, ou corrija a extensão.")
    program = shutil.which("antiword")
    if program is None:
        raise UnsupportedFormat(_MISSING)
    try:
        command = [program, *_COMMAND, str(path.absolute())]
        answer = subprocess.run(command, capture_output=True, timeout=_SECONDS, check=True)
    except (subprocess.TimeoutExpired, subprocess.CalledProcessError) as error:
        raise ExtractionFailed(_BROKEN) from error
    text = clean(table_rows(answer.stdout.decode("utf-8", errors="replace")))
    return ParsedFile(pages=(PageText(number=None, text=text),), opening=text[:OPENING_LENGTH])
