"""PDF pages are read as a person reads them, and every passage knows where it stands on its page."""

from itertools import chain, zip_longest
from pathlib import Path

import pytest

from balcao.domain.document import ExtractedDocument, join_lines, join_pages
from balcao.domain.page_boxes import boxes_of
from balcao.infrastructure.external.extraction.extractor import ChildProcessTextExtractor
from tests.pdf_files import HEIGHT, WIDTH, Shown, drawn, pdf_file

MARGIN, GUTTER, TOP, LEADING = 50, 14, 120, 11
PROSE = (
    "O prefeito faz saber que a câmara municipal aprovou e que ele sanciona a seguinte lei complementar, cujos artigos "
    "disciplinam o parcelamento do solo, a coleta de resíduos, o licenciamento de atividades e a cobrança das taxas "
    "devidas pelos contribuintes em razão do exercício regular do poder de polícia e da utilização de serviços públicos"
).split()


async def read(path: Path, content: bytes) -> ExtractedDocument:
    path.write_bytes(content)
    return await ChildProcessTextExtractor().extract(path)


def wrapped(words: list[str], characters: int) -> list[str]:
    lines = [""]
    for word in words:
        if len(lines[-1]) + len(word) >= characters:
            lines.append("")
        lines[-1] += f" {word}" if lines[-1] else word
    return lines


def columns(count: int, *, lines: int = 14) -> list[list[Shown]]:
    """Columns of prose; each line begins with the column and the line, "C1L01", so that its place can be told."""
    width = (WIDTH - 2 * MARGIN - (count - 1) * GUTTER) / count
    made = []
    for column in range(count):
        words = PROSE[column * 5 :] * 4
        texts = wrapped(words, int(width / 4.9) - 7)[:lines]
        x = MARGIN + column * (width + GUTTER)
        made.append(
            [
                Shown(x, TOP + LEADING * number + column * 3, f"C{column + 1}L{number:02} {text}")
                for number, text in enumerate(texts, 1)
            ]
        )
    return made


def marks(text: str) -> list[str]:
    return [line[:6] for line in text.split("\n")]


@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize("order", ["by column", "by row", "from the end"])
async def test_columns_are_read_one_after_the_other(tmp_path: Path, count: int, order: str) -> None:
    by_column = list(chain.from_iterable(columns(count)))
    by_row = [shown for row in zip_longest(*columns(count)) for shown in row if shown]
    written = {"by column": by_column, "by row": by_row, "from the end": by_column[::-1]}[order]
    heading = Shown(MARGIN, TOP - 30, "DIÁRIO OFICIAL DO MUNICÍPIO DE EXEMPLO, CADERNO ÚNICO, COM TODOS OS ATOS", 12)
    closing = Shown(MARGIN, TOP + 400, "Assinado digitalmente pelo Município de Exemplo, na forma da lei em vigor", 12)
    extracted = await read(tmp_path / "diario.pdf", pdf_file([drawn([closing, *written, heading])]))
    lines = extracted.pages[0].text.split("\n")
    assert lines == [heading.text, *(shown.text for shown in by_column), closing.text]


async def test_a_title_across_the_columns_parts_what_is_above_from_what_is_below(tmp_path: Path) -> None:
    above, below = columns(2, lines=5), columns(2, lines=5)
    title = Shown(MARGIN + 60, TOP + 90, "PORTARIA Nº 12, DE 3 DE MAIO DE 2024, DA SECRETARIA DE OBRAS", 12)
    moved = [[Shown(text.x, text.y + 110, text.text.lower()) for text in column] for column in below]
    rows = [shown for part in (above, moved) for row in zip_longest(*part) for shown in row if shown]
    extracted = await read(tmp_path / "diario.pdf", pdf_file([drawn([*rows, title])]))
    found = marks(extracted.pages[0].text)
    assert [mark[:2] for mark in found] == ["C1"] * 5 + ["C2"] * 5 + ["PO"] + ["c1"] * 5 + ["c2"] * 5


