"""A document at an http(s) address, streamed to a file within limits of size and time."""

import asyncio
import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

import httpx2

from balcao.domain.errors import UnreadableFile

_TYPES = {
    "application/pdf": ".pdf",
    "text/html": ".html",
    "application/xhtml+xml": ".html",
    "text/plain": ".txt",
    "text/markdown": ".md",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "application/vnd.oasis.opendocument.text": ".odt",
    "application/rtf": ".rtf",
    "text/rtf": ".rtf",
    "application/msword": ".doc",
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "image/tiff": ".tif",
}
_NAMED = re.compile(r"filename\*?\s*=\s*(?:UTF-8'[^']*')?\"?([^\";]+)", re.IGNORECASE)
_SUFFIX = re.compile(r"\.[A-Za-z0-9]{1,8}")
_REDIRECTS = 5
_AGENT = "Balcao (+ingestao de documentos oficiais)"


@dataclass(frozen=True, slots=True, kw_only=True)
class DownloadLimits:
    """``size`` in bytes; ``seconds`` for everything, ``idle_seconds`` between two pieces."""

    size: int = 300 * 1024 * 1024
    seconds: float = 300.0
    idle_seconds: float = 30.0


class WebDownload:
    """Downloads one address at a time; nothing of this installation's settings or credentials goes along."""

    def __init__(self, limits: DownloadLimits | None = None) -> None:
        self._limits = limits or DownloadLimits()

    async def fetch(self, url: str, folder: Path) -> Path:
        """A new file in this folder, called as the address or the server calls it.

        Raises:
            UnreadableFile: no answer, an answer that is no document, or more than the limits; the message names the
                address.
        """
        try:
            async with asyncio.timeout(self._limits.seconds):
                return await self._stream(url, folder)
        except TimeoutError as error:
            raise UnreadableFile(f"{url}: não chegou em {self._limits.seconds:.0f} s; tente de novo.") from error
        except httpx2.HTTPStatusError as error:
            status = error.response.status_code
            raise UnreadableFile(f"{url}: o servidor respondeu {status}; confira o endereço.") from error
        except (httpx2.HTTPError, httpx2.InvalidURL, ValueError) as error:
            raise UnreadableFile(f"{url}: o endereço não respondeu; confira-o e a rede.") from error

    async def _stream(self, url: str, folder: Path) -> Path:
        client = httpx2.AsyncClient(
            timeout=self._limits.idle_seconds,
            follow_redirects=True,
            max_redirects=_REDIRECTS,
            headers={"User-Agent": _AGENT},
            trust_env=False,
        )
        async with client, client.stream("GET", url) as response:
            response.raise_for_status()
            path = folder / _name_of(url, response.headers)
            size = 0
            with path.open("wb") as file:
                async for piece in response.aiter_bytes():
                    size += len(piece)
                    if size > self._limits.size:
                        raise UnreadableFile(
                            f"{url}: o arquivo passa de {self._limits.size // 2**20} MB; divida-o e ingira as partes."
                        )
                    file.write(piece)
        return path


def _name_of(url: str, headers: httpx2.Headers) -> str:
    """The server's name for the file, else the address's; with the suffix of its type where it has none."""
    given = _NAMED.search(headers.get("content-disposition", ""))
    path = PurePosixPath(unquote(given[1] if given else urlsplit(url).path))
    name = re.sub(r"[\x00-\x1f/\\]", "_", path.name)[-100:] or "pagina"
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    has_one = _SUFFIX.fullmatch(PurePosixPath(name).suffix) and PurePosixPath(name).suffix.lower() != ".php"
    return name if has_one or kind not in _TYPES else f"{name}{_TYPES[kind]}"
