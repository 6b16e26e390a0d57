"""PDF pages that are pictures: which they are, and how they are drawn for OCR."""

from math import sqrt

import pypdfium2
import pypdfium2.raw as pdfium

from balcao.infrastructure.external.extraction.ocr import DOTS_PER_INCH, MOST_PIXELS, GreyImage

_POINTS_PER_INCH = 72
_DEEPEST = 3
_MOST_OBJECTS = 2_000
_SCAN_SHARE = 0.3


def is_scan(page: pypdfium2.PdfPage, *, has_text: bool) -> bool:
    """Whether the page is to be read by OCR: it shows something and says nothing, or little upon a large picture."""
    if not has_text:
        return bool(pdfium.FPDFPage_CountObjects(page.raw) > 0)
    width, height = page.get_size()
    pictures = page.get_objects(filter=[pdfium.FPDF_PAGEOBJ_IMAGE], max_depth=_DEEPEST)
    for _, picture in zip(range(_MOST_OBJECTS), pictures, strict=False):
        left, bottom, right, top = picture.get_bounds()
        if (right - left) * (top - bottom) >= _SCAN_SHARE * width * height:
            return True
    return False


def draw_page(page: pypdfium2.PdfPage) -> GreyImage:
    """The page at 300 dpi, or at as much of it as keeps a huge page within ``MOST_PIXELS``."""
    width, height = page.get_size()
    scale = min(DOTS_PER_INCH / _POINTS_PER_INCH, sqrt(MOST_PIXELS / (width * height)))
    bitmap = page.render(scale=scale, grayscale=True)
    data = bytes(bitmap.buffer)
    if bitmap.stride != bitmap.width:
        rows = range(0, bitmap.height * bitmap.stride, bitmap.stride)
        data = b"".join(data[start : start + bitmap.width] for start in rows)
    image = GreyImage(width=bitmap.width, height=bitmap.height, pixels=data, scale=scale)
    bitmap.close()
    return image
