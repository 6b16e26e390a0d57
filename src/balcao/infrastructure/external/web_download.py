"""A document at an http(s) address, streamed to a file within limits of size and time."""

import asyncio
import re
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urljoin, urlsplit

import httpx2

from balcao.domain.errors import UnreadableFile
from balcao.domain.text import short_file_name
from balcao.infrastructure.addresses import IpAddress, is_public_address, without_credentials
from balcao.infrastructure.external.pinned_url import PinnedUrl, Resolver, pin, resolve

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
    """Downloads one address at a time; nothing of this installation's settings or credentials goes along.

    What is downloaded may be shown to anybody: each address on the way, redirects included, must be one that
    ``is_allowed`` (by default, one of the public internet), and https never leads to http. No redirect takes along
    the user and the password of an address.
    """

    def __init__(
        self,
        limits: DownloadLimits | None = None,
        *,
        is_allowed: Callable[[IpAddress], bool] = is_public_address,
        resolver: Resolver = resolve,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._limits = limits or DownloadLimits()
        self._is_allowed = is_allowed
        self._resolve = resolver
        self._tls = tls or httpx2.create_ssl_context()

    async def fetch(self, url: str, folder: Path) -> Path:
        """A new file in this folder, called as the address or the server calls it.

        Raises:
            UnreadableFile: no answer, an answer that is no document, an address that is not allowed, or more than the
                limits; the message names the address asked for, without user and password.
        """
        label = without_credentials(url)
        try:
            async with asyncio.timeout(self._limits.seconds):
                return await self._follow(url, folder)
        except UnreadableFile as error:
            raise UnreadableFile(f"{label}: {error.message}") from error
        except TimeoutError as error:
            raise UnreadableFile(f"{label}: não chegou em {self._limits.seconds:.0f} s; tente de novo.") from error
        except httpx2.HTTPStatusError as error:
            status = error.response.status_code
            raise UnreadableFile(f"{label}: o servidor respondeu {status}; confira o endereço.") from error
        except (httpx2.HTTPError, httpx2.InvalidURL, ValueError, socket.gaierror) as error:
            raise UnreadableFile(f"{label}: o endereço não respondeu; confira-o e a rede.") from error
        except OSError as error:
            raise UnreadableFile(
                f"{label}: não pôde ser gravado; confira o espaço em disco e a pasta {folder}."
            ) from error

    async def _follow(self, url: str, folder: Path) -> Path:
        """The file behind the address and its redirects."""
        place = url
        client = httpx2.AsyncClient(
            verify=self._tls, timeout=self._limits.idle_seconds, headers={"User-Agent": _AGENT}, trust_env=False
        )
        async with client:
            for _ in range(1 + _REDIRECTS):
                pinned = await self._pinned(place)
                request = client.stream("GET", pinned.url, headers=pinned.headers, extensions=pinned.extensions)
                async with request as response:
                    if not response.has_redirect_location:
                        response.raise_for_status()
                        return await self._save(response, folder / _name_of(url, response.headers))
                    place = _next(place, response.headers["location"])
        raise UnreadableFile("leva de um endereço a outro sem chegar a um documento; confira-o no navegador.")

    async def _pinned(self, place: str) -> PinnedUrl:
        pinned = await pin(place, self._is_allowed, self._resolve)
        if pinned is None:
            host = urlsplit(place).hostname
            raise UnreadableFile(f"leva a {host}, da rede interna; para ingerir mesmo assim, use --rede-interna.")
        return pinned

    async def _save(self, response: httpx2.Response, path: Path) -> Path:
        size = 0
        with path.open("wb") as file:
            async for piece in response.aiter_bytes():
                size += len(piece)
                if size > self._limits.size:
                    most = self._limits.size // 2**20
                    raise UnreadableFile(f"o arquivo passa de {most} MB; divida-o e ingira as partes.")
                file.write(piece)
        return path


def _next(place: str, location: str) -> str:
    """Where a redirect leads to (RFC 9110, section 10.2.2)."""
    there = urljoin(without_credentials(place), location)
    if place.lower().startswith("https:") and not there.lower().startswith("https:"):
        raise UnreadableFile(
            "leva a um endereço sem https, que qualquer um no caminho pode trocar; use o endereço final."
        )
    return there


def _name_of(url: str, headers: httpx2.Headers) -> str:
    """The server's name for the file, else the address's; with the suffix of its type where it has none."""
    given = _NAMED.search(headers.get("content-disposition", ""))
    path = PurePosixPath(unquote(given[1] if given else urlsplit(url).path))
    name = re.sub(r"[\x00-\x1f/\\]", "_", path.name) or "pagina"
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    has_one = _SUFFIX.fullmatch(PurePosixPath(name).suffix) and PurePosixPath(name).suffix.lower() != ".php"
    return short_file_name(name if has_one or kind not in _TYPES else f"{name}{_TYPES[kind]}")
