"""Files made to harm whoever opens them, and what is to be said of each."""

import io
import random
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from PIL import Image

from tests.pdf_files import Shown, assembled, drawn, pdf_file

CANARY = "canario-que-nenhum-documento-le"
"""What stands in a file of the same folder, which hostile files try to take in."""

MIB = 1 << 20
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_PNG = b"\x89PNG\r\n\x1a\n"
_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_ODF = (
    'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" '
    'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"'
)
_LAUGHS = "".join(f'<!ENTITY a{n + 1} "{f"&a{n};" * 10}">' for n in range(12))
_BILLION_LAUGHS = f'<!DOCTYPE d [<!ENTITY a0 "ha">{_LAUGHS}]>'
_TYPES = (
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Override PartName="/word/document.xml" ContentType='
    '"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>'
)
_RELATIONS = (
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type='
    '"http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/>'
    "</Relationships>"
)

Make = Callable[[Path], bytes]
"""Makes a file's bytes; given the path of the file that holds the canary."""


@dataclass(frozen=True, slots=True)
class HostileFile:
    """``says`` is a pattern of the reason for its refusal; None where it may be read as well as refused.

    ``scans`` is how many of its pages are read by OCR, each of which has time of its own.
    """

    name: str
    make: Make
    says: str | None = None
    scans: int = 0


def docx(document: str, *, doctype: str = "", others: Mapping[str, bytes] = MappingProxyType({})) -> bytes:
    """A DOCX of this body; ``others`` are more parts, by their names."""
    whole = f'<?xml version="1.0"?>{doctype}<w:document {_W}><w:body>{document}</w:body></w:document>'
    return zipped({"[Content_Types].xml": _TYPES, "_rels/.rels": _RELATIONS, "word/document.xml": whole, **others})


def odt(body: str, *, doctype: str = "", others: Mapping[str, bytes] = MappingProxyType({})) -> bytes:
    """An ODT of this body."""
    whole = (
        f'<?xml version="1.0"?>{doctype}<office:document-content {_ODF}><office:body><office:text>{body}'
        "</office:text></office:body></office:document-content>"
    )
    return zipped({"content.xml": whole, **others})


def zipped(parts: Mapping[str, str | bytes]) -> bytes:
    """A ZIP archive of these parts."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in parts.items():
            package.writestr(name, content)
    return data.getvalue()


def zip_bomb(part: str) -> bytes:
    """An archive whose part unpacks to 220 MiB."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as package, package.open(part, "w") as file:
        for _ in range(220):
            file.write(bytes(MIB))
    return data.getvalue()


def lying_zip() -> bytes:
    """A DOCX whose directory says that its text is 64 bytes long."""
    data = docx("<w:p/>" * 3_000_000)
    entry = data.index(b"PK\x01\x02", data.index(b"PK\x01\x02", data.index(b"PK\x01\x02") + 1) + 1)
    return data[: entry + 24] + struct.pack("<I", 64) + data[entry + 28 :]


def xml_entity(path: Path, name: str) -> str:
    """A DTD with an entity that stands for what a file holds."""
    return f'<!DOCTYPE d [<!ENTITY {name} SYSTEM "{path.as_uri()}">]>'


def stream(data: bytes, entries: str) -> bytes:
    """A PDF stream object."""
    return b"<< %b /Length %d >>\nstream\n%b\nendstream" % (entries.encode(), len(data), data)


