"""Which formats are read, by the extensions of files' names."""

from pathlib import PurePath

from balcao.domain.errors import UnsupportedFormat

FILE_TYPES = {
    ".pdf": "pdf",
    ".docx": "docx",
    ".odt": "odt",
    ".rtf": "rtf",
    ".doc": "doc",
    ".html": "html",
    ".htm": "html",
    ".txt": "txt",
    ".md": "md",
    ".markdown": "md",
    ".png": "png",
    ".jpg": "jpeg",
    ".jpeg": "jpeg",
    ".tif": "tiff",
    ".tiff": "tiff",
}


def type_of(file_name: str) -> str:
    """The type of a file of this name.

    Raises:
        UnsupportedFormat: it is not one of those read here; the message names the file.
    """
    file_type = FILE_TYPES.get(PurePath(file_name).suffix.lower())
    if file_type is None:
        raise UnsupportedFormat(
            f"{file_name}: formato não aceito; use PDF, DOCX, ODT, RTF, DOC, HTML, TXT, MD, PNG, JPEG ou TIFF."
        )
    return file_type
