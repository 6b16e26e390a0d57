"""The page that people see, and its static parts."""

import hashlib
from dataclasses import dataclass
from functools import cache
from importlib import resources

from fastapi import APIRouter, HTTPException
from fastapi.responses import HTMLResponse, Response

router = APIRouter(prefix="/static", include_in_schema=False)

_MEDIA_TYPES = {"page.css": "text/css", "page.js": "text/javascript", "icon.svg": "image/svg+xml"}
_FOREVER = "public, max-age=31536000, immutable"
_PAGE_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-cache",
    "Referrer-Policy": "no-referrer",
    "Vary": "Accept",
    "X-Content-Type-Options": "nosniff",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asset:
    content: bytes
    media_type: str
    version: str


def page() -> HTMLResponse:
    """The page of questions, under a policy that lets it load and call nothing but this service."""
    return HTMLResponse(_page_text(), headers=_PAGE_HEADERS)


@router.get("/{name}")
async def static(name: str, v: str = "") -> Response:
    """Uma parte da página; com a versão no endereço, o navegador a guarda para sempre."""
    if name not in _MEDIA_TYPES:
        raise HTTPException(404)
    asset = _asset(name)
    kept = _FOREVER if v == asset.version else "no-cache"
    headers = {"Cache-Control": kept, "X-Content-Type-Options": "nosniff"}
    return Response(asset.content, media_type=asset.media_type, headers=headers)


@cache
def _page_text() -> str:
    """The page, each static part addressed by the version of its content."""
    text = _read("index.html").decode()
    for name in _MEDIA_TYPES:
        text = text.replace(f'"/static/{name}"', f'"/static/{name}?v={_asset(name).version}"')
    return text


@cache
def _asset(name: str) -> _Asset:
    content = _read(name)
    version = hashlib.sha256(content).hexdigest()[:12]
    return _Asset(content=content, media_type=_MEDIA_TYPES[name], version=version)


def _read(name: str) -> bytes:
    return resources.files("balcao.interface.web").joinpath(name).read_bytes()