def flate_bomb() -> bytes:
    """A PDF page that unpacks to 300 MiB of painting."""
    packer = zlib.compressobj(1)
    data = b"".join(packer.compress(b"0 0 m " * (MIB // 6)) for _ in range(300)) + packer.flush()
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R >>"
    pages = b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>"
    return assembled([b"<< /Type /Catalog /Pages 2 0 R >>", pages, page, stream(data, "/Filter /FlateDecode")])


def image_bomb() -> bytes:
    """A PDF page with a picture of 30,000 by 30,000 pixels in colours."""
    packer = zlib.compressobj(1)
    data = b"".join(packer.compress(bytes(MIB)) for _ in range(64)) + packer.flush()
    entries = (
        "/Type /XObject /Subtype /Image /Width 30000 /Height 30000 /ColorSpace /DeviceRGB /BitsPerComponent 8 "
        "/Filter /FlateDecode"
    )
    content = "q 500 0 0 700 50 50 cm /I Do Q"
    return pdf_file([content], resources="/XObject << /I 4 0 R >>", objects=[stream(data, entries)])


def png_header(width: int, height: int, *chunks: tuple[bytes, bytes]) -> bytes:
    """A grey PNG of this size, with almost no data."""
    parts = [(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)), *chunks]
    parts += [(b"IDAT", zlib.compress(bytes(1000))), (b"IEND", b"")]
    return _PNG + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in parts
    )


def many_frames() -> bytes:
    """A TIFF of 600 tiny pages."""
    frames = [Image.new("1", (8, 8), 1) for _ in range(600)]
    data = io.BytesIO()
    frames[0].save(data, "TIFF", save_all=True, append_images=frames[1:])
    return data.getvalue()


def huge_tiff() -> bytes:
    """A TIFF header of a million by a million pixels."""
    tags = [(256, 4, 1 << 20), (257, 4, 1 << 20), (258, 3, 8), (259, 3, 1), (262, 3, 1), (273, 4, 8), (279, 4, 8)]
    directory = struct.pack("<H", len(tags)) + b"".join(
        struct.pack("<HHII", tag, kind, 1, at) for tag, kind, at in tags
    )
    return b"II*\x00" + struct.pack("<I", 8) + directory + bytes(4)


def encrypted_pdf() -> bytes:
    """A PDF with a password."""
    key = "<" + "00" * 32 + ">"
    trailer = f"/Encrypt << /Filter /Standard /V 1 /R 2 /O {key} /U {key} /P -4 >> /ID [<00> <00>]"
    return pdf_file([drawn([Shown(50, 50, "Lei")])], trailer=trailer)


def looped_pdf() -> bytes:
    """A PDF whose tree of pages holds itself."""
    pages = b"<< /Type /Pages /Parent 2 0 R /Kids [2 0 R 2 0 R] /Count 2 >>"
    return assembled([b"<< /Type /Catalog /Pages 2 0 R >>", pages])


def polyglot() -> bytes:
    """A PDF that is a ZIP archive and a web page as well."""
    page = b"%PDF-1.4\n<html><body><script>alert(1)</script></body></html>\n"
    return page + pdf_file([drawn([Shown(50, 50, "Art. 1. Esta lei entra em vigor.")])]) + zipped({"a.txt": "a"})


def huge_page() -> bytes:
    """A PDF page of two million points a side, without text."""
    content = stream(b"0 0 1000000 1000000 re f", "")
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 2000000 2000000] /Contents 4 0 R >>"
    return assembled(
        [b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>", page, content]
    )


def _photo() -> bytes:
    data = io.BytesIO()
    Image.effect_noise((1200, 1200), 90).save(data, "JPEG")
    return data.getvalue()


def _noise(size: int) -> bytes:
    return random.Random(2).randbytes(size)  # noqa: S311 - it keeps no secret


_ENCRYPTED_MANIFEST = (
    b'<m:manifest xmlns:m="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"><m:file-entry><m:encryption-data/>'
    b"</m:file-entry></m:manifest>"
)
_COSTLY = "limite|complexo|grande demais"
_BROKEN_OR_COSTLY = "corrompid|limite|complexo|grande demais|não tem texto"

HOSTILE_FILES = (
    HostileFile("zip-bomba.docx", lambda _: zip_bomb("word/document.xml"), "grande demais"),
    HostileFile("vazio.pdf", lambda _: b"", "0 bytes"),
    HostileFile("celulas.odt", lambda _: odt("<text:p/>" * 9_000_000), _BROKEN_OR_COSTLY),
    HostileFile(
        "xxe.docx", lambda path: docx("<w:p><w:r><w:t>Lei &x;</w:t></w:r></w:p>", doctype=xml_entity(path, "x"))
    ),
    HostileFile("senha.pdf", lambda _: encrypted_pdf(), "senha"),
    HostileFile("magia-errada.pdf", lambda _: _PNG + bytes(64), "não é um PDF"),
    HostileFile("cortado.pdf", lambda _: pdf_file([drawn([Shown(50, 50, "Lei")])])[:200], "corrompido"),
    HostileFile("pontos.png", lambda _: png_header(60_000, 60_000), "pontos demais"),
    HostileFile("poliglota.pdf", lambda _: polyglot()),
    HostileFile(
        "fuga.docx", lambda _: docx("<w:p><w:r><w:t>Lei</w:t></w:r></w:p>", others={"../../fuga.txt": b"fora"})
    ),
    HostileFile("zip-em-zip.docx", lambda _: zipped({"a.zip": zipped({"b.zip": bytes(MIB)})}), "não um DOCX"),
    HostileFile("risadas.odt", lambda _: odt("<text:p>Lei &a12;</text:p>", doctype=_BILLION_LAUGHS), None),
    HostileFile(
        "risadas.docx", lambda _: docx("<w:p><w:r><w:t>&a12;</w:t></w:r></w:p>", doctype=_BILLION_LAUGHS), None
    ),
    HostileFile("fundo.html", lambda _: b"<div>" * 200_000 + b"fim", _COSTLY),
    HostileFile("xxe.odt", lambda path: odt("<text:p>Lei &x;</text:p>", doctype=xml_entity(path, "x"))),
    HostileFile("zip-bomba.odt", lambda _: zip_bomb("content.xml"), "grande demais"),
    HostileFile("senha.odt", lambda _: odt("", others={"META-INF/manifest.xml": _ENCRYPTED_MANIFEST}), "senha"),
    HostileFile("fundo.odt", lambda _: odt("<text:section>" * 30_000 + "</text:section>" * 30_000), _BROKEN_OR_COSTLY),
    HostileFile(
        "largo.odt",
        lambda _: odt(
            '<table:table><table:table-row><table:table-cell table:number-columns-repeated="1000000000"><text:p>Lei'
            '<text:s text:c="1000000000"/></text:p></table:table-cell></table:table-row></table:table>'
        ),
    ),
    HostileFile("paragrafos.docx", lambda _: docx("<w:p/>" * 3_000_000), _COSTLY),
    HostileFile("tabelas.docx", lambda _: docx("<w:tbl><w:tr><w:tc>" * 60 + "</w:tc></w:tr></w:tbl>" * 60), "tabelas"),
    HostileFile("mentiroso.docx", lambda _: lying_zip(), _BROKEN_OR_COSTLY),
    HostileFile("cortado.docx", lambda _: docx("<w:p/>" * 500)[:-40], "corrompido"),
    HostileFile("membros.docx", lambda _: zipped({f"{n}.xml": "" for n in range(20_000)}), "grande demais|não um DOCX"),
    HostileFile("cifrado.docx", lambda _: _OLE + bytes(4096), "senha"),
    HostileFile("grupos.rtf", lambda _: b"{\\rtf1 " + b"{" * 3_000_000, None),
    HostileFile("binario.rtf", lambda _: b"{\\rtf1\\bin999999999999 x}", None),
    HostileFile("magia-errada.rtf", lambda _: b"MZ" + bytes(64), "não é um RTF"),
    HostileFile("flate-bomba.pdf", lambda _: flate_bomb(), "sem camada|corrompido|" + _COSTLY),
    HostileFile("dez-mil-paginas.pdf", lambda _: pdf_file([""] * 10_001), "páginas"),
    HostileFile("laco.pdf", lambda _: looped_pdf(), "corrompido|sem camada|não lê"),
    HostileFile("pagina-enorme.pdf", lambda _: huge_page(), "sem camada", scans=1),
    HostileFile(
        "objetos.pdf", lambda _: pdf_file(["1 1 m 9 9 l S\n" * 1_500_000]), "sem camada|OCR|" + _COSTLY, scans=1
    ),
    HostileFile("texto-sobre-texto.pdf", lambda _: pdf_file([drawn([Shown(50, 50, "lei " * 50)] * 20_000)]), None),
    HostileFile("imagem-bomba.pdf", lambda _: image_bomb(), "sem camada|corrompido|OCR|" + _COSTLY, scans=1),
    HostileFile(
        "texto-na-imagem.png",
        lambda _: png_header(80, 80, (b"zTXt", b"a\x00\x00" + zlib.compress(bytes(300 * MIB), 1))),
        "corrompida|sem camada|" + _COSTLY,
    ),
    HostileFile("cortada.jpg", lambda _: _photo()[:20_000], "corrompida"),
    HostileFile("quadros.tiff", lambda _: many_frames(), "páginas"),
    HostileFile("enorme.tif", lambda _: huge_tiff(), "pontos demais|corrompida"),
    HostileFile("lixo.doc", lambda _: _OLE + _noise(200_000), "DOC"),
)
"""40 files; what comes first is quickest to try, and differs most."""
