"""The page that a chunk is cited by holds what the chunk says: 50 of 50 sentences of the real PDFs.

What a page holds is read from pdfium itself, and compared word by word, by letters and digits alone: neither the
reading order, nor what is left out at a page's edges, nor how lines are joined takes part in the judgement.
"""

import random
from contextlib import closing
from pathlib import Path

import pypdfium2
import pytest

from balcao.domain.document import DocumentChunk
from balcao.domain.page_boxes import boxes_of
from balcao.domain.sentences import sentence_spans
from balcao.infrastructure.external.extraction.extractor import ChildProcessTextExtractor
from tests.extracted_documents import chunks_of
from tests.real_documents import REAL_DOCUMENTS, needs_real_documents

pytestmark = needs_real_documents

PDFS = (
    "diario-oficial-nova-friburgo-2025-07-28.pdf",
    "diario-oficial-pratania-2020-10-26.pdf",
    "lei-organica-curitiba.pdf",
    "lei-organica-maracaju.pdf",
)
SENTENCES = 50
_FEWEST_WORDS = 8


def letters(text: str) -> str:
    return "".join(char for char in text.lower() if char.isalnum())


def pages_of(path: Path) -> list[str]:
    with closing(pypdfium2.PdfDocument(path)) as document:
        pages = []
        for page in document:
            with closing(page), closing(page.get_textpage()) as text:
                pages.append(text.get_text_bounded())
        return pages


def holds(page: str, sentence: str) -> bool:
    """Whether a page, given by its letters, has every word of the sentence."""
    return all(letters(word) in page for word in sentence.split())


def drawn_sentences(chunks: list[DocumentChunk], pages: list[str], count: int) -> list[tuple[int, str]]:
    """Sentences of the chunks that no two pages hold, each with the page that its chunk is cited by."""
    found = []
    for chunk in chunks:
        for start, end in sentence_spans(chunk.original_content):
            sentence = chunk.original_content[start:end]
            if len(sentence.split()) >= _FEWEST_WORDS and sum(holds(page, sentence) for page in pages) < 2:
                found.append((chunk.page or 0, sentence))
    return random.Random(4).sample(found, count)  # noqa: S311 - it keeps no secret


async def test_the_page_of_a_chunk_holds_its_sentences_50_of_50() -> None:
    right = 0
    for name, count in zip(PDFS, (12, 12, 13, 13), strict=True):
        pages = [letters(page) for page in pages_of(REAL_DOCUMENTS / name)]
        chunks = chunks_of(await ChildProcessTextExtractor().extract(REAL_DOCUMENTS / name))
        for page, sentence in drawn_sentences(chunks, pages, count):
            assert [number for number, text in enumerate(pages, 1) if holds(text, sentence)] == [page], sentence
            right += 1
    assert right == SENTENCES


@pytest.mark.parametrize("name", PDFS)
async def test_every_chunk_is_marked_on_its_page_and_on_no_other(name: str) -> None:
    pages = [letters(page) for page in pages_of(REAL_DOCUMENTS / name)]
    for chunk in chunks_of(await ChildProcessTextExtractor().extract(REAL_DOCUMENTS / name)):
        assert chunk.page is not None
        assert {box.page for box in boxes_of(chunk.lines, chunk.start_char, chunk.end_char)} == {chunk.page}
        words = [word for word in map(letters, chunk.original_content.split()) if word]
        assert all(word in pages[chunk.page - 1] for word in words)


async def test_marks_stand_where_pdfium_finds_the_words() -> None:
    """The words within the marks of a passage, by pdfium, are those of the passage."""
    path = REAL_DOCUMENTS / PDFS[2]
    extracted = await ChildProcessTextExtractor().extract(path)
    with closing(pypdfium2.PdfDocument(path)) as document:
        for chunk in chunks_of(extracted)[::9]:
            assert chunk.page is not None
            with closing(document[chunk.page - 1]) as page, closing(page.get_textpage()) as text:
                height = page.get_height()
                marked = "".join(
                    text.get_text_bounded(box.x0, height - box.y1, box.x1, height - box.y0)
                    for box in boxes_of(chunk.lines, chunk.start_char, chunk.end_char)
                )
            found, expected = letters(marked), letters(chunk.original_content)
            assert expected in found
            assert len(found) < len(expected) + 200
