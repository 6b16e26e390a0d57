"""ODT, RTF, DOC, images and scanned pages are read; what the server cannot read says what to install on it."""

import io
import shutil
import zlib
from contextlib import closing
from pathlib import Path

import docx
import pypdfium2
import pytest
from PIL import Image, ImageOps

from balcao.domain.document import ExtractedDocument
from balcao.domain.errors import ContentMismatch, ExtractionFailed, NoTextLayer, UnsupportedFormat
from balcao.infrastructure.external.extraction.extractor import ChildProcessTextExtractor
from balcao.infrastructure.external.extraction.formats import FILE_TYPES
from balcao.infrastructure.external.extraction.parsed import ExtractionLimits
from tests.acceptance.hostile_files import odt, zipped
from tests.extracted_documents import chunks_of
from tests.pdf_files import Shown, drawn, pdf_file

needs_ocr = pytest.mark.skipif(shutil.which("tesseract") is None, reason="tesseract is not installed")
LINES = ("MANUAL DO PROTOCOLO GERAL", "Art. 1º Fica criada a taxa de coleta.", "§ 1º O prazo é de dez dias.")


async def read(path: Path, content: bytes, limits: ExtractionLimits | None = None) -> ExtractedDocument:
    path.write_bytes(content)
    return await ChildProcessTextExtractor(limits).extract(path)


def scanned(lines: tuple[str, ...] = LINES) -> Image.Image:
    """A sheet of 150 dpi with these lines."""
    shown = [Shown(57.6, (130 + 70 * number) * 72 / 150, line, 15) for number, line in enumerate(lines)]
    with closing(pypdfium2.PdfDocument(pdf_file([drawn(shown)]))) as document:
        sheet: Image.Image = document[0].render(scale=150 / 72, grayscale=True).to_pil()
    return sheet.crop((0, 0, 1240, 700))


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    data = io.BytesIO()
    image.save(data, kind, **options)
    return data.getvalue()


def scanned_page() -> tuple[str, bytes]:
    """A content stream that shows a scan on a whole page, and the object, number 4, that it shows."""
    image = scanned()
    data = zlib.compress(image.tobytes())
    entries = (
        f"/Type /XObject /Subtype /Image /Width {image.width} /Height {image.height} /ColorSpace /DeviceGray "
        f"/BitsPerComponent 8 /Filter /FlateDecode /Length {len(data)}"
    )
    return "q 595 0 0 336 0 500 cm /I Do Q", b"<< %b >>\nstream\n%b\nendstream" % (entries.encode(), data)


# Documents of editors


async def test_odt_keeps_headings_lists_and_tables_in_order(tmp_path: Path) -> None:
    body = (
        '<text:h text:outline-level="1">Manual de <text:span>protocolo</text:span></text:h>'
        "<text:tracked-changes><text:p>apagado</text:p></text:tracked-changes>"
        "<text:p>Antes<text:s/>da<text:tab/>tabela.<text:line-break/>Fim.</text:p>"
        "<text:list><text:list-item><text:p>item</text:p></text:list-item></text:list>"
        "<table:table><table:table-row><table:table-cell><text:p>Serviço</text:p></table:table-cell><table:table-cell>"
        "<text:p>5 dias</text:p><text:p>úteis</text:p></table:table-cell></table:table-row></table:table>"
    )
    meta = (
        '<m xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:meta="urn:oasis:names:tc:opendocument:xmlns:meta:1.0">'
        "<dc:title>Manual do protocolo geral</dc:title><meta:initial-creator>Equipe</meta:initial-creator></m>"
    )
    extracted = await read(tmp_path / "manual.odt", odt(body, others={"meta.xml": meta.encode()}))
    assert extracted.pages[0].text.split("\n") == [
        "Manual de protocolo", "Antes da\ttabela.", "Fim.", "item", "Serviço\t5 dias úteis",
    ]  # fmt: skip
    assert (extracted.title, extracted.metadata.author) == ("Manual do protocolo geral", "Equipe")


async def test_an_opendocument_that_is_no_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ExtractionFailed, match="não é um texto"):
        await read(tmp_path / "a.odt", zipped({"content.xml": "<a/>"}))


