"""What a format's parser hands over, and the limits it works within."""

from dataclasses import dataclass, field

from balcao.domain.document import PageText

OPENING_LENGTH = 20_000
"""How much of a text a title is looked for in, in characters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedFile:
    """A file's text as its format gives it, before a title is chosen.

    ``names`` are what the file calls itself outside its text (``<title>``, ``<h1>``, the title property), the most
    telling first; ``opening`` is the beginning of the text with page headers still in place; ``headings`` are in order.
    ``stated`` holds author, subject, creation_date and modification_date where the file states them.
    """

    pages: tuple[PageText, ...]
    opening: str
    names: tuple[str, ...] = ()
    headings: tuple[str, ...] = ()
    stated: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtractionLimits:
    """How much a file may cost: sizes in bytes, times in seconds, text in characters."""

    file_size: int = 100_000_000
    unpacked_size: int = 200_000_000
    text_length: int = 20_000_000
    pages: int = 10_000
    memory: int = 700_000_000
    cpu_seconds: int = 20
    wall_seconds: float = 60.0
