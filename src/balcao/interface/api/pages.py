"""The pages that people see (questions, and the API described by Swagger UI and by ReDoc), and their static parts."""

import hashlib
from dataclasses import dataclass
from functools import cache
from importlib import resources

from fastapi import APIRouter, HTTPException
from fastapi.responses import HTMLResponse, Response

from balcao.interface.api.security_headers import REDOC_CONTENT_SECURITY_POLICY

router = APIRouter(include_in_schema=False)

_SCRIPT = "text/javascript"
_STYLE = "text/css"
_IMAGE = "image/svg+xml"
_MEDIA_TYPES = {
    "page.css": _STYLE,
    "page.js": _SCRIPT,
    "icon.svg": _IMAGE,
    "swagger.css": _STYLE,
    "swagger.js": _SCRIPT,
    "redoc.css": _STYLE,
    "redoc.js": _SCRIPT,
    "arrow.svg": _IMAGE,
    "copy.svg": _IMAGE,
    "vendor/swagger-ui.css": _STYLE,
    "vendor/swagger-ui-bundle.js": _SCRIPT,
    "vendor/redoc.standalone.js": _SCRIPT,
}
_FOREVER = "public, max-age=31536000, immutable"
_ASK_AGAIN = "no-cache"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asset:
    content: bytes
    media_type: str
    version: str


def page() -> HTMLResponse:
    """The page of questions."""
    return HTMLResponse(_page_text("index.html"), headers={"Cache-Control": _ASK_AGAIN, "Vary": "Accept"})


@router.get("/docs")
async def swagger() -> HTMLResponse:
    """A API descrita pelo Swagger UI, onde cada rota pode ser experimentada."""
    return HTMLResponse(_page_text("swagger.html"), headers={"Cache-Control": _ASK_AGAIN})


@router.get("/redoc")
async def redoc() -> HTMLResponse:
    """A API descrita pelo ReDoc, para leitura."""
    policy = {"Content-Security-Policy": REDOC_CONTENT_SECURITY_POLICY}
    return HTMLResponse(_page_text("redoc.html"), headers={"Cache-Control": _ASK_AGAIN} | policy)


@router.get("/static/{name:path}")
async def static(name: str, v: str = "") -> Response:
    """Uma parte de uma página; com a versão no endereço, o navegador a guarda para sempre."""
    if name not in _MEDIA_TYPES:
        raise HTTPException(404)
    asset = _asset(name)
    kept = _FOREVER if v == asset.version else _ASK_AGAIN
    return Response(asset.content, media_type=asset.media_type, headers={"Cache-Control": kept})


@cache
def _page_text(page_name: str) -> str:
    """A page, each static part addressed by the version of its content."""
    text = _read(page_name).decode()
    for name in _MEDIA_TYPES:
        address = f'"/static/{name}"'
        if address in text:
            text = text.replace(address, f'"/static/{name}?v={_asset(name).version}"')
    return text


@cache
def _asset(name: str) -> _Asset:
    content = _read(name)
    version = hashlib.sha256(content).hexdigest()[:12]
    return _Asset(content=content, media_type=_MEDIA_TYPES[name], version=version)


def _read(name: str) -> bytes:
    return resources.files("balcao.interface.web").joinpath(name).read_bytes()
