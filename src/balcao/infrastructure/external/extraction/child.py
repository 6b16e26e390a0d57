"""The process that parses one file: ``python -m balcao.infrastructure.external.extraction.child PATH TYPE LIMITS``.

It limits its own memory and time, imports only the library that the type needs, and writes one JSON object to standard
output: the parsed file, or the error's code and message. Hostile files end here, not in the process that serves people.
"""

import json
import resource
import sys
from dataclasses import asdict
from pathlib import Path

from balcao.domain.errors import EmptyFile, ExtractionFailed, UnusableFile
from balcao.infrastructure.external.extraction.parsed import ExtractionLimits, ParsedFile
from balcao.infrastructure.external.extraction.titles import title_of


def parse(path: Path, file_type: str, limits: ExtractionLimits) -> ParsedFile:
    """A file by its type, one of "pdf", "docx", "html", "txt" and "md".

    Raises:
        UnusableFile: why it cannot be used; the message does not name the file.
    """
    match file_type:
        case "pdf":
            from balcao.infrastructure.external.extraction.pdf import parse_pdf

            return parse_pdf(path, limits)
        case "docx":
            from balcao.infrastructure.external.extraction.docx import parse_docx

            return parse_docx(path, limits)
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
    """What the process writes: "title", "pages", "stated", or "error" and "message"."""
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
    pages = [[page.number, page.text] for page in parsed.pages]
    return {"title": title_of(parsed, path), "pages": pages, "stated": parsed.stated}


def limit_this_process(limits: ExtractionLimits) -> None:
    """Bound memory and processor time; beyond them allocation fails and the kernel ends the process."""
    resource.setrlimit(resource.RLIMIT_AS, (limits.memory, limits.memory))
    resource.setrlimit(resource.RLIMIT_CPU, (limits.cpu_seconds, limits.cpu_seconds))
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
