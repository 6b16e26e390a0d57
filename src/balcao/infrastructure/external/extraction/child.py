"""The process that parses one file: ``python -m balcao.infrastructure.external.extraction.child PATH TYPE LIMITS``.

It limits its own memory and time, imports only the library that the type needs, and writes one JSON object to standard
output: the parsed file, or the error's code and message. A line break before it says that a page is about to be read by
OCR, which takes a while. Hostile files end here, not in the process that serves people.
"""

import json
import os
import resource
import sys
from dataclasses import asdict
from pathlib import Path

from balcao.domain.errors import EmptyFile, ExtractionFailed, UnusableFile
from balcao.domain.page_boxes import encode_lines
from balcao.infrastructure.external.extraction.parsed import ExtractionLimits, ParsedFile, heading_starts
from balcao.infrastructure.external.extraction.titles import title_of

_PATIENCE = 5


def parse(path: Path, file_type: str, limits: ExtractionLimits) -> ParsedFile:
    """A file by its type, one of those of ``formats.FILE_TYPES``.

    Raises:
        UnusableFile: why it cannot be used; the message does not name the file.
    """
    match file_type:
        case "pdf":
            from balcao.infrastructure.external.extraction.pdf import parse_pdf

            return parse_pdf(path, limits)
        case "png" | "jpeg" | "tiff":
            from balcao.infrastructure.external.extraction.image import parse_image

            return parse_image(path, limits)
        case "docx":
            from balcao.infrastructure.external.extraction.docx import parse_docx

            return parse_docx(path, limits)
        case "odt":
            from balcao.infrastructure.external.extraction.odt import parse_odt

            return parse_odt(path, limits)
        case "doc":
            from balcao.infrastructure.external.extraction.doc import parse_doc

            return parse_doc(path, limits)
        case "rtf":
            from balcao.infrastructure.external.extraction.rtf import parse_rtf

            return parse_rtf(path)
        case "html":
            from balcao.infrastructure.external.extraction.html import parse_html

            return parse_html(path)
        case "md":
            from balcao.infrastructure.external.extraction.text import parse_markdown

            return parse_markdown(path)
        case _:
            from balcao.infrastructure.external.extraction.text import parse_text

            return parse_text(path)


def answer(path: Path, file_type: str, limits: ExtractionLimits) -> dict[str, object]:
    """What the process writes: the parsed file with its title and headings, or "error" and "message"."""
    try:
        parsed = parse(path, file_type, limits)
        length = sum(len(page.text) for page in parsed.pages)
        if not any(page.text.strip() for page in parsed.pages):
            raise EmptyFile("o arquivo não tem texto nenhum; envie um arquivo com conteúdo.")
        if length > limits.text_length:
            raise ExtractionFailed("o texto é grande demais; divida o documento e envie as partes.")
    except UnusableFile as error:
        return {"error": error.code, "message": error.message}
    except MemoryError:
        return {"error": ExtractionFailed.code, "message": "o arquivo é complexo demais; simplifique-o ou divida-o."}
    has_map = sum(len(page.lines) for page in parsed.pages) <= limits.lines
    return {
        "title": title_of(parsed, path),
        "pages": [[page.number, page.text, encode_lines(page.lines) if has_map else []] for page in parsed.pages],
        "headings": list(heading_starts(parsed.pages[0].text, parsed.headings, parsed.levels)),
        "stated": parsed.stated,
        "recognised": parsed.recognised,
        "unread": parsed.unread,
    }


def limit_this_process(limits: ExtractionLimits) -> None:
    """Bound memory and processor time; beyond them allocation fails and the kernel ends the process.

    Whoever serves people goes first. Processes that it starts inherit all of it. What pages read by OCR may cost
    besides is granted one by one.
    """
    os.nice(_PATIENCE)
    resource.setrlimit(resource.RLIMIT_AS, (limits.memory, limits.memory))
    most = limits.cpu_seconds * (1 + limits.ocr_pages)
    resource.setrlimit(resource.RLIMIT_CPU, (limits.cpu_seconds, most))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def encode_limits(limits: ExtractionLimits) -> str:
    """Limits as a command line argument."""
    return json.dumps(asdict(limits))


def main() -> None:
    """Parse the file that the command line names."""
    path, file_type, encoded = sys.argv[1:]
    limits = ExtractionLimits(**json.loads(encoded))
    limit_this_process(limits)
    sys.stdout.write(json.dumps(answer(Path(path), file_type, limits)))


if __name__ == "__main__":
    main()
