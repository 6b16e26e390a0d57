"""Which text can be kept: PostgreSQL stores neither NUL nor half a surrogate pair."""

import math
import re

from balcao.domain.errors import EmptyMessage, InvalidText, UnreadableFile

_UNSTORABLE = re.compile(r"[\x00\ud800-\udfff]")
_DEEPEST_JSON = 16
_LONGEST_PATH = 1000
_LONGEST_FILE_NAME = 200


def require_storable(value: object, *, param: str | None = None, depth: int = _DEEPEST_JSON) -> None:
    """Check every string and number of a JSON value.

    Raises:
        InvalidText: a string or key holds NUL or a lone surrogate, a number is not finite (RFC 8259 knows neither NaN
            nor infinity, though Python's parser takes them), or the value is nested too deeply.
    """
    if depth < 0:
        raise InvalidText("Os dados têm níveis demais; simplifique-os.", param=param)
    if isinstance(value, str):
        if _UNSTORABLE.search(value):
            raise InvalidText(param=param)
    elif isinstance(value, float):
        if not math.isfinite(value):
            raise InvalidText("Os dados têm um número infinito ou indefinido; corrija-o.", param=param)
    elif isinstance(value, dict):
        for key, item in value.items():
            require_storable(key, param=param, depth=depth - 1)
            require_storable(item, param=param, depth=depth - 1)
    elif isinstance(value, (list, tuple)):
        for item in value:
            require_storable(item, param=param, depth=depth - 1)


def clean_question(text: str, *, param: str = "message") -> str:
    """The question without surrounding space.

    Raises:
        EmptyMessage: nothing is left.
        InvalidText: it holds NUL or a lone surrogate.
    """
    require_storable(text, param=param)
    question = text.strip()
    if not question:
        raise EmptyMessage(param=param)
    return question


def storable_path(path: str) -> str:
    """A file's path as it is kept and shown; bytes of its name that are not UTF-8 (PEP 383) appear as ``\\xe7``.

    Raises:
        UnreadableFile: it is longer than the 1000 characters that are kept.
    """
    kept = path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    if len(kept) > _LONGEST_PATH:
        raise UnreadableFile(
            f"{kept[-60:]}: o caminho tem {len(kept)} caracteres, e o máximo é {_LONGEST_PATH}; mova o arquivo."
        )
    return kept


def short_file_name(name: str) -> str:
    """The end of a file's name, suffix included, in 200 bytes of UTF-8; most file systems allow 255."""
    return name.encode("utf-8", "replace")[-_LONGEST_FILE_NAME:].decode("utf-8", "ignore")
