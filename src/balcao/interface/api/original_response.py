"""The HTTP answer that holds an original: whole or in part, shown or saved, and never run on this origin."""

import re
from http import HTTPStatus
from urllib.parse import quote

from fastapi.responses import RedirectResponse, Response, StreamingResponse

from balcao.application.use_cases.open_original import OpenedOriginal
from balcao.domain.document import Document
from balcao.domain.span import ByteSpan
from balcao.interface.api.security_headers import CONTENT_SECURITY_POLICY

_RANGE = re.compile(r"bytes=([0-9]{0,15})-([0-9]{0,15})")
_INLINE = frozenset({"application/pdf", "image/png", "image/jpeg", "text/plain", "text/html"})
_RUN = "text/html"


def span_in(header: str | None) -> ByteSpan | None:
    """The one range of bytes that a Range header asks for; of any other, everything is sent (RFC 9110, 14.2)."""
    match = _RANGE.fullmatch(header or "")
    if match is None or match.groups() == ("", ""):
        return None
    first, last = (int(digits) if digits else None for digits in match.groups())
    if first is not None and last is not None and last < first:
        return None
    return ByteSpan(first=first, last=last)


def etag_of(document: Document) -> str:
    """The file's digest is its validator."""
    return f'"{document.sha256.hex()}"'


def original_response(
    opened: OpenedOriginal, self_path: str, *, is_partial: bool, if_none_match: str | None
) -> Response:
    """A redirect to the storage, the file, some of it, or 304 for whom has it."""
    document = opened.document
    headers = _headers(opened, self_path)
    if opened.link is not None:
        return RedirectResponse(opened.link, HTTPStatus.TEMPORARY_REDIRECT, headers)
    content = opened.content
    if content is None:
        raise ValueError("an opened original has a link or content")
    headers |= {"ETag": etag_of(document), "Accept-Ranges": "bytes", "Cache-Control": "no-cache"}
    if if_none_match is not None and etag_of(document) in if_none_match:
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    headers["Content-Length"] = str(content.end - content.start)
    status = HTTPStatus.OK
    if is_partial:
        status = HTTPStatus.PARTIAL_CONTENT
        headers["Content-Range"] = f"bytes {content.start}-{content.end - 1}/{content.size}"
    return StreamingResponse(content.pieces, status, headers)


def _headers(opened: OpenedOriginal, self_path: str) -> dict[str, str]:
    document, media_type = opened.document, opened.media_type
    disposition = "inline" if media_type.partition(";")[0] in _INLINE else "attachment"
    headers = {"Content-Disposition": f"{disposition}; filename*=UTF-8''{quote(document.file_name or 'original')}"}
    headers["Content-Type"] = media_type
    if media_type.startswith(_RUN):
        headers["Content-Security-Policy"] = f"{CONTENT_SECURITY_POLICY}; sandbox"
    if document.replaced_by is not None:
        newer = self_path.replace(str(document.id), str(document.replaced_by))
        headers["Link"] = f'<{newer}>; rel="successor-version"'
    return headers
