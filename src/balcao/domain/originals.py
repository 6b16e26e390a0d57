"""The keys under which file storage keeps original files and uploads that are not documents yet."""

import codecs
import re
from uuid import UUID

UPLOADS = "envios/"
UNFINISHED = ".parcial-"
"""How the name of a copy begins that is not whole yet."""
_ORIGINAL = re.compile(r"(?P<folder>[0-9a-f]{2})/(?P<digest>(?P=folder)[0-9a-f]{62})(\.[a-z0-9]{1,10})?")

_WAITING = re.compile(rf"{UPLOADS}[0-9a-f-]{{36}}|(?:[0-9a-f]{{2}}|{UPLOADS.rstrip('/')})/{re.escape(UNFINISHED)}\w+")


def original_key(sha256: bytes, file_type: str) -> str:
    """Where the original with this digest is kept; ``file_type`` is its suffix without the dot, or empty."""
    name = sha256.hex()
    return f"{name[:2]}/{name}.{file_type}" if file_type else f"{name[:2]}/{name}"


def digest_in_key(key: str) -> bytes | None:
    """The SHA-256 that an original's bytes must have; None for the key of anything else."""
    match = _ORIGINAL.fullmatch(key)
    return bytes.fromhex(match["digest"]) if match else None


def is_ours(key: str) -> bool:
    """Whether only Balcão names what it stores so; whatever else lies in the same bucket or folder is none of ours."""
    return digest_in_key(key) is not None or bool(_WAITING.fullmatch(key))


def upload_key(upload_id: UUID) -> str:
    """Where the bytes of an upload wait until it is completed."""
    return f"{UPLOADS}{upload_id}"


_MEDIA_TYPES = {
    "pdf": "application/pdf",
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "tif": "image/tiff",
    "tiff": "image/tiff",
    "html": "text/html",
    "htm": "text/html",
    "txt": "text/plain",
    "md": "text/plain",
    "rtf": "application/rtf",
    "doc": "application/msword",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "odt": "application/vnd.oasis.opendocument.text",
}
"""By suffix, as IANA registers them; Markdown as the text that it is, since browsers show that."""


_SHOWN = frozenset({"application/pdf", "image/png", "image/jpeg"})
"""What browsers show by themselves and never run."""


def is_shown_by_browsers(media_type: str) -> bool:
    """Whether browsers show it by themselves without running anything of it."""
    return media_type in _SHOWN


def media_type_of(key: str) -> str:
    """The media type of what is stored under a key; of unknown bytes where its suffix says nothing."""
    return _MEDIA_TYPES.get(key.rpartition(".")[2], "application/octet-stream")


def charset_of(beginning: bytes) -> str:
    """UTF-8 where a text begins so (a character cut off at the end does not count), else Windows's old encoding."""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(beginning)
    except UnicodeDecodeError:
        return "windows-1252"
    return "utf-8"
