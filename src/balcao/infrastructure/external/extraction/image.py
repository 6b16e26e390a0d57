"""Images of documents (PNG, JPEG, TIFF), by OCR."""

from pathlib import Path

from PIL import Image, ImageOps, UnidentifiedImageError
from PIL.Image import DecompressionBombError, Resampling

from balcao.domain.errors import ContentMismatch, ExtractionFailed, NoTextLayer
from balcao.infrastructure.external.extraction.lines import cleaned, divided_words, page_text
from balcao.infrastructure.external.extraction.ocr import MISSING, MOST_PIXELS, GreyImage, find_reader
from balcao.infrastructure.external.extraction.parsed import OPENING_LENGTH, ExtractionLimits, ParsedFile

_FORMATS = ("PNG", "JPEG", "TIFF")
_SMALL = 1_600
_BROKEN = "a imagem está corrompida ou incompleta; digitalize ou exporte de novo e envie."
_TOO_LARGE = "a imagem tem pontos demais; digitalize em 300 dpi e envie de novo."
_NOTHING = "sem camada de texto: o OCR não encontrou texto na imagem; digitalize de novo, em 300 dpi e sem sombras."


def parse_image(path: Path, limits: ExtractionLimits) -> ParsedFile:
    """An image's pages, of which a TIFF may have many.

    Raises:
        ContentMismatch: it is none of these formats.
        ExtractionFailed: it is broken, or has more pixels or pages than the limits.
        NoTextLayer: OCR is not installed, or finds no text.
    """
    Image.MAX_IMAGE_PIXELS = limits.pixels
    try:
        with Image.open(path, formats=_FORMATS) as image:
            return _parse(image, limits)
    except UnidentifiedImageError as error:
        raise ContentMismatch("o conteúdo não é uma imagem PNG, JPEG ou TIFF; corrija a extensão e envie.") from error
    except DecompressionBombError as error:
        raise ExtractionFailed(_TOO_LARGE) from error
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise ExtractionFailed(_BROKEN) from error


def _parse(image: Image.Image, limits: ExtractionLimits) -> ParsedFile:
    frames = getattr(image, "n_frames", 1) if image.format == "TIFF" else 1
    if frames > limits.ocr_pages:
        raise ExtractionFailed(f"a imagem tem mais de {limits.ocr_pages} páginas; divida-a e envie as partes.")
    reader = find_reader(limits)
    if reader is None:
        raise NoTextLayer(MISSING)
    pages = []
    for number in range(frames):
        image.seek(number)
        pages.append(cleaned(reader.read(lambda: _grey(image, limits), f"página {number + 1}")))
    if not any(pages):
        raise NoTextLayer(_NOTHING)
    words = divided_words(pages)
    texts = tuple(page_text(number, lines, words) for number, lines in enumerate(pages, 1))
    opening = "\n".join(page.text for page in texts)[:OPENING_LENGTH]
    return ParsedFile(pages=texts, opening=opening, recognised=tuple(page.number or 1 for page in texts))


def _grey(image: Image.Image, limits: ExtractionLimits) -> GreyImage:
    """The image upright and in grey, enlarged where it is small and reduced where it is huge."""
    if image.width * image.height > limits.pixels:
        raise ExtractionFailed(_TOO_LARGE)
    image.draft("L", (image.width, image.height))
    if image.has_transparency_data:
        shown = Image.new("RGBA", image.size, "white")
        shown.alpha_composite(image.convert("RGBA"))
        image = shown
    grey = ImageOps.exif_transpose(image.convert("L"))
    scale = 2.0 if max(grey.size) < _SMALL else min(1.0, (MOST_PIXELS / (grey.width * grey.height)) ** 0.5)
    if scale != 1.0:
        size = max(1, round(grey.width * scale)), max(1, round(grey.height * scale))
        grey = grey.resize(size, Resampling.LANCZOS)
    return GreyImage(width=grey.width, height=grey.height, pixels=grey.tobytes(), scale=scale)
