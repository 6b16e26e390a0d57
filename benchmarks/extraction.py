"""What it takes to read a dense PDF of 300 pages, each of two columns, and to cut it into chunks."""

import resource
import time
from uuid import uuid4

from tests.pdf_files import Shown, drawn, pdf_file

from balcao.domain.document import Document, join_lines, join_pages
from balcao.domain.ente import Ente
from balcao.domain.ids import DocumentId
from balcao.domain.text_chunker import TextChunker
from balcao.infrastructure.external.extraction.extractor import ChildProcessTextExtractor
from benchmarks.measurement import Measurement
from benchmarks.registry import Workbench, benchmark

_PAGES = 300
_LINES = 62
_WORDS = "o contribuinte que deixar de recolher a taxa no prazo fica sujeito a multa e a juros de mora".split()


@benchmark("Leitura de um PDF de 300 páginas", place=5)
async def measure_extraction(bench: Workbench) -> list[Measurement]:
    """Seconds of reading and of chunking, and the highest memory of the reading processes."""
    path = bench.folder / "diario-300-paginas.pdf"
    path.write_bytes(pdf_file([_page(number) for number in range(_PAGES)]))
    started = time.perf_counter()
    extracted = await ChildProcessTextExtractor().extract(path)
    read = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    content, starts = join_pages(extracted.pages)
    document = Document(
        id=DocumentId(uuid4()),
        title=extracted.title,
        content=content,
        file_path="",
        sha256=bytes(32),
        text_sha256=None,
        ente=Ente.geral(),
        metadata=extracted.metadata,
    )
    chunker = TextChunker(chunk_size=500, overlap=50, count_tokens=lambda text: -(-len(text.encode()) // 3))
    started = time.perf_counter()
    chunks = chunker.chunk_document_content(document, starts, join_lines(extracted.pages))
    return [
        Measurement(
            name="pdf_300_pages", value=round(read, 2), unit="s", target="<= 28", meaning="Texto, colunas e posições."
        ),
        Measurement(
            name="pdf_300_pages_peak",
            value=round(peak, 1),
            unit="MiB",
            target="<= 512",
            meaning="Pico de memória da leitura.",
        ),
        Measurement(
            name="pdf_300_chunking",
            value=round(time.perf_counter() - started, 2),
            unit="s",
            meaning="Divisão em trechos.",
        ),
        Measurement(name="pdf_300_chunks", value=len(chunks), unit="", meaning="Trechos desse PDF."),
    ]


def _page(number: int) -> str:
    lines = [
        Shown(x, 80 + 11 * line, f"Art. {line + 1}. " + " ".join(_WORDS[(line + number) % 7 :][:9]), 8)
        for line in range(_LINES)
        for x in (50, 305)
    ]
    return drawn([Shown(50, 40, f"DIÁRIO OFICIAL DO MUNICÍPIO - página {number + 1} de {_PAGES}"), *lines])
