"""Reading files: each format gives clean text and its own title; what cannot be read says why and what to do."""

import asyncio
import os
import zipfile
from pathlib import Path

import docx
import psutil
import pytest

from balcao.domain.document import ExtractedDocument
from balcao.domain.errors import (
    ContentMismatch,
    EmptyFile,
    ExtractionFailed,
    NoTextLayer,
    UnreadableFile,
    UnsupportedFormat,
    UnusableFile,
)
from balcao.infrastructure.external.extraction.extractor import ChildProcessTextExtractor
from balcao.infrastructure.external.extraction.parsed import ExtractionLimits

PNG = b"\x89PNG\r\n\x1a\n" + bytes(64)


async def extract(path: Path, limits: ExtractionLimits | None = None) -> ExtractedDocument:
    return await ChildProcessTextExtractor(limits).extract(path)


def written(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


async def read(path: Path, content: str | bytes) -> ExtractedDocument:
    return await extract(written(path, content))


def pdf(*pages: list[str], extra: str = "") -> bytes:
    """A minimal PDF (ISO 32000-1, 7.5): one page for each list of lines, in Helvetica."""
    kids = " ".join(f"{4 + 2 * number} 0 R" for number in range(len(pages)))
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    for number, lines in enumerate(pages):
        shown = " ".join(f"({line}) Tj 0 -14 Td" for line in lines)
        stream = f"BT /F1 11 Tf 50 780 Td {shown} ET"
        objects += [
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] "
            f"/Resources << /Font << /F1 3 0 R >> >> /Contents {5 + 2 * number} 0 R >>",
            f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream",
        ]
    body = b"%PDF-1.4\n"
    offsets = []
    for number, content in enumerate(objects, 1):
        offsets.append(len(body))
        body += f"{number} 0 obj\n{content}\nendobj\n".encode("cp1252")
    table = "".join(f"{offset:010} 00000 n \n" for offset in offsets)
    size = len(objects) + 1
    trailer = f"xref\n0 {size}\n0000000000 65535 f \n{table}trailer\n<< /Size {size} /Root 1 0 R {extra} >>\n"
    return body + f"{trailer}startxref\n{len(body)}\n%%EOF\n".encode()


# Formats


async def test_pdf_pages_keep_their_numbers_and_lose_running_headers(tmp_path: Path) -> None:
    pages = [["Câmara de Exemplo", f"Artigo do corpo {word}", f"{n}/4"] for n, word in enumerate("ABCD", 1)]
    pages[2] = []
    extracted = await read(tmp_path / "lei.pdf", pdf(*pages))
    assert [(page.number, page.text) for page in extracted.pages] == [
        (1, "Câmara de Exemplo\nArtigo do corpo A"),
        (2, "Artigo do corpo B"),
        (3, ""),
        (4, "Artigo do corpo D"),
    ]
    assert extracted.metadata.page_count == 4
    assert extracted.metadata.file_type == "pdf"
    assert extracted.metadata.source == str((tmp_path / "lei.pdf").resolve())
    assert extracted.metadata.file_size == (tmp_path / "lei.pdf").stat().st_size


async def test_docx_keeps_paragraphs_tables_and_letterhead_in_order(tmp_path: Path) -> None:
    document = docx.Document()
    document.sections[0].header.paragraphs[0].text = "PREFEITURA MUNICIPAL DE EXEMPLO"
    document.add_heading("Manual de protocolo", level=1)
    document.add_paragraph("Antes da tabela.")
    table = document.add_table(rows=2, cols=2)
    for cell, text in zip(table._cells, ["Serviço", "Prazo", "Certidão", "5 dias"], strict=True):
        cell.text = text
    document.add_paragraph("Depois da tabela, art. 1º\xa0§ 2º.")
    document.core_properties.author = "Equipe de exemplo"
    document.save(str(tmp_path / "manual.docx"))
    extracted = await extract(tmp_path / "manual.docx")
    assert extracted.pages[0].number is None
    assert extracted.pages[0].text.split("\n") == [
        "PREFEITURA MUNICIPAL DE EXEMPLO",
        "Manual de protocolo",
        "Antes da tabela.",
        "Serviço\tPrazo",
        "Certidão\t5 dias",
        "Depois da tabela, art. 1º § 2º.",
    ]
    assert extracted.title == "Manual de protocolo"
    assert extracted.metadata.author == "Equipe de exemplo"
    assert extracted.metadata.page_count is None


