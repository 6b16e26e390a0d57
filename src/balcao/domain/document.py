"""A document of the global collection, its chunks and their embeddings."""

from array import array
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

from balcao.domain.acts import Act
from balcao.domain.ente import Ente
from balcao.domain.ids import ChunkId, DocumentId
from balcao.domain.page_boxes import LineBox
from balcao.domain.validity import Validity

EMBEDDING_DIMENSIONS = 1536
"""Width of every vector: that of text-embedding-3-small (ADR 001), and of the column that stores them."""

Vector: TypeAlias = "array[float]"
"""Numbers of single precision (type "f"): 6 kB for 1,536 of them, where a tuple of Python's floats takes 49."""


class DocumentState(StrEnum):
    """Where a document is in its life; only ``DISPONIVEL`` is searched."""

    PROCESSANDO = "processando"
    AGUARDANDO_CONFIRMACAO = "aguardando_confirmacao"
    DISPONIVEL = "disponivel"
    FALHOU = "falhou"
    SUBSTITUIDO = "substituido"


@dataclass(frozen=True, slots=True, kw_only=True)
class Embedding:
    """A vector and the model that made it; vectors of different models are never compared."""

    vector: Vector
    model: str

    @property
    def dimensions(self) -> int:
        """Length of the vector."""
        return len(self.vector)


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentMetadata:
    """What is known of a file besides its text (v2.0's fields). Sizes in bytes; dates as the file states them.

    ``source`` is where the document comes from for good: a URL, a path or a name that somebody gave. An upload's file
    name is none.
    """

    source: str | None
    file_size: int = 0
    file_type: str = ""
    page_count: int | None = None
    word_count: int | None = None
    language: str = "pt-BR"
    author: str | None = None
    title: str | None = None
    subject: str | None = None
    creation_date: str | None = None
    modification_date: str | None = None
    custom_fields: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentChunk:
    """A passage of a document.

    ``original_content`` is exactly ``document.content[start_char:end_char]``; ``context`` is the line before it that
    says whose text and which part of it this is, with its line end, or empty. ``page`` counts from 1 and is None where
    the format has no pages; ``path`` is the place in the document's structure ("Título II > Capítulo I > Art. 5º").
    ``lines`` are those that hold the passage, at the document's offsets, where the format has pages: ``boxes_of`` makes
    rectangles of them.
    """

    id: ChunkId
    document_id: DocumentId
    original_content: str
    chunk_index: int
    start_char: int
    end_char: int
    context: str = ""
    page: int | None = None
    path: str | None = None
    lines: tuple[LineBox, ...] = ()
    embedding: Embedding | None = None
    created_at: datetime | None = None

    @property
    def content(self) -> str:
        """The text behind its context: what is embedded."""
        return self.context + self.original_content


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """An official document: its text, where it came from, and whose act it is.

    ``file_path`` is the key of the original in file storage and ``file_name`` what its file was called; ``sha256`` is
    the digest of the file's bytes and ``text_sha256`` that of its extracted text, None until it is read, both 32 bytes.
    ``act`` is the normative act that the document is, where its title says so. Versions of one source count from 1;
    ``replaced_by`` is the newer one. ``title_given`` and ``ente_given``: a person said it, it was not recognised.
    """

    id: DocumentId
    title: str
    content: str
    file_path: str
    sha256: bytes
    text_sha256: bytes | None
    ente: Ente
    metadata: DocumentMetadata
    file_name: str = ""
    act: Act | None = None
    tags: tuple[str, ...] = ()
    validity: Validity = field(default_factory=Validity)
    title_given: bool = False
    ente_given: bool = False
    version: int = 1
    replaced_by: DocumentId | None = None
    state: DocumentState = DocumentState.PROCESSANDO
    chunks: tuple[DocumentChunk, ...] = ()
    created_at: datetime | None = None
    updated_at: datetime | None = None

    def after(self, older: "Document") -> "Document":
        """This document as the next version of its source: what people said of the older one, and nobody of this one,
        goes on holding. What was revoked does not come into force because its file changed.
        """
        keeps_title = older.title_given and not self.title_given
        keeps_ente = older.ente_given and not self.ente_given
        return replace(
            self,
            title=older.title if keeps_title else self.title,
            act=older.act if keeps_title else self.act,
            title_given=self.title_given or older.title_given,
            ente=older.ente if keeps_ente else self.ente,
            ente_given=self.ente_given or older.ente_given,
            tags=self.tags or older.tags,
            validity=self.validity.completed_by(older.validity),
            version=older.version + 1,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadingStart:
    """Where a line begins that the file itself marks as a heading; ``level`` 1 is the widest."""

    start_char: int
    level: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PageText:
    """The text of one page, or of a whole file that has no pages (``number`` None).

    ``lines`` tell where the page's lines stand on it, and ``headings`` which of them are headings by the file's own
    styles, both in order and at offsets of ``text``.
    """

    number: int | None
    text: str
    lines: tuple[LineBox, ...] = ()
    headings: tuple[HeadingStart, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtractedDocument:
    """What an extractor read from a file: its pages in order, its title as the document itself gives it, metadata."""

    title: str
    pages: tuple[PageText, ...]
    metadata: DocumentMetadata


@dataclass(frozen=True, slots=True, kw_only=True)
class PageStart:
    """Where a page begins in a document's content: the offset of its first character."""

    number: int | None
    start_char: int


def join_pages(pages: tuple[PageText, ...]) -> tuple[str, tuple[PageStart, ...]]:
    """The content of a document from its pages (one line break between them), and where each page begins in it."""
    starts: list[PageStart] = []
    offset = 0
    for page in pages:
        starts.append(PageStart(number=page.number, start_char=offset))
        offset += len(page.text) + 1
    return "\n".join(page.text for page in pages), tuple(starts)


def join_lines(pages: tuple[PageText, ...]) -> tuple[LineBox, ...]:
    """The lines of all pages, in order, at their offsets in the content that ``join_pages`` makes."""
    _, starts = join_pages(pages)
    return tuple(
        replace(line, start_char=page_start.start_char + line.start_char)
        for page, page_start in zip(pages, starts, strict=True)
        for line in page.lines
    )


def join_headings(pages: tuple[PageText, ...]) -> tuple[HeadingStart, ...]:
    """The headings of all pages, in order, at their offsets in the content that ``join_pages`` makes."""
    _, starts = join_pages(pages)
    return tuple(
        replace(heading, start_char=page_start.start_char + heading.start_char)
        for page, page_start in zip(pages, starts, strict=True)
        for heading in page.headings
    )
