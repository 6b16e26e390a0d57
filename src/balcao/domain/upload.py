"""An announced upload: a file that is to arrive by itself, and is registered as a document once it did."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from balcao.domain.errors import InvalidInput, PayloadTooLarge
from balcao.domain.ids import UploadId
from balcao.domain.text import require_storable

UPLOAD_LIFE = timedelta(hours=24)
"""How long the file may take to arrive and be completed; what arrived and was not is then removed."""
_LONGEST_NAME = 255
_CONTROL = re.compile(r"[\x01-\x1f\x7f]")
_DIGEST_BYTES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A file of ``size`` bytes with this SHA-256 that is to arrive until ``expires_at``."""

    id: UploadId
    file_name: str
    size: int
    sha256: bytes
    expires_at: datetime

    def is_live(self, now: datetime) -> bool:
        """Whether it may still be completed."""
        return now < self.expires_at


def clean_file_name(name: str) -> str:
    """The last part of a file's name as its sender called it, whatever his system separates folders with.

    Raises:
        InvalidInput, InvalidText: nothing is left of it, or it cannot be kept.
    """
    require_storable(name, param="file")
    kept = _CONTROL.sub("", re.split(r"[/\\]", name)[-1]).strip()
    if not kept or len(kept) > _LONGEST_NAME:
        raise InvalidInput(f"O nome do arquivo tem de 1 a {_LONGEST_NAME} caracteres.", param="file")
    return kept


def check_upload(upload: Upload, *, max_bytes: int) -> None:
    """Refuse what cannot be a file, or is too large a one.

    Raises:
        InvalidInput: size or digest cannot be a file's.
        PayloadTooLarge: the file is larger than ``max_bytes``.
    """
    if len(upload.sha256) != _DIGEST_BYTES:
        raise InvalidInput("O SHA-256 tem 64 dígitos hexadecimais.", param="sha256")
    if upload.size < 1:
        raise InvalidInput("O arquivo está vazio (0 bytes); envie um arquivo com conteúdo.", param="size")
    if upload.size > max_bytes:
        raise PayloadTooLarge(f"O arquivo passa de {max_bytes} bytes (MAX_UPLOAD_BYTES); divida-o.", param="size")
