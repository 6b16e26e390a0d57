"""The edge of every request: its id, its time, its log line, and the answer when something unforeseen fails."""

import re
import time
from http import HTTPStatus
from uuid import uuid4

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from balcao.interface.api.errors import INTERNAL_ERROR, encoded_error
from balcao.interface.api.security_headers import with_security_headers

_ACCEPTABLE_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_log = structlog.get_logger("balcao.http")


class RequestEdge:
    """Outermost ASGI middleware.

    Every response carries ``X-Request-ID`` (the caller's, where it is a plain token), ``X-Process-Time`` in seconds
    and the security headers. The log has neither the body, nor the query string, nor the message of an unforeseen
    error: these may hold what a person wrote.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        request_id = _request_id(scope)
        scope.setdefault("state", {})["request_id"] = request_id
        status = 0

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = int(message["status"])
                elapsed = f"{time.perf_counter() - started:.6f}"
                message["headers"] = [
                    *with_security_headers(message.get("headers", ())),
                    (b"x-request-id", request_id.encode()),
                    (b"x-process-time", elapsed.encode()),
                ]
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                await self._app(scope, receive, send_with_headers)
            except Exception:  # noqa: BLE001 - the process's edge: nothing above could answer
                _log.exception("unforeseen_error")
                if status == 0:
                    await _send_internal_error(send_with_headers, request_id)
            _log.info(
                "request",
                method=scope["method"],
                path=scope["path"],
                status=status,
                milliseconds=round((time.perf_counter() - started) * 1000, 1),
            )


def _request_id(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _ACCEPTABLE_ID.fullmatch(value):
            return bytes(value).decode()
    return uuid4().hex


async def _send_internal_error(send: Send, request_id: str) -> None:
    status = HTTPStatus.INTERNAL_SERVER_ERROR
    body = encoded_error(status, INTERNAL_ERROR, "internal_error", request_id)
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": int(status), "headers": headers})
    await send({"type": "http.response.body", "body": body})
