import os
import time
from collections.abc import Sequence
from itertools import accumulate, pairwise
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from balcao.domain.document import Document, DocumentChunk, DocumentMetadata, PageStart, PageText, join_pages
from balcao.domain.ente import Ente
from balcao.domain.errors import InvalidConfiguration
from balcao.domain.ids import DocumentId
from balcao.domain.page_boxes import LineBox, PageBox, boxes_of, decode_lines, encode_lines
from balcao.domain.text_chunker import TextChunker

REAL_DOCUMENTS = Path(os.environ.get("BALCAO_DADOS_REAIS", Path(__file__).parents[3] / "shared" / "data")) / "docs"


def by_bytes(text: str) -> int:
    return -(-len(text.encode("utf-8", "surrogatepass")) // 3)


def document(content: str, *, title: str = "Lei nº 1.234, de 5 de maio de 2020", file_type: str = "") -> Document:
    return Document(
        id=DocumentId(uuid4()),
        title=title,
        content=content,
        file_path="",
        sha256=bytes(32),
        text_sha256=bytes(32),
        ente=Ente.geral(),
        metadata=DocumentMetadata(source="lei.txt", file_type=file_type),
    )


def chunks_of(
    content: str,
    *,
    chunk_size: int = 60,
    overlap: int = 0,
    contextual: bool = False,
    page_starts: Sequence[PageStart] = (),
    file_type: str = "",
) -> list[DocumentChunk]:
    chunker = TextChunker(chunk_size=chunk_size, overlap=overlap, count_tokens=by_bytes, contextual=contextual)
    return chunker.chunk_document_content(document(content, file_type=file_type), page_starts)


def assert_faithful(content: str, chunks: Sequence[DocumentChunk], chunk_size: int) -> None:
    covered = bytearray(len(content))
    for index, chunk in enumerate(chunks):
        assert chunk.chunk_index == index
        assert chunk.original_content == content[chunk.start_char : chunk.end_char]
        assert by_bytes(chunk.original_content) <= chunk_size or len(chunk.original_content) == 1
        covered[chunk.start_char : chunk.end_char] = b"\1" * (chunk.end_char - chunk.start_char)
    missed = [offset for offset, char in enumerate(content) if not covered[offset] and not char.isspace()]
    assert missed == []
    starts = [chunk.start_char for chunk in chunks]
    assert starts == sorted(starts)
    assert len(set(starts)) == len(starts)


LINES = st.sampled_from(
    [
        "TÍTULO I", "CAPÍTULO II - DOS BENS", "Seção I", "Das Taxas", "## Anexo I", "SUMÁRIO", "Art. 1º A lei vale.",
        "Art. 2º", '"Art. 3º Vale." (NR)', "§ 1º O prazo é de 10 dias.", "Parágrafo único. Não se aplica.", "I - um;",
        "II - dois.", "a) letra;", "", "PORTARIA Nº 1", "DECRETO Nº 2", "TÍTULO I ........ 3", "Texto corrido. Outro.",
        "........", "a\tb\tc", "d\te", "x" * 90, "palavra " * 30, "Fim; e", "\t", "€" * 7,
    ]
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(
    content=st.one_of(
        st.text(max_size=300), st.lists(st.one_of(LINES, st.text(max_size=40)), max_size=40).map("\n".join)
    ),
    chunk_size=st.integers(1, 60),
    overlap_share=st.floats(0, 0.99),
    page_lengths=st.lists(st.integers(1, 200), max_size=4),
)
@example(content="0\n\n 000000000000000000000;\n0\r000000\x80ࠀࠀࠀࠀࠀ", chunk_size=16, overlap_share=0.5, page_lengths=[])
def test_every_text_is_kept_whole_within_the_size_and_at_exact_offsets(
    content: str, chunk_size: int, overlap_share: float, page_lengths: list[int]
) -> None:
    offsets = [offset for offset in accumulate(page_lengths, initial=0) if offset < len(content) or not offset]
    starts = [PageStart(number=number, start_char=offset) for number, offset in enumerate(offsets, 1)]
    chunks = chunks_of(content, chunk_size=chunk_size, overlap=int(chunk_size * overlap_share), page_starts=starts)
    assert_faithful(content, chunks, chunk_size)
    for chunk in chunks:
        assert not any(chunk.start_char < offset < chunk.end_char for offset in offsets)


def test_a_blank_text_has_no_chunks() -> None:
    assert chunks_of(" \n\n\t ") == []


def test_an_article_stays_whole_with_its_paragraphs_and_incisos() -> None:
    first = "Art. 1º O imposto incide sobre:\nI - a propriedade;\nII - a posse.\n§ 1º Não incide sobre templos."
    second = "Art. 2º O prazo de pagamento é de trinta dias contados da notificação do contribuinte pelo Município."
    chunks = chunks_of(f"{first}\n{second}", chunk_size=40)
    assert [chunk.original_content for chunk in chunks] == [first, second]
    assert [chunk.path for chunk in chunks] == ["Art. 1º", "Art. 2º"]


def test_small_neighbouring_articles_share_a_chunk_that_is_named_for_all_of_them() -> None:
    content = "CAPÍTULO I\nDO IMPOSTO\n" + "\n".join(f"Art. {n} Fica instituída a taxa." for n in (8, 9, 10))
    (chunk,) = chunks_of(content)
    assert chunk.path == "Capítulo I > Arts. 8º a 10"


def test_a_heading_goes_with_its_article_and_a_half_full_chunk_ends_before_it() -> None:
    first = "TÍTULO I\nArt. 1º Esta Lei institui o Código Tributário do Município."
    content = f"{first}\nTÍTULO II\nArt. 2º São tributos as taxas."
    chunks = chunks_of(content, chunk_size=45)
    assert chunks[1].original_content.startswith("TÍTULO II\nArt. 2º")
    assert [chunk.path for chunk in chunks] == ["Título I > Art. 1º", "Título II > Art. 2º"]


@pytest.mark.parametrize(
    ("line", "label"),
    [
        ("Art. 5º São isentos.", "Art. 5º"),
        ("Art. 5o  São isentos.", "Art. 5º"),
        ("Art. 12-A. São isentos.", "Art. 12-A"),
        ("Artigo 3 São isentos.", "Art. 3º"),
        ("ARTIGO 3º - são isentos.", "Art. 3º"),
        ("**Art. 10.** São isentos.", "Art. 10"),
        ("Art. 1.024. São isentos.", "Art. 1024"),
    ],
)
def test_the_spellings_of_an_article_give_one_label(line: str, label: str) -> None:
    (chunk,) = chunks_of(line)
    assert chunk.path == label


@pytest.mark.parametrize(
    "reference", ["Art. 5º, inciso II, desta Lei", "Art. 37 da Constituição", "Art. 9º e parágrafos"]
)
def test_a_reference_at_the_start_of_a_line_is_no_article(reference: str) -> None:
    (chunk,) = chunks_of(f"Art. 2º São isentos os imóveis nos termos do\n{reference}.")
    assert chunk.path == "Art. 2º"


def test_an_article_too_large_is_cut_before_a_paragraph_rather_than_inside_one() -> None:
    paragraph = "O contribuinte apresentará a declaração até o dia dez. O atraso sujeita à multa."
    content = "Art. 7º Do lançamento.\n" + "\n".join(f"§ {n}º {paragraph}" for n in (1, 2, 3))
    chunks = chunks_of(content, chunk_size=40)
    assert [chunk.original_content[:4] for chunk in chunks] == ["Art.", "§ 2º", "§ 3º"]


def test_without_paragraphs_the_cut_falls_before_an_inciso() -> None:
    content = "Art. 7º Compete ao Município:\n" + "\n".join(
        f"{numeral} - prover sobre a limpeza das vias;" for numeral in ("I", "II", "III", "IV")
    )
    chunks = chunks_of(content, chunk_size=30)
    assert all(chunk.original_content.startswith(("Art.", "I", "II", "III", "IV")) for chunk in chunks)
    assert all(chunk.original_content.endswith((":", ";")) for chunk in chunks)
    assert len(chunks) > 2


def test_plain_prose_is_cut_between_sentences_and_the_pieces_overlap_by_whole_ones() -> None:
    sentences = [f"A frase de número {n} fala do atendimento no balcão." for n in range(1, 13)]
    content = " ".join(sentences)
    chunks = chunks_of(content, chunk_size=60, overlap=20)
    assert len(chunks) > 2
    for before, after in pairwise(chunks):
        shared = content[after.start_char : before.end_char]
        assert shared in sentences
        assert after.original_content.startswith("A frase")


def test_pieces_that_start_at_an_article_repeat_nothing() -> None:
    content = "\n".join(f"Art. {n} " + "O serviço público é prestado com zelo. " * 4 for n in range(10, 14))
    chunks = chunks_of(content, chunk_size=60, overlap=25)
    assert all(before.end_char < after.start_char for before, after in pairwise(chunks))


def test_entries_of_a_table_of_contents_are_no_articles() -> None:
    contents = "SUMÁRIO\nTÍTULO I - DOS BENS ........ 5\nArt. 1º\nArt. 2º\nArt. 3º\nTÍTULO II - DAS TAXAS ...... 12"
    chunks = chunks_of(f"{contents}\nTÍTULO I - DOS BENS\nArt. 1º São bens do Município as praças e as ruas da cidade.")
    assert chunks[0].original_content == contents
    assert [chunk.path for chunk in chunks] == [None, "Título I > Art. 1º"]


def test_an_article_quoted_by_an_amending_law_is_a_unit_under_the_one_that_quotes_it() -> None:
    content = (
        "Art. 2º A Lei nº 99 passa a vigorar com as seguintes alterações:\n"
        '"Art. 15. O alvará será concedido em cinco dias úteis, contados do protocolo do requerimento.\n'
        '§ 1º O prazo não corre em recesso." (NR)\n'
        "Art. 3º Esta Lei entra em vigor na data de sua publicação, revogadas as disposições em contrário."
    )
    chunks = chunks_of(content, chunk_size=50)
    assert [chunk.path for chunk in chunks] == ["Art. 2º", "Art. 2º > “Art. 15”", "Art. 3º"]


def test_the_acts_of_a_gazette_are_never_mixed() -> None:
    content = "PORTARIA Nº 10, DE 2 DE MAIO DE 2020\nArt. 1º Nomeia.\nDECRETO Nº 77/2020\nArt. 1º Abre crédito."
    assert [chunk.path for chunk in chunks_of(content, chunk_size=300)] == [
        "Portaria nº 10 > Art. 1º",
        "Decreto nº 77/2020 > Art. 1º",
    ]


ROWS = [f"Serviço {letter}\t{number} dias\tR$ {number},50" for number, letter in enumerate("ABCDEFGH", 3)]
PROSE = "O atendimento é feito no balcão da prefeitura. Não se cobra pela informação prestada. "


def test_a_table_stays_whole_where_it_fits() -> None:
    table = "\n".join(ROWS)
    content = f"Art. 4º {PROSE * 2}\n{table}\n{PROSE * 2}"
    size = by_bytes(table) + 20
    chunks = chunks_of(content, chunk_size=size, overlap=10)
    assert [table in chunk.original_content for chunk in chunks].count(True) == 1
    assert_faithful(content, chunks, size)


def test_a_table_too_large_is_cut_between_rows_and_its_pieces_name_its_columns() -> None:
    header = "Serviço\tPrazo\tTaxa"
    content = f"{PROSE}\n" + "\n".join([header, *ROWS])
    chunks = chunks_of(content, chunk_size=40, overlap=10, contextual=True)
    pieces = [chunk for chunk in chunks if "\t" in chunk.original_content]
    assert len(pieces) > 2
    for piece in pieces:
        assert set(piece.original_content.split("\n")) <= {header, *ROWS}
        assert ("continuação de: Serviço / Prazo / Taxa…" in piece.content) == (header not in piece.original_content)


def test_one_line_with_a_tab_is_no_table() -> None:
    (chunk,) = chunks_of(f"1.\tO presente manual.\n{PROSE}Telefone\t3333", chunk_size=200)
    assert chunk.path is None


def test_a_chunk_ends_with_its_page_and_the_next_says_what_it_continues() -> None:
    first, second = (
        "Art. 5º O prazo do recurso é de dez dias.\n§ 1º Conta-se",
        "da ciência da decisão.\nArt. 6º Cabe recurso.",
    )
    content, starts = join_pages((PageText(number=7, text=first), PageText(number=8, text=second)))
    chunks = chunks_of(content, chunk_size=200, contextual=True, page_starts=starts)
    assert [(chunk.page, chunk.original_content, chunk.path) for chunk in chunks] == [
        (7, first, "Art. 5º"),
        (8, second, "Arts. 5º e 6º"),
    ]
    assert "continuação de: Art. 5º O prazo do recurso é de dez dias" in chunks[1].content
    assert "continuação" not in chunks[0].content


def test_a_chunk_has_the_lines_that_hold_it() -> None:
    content, starts = join_pages(tuple(PageText(number=n, text=f"Linha {n}a\nLinha {n}b") for n in (1, 2)))
    lines = [
        LineBox(start_char=content.index(f"Linha {page}{line}"), page=page, x0=50, y0=y, x1=90, y1=y + 9)
        for page in (1, 2)
        for line, y in (("a", 100), ("b", 112))
    ]
    chunker = TextChunker(chunk_size=60, overlap=0, count_tokens=by_bytes)
    chunks = chunker.chunk_document_content(document(content), starts, lines)
    assert [chunk.lines for chunk in chunks] == [tuple(lines[:2]), tuple(lines[2:])]
    assert boxes_of(chunks[1].lines, chunks[1].start_char, chunks[1].end_char) == (
        PageBox(page=2, x0=50, y0=100, x1=90, y1=121),
    )
    assert decode_lines(encode_lines(chunks[0].lines)) == chunks[0].lines


def test_columns_and_distant_lines_are_marked_apart() -> None:
    places = [(50, 700), (50, 712), (300, 100), (300, 112), (300, 400)]
    lines = [LineBox(start_char=10 * n, page=1, x0=x, y0=y, x1=x + 200, y1=y + 9) for n, (x, y) in enumerate(places)]
    assert [(box.x0, box.y0, box.y1) for box in boxes_of(lines, 0, 50)] == [
        (50, 700, 721), (300, 100, 121), (300, 400, 409),
    ]  # fmt: skip
    assert [box.y0 for box in boxes_of(lines, 15, 20)] == [712]
    assert boxes_of([], 0, 10) == ()


def test_the_page_is_that_of_the_first_character() -> None:
    pages = tuple(PageText(number=n, text=f"Art. {n} " + "Fica criado o conselho municipal. " * 3) for n in (1, 2, 3))
    content, starts = join_pages(pages)
    assert [chunk.page for chunk in chunks_of(content, chunk_size=45, page_starts=starts)] == [1, 2, 3]


def test_the_context_says_where_a_passage_stands_and_how_its_article_begins() -> None:
    body = "".join(f"\n§ {n}º O pedido será respondido por escrito e sem demora ao interessado." for n in (1, 2, 3))
    content = f"CAPÍTULO III\nArt. 11. O órgão deverá conceder o acesso imediato à informação.{body}"
    chunks = chunks_of(
        content, contextual=True, page_starts=[PageStart(number=4, start_char=0)], file_type="pdf", chunk_size=50
    )
    where = "Lei nº 1.234, de 5 de maio de 2020 (pdf) | Capítulo III > Art. 11 | página 4"
    assert chunks[0].content == f"{where}\n{chunks[0].original_content}"
    assert chunks[1].content.startswith(f"{where} | continuação de: Art. 11. O órgão deverá conceder o acesso")
    assert chunks[1].content.endswith(f"…\n{chunks[1].original_content}")


@pytest.mark.parametrize(("chunk_size", "overlap"), [(0, 0), (10, 10), (10, -1)])
def test_sizes_that_cannot_work_are_refused(chunk_size: int, overlap: int) -> None:
    with pytest.raises(InvalidConfiguration):
        TextChunker(chunk_size=chunk_size, overlap=overlap, count_tokens=len)


@pytest.mark.parametrize(
    "hostile", ["." * 300_000, "\n" * 300_000, "a)\n" * 100_000, "Art. 1º\n" * 40_000, "# " * 150_000]
)
def test_time_grows_with_the_text_whatever_it_holds(hostile: str) -> None:
    started = time.process_time()
    chunks_of(hostile, chunk_size=500, overlap=60)
    assert time.process_time() - started < 10


def real_text(name: str) -> str:
    path = REAL_DOCUMENTS / name
    if not path.exists():
        pytest.skip(f"documentos reais ausentes: {path}")
    return path.read_text(encoding="utf-8")


def test_the_constitution_is_chunked_in_under_two_seconds() -> None:
    content = real_text("constituicao-1988.md")
    started = time.process_time()
    chunks = chunks_of(content, chunk_size=500, overlap=60)
    assert time.process_time() - started < 2
    assert_faithful(content, chunks, 500)
    assert chunks[2].path == "Título II > Capítulo I > Art. 5º"
    assert any(chunk.path and chunk.path.startswith("Ato das Disposições") for chunk in chunks)