async def test_html_gives_its_content_and_not_its_furniture(tmp_path: Path) -> None:
    page = """<html><head><title>Taxas</title><style>p{}</style></head><body>
      <nav><a href=x>Início</a></nav><div class="menu-principal"><div class=item>Menu</div></div>
      <header><h1>Taxas do <b>lixo</b></h1><ul><li>Portal</li></ul></header>
      <div class='toc'><ul><li class=x>Art. 1</li></ul></div><script>var segredo = 1;</script>
      <p>Art. 1º A taxa&nbsp;é<br>anual &amp; fixa.</p><iframe src=x>quadro</iframe>
      <table><tr><th>Prazo</th><td>5 dias</td></tr><tr><td>a</td><td>b</td><td>c</td></tr></table>
      <pre>linha 1\nlinha 2</pre><footer>Rodapé</footer></body></html>"""
    text = (await read(tmp_path / "taxas.html", page)).pages[0].text
    assert [line for line in text.split("\n") if line] == [
        "Taxas do lixo",
        "Art. 1º A taxa é",
        "anual & fixa.",
        "Prazo: 5 dias",
        "a\tb\tc",
        "linha 1",
        "linha 2",
    ]


async def test_markdown_reads_as_plain_text_with_headings_on_their_own_lines(tmp_path: Path) -> None:
    source = (
        "# Guia do **ISS**\nTexto com [ligação](http://x.br/a_(b)), *ênfase* e 2 * 3 * 4.\n\n* item_um\n> citação\n"
    )
    extracted = await read(tmp_path / "guia.md", source)
    assert extracted.title == "Guia do ISS"
    assert extracted.pages[0].text == ("Guia do ISS\n\nTexto com ligação, ênfase e 2 * 3 * 4.\n\n- item_um\ncitação")


@pytest.mark.parametrize(
    "content",
    [
        "São João – ação nº 5".encode(),
        b"\xef\xbb\xbf" + "São João – ação nº 5".encode(),
        "São João – ação nº 5".encode("cp1252"),
        "São João – ação nº 5".encode("utf-16"),
        "São João – ação nº 5".encode("utf-16-le"),
    ],
    ids=["utf-8", "bom", "windows-1252", "utf-16", "utf-16 sem marca"],
)
async def test_text_is_decoded_whatever_its_encoding(tmp_path: Path, content: bytes) -> None:
    assert (await read(tmp_path / "a.txt", content)).pages[0].text.replace("\n", " ") == "São João – ação nº 5"


@pytest.mark.parametrize("name", ["a.txt", "a.md"])
@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("ação é útil à educação pública não é? ".encode() * 3 + b"\xc3", "corrompido"),
        (b"O cemit\xc3\xa9rio abre \xc3( \xff fim da frase.", "corrompido"),
        (b"Sem letra acentuada, s\xf3 um byte \xff perdido.", "corrompido"),
        ("São\x00 João – a\x00ção nº\r\n5".encode(), "bytes nulos"),
    ],
    ids=["UTF-8 cortado", "UTF-8 quebrado", "byte perdido", "nulos"],
)
async def test_a_text_that_lost_characters_is_refused_rather_than_changed(
    tmp_path: Path, name: str, content: bytes, reason: str
) -> None:
    with pytest.raises(ContentMismatch, match=f"{name}: .*{reason}"):
        await read(tmp_path / name, content)


@pytest.mark.parametrize("name", ["a.txt", "a.html"])
async def test_letters_that_a_converter_turned_into_nul_come_back(tmp_path: Path, name: str) -> None:
    damaged = (
        "<p>O ar\x00go 1º e o ar\x00go 2º são rela\x00vos ao \x00tulo, ao o\x00cio e à \x00sica: h\x00p://x.br</p>"
        + "fim. " * 100
    )
    text = (await read(tmp_path / name, damaged)).pages[0].text
    assert "O artigo 1º e o artigo 2º são relativos ao titulo, ao ofício e à física: http://x.br" in text