@pytest.mark.parametrize("name", ["lei.rtf", "lei.doc"])
async def test_rtf_keeps_accents_and_tables_and_its_title(tmp_path: Path, name: str) -> None:
    content = (
        rb"{\rtf1\ansi\ansicpg1252{\info{\title Lei da feira}{\author Equipe}}"
        rb"{\fonttbl{\f0 Arial;}}\f0 Art. 1\'ba A a\'e7\'e3o \'a7 2\'ba \u8211? fim.\par "
        rb"\trowd\cellx1000\cellx2000 Servi\'e7o\cell Prazo\cell\row Fim\par}"
    )
    extracted = await read(tmp_path / name, content)
    assert [line for line in extracted.pages[0].text.split("\n") if line] == [
        "Art. 1º A ação § 2º – fim.", "Serviço\tPrazo", "Fim",
    ]  # fmt: skip
    assert (extracted.title, extracted.metadata.author) == ("Lei da feira", "Equipe")


async def test_a_doc_that_is_none_and_one_that_nothing_here_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ContentMismatch, match="não é um DOC"):
        await read(tmp_path / "a.doc", b"texto")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UnsupportedFormat, match="pacote antiword"):
        await read(tmp_path / "b.doc", b"\xd0\xcf\x11\xe0" + bytes(600))


# OCR


@needs_ocr
@pytest.mark.parametrize(
    ("name", "kind", "mode"), [("a.png", "PNG", "L"), ("a.jpg", "JPEG", "RGB"), ("a.tif", "TIFF", "1")]
)
async def test_an_image_is_read_with_the_place_of_its_lines(tmp_path: Path, name: str, kind: str, mode: str) -> None:
    extracted = await read(tmp_path / name, saved(scanned().convert(mode), kind))
    page = extracted.pages[0]
    assert page.text.split("\n") == list(LINES)
    assert extracted.title == "Manual do Protocolo Geral"
    assert extracted.metadata.page_count == 1
    assert extracted.metadata.custom_fields == {"paginas_lidas_por_ocr": "1"}
    for number, line in enumerate(page.lines):
        assert abs(line.x0 - 120) < 8
        assert line.y0 < 120 + 70 * number < line.y1


@needs_ocr
async def test_a_photo_is_turned_and_a_transparent_image_has_a_white_ground(tmp_path: Path) -> None:
    turned = scanned().rotate(90, expand=True)
    orientation = Image.Exif()
    orientation[0x0112] = 6
    clear = Image.merge("LA", (Image.new("L", scanned().size, 0), ImageOps.invert(scanned())))
    for name, content in (
        ("foto.jpg", saved(turned, "JPEG", exif=orientation)),
        ("logo.png", saved(clear, "PNG")),
    ):
        assert (await read(tmp_path / name, content)).pages[0].text.split("\n") == list(LINES)


@needs_ocr
async def test_a_tiff_of_many_pages(tmp_path: Path) -> None:
    second = scanned(("Segunda folha do processo",))
    content = saved(scanned(), "TIFF", save_all=True, append_images=[second])
    extracted = await read(tmp_path / "processo.tiff", content)
    assert [(page.number, page.text.split("\n")[0]) for page in extracted.pages] == [
        (1, LINES[0]),
        (2, "Segunda folha do processo"),
    ]


@needs_ocr
async def test_a_page_that_is_a_scan_is_read_among_pages_of_text(tmp_path: Path) -> None:
    content, image = scanned_page()
    stamped = f"{content}\n{drawn([Shown(60, 820, 'Folha 2')])}"
    text = drawn([Shown(60, 80 + 14 * line, f"Linha {line} do texto da primeira página") for line in range(5)])
    pdf = pdf_file([text, stamped, content], resources="/XObject << /I 4 0 R >>", objects=[image])
    extracted = await read(tmp_path / "misto.pdf", pdf)
    assert extracted.pages[0].text.startswith("Linha 0")
    assert LINES[1] in extracted.pages[1].text
    assert extracted.pages[2].text.split("\n") == list(LINES)
    assert extracted.metadata.custom_fields == {"paginas_lidas_por_ocr": "2, 3"}
    first = extracted.pages[2].lines[0]
    assert abs(first.x0 - 120 * 595 / 1240) < 4
    assert first.y0 < 842 - 500 - 336 + 120 * 595 / 1240 < first.y1


