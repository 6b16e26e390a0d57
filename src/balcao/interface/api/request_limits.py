"""How much a request may send, and how long it may take to send it."""

import asyncio
import re
from collections.abc import Mapping, Sequence
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

    def seconds_for(self, received: int) -> float:
        """How long the body may have taken when this many bytes of it have arrived."""
        return min(self.max_seconds, self.grace_seconds + received / self.least_bytes_per_second)


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRoute:
    """A route that takes a file: it knows who asks before it reads, and reads piece by piece into a file."""

    method: str
    path: re.Pattern[str]
    limits: BodyLimits


class RequestLimits:
    """ASGI middleware: the application is called once the whole request has arrived within its limits.

    Routes that take files are called at once and have limits of their own, which end their reading.

    A body whose announced size is too large is refused before any of it is read; one sent in chunks, when it passes
    the limit. A slow sender holds neither a database connection nor any other part of the application.
    """

    def __init__(self, app: ASGIApp, limits: BodyLimits, file_routes: Sequence[FileRoute] = ()) -> None:
        self._app = app
        self._limits = limits
        self._file_routes = file_routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            _check_head(scope)
            limited = await self._limited(scope, receive)
        except BalcaoError as error:
            await error_response(error, request_id_in(scope))(scope, receive, send)
            return
        if limited is not None:
            await self._app(scope, limited, send)

    async def _limited(self, scope: Scope, receive: Receive) -> Receive | None:
        """What the application is to receive from; None when the sender left.

        Raises:
            PayloadTooLarge, RequestTooSlow: the body does not fit.
        """
        headers = Headers(scope=scope)
        for route in self._file_routes:
            if scope["method"] == route.method and route.path.fullmatch(scope["path"]):
                _check_announced(headers, route.limits)
                return _within(route.limits, receive)
        body = await self._whole_body(headers, receive)
        return None if body is None else _replay(body, receive)

    async def _whole_body(self, headers: Mapping[str, str], receive: Receive) -> bytes | None:
        """The body; None when the sender left before its end.

        Raises:
            PayloadTooLarge, RequestTooSlow: it does not fit.
        """
        _check_announced(headers, self._limits)
        if "content-length" not in headers and "transfer-encoding" not in headers:
            return b""
        body = bytearray()
        started = asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout_at(started + self._limits.seconds_for(0)) as deadline:
                while True:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        return None
                    body += message.get("body", b"")
                    if len(body) > self._limits.max_bytes:
                        raise PayloadTooLarge
                    if not message.get("more_body", False):
                        return bytes(body)
                    deadline.reschedule(started + self._limits.seconds_for(len(body)))
        except TimeoutError as error:
            raise RequestTooSlow from error


def _check_announced(headers: Mapping[str, str], limits: BodyLimits) -> None:
    """Raises PayloadTooLarge before a byte is read."""
    announced = headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > limits.max_bytes:
        raise PayloadTooLarge


def _within(limits: BodyLimits, receive: Receive) -> Receive:
    """Receive the body piece by piece: what does not fit ends whoever is reading it with the error that says so."""
    clock = asyncio.get_running_loop().time
    started = clock()
    received = 0
    is_over = False

    async def receive_within() -> Message:
        nonlocal received, is_over
        if is_over:
            return await receive()
        try:
            async with asyncio.timeout_at(started + limits.seconds_for(received)):
                message = await receive()
        except TimeoutError as error:
            raise RequestTooSlow from error
        received += len(message.get("body", b""))
        if received > limits.max_bytes:
            raise PayloadTooLarge
        is_over = not message.get("more_body", False)
        return message

    return receive_within


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