# Titles


GAZETTE = (
    "Segunda-feira, 3 de Maio de 2021 - Edição n° 7\nDiário Oficial de Exemplo\nDECRETO Nº 1, DE 3 DE MAIO DE 2021"
)
EPIGRAPH = "<p>LEI Nº 5, DE 2 DE MAIO DE 1999</p>"


@pytest.mark.parametrize(
    ("name", "content", "title"),
    [
        ("a.txt", "Casa Civil\n\nLEI Nº  9.999, DE 1º DE MARÇO DE 2001.", "Lei nº 9.999, de 1º de março de 2001"),
        ("b.txt", "DECRETO Nº 56 DE 26 DE OUTUBRO DE\n2020\n“TRANSFERE", "Decreto nº 56 de 26 de outubro de 2020"),
        ("c.txt", "LEI ORGÂNICA DO MUNICÍPIO DE MARACAJU/MS\nTítulo I", "Lei Orgânica do Município de Maracaju/MS"),
        ("d.txt", "TABELA DO IPTU E DO ISSQN - ANEXO II\n1", "Tabela do IPTU e do ISSQN - Anexo II"),
        ("e.txt", GAZETTE, "Diário Oficial de Exemplo – Edição 7 – 3 de maio de 2021"),
        ("f.txt", "nos termos da\nLei nº 8.112, de 11 de dezembro de 1990, que dispõe", "nos termos da"),
        ("g.html", f"<title>Estatuto</title>{EPIGRAPH}", "Lei nº 5, de 2 de maio de 1999 – Estatuto"),
        ("h.html", f"<title>Lei 5/1999</title>{EPIGRAPH}", "Lei nº 5, de 2 de maio de 1999"),
        ("i.html", f"<title>Estatuto 2025</title>{EPIGRAPH}", "Lei nº 5, de 2 de maio de 1999 – Estatuto 2025"),
        ("j_k.txt", "123\n456", "j k"),
        ("l.txt", "palavra " * 100, "palavra " * 36 + "palavra…"),
    ],
)
async def test_a_title_is_the_documents_own(tmp_path: Path, name: str, content: str, title: str) -> None:
    assert (await read(tmp_path / name, content)).title == title


# What cannot be used


