"""PDF files written by hand (ISO 32000-1, 7.5), so that tests know where each word stands."""

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 595, 842
"""An A4 sheet, in points."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A text in Helvetica whose baseline begins ``x`` points from the left and ``y`` from the top of the page."""

    x: float
    y: float
    text: str
    size: float = 9.0


def drawn(texts: Sequence[Shown]) -> str:
    """A page's content stream, the texts in the order in which they are given."""
    return "\n".join(
        f"BT /F1 {text.size} Tf 1 0 0 1 {text.x} {HEIGHT - text.y} Tm ({_escaped(text.text)}) Tj ET" for text in texts
    )


def pdf_file(
    contents: Sequence[str], *, page: str = "", resources: str = "", objects: Sequence[bytes] = (), trailer: str = ""
) -> bytes:
    """A PDF of pages with these content streams.

    ``page`` and ``resources`` are entries of every page's dictionary and of its resources; ``objects`` are further
    objects, numbered from 4 on; ``trailer`` is more of the trailer's dictionary.
    """
    first = 4 + len(objects)
    kids = " ".join(f"{first + 2 * number} 0 R" for number in range(len(contents)))
    everything: list[bytes] = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(contents)} >>".encode(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        *objects,
    ]
    for number, content in enumerate(contents):
        stream = content.encode("cp1252")
        everything += [
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {WIDTH} {HEIGHT}] {page} "
            f"/Resources << /Font << /F1 3 0 R >> {resources} >> /Contents {first + 1 + 2 * number} 0 R >>".encode(),
            b"<< /Length %d >>\nstream\n%b\nendstream" % (len(stream), stream),
        ]
    return assembled(everything, trailer=trailer)


def assembled(objects: Sequence[bytes], *, trailer: str = "") -> bytes:
    """A PDF of these objects, numbered from 1, of which the first is the catalogue."""
    body = b"%PDF-1.4\n"
    offsets = []
    for number, content in enumerate(objects, 1):
        offsets.append(len(body))
        body += b"%d 0 obj\n%b\nendobj\n" % (number, content)
    table = "".join(f"{offset:010} 00000 n \n" for offset in offsets)
    size = len(objects) + 1
    end = f"xref\n0 {size}\n0000000000 65535 f \n{table}trailer\n<< /Size {size} /Root 1 0 R {trailer} >>\n"
    return body + f"{end}startxref\n{len(body)}\n%%EOF\n".encode()


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
