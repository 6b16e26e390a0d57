"""``Idempotency-Key``: a POST that is sent again is answered again, and takes effect once."""

import json
import re
from collections.abc import Callable, Coroutine

from fastapi import Request, Response
from fastapi.routing import APIRoute

from balcao.application.idempotent import GivenAnswer, IdempotentAnswers, KeyedRequest
from balcao.domain.errors import InvalidInput
from balcao.domain.identity import Principal
from balcao.interface.dependencies.providers import get_container, known_visitor, network_client, principal_of

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
_KEY = re.compile(r"[!-~]{1,200}")
_FIRST_ERROR = 400


ACCEPTS_KEY: dict[str, object] = {
    "parameters": [
        {
            "name": HEADER,
            "in": "header",
            "required": False,
            "schema": {"anyOf": [{"type": "string"}, {"type": "null"}], "title": HEADER},
            "description": (
                "Repetir o pedido com a mesma chave, por 24 horas, devolve a mesma resposta sem fazer de novo."
            ),
        }
    ]
}
"""For the ``openapi_extra`` of every POST under ``IdempotentRoute``, which reads the header itself."""


class IdempotentRoute(APIRoute):
    """A route whose POST is carried out once for each key of its client.

    A request that is being carried out, or that was, is not carried out again. One that fails gives its key up.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[object, object, Response]]:
        """FastAPI's handler, behind the claim of the key."""
        carry_out = super().get_route_handler()

        async def handle(request: Request) -> Response:
            if request.method != "POST" or HEADER not in request.headers:
                return await carry_out(request)
            keyed = await _keyed(request)
            answers = get_container(request).identity.idempotent
            given = await answers.begin(keyed)
            if given is not None:
                return Response(given.body, given.status, {REPLAYED: "true"}, media_type="application/json")
            return await _carry_out_once(request, keyed, answers, carry_out)

        return handle


async def _carry_out_once(
    request: Request,
    keyed: KeyedRequest,
    answers: IdempotentAnswers,
    carry_out: Callable[[Request], Coroutine[object, object, Response]],
) -> Response:
    try:
        response = await carry_out(request)
    except BaseException:
        await answers.abandon(keyed)
        raise
    if response.status_code < _FIRST_ERROR:
        await answers.finish(keyed, GivenAnswer(status=response.status_code, body=bytes(response.body)))
    else:
        await answers.abandon(keyed)
    return response


async def _keyed(request: Request) -> KeyedRequest:
    """The request under its key.

    Raises:
        InvalidInput: the key is not one.
        InvalidCredentials: the Authorization header proves nothing.
    """
    key = request.headers[HEADER]
    if not _KEY.fullmatch(key):
        raise InvalidInput("A Idempotency-Key tem de 1 a 200 caracteres visíveis, sem acento nem espaço.", param=HEADER)
    principal = await principal_of(request)
    asked = f"{request.method} {request.url.path}?{request.url.query}\n".encode()
    return KeyedRequest(
        prefeitura_id=principal.prefeitura_id,
        actor=_actor(request, principal),
        key=key,
        content=asked + _canonical(await request.body()),
    )


def _actor(request: Request, principal: Principal) -> str:
    """Whose answers these are. With another role one is another: what it may not do it may not see repeated."""
    if principal.is_anonymous:
        visitor = known_visitor(request)
        return f"visitante {visitor}" if visitor else f"endereço {network_client(request).address}"
    return f"{principal.papel} {principal.usuario_id or principal.api_key_id}"


def _canonical(body: bytes) -> bytes:
    """The same bytes for the same JSON value, in whatever order and spacing; of anything else, its own."""
    try:
        return json.dumps(json.loads(body), sort_keys=True).encode()
    except (ValueError, RecursionError):
        return body
