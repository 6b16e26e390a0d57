"""Divides a document's text into the passages that are searched and cited."""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from uuid import uuid4

from balcao.domain.document import Document, DocumentChunk, HeadingStart, PageStart
from balcao.domain.errors import InvalidConfiguration
from balcao.domain.ids import ChunkId
from balcao.domain.legal_blocks import Block, common_path, divide, parse_blocks
from balcao.domain.legal_structure import UnitKind
from balcao.domain.page_boxes import LineBox, lines_within
from balcao.domain.passage_splitter import PassageSplitter

_OPENING_LENGTH = 120  # characters of an article's or a table's opening that its later pieces carry as context


class TextChunker:
    """Cuts documents into chunks along their legal structure.

    ``chunk_size`` and ``overlap`` are in tokens, as ``count_tokens`` counts them: no chunk's ``original_content`` has
    more than ``chunk_size`` (save one made of a single character that is larger). An article stays whole when it fits,
    small neighbouring articles of a section share a chunk, and a heading goes with what follows it. Only the pieces of
    an article or paragraph too large for one chunk overlap. Where a page ends a chunk ends too, so that the page it is
    cited by holds all of it; a chunk that goes on with an article says in its context how that begins. ``contextual``
    puts before each chunk's text, in ``content``, a line that says where it comes from.

    Raises:
        InvalidConfiguration: the sizes cannot work together.
    """

    def __init__(
        self, *, chunk_size: int, overlap: int, count_tokens: Callable[[str], int], contextual: bool = True
    ) -> None:
        if chunk_size < 1 or not 0 <= overlap < chunk_size:
            raise InvalidConfiguration(
                f"O trecho ({chunk_size} tokens) deve ter ao menos 1 token e ser maior que a sobreposição ({overlap}); "
                "ajuste CHUNK_SIZE e CHUNK_OVERLAP."
            )
        self._chunk_size = chunk_size
        self._overlap = overlap
        self._count = count_tokens
        self._contextual = contextual

    def chunk_document_content(
        self,
        document: Document,
        page_starts: Sequence[PageStart],
        lines: Sequence[LineBox] = (),
        headings: Sequence[HeadingStart] = (),
        *,
        issuer: str = "",
    ) -> list[DocumentChunk]:
        """The chunks of ``document.content``, in order.

        ``original_content`` is ``document.content[start_char:end_char]`` and begins and ends in a non-blank character;
        every non-blank character of the content is in some chunk. ``page_starts`` are those of ``join_pages``, in
        order, ``lines`` those of ``join_lines``, ``headings`` those of ``join_headings``; a chunk's page is that of its
        first character. ``issuer`` names whose act it is, for the context line.
        """
        text = document.content
        chunks: list[DocumentChunk] = []
        offsets = [page.start_char for page in page_starts]
        levels = {heading.start_char: heading.level for heading in headings}
        for blocks, start, end in self._passages(text, parse_blocks(text, document.title, levels), offsets):
            original = text[start:end].strip()
            if not original:
                continue
            first = start + len(text[start:end]) - len(text[start:end].lstrip())
            position = bisect_right(offsets, first) - 1
            page = page_starts[position].number if position >= 0 else None
            path = common_path(blocks)
            begun = _begun(text, blocks[0], first)
            chunks.append(
                DocumentChunk(
                    id=ChunkId(uuid4()),
                    document_id=document.id,
                    original_content=original,
                    chunk_index=len(chunks),
                    start_char=first,
                    end_char=first + len(original),
                    context=_context(document, issuer, path, page, begun) if self._contextual else "",
                    page=page,
                    path=path,
                    lines=lines_within(lines, first, first + len(original)),
                )
            )
        return chunks

    def _passages(
        self, text: str, blocks: Sequence[Block], pages: Sequence[int]
    ) -> Iterator[tuple[Sequence[Block], int, int]]:
        """The blocks, start and end of each passage; ``pages`` are the offsets where a page begins."""
        packed: list[Block] = []
        for block in divide(blocks, pages):
            turns = packed and bisect_right(pages, packed[0].start) != bisect_right(pages, block.start)
            if packed and (turns or not self._belongs(text, packed, block)):
                yield packed, packed[0].start, packed[-1].end
                packed = []
            if packed or self._size(text, block.start, block.end) <= self._chunk_size:
                packed.append(block)
                continue
            overlap = 0 if block.opens is UnitKind.CONTENTS else self._overlap
            splitter = PassageSplitter(
                text, block, chunk_size=self._chunk_size, overlap=overlap, count_tokens=self._count
            )
            for start, end in splitter.pieces():
                yield [block], start, end
        if packed:
            yield packed, packed[0].start, packed[-1].end

    def _belongs(self, text: str, packed: Sequence[Block], block: Block) -> bool:
        """Whether a block goes into the same chunk as those before it."""
        start = packed[0].start
        if block.opens is UnitKind.ACT or self._size(text, start, block.end) > self._chunk_size:
            return False
        changes = UnitKind.CONTENTS in (block.opens, packed[-1].opens) or block.opens is UnitKind.HEADING
        return not changes or 2 * self._size(text, start, packed[-1].end) < self._chunk_size

    def _size(self, text: str, start: int, end: int) -> int:
        return self._count(text[start:end].strip())


def _begun(text: str, block: Block, start: int) -> str | None:
    """What a passage from ``start`` on continues: how its article begins, and a table's first row; None for neither."""
    units = (block.origin or block).units
    article = next((unit for unit in units if unit.kind is UnitKind.ARTICLE), None)
    table = next((unit for unit in units if unit.kind is UnitKind.TABLE and unit.start < start < unit.end), None)
    openings = []
    if article is not None and article.start < start and block.articles:
        openings.append(" ".join(text[article.start : article.end].replace("*", "").split()))
    if table is not None:
        openings.append(text[table.start : table.end].split("\n", 1)[0].replace("\t", " / "))
    return " | ".join(opening[:_OPENING_LENGTH].rstrip(".:… ") for opening in openings) or None


def _context(document: Document, issuer: str, path: str | None, page: int | None, begun: str | None) -> str:
    """The line before a chunk's text: document, issuer, place, page and how what it continues begins."""
    kind = f" ({document.metadata.file_type})" if document.metadata.file_type else ""
    place = [issuer, path, f"página {page}" if page else None, f"continuação de: {begun}…" if begun else None]
    return " | ".join([f"{document.title}{kind}", *(part for part in place if part)]) + "\n"
