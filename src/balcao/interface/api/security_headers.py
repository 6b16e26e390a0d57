"""The one home of the headers that tell a browser what it must not do. Every response carries them.

Pages have their style and script in files of this service, and so have Swagger UI and ReDoc, which are shipped with it:
no page may run inline script, or load or call anything of another host. Source of each header: the OWASP Secure Headers
Project.
"""

from collections.abc import Iterable

_REDOC_STYLES = (
    "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='",  # of no text at all: rules are added to it one by one
    "'sha256-QMIg+bpjm3JdElJ388KYke01izlUW0UoNOeKjpMxdgc='",  # of its scroll bar
)


def _policy(style_sources: str) -> str:
    return "; ".join(
        (
            "default-src 'none'",
            f"style-src {style_sources}",
            "script-src 'self'",
            "connect-src 'self'",
            "img-src 'self'",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    )


CONTENT_SECURITY_POLICY = _policy("'self'")
REDOC_CONTENT_SECURITY_POLICY = _policy(" ".join(("'self'", *_REDOC_STYLES)))
"""The same, and the two style elements that the shipped version of ReDoc makes, by the hash of their content."""

SECURITY_HEADERS: dict[str, str] = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=31536000",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cache-Control": "no-store",
}
"""Browsers ignore Strict-Transport-Security over plain HTTP, so that it does no harm there."""

_ENCODED = tuple((name.lower().encode(), value.encode()) for name, value in SECURITY_HEADERS.items())


def with_security_headers(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """These response headers, and every security header that is not among them.

    A response may state its own (a static part its ``Cache-Control``); that one then stands alone.
    """
    stated = list(headers)
    names = {name.lower() for name, _ in stated}
    return [*stated, *((name, value) for name, value in _ENCODED if name not in names)]
