"""JSON with one spelling for each value, so that a digest of it means the value: RFC 8785, without its fractions.

Of RFC 8785 (JSON Canonicalization Scheme) this keeps: no white space, members ordered by the UTF-16 code units of
their names, the shortest escapes, UTF-8. Numbers are whole and exact in an IEEE 754 double, so that the scheme's one
difficult part, how fractions are printed, never arises.
"""

import json
from collections.abc import Mapping, Sequence
from typing import TypeAlias

Json: TypeAlias = "bool | int | str | Sequence[Json] | Mapping[str, Json] | None"

_LARGEST = 2**53 - 1


def canonical_json(value: Json) -> str:
    """The value's only spelling.

    Raises:
        ValueError: a number is not whole or larger than a double counts exactly, or a string holds NUL, which
            PostgreSQL refuses, or half a surrogate pair.
    """
    return json.dumps(_ordered(value), ensure_ascii=False, separators=(",", ":"))


def _ordered(value: Json) -> object:
    match value:
        case None | bool():
            return value
        case int():
            if abs(value) > _LARGEST:
                raise ValueError(f"{value} is too large")
            return value
        case str():
            return _text(value)
        case Mapping():
            names = sorted((_text(name) for name in value), key=lambda name: name.encode("utf-16-be"))
            return {name: _ordered(value[name]) for name in names}
        case Sequence():
            return [_ordered(item) for item in value]
    raise ValueError(f"no canonical spelling for {type(value).__name__}")


def _text(text: str) -> str:
    text.encode("utf-8")  # raises UnicodeEncodeError, a ValueError, for half a pair
    if "\x00" in text:
        raise ValueError("a string holds NUL")
    return text
