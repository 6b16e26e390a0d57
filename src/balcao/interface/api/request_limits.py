"""How much a request may send, and how long it may take to send it."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from balcao.domain.errors import BalcaoError, PayloadTooLarge, RequestHeadTooLarge, RequestTooSlow
from balcao.interface.api.errors import error_response, request_id_in

MAX_HEAD_BYTES = 16 * 1024
MAX_HEADERS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyLimits:
    """The most that the body of a request may be, in bytes, and may take to arrive, in seconds.

    After ``grace_seconds`` it must also have arrived at ``least_bytes_per_second`` or more.
    """

    max_bytes: int
    max_seconds: float
    grace_seconds: float = 10.0
    least_bytes_per_second: int = 1000


class RequestLimits:
    """ASGI middleware: the application is called once the whole request has arrived within its limits.

    A body whose announced size is too large is refused before any of it is read; one sent in chunks, when it passes
    the limit. A slow sender holds neither a database connection nor any other part of the application.
    """

    def __init__(self, app: ASGIApp, limits: BodyLimits) -> None:
        self._app = app
        self._limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            _check_head(scope)
            body = await self._whole_body(Headers(scope=scope), receive)
        except BalcaoError as error:
            await error_response(error, request_id_in(scope))(scope, receive, send)
            return
        if body is not None:
            await self._app(scope, _replay(body, receive), send)

    async def _whole_body(self, headers: Mapping[str, str], receive: Receive) -> bytes | None:
        """The body; None when the sender left before its end.

        Raises:
            PayloadTooLarge, RequestTooSlow: it does not fit.
        """
        announced = headers.get("content-length", "")
        if announced.isdecimal() and int(announced) > self._limits.max_bytes:
            raise PayloadTooLarge
        if not announced and "transfer-encoding" not in headers:
            return b""
        body = bytearray()
        started = asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout_at(started + self._seconds_for(0)) as deadline:
                while True:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        return None
                    body += message.get("body", b"")
                    if len(body) > self._limits.max_bytes:
                        raise PayloadTooLarge
                    if not message.get("more_body", False):
                        return bytes(body)
                    deadline.reschedule(started + self._seconds_for(len(body)))
        except TimeoutError as error:
            raise RequestTooSlow from error

    def _seconds_for(self, received: int) -> float:
        limits = self._limits
        return min(limits.max_seconds, limits.grace_seconds + received / limits.least_bytes_per_second)


def _check_head(scope: Scope) -> None:
    """Raises RequestHeadTooLarge; the server's own limit counts only what is left over from what it could parse."""
    size = len(scope.get("raw_path", b"")) + len(scope["query_string"])
    size += sum(len(name) + len(value) for name, value in scope["headers"])
    if size > MAX_HEAD_BYTES or len(scope["headers"]) > MAX_HEADERS:
        raise RequestHeadTooLarge


def _replay(body: bytes, receive: Receive) -> Receive:
    """Give the application the body that was received, and then whatever comes."""
    given = False

    async def receive_again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive_again
