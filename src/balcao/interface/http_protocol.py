"""The HTTP server's side of a connection, with an end to every wait that a client could make endless.

The body's deadline is kept by ``interface/api/request_limits.py``, which can answer; here is what happens before an
application exists to answer, and after it has answered.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import ClassVar
from uuid import uuid4

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from balcao.interface.api.errors import encoded_error
from balcao.interface.api.overload import refuse_overload
from balcao.interface.api.security_headers import with_security_headers

_NOT_HTTP = "O pedido não segue o protocolo HTTP, ou o cabeçalho é grande demais; confira o programa que o enviou."
_BYTES_TO_NOTICE = 1024 * 1024
_LEAST_BYTES_PER_SECOND = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionLimits:
    """How many connections may be open at the same time, and how long each may wait for its client.

    The head of a request must arrive within ``head_seconds``. A client that was answered early is read from for
    ``notice_seconds`` more. One that is slow to read must take 1 kB a second, as seen every ``stall_seconds``.
    """

    max_connections: int
    head_seconds: float
    notice_seconds: float = 2.0
    stall_seconds: float = 20.0


def protocol_with(limits: ConnectionLimits) -> type[H11Protocol]:
    """The protocol class under these limits, for uvicorn's ``http`` option."""

    class ConfiguredProtocol(BoundedProtocol):
        _limits = limits

    return ConfiguredProtocol


class BoundedProtocol(H11Protocol):
    """uvicorn's protocol, and four bounds.

    A connection is closed when the head of a request takes too long. One too many is answered 503 and closed. When an
    answer was given before the request had ended, the client is told that nothing more will be read: for a moment, or
    one more MiB, what it sends is thrown away, so that it can read the answer, and then the connection is cut
    (RFC 9112, section 9.6). A client that does not read its answer is cut.
    """

    _limits: ClassVar[ConnectionLimits]

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the clock of the first request's head."""
        super().connection_made(transport)
        self._head_timer = _Timer(self.loop)
        self._reader_timer = _Timer(self.loop)
        self._hang_up_timer = _Timer(self.loop)
        self._left_to_discard = _BYTES_TO_NOTICE
        if len(self.connections) > self._limits.max_connections:
            self.app = refuse_overload
        self._watch_head()

    def data_received(self, data: bytes) -> None:
        """Hand the data on, unless nothing more is to be read."""
        if self._hang_up_timer.running:
            self._left_to_discard -= len(data)
            if self._left_to_discard < 0:
                self.transport.abort()
            return
        super().data_received(data)
        self._watch_head()

    def on_response_complete(self) -> None:
        """Stop reading a request that was answered before its end."""
        super().on_response_complete()
        if self.conn.their_state is h11.SEND_BODY and not self.transport.is_closing():
            self._hang_up()

    def pause_writing(self) -> None:
        """Start watching a client that is slow to read."""
        super().pause_writing()
        self._watch_reader(self.transport.get_write_buffer_size())

    def resume_writing(self) -> None:
        """Stop watching: it has read."""
        super().resume_writing()
        self._reader_timer.cancel()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop every clock."""
        super().connection_lost(exc)
        for timer in (self._head_timer, self._reader_timer, self._hang_up_timer):
            timer.cancel()

    def send_400_response(self, _msg: str) -> None:
        """Answer what is not HTTP with the one error body."""
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            status = HTTPStatus.BAD_REQUEST
            request_id = uuid4().hex
            body = encoded_error(status, _NOT_HTTP, "bad_request", request_id)
            headers = with_security_headers(
                [
                    (b"content-type", b"application/json"),
                    (b"content-length", str(len(body)).encode()),
                    (b"connection", b"close"),
                    (b"x-request-id", request_id.encode()),
                ]
            )
            for event in (h11.Response(status_code=status, headers=headers), h11.Data(data=body), h11.EndOfMessage()):
                self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

    def _watch_head(self) -> None:
        if self.conn.their_state is not h11.IDLE:
            self._head_timer.cancel()
        elif not self._head_timer.running:
            self._head_timer.start(self._limits.head_seconds, self.transport.abort)

    def _hang_up(self) -> None:
        self._unset_keepalive_if_required()
        self._hang_up_timer.start(self._limits.notice_seconds, self.transport.abort)
        if self.transport.can_write_eof():
            self.transport.write_eof()

    def _watch_reader(self, unread: int) -> None:
        self._reader_timer.start(self._limits.stall_seconds, partial(self._check_reader, unread))

    def _check_reader(self, unread: int) -> None:
        now_unread = self.transport.get_write_buffer_size()
        if unread - now_unread < self._limits.stall_seconds * _LEAST_BYTES_PER_SECOND:
            self.transport.abort()
        else:
            self._watch_reader(now_unread)


class _Timer:
    """At most one call to come."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._call: asyncio.TimerHandle | None = None

    @property
    def running(self) -> bool:
        return self._call is not None

    def start(self, seconds: float, action: Callable[[], None]) -> None:
        self.cancel()
        self._call = self._loop.call_later(seconds, action)

    def cancel(self) -> None:
        if self._call is not None:
            self._call.cancel()
            self._call = None
