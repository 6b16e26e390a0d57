"""Documents that are ZIP archives of XML: opened with care, since a small archive may hold a huge document."""

import zipfile
from collections.abc import Collection
from pathlib import Path

from lxml import etree

from balcao.domain.errors import ContentMismatch, ExtractionFailed
from balcao.infrastructure.external.extraction.parsed import ExtractionLimits

_ZIP = b"PK"
_OLE = b"\xd0\xcf\x11\xe0"
_MOST_MEMBERS = 10_000
_DAMAGED = (zipfile.BadZipFile, EOFError, OSError, ValueError, NotImplementedError)
"""What zipfile raises over an archive that is cut, changed, or packed in a way that it does not know."""


def check_package(path: Path, main_part: str, name: str, limits: ExtractionLimits) -> Collection[str]:
    """The names of an archive's parts, if it has its main one; ``name`` is what the format is called.

    Raises:
        ContentMismatch: it is no archive, or one of something else.
        ExtractionFailed: it is broken, or unpacks to more than the limit.
    """
    with path.open("rb") as file:
        start = file.read(4)
    if start == _OLE:
        raise ContentMismatch(
            f"o conteúdo é um DOC antigo ou um {name} com senha; salve-o como {name} sem senha e envie."
        )
    if not start.startswith(_ZIP):
        raise ContentMismatch(
            f"o conteúdo não é um {name}; abra-o no editor e salve-o como {name}, ou corrija a extensão."
        )
    try:
        with zipfile.ZipFile(path) as package:
            members = package.infolist()
    except _DAMAGED as error:
        raise ExtractionFailed(broken(name)) from error
    if sum(member.file_size for member in members) > limits.unpacked_size or len(members) > _MOST_MEMBERS:
        raise ExtractionFailed(f"o {name} descompactado é grande demais; divida-o e envie as partes.")
    names = {member.filename for member in members}
    if main_part not in names:
        raise ContentMismatch(f"o conteúdo é um arquivo compactado, mas não um {name}; salve o documento como {name}.")
    return names


def read_part(path: Path, part: str, name: str) -> etree._Element:
    """A part's root element; entities are not expanded, and nothing outside of the file is read.

    Raises:
        ExtractionFailed: it is broken.
        MemoryError: it is larger than this process may grow.
    """
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        with zipfile.ZipFile(path) as package, package.open(part) as content:
            return etree.parse(content, parser).getroot()
    except etree.XMLSyntaxError as error:
        if error.code == etree.ErrorTypes.ERR_NO_MEMORY:
            raise MemoryError from error
        raise ExtractionFailed(broken(name)) from error
    except _DAMAGED as error:
        raise ExtractionFailed(broken(name)) from error


def broken(name: str) -> str:
    """What is said of a document of this format that cannot be opened."""
    return f"o {name} está corrompido; abra-o no editor, salve-o de novo e envie."
