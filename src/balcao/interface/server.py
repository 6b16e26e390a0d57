"""Serves the HTTP application until it is told to stop."""

import asyncio
import errno
import gc
import signal
import socket
from collections.abc import Callable
from types import FrameType

import uvicorn

from balcao.domain.errors import InvalidConfiguration
from balcao.interface.api.request_limits import MAX_HEAD_BYTES
from balcao.interface.background import chores_of, doing
from balcao.interface.dependencies.container import Container
from balcao.interface.http_protocol import ConnectionLimits, protocol_with
from balcao.interface.main import create_app
from balcao.interface.runtime import EXIT_TERMINATED

_SECONDS_TO_FINISH = 10


class _AnnouncedServer(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready
        self.was_terminated = False

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            gc.collect()
            gc.freeze()  # what a process that serves has by now it keeps: no later collection need look through it
            self._on_ready()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        super().handle_exit(sig, frame)
        self.was_terminated |= sig == signal.SIGTERM
        self._captured_signals.remove(sig)  # else raised again at the end, where it would cut our own clean-up short


def listen(host: str, port: int) -> socket.socket:
    """Take the address before any other work is done for it.

    Raises:
        InvalidConfiguration: somebody else has it, or this machine does not.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # else asyncio leaves Nagle's delay on
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen()
    except OSError as error:
        listener.close()
        reason = "já está em uso" if error.errno == errno.EADDRINUSE else "não pode ser usado nesta máquina"
        raise InvalidConfiguration(
            f"O endereço {host}:{port} {reason}; escolha outro em API_HOST e API_PORT (ou --porta)."
        ) from error
    return listener


async def serve(
    container: Container, listener: socket.socket, on_ready: Callable[[], None], *, with_worker: bool = False
) -> None:
    """Serve on this socket until SIGINT or SIGTERM, once open requests are answered; ``with_worker``, one beside it.

    Raises:
        SystemExit: it was SIGTERM.
    """
    settings = container.settings
    limits = ConnectionLimits(max_connections=settings.max_connections, head_seconds=settings.request_head_seconds)
    config = uvicorn.Config(
        create_app(container),
        http=protocol_with(limits),
        ws="none",
        proxy_headers=False,  # uvicorn would believe X-Forwarded-For of any neighbour; see dependencies/client.py
        h11_max_incomplete_event_size=MAX_HEAD_BYTES,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_SECONDS_TO_FINISH,
    )
    server = _AnnouncedServer(config, on_ready)
    asyncio.get_running_loop().remove_signal_handler(signal.SIGTERM)  # the server's own comes in its place
    async with doing(chores_of(container), with_worker=with_worker):
        await server.serve(sockets=[listener])
    if server.was_terminated:
        raise SystemExit(EXIT_TERMINATED)
