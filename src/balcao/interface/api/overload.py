"""What a connection too many is told."""

from starlette.types import ASGIApp, Receive, Scope, Send

from balcao.domain.errors import ServiceOverloaded
from balcao.interface.api.errors import error_response, request_id_in
from balcao.interface.api.middleware import RequestEdge

_HEADERS = {"Connection": "close", "Retry-After": "5"}


async def _refuse(scope: Scope, receive: Receive, send: Send) -> None:
    await error_response(ServiceOverloaded(), request_id_in(scope), headers=_HEADERS)(scope, receive, send)


refuse_overload: ASGIApp = RequestEdge(_refuse)
"""The application that answers 503 to everything, and asks for the connection's end."""
