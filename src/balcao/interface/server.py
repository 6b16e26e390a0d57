"""Serves the HTTP application until it is told to stop."""

import errno
import signal
import socket
from collections.abc import Callable
from types import FrameType

import uvicorn

from balcao.domain.errors import InvalidConfiguration
from balcao.interface.dependencies.container import Container
from balcao.interface.main import create_app

_SECONDS_TO_FINISH = 10


class _AnnouncedServer(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._on_ready()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        super().handle_exit(sig, frame)
        if sig == signal.SIGINT:  # else raised again at the end, where it would cut our own clean-up short
            self._captured_signals.remove(sig)


def listen(host: str, port: int) -> socket.socket:
    """Take the address before any other work is done for it.

    Raises:
        InvalidConfiguration: somebody else has it, or this machine does not.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
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


async def serve(container: Container, listener: socket.socket, on_ready: Callable[[], None]) -> None:
    """Serve on this socket until told to stop, once open requests are answered; passes SIGTERM on, and ends SIGINT."""
    config = uvicorn.Config(
        create_app(container),
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_SECONDS_TO_FINISH,
    )
    await _AnnouncedServer(config, on_ready).serve(sockets=[listener])