async def test_a_table_is_read_by_rows_with_tabs_between_its_cells(tmp_path: Path) -> None:
    rows = [("Serviço", "Prazo", "Taxa (R$)"), ("Alvará de funcionamento", "10 dias", "120,50")]
    rows += [(f"Certidão número {n}", f"{n} dias", f"{n},00") for n in range(3, 9)]
    shown = [
        Shown(x, 100 + 14 * number, cell)
        for number, row in enumerate(rows)
        for x, cell in zip((60, 300, 450), row, strict=True)
    ]
    extracted = await read(tmp_path / "taxas.pdf", pdf_file([drawn(shown)]))
    assert extracted.pages[0].text.split("\n") == ["\t".join(row) for row in rows]


async def test_running_headers_that_differ_on_left_and_right_pages_are_left_out(tmp_path: Path) -> None:
    contents = []
    for number in range(1, 9):
        header = "Câmara Municipal" if number % 2 else "Lei Orgânica"
        body = [Shown(60, 120 + 14 * line, " ".join(PROSE[number + line :][:6])) for line in range(8)]
        contents.append(drawn([Shown(60, 800, f"{number} de 8"), Shown(60, 40, header), *body]))
    extracted = await read(tmp_path / "lei.pdf", pdf_file(contents))
    for number, page in enumerate(extracted.pages[1:], 2):
        assert page.text == "\n".join(" ".join(PROSE[number + line :][:6]) for line in range(8))


async def test_words_divided_at_a_lines_end_are_joined_and_compounds_keep_their_hyphen(tmp_path: Path) -> None:
    lines = ["A adminis-", "tração atende na segunda-", "feira, conforme o guarda-chuva, e o guarda-", "chuva."]
    shown = [Shown(60, 100 + 12 * number, line) for number, line in enumerate(lines)]
    extracted = await read(tmp_path / "lei.pdf", pdf_file([drawn(shown)]))
    text = " ".join(extracted.pages[0].text.split("\n"))
    assert text == "A administração atende na segunda-feira, conforme o guarda-chuva, e o guarda-chuva."


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
async def test_a_passage_is_marked_where_it_stands_on_the_page(tmp_path: Path, rotation: int) -> None:
    shown = [Shown(100, 200, "Primeira linha"), Shown(100, 212, "segunda linha"), Shown(300, 600, "Outro lugar", 20)]
    content = pdf_file(["", drawn(shown)], page=f"/Rotate {rotation}")
    extracted = await read(tmp_path / "lei.pdf", content)
    text, _ = join_pages(extracted.pages)
    lines = join_lines(extracted.pages)
    start = text.index("Outro lugar")
    (box,) = boxes_of(lines, start, start + 5)
    assert box.page == 2
    left, top = {
        0: (300, 600),
        90: (HEIGHT - 600, 300),
        180: (WIDTH - 300, HEIGHT - 600),
        270: (600, WIDTH - 300),
    }[rotation]
    corners = [(x, y) for x in (box.x0, box.x1) for y in (box.y0, box.y1)]
    assert min(abs(x - left) + abs(y - top) for x, y in corners) < 8
    if rotation == 0:
        (both,) = boxes_of(lines, 0, text.index("segunda") + 3)
        assert (abs(both.x0 - 100) < 2, both.y0 < 200, both.y1 > 210) == (True, True, True)


async def test_lines_stand_where_their_text_does_and_the_map_is_of_the_whole_text(tmp_path: Path) -> None:
    extracted = await read(tmp_path / "diario.pdf", pdf_file([drawn(list(chain(*columns(2)))), drawn(columns(1)[0])]))
    text, starts = join_pages(extracted.pages)
    lines = join_lines(extracted.pages)
    assert [text[line.start_char : line.start_char + 6] for line in lines] == marks(text)
    assert lines[0].start_char == 0
    assert {line.page for line in lines} == {1, 2}
    assert next(line.start_char for line in lines if line.page == 2) == starts[1].start_char