@pytest.mark.parametrize(
    ("name", "content", "error", "says"),
    [
        ("vazio.pdf", b"", EmptyFile, "0 bytes"),
        ("branco.txt", b" \r\n\t\xc2\xa0 ", EmptyFile, "não tem texto"),
        ("vazio.html", b"<html><body><script>1</script></body></html>", EmptyFile, "não tem texto"),
        ("planilha.xlsx", b"PK\x03\x04", UnsupportedFormat, "use PDF, DOCX"),
        ("semextensao", b"texto", UnsupportedFormat, "use PDF, DOCX"),
        ("foto.pdf", PNG, ContentMismatch, "não é um PDF"),
        ("foto.txt", PNG, ContentMismatch, "imagem"),
        ("lei.txt", pdf(["Lei"]), ContentMismatch, "um PDF"),
        ("lei.md", b"PK\x03\x04\x00\x00", ContentMismatch, "compactado"),
        ("binario.txt", bytes(range(256)) * 40, ContentMismatch, "binário"),
        ("pagina.docx", b"<html><p>oi</p></html>", ContentMismatch, "não é um DOCX"),
        ("antigo.docx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), ContentMismatch, "salve-o como DOCX"),
        ("texto.html", b"apenas texto, sem marcas", ContentMismatch, "não é HTML"),
        ("imagem.pdf", pdf([], []), NoTextLayer, "sem camada de texto"),
        ("cortado.docx", b"PK\x03\x04" + bytes(100), ExtractionFailed, "corrompido"),
        ("cortado.pdf", b"%PDF-1.7\n1 0 obj\n<< /Type", ExtractionFailed, "corrompido"),
    ],
)  # fmt: skip
async def test_an_unusable_file_is_named_with_its_remedy(
    tmp_path: Path, name: str, content: bytes, error: type[UnusableFile], says: str
) -> None:
    with pytest.raises(error, match=says) as raised:
        await read(tmp_path / name, content)
    assert raised.value.message.startswith(f"{name}: ")


async def test_a_protected_pdf_asks_for_a_copy_without_password(tmp_path: Path) -> None:
    hexadecimal = "<" + "00" * 32 + ">"
    encrypted = f"/Encrypt << /Filter /Standard /V 1 /R 2 /O {hexadecimal} /U {hexadecimal} /P -4 >> /ID [<00> <00>]"
    with pytest.raises(ExtractionFailed, match="senha"):
        await read(tmp_path / "protegido.pdf", pdf(["Lei"], extra=encrypted))


async def test_a_path_that_is_no_readable_file(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match=r"^falta\.pdf: arquivo não encontrado"):
        await extract(tmp_path / "falta.pdf")
    (tmp_path / "pasta.pdf").mkdir()
    with pytest.raises(UnreadableFile, match=r"^pasta\.pdf: não é um arquivo"):
        await extract(tmp_path / "pasta.pdf")
    os.mkfifo(tmp_path / "fila.txt")
    with pytest.raises(UnreadableFile, match=r"^fila\.txt: não é um arquivo"):
        await extract(tmp_path / "fila.txt")


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads every file, whatever its permissions")
async def test_a_file_without_permission(tmp_path: Path) -> None:
    path = tmp_path / "fechado.txt"
    path.write_text("texto")
    path.chmod(0)
    with pytest.raises(UnreadableFile, match=r"^fechado\.txt: sem permissão"):
        await extract(path)


async def test_a_zip_that_is_no_docx_and_one_that_is_a_bomb(tmp_path: Path) -> None:
    other, bomb = tmp_path / "outro.docx", tmp_path / "bomba.docx"
    with zipfile.ZipFile(other, "w") as package:
        package.writestr("planilha.xml", "<a/>")
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("word/document.xml", bytes(300_000))
    with pytest.raises(ContentMismatch, match="não um DOCX"):
        await extract(other)
    with pytest.raises(ExtractionFailed, match="grande demais"):
        await extract(bomb, ExtractionLimits(unpacked_size=200_000))


# Limits


async def test_size_and_length_are_limited(tmp_path: Path) -> None:
    path = tmp_path / "grande.txt"
    path.write_text("texto " * 500_000)
    with pytest.raises(ExtractionFailed, match="passa de 2 MB"):
        await extract(path, ExtractionLimits(file_size=2_000_000))
    with pytest.raises(ExtractionFailed, match="texto é grande demais"):
        await extract(path, ExtractionLimits(text_length=1_000))


async def test_a_parser_that_takes_too_long_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "fundo.html"
    path.write_text("<div>" * 200_000 + "fim")
    with pytest.raises(ExtractionFailed, match=r"^fundo\.html: a leitura passou do limite"):
        await extract(path, ExtractionLimits(wall_seconds=0.5))
    with pytest.raises(ExtractionFailed, match="limite de tempo"):
        await extract(path, ExtractionLimits(cpu_seconds=1))


def child_processes() -> list[str]:
    return Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="this system does not list a process's children")
async def test_a_cancelled_extraction_leaves_no_process(tmp_path: Path) -> None:
    before = child_processes()
    path = written(tmp_path / "fundo.html", "<div>" * 200_000 + "fim")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.5):
            await extract(path)
    assert child_processes() == before


KILLED_MIDWAY = """#!/bin/sh
sleep 60 >/dev/null 2>&1 </dev/null &
echo $! > "$0.started"
kill -9 $PPID
"""


async def test_what_a_parser_started_ends_though_the_system_killed_the_parser(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = written(tmp_path / "antiword", KILLED_MIDWAY)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with pytest.raises(ExtractionFailed):
        await extract(written(tmp_path / "lei.doc", b"\xd0\xcf\x11\xe0" + bytes(600)))
    started = psutil.Process(int((tmp_path / "antiword.started").read_text()))
    gone, alive = psutil.wait_procs([started], timeout=5)
    assert (len(gone), alive) == (1, [])


async def test_the_child_sees_no_secret(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from balcao.infrastructure.external.extraction import extractor

    monkeypatch.setenv("OPENAI_API_KEY", "chave")
    assert not [name for name in extractor._environment() if "KEY" in name or "DATABASE" in name]
