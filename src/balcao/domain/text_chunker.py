"""Divides a document's text into the passages that are searched and cited."""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from uuid import uuid4

from balcao.domain.document import Document, DocumentChunk, PageStart
from balcao.domain.errors import InvalidConfiguration
from balcao.domain.ids import ChunkId
from balcao.domain.legal_blocks import Block, common_path, parse_blocks
from balcao.domain.legal_structure import UnitKind
from balcao.domain.passage_splitter import PassageSplitter

_CAPUT_LENGTH = 120  # characters of an article's opening that its later pieces carry as context


class TextChunker:
    """Cuts documents into chunks along their legal structure.

    ``chunk_size`` and ``overlap`` are in tokens, as ``count_tokens`` counts them: no chunk's ``original_content`` has
    more than ``chunk_size`` (save one made of a single character that is larger). An article stays whole when it fits,
    small neighbouring articles of a section share a chunk, and a heading goes with what follows it. Only the pieces of
    an article or paragraph too large for one chunk overlap. ``contextual`` puts before each chunk's text, in
    ``content``, a line that says where it comes from.

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
        self, document: Document, page_starts: Sequence[PageStart], *, issuer: str = ""
    ) -> list[DocumentChunk]:
        """The chunks of ``document.content``, in order.

        ``original_content`` is ``document.content[start_char:end_char]`` and begins and ends in a non-blank character;
        every non-blank character of the content is in some chunk. ``page_starts`` are those of ``join_pages``, in
        order; a chunk's page is that of its first character. ``issuer`` names whose act it is, for the context line.
        """
        text = document.content
        chunks: list[DocumentChunk] = []
        offsets = [page.start_char for page in page_starts]
        for blocks, start, end, continues in self._passages(text, parse_blocks(text, document.title)):
            original = text[start:end].strip()
            if not original:
                continue
            first = start + len(text[start:end]) - len(text[start:end].lstrip())
            position = bisect_right(offsets, first) - 1
            page = page_starts[position].number if position >= 0 else None
            path = common_path(blocks)
            caput = _caput(text, blocks[0]) if continues else None
            chunks.append(
                DocumentChunk(
                    id=ChunkId(uuid4()),
                    document_id=document.id,
                    content=_context(document, issuer, path, page, caput) + original if self._contextual else original,
                    original_content=original,
                    chunk_index=len(chunks),
                    start_char=first,
                    end_char=first + len(original),
                    page=page,
                    path=path,
                )
            )
        return chunks

    def _passages(self, text: str, blocks: Sequence[Block]) -> Iterator[tuple[Sequence[Block], int, int, bool]]:
        """The blocks, start and end of each passage, and whether it continues an article that began before it."""
        packed: list[Block] = []
        for block in blocks:
            if packed and not self._belongs(text, packed, block):
                yield packed, packed[0].start, packed[-1].end, False
                packed = []
            if packed or self._size(text, block.start, block.end) <= self._chunk_size:
                packed.append(block)
                continue
            overlap = 0 if block.opens is UnitKind.CONTENTS else self._overlap
            splitter = PassageSplitter(
                text, block, chunk_size=self._chunk_size, overlap=overlap, count_tokens=self._count
            )
            for index, (start, end) in enumerate(splitter.pieces()):
                yield [block], start, end, index > 0 and bool(block.articles)
        if packed:
            yield packed, packed[0].start, packed[-1].end, False

    def _belongs(self, text: str, packed: Sequence[Block], block: Block) -> bool:
        """Whether a block goes into the same chunk as those before it."""
        start = packed[0].start
        if block.opens is UnitKind.ACT or self._size(text, start, block.end) > self._chunk_size:
            return False
        changes = UnitKind.CONTENTS in (block.opens, packed[-1].opens) or block.opens is UnitKind.HEADING
        return not changes or 2 * self._size(text, start, packed[-1].end) < self._chunk_size

    def _size(self, text: str, start: int, end: int) -> int:
        return self._count(text[start:end].strip())


def _caput(text: str, block: Block) -> str:
    article = next(unit for unit in block.units if unit.kind is UnitKind.ARTICLE)
    words = text[article.start : article.end].replace("*", "").split()
    return " ".join(words)[:_CAPUT_LENGTH].rstrip(".:… ")


def _context(document: Document, issuer: str, path: str | None, page: int | None, caput: str | None) -> str:
    """The line before a chunk's text: document, issuer, place, page and, inside an article, how that begins."""
    kind = f" ({document.metadata.file_type})" if document.metadata.file_type else ""
    place = [issuer, path, f"página {page}" if page else None, f"continuação de: {caput}…" if caput else None]
    return " | ".join([f"{document.title}{kind}", *(part for part in place if part)]) + "\n"