@pytest.mark.parametrize("missing", ["tesseract", "portuguese"])
async def test_without_ocr_a_scan_says_what_to_install_and_a_mixed_file_which_pages_are_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    if missing == "tesseract":
        monkeypatch.setenv("PATH", str(tmp_path))
    else:
        monkeypatch.setenv("TESSDATA_PREFIX", str(tmp_path))
    content, image = scanned_page()
    scan = pdf_file([content], resources="/XObject << /I 4 0 R >>", objects=[image])
    for name, data in (("a.pdf", scan), ("a.png", saved(scanned(), "PNG"))):
        with pytest.raises(NoTextLayer, match=r"sem camada de texto.*tesseract-ocr e tesseract-ocr-por"):
            await read(tmp_path / name, data)
    text = drawn([Shown(60, 80 + 14 * line, f"Linha {line} do texto da primeira página") for line in range(5)])
    mixed = pdf_file([text, content], resources="/XObject << /I 4 0 R >>", objects=[image])
    extracted = await read(tmp_path / "misto.pdf", mixed)
    assert extracted.metadata.custom_fields == {"paginas_sem_texto": "2"}


@needs_ocr
async def test_a_scan_without_words_and_one_with_too_many_pages_are_refused(tmp_path: Path) -> None:
    with pytest.raises(NoTextLayer, match=r"sem camada de texto.*não encontrou"):
        await read(tmp_path / "a.png", saved(scanned(()), "PNG"))
    content, image = scanned_page()
    scan = pdf_file([content] * 3, resources="/XObject << /I 4 0 R >>", objects=[image])
    with pytest.raises(ExtractionFailed, match="mais de 2 páginas digitalizadas"):
        await read(tmp_path / "a.pdf", scan, ExtractionLimits(ocr_pages=2))


@needs_ocr
async def test_a_page_that_takes_too_long_is_given_up_and_each_page_has_its_own_time(tmp_path: Path) -> None:
    noise = Image.effect_noise((2400, 2400), 120)
    with pytest.raises(ExtractionFailed, match="limite de tempo"):
        await read(tmp_path / "ruido.png", saved(noise, "PNG"), ExtractionLimits(wall_seconds=1.0))


# Names


@pytest.mark.parametrize("extension", FILE_TYPES)
def test_the_name_of_every_format_is_accepted_in_capitals_too(extension: str) -> None:
    ChildProcessTextExtractor().check_name(f"lei{extension.upper()}")


@pytest.mark.parametrize("name", ["lei.zip", "lei", "lei.pdf.exe", ".pdf"])
def test_other_names_are_refused_with_the_formats_that_are_read(name: str) -> None:
    with pytest.raises(UnsupportedFormat, match="use PDF, DOCX, ODT, RTF, DOC, HTML, TXT, MD, PNG, JPEG ou TIFF"):
        ChildProcessTextExtractor().check_name(name)


# Sections


async def test_headings_of_every_format_name_the_sections_of_its_chunks(tmp_path: Path) -> None:
    document = docx.Document()
    for level, text in ((1, "Guia do alvará"), (2, "Documentos"), (0, "Leve o CPF."), (2, "Prazos"), (3, "Recurso")):
        document.add_heading(text, level) if level else document.add_paragraph(text)
    document.add_paragraph("Cabe recurso em dez dias.")
    document.save(str(tmp_path / "guia.docx"))
    html = (
        "<h1>Guia do alvará</h1><h2>Documentos</h2><p>Leve o CPF.</p>"
        "<h2>Prazos</h2><h3>Recurso</h3><p>Cabe recurso em dez dias.</p>"
    )
    markdown = "# Guia do alvará\n## Documentos\nLeve o CPF.\n## Prazos\n### Recurso\nCabe recurso em dez dias.\n"
    heading = '<text:h text:outline-level="{}">{}</text:h>'.format
    text = (
        f"{heading(1, 'Guia do alvará')}{heading(2, 'Documentos')}<text:p>Leve o CPF.</text:p>"
        f"{heading(2, 'Prazos')}{heading(3, 'Recurso')}<text:p>Cabe recurso em dez dias.</text:p>"
    )
    files = {"guia.html": html.encode(), "guia.md": markdown.encode(), "guia.odt": odt(text)}
    for name, content in (files | {"guia.docx": (tmp_path / "guia.docx").read_bytes()}).items():
        extracted = await read(tmp_path / name, content)
        paths = [(chunk.original_content.split("\n")[-1], chunk.path) for chunk in chunks_of(extracted, chunk_size=16)]
        assert ("Leve o CPF.", "Documentos") in paths, name
        assert ("Cabe recurso em dez dias.", "Prazos > Recurso") in paths, name
