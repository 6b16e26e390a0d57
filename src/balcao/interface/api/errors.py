"""One table from error to HTTP status, and one body for every error."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from types import MappingProxyType

from fastapi import FastAPI, Request
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.types import Scope

from balcao.domain.errors import (
    AccessDenied,
    AuthenticationRequired,
    BalcaoError,
    Conflict,
    DuplicateDocument,
    IdempotencyKeyReused,
    InstallationError,
    InvalidCredentials,
    InvalidInput,
    LimitReached,
    NotFound,
    PayloadTooLarge,
    ProviderError,
    ProviderRateLimited,
    RequestHeadTooLarge,
    RequestInProgress,
    RequestTooSlow,
    ServiceOverloaded,
    StorageError,
    TooManyAttempts,
    UnsatisfiableRange,
    UnusableFile,
)

STATUS: dict[type[BalcaoError], HTTPStatus] = {
    InvalidInput: HTTPStatus.BAD_REQUEST,
    UnsatisfiableRange: HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE,
    PayloadTooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    RequestHeadTooLarge: HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
    RequestTooSlow: HTTPStatus.REQUEST_TIMEOUT,
    UnusableFile: HTTPStatus.BAD_REQUEST,
    AuthenticationRequired: HTTPStatus.UNAUTHORIZED,
    InvalidCredentials: HTTPStatus.UNAUTHORIZED,
    AccessDenied: HTTPStatus.FORBIDDEN,
    NotFound: HTTPStatus.NOT_FOUND,
    IdempotencyKeyReused: HTTPStatus.UNPROCESSABLE_ENTITY,
    Conflict: HTTPStatus.CONFLICT,
    LimitReached: HTTPStatus.TOO_MANY_REQUESTS,
    ServiceOverloaded: HTTPStatus.SERVICE_UNAVAILABLE,
    StorageError: HTTPStatus.SERVICE_UNAVAILABLE,
    ProviderRateLimited: HTTPStatus.SERVICE_UNAVAILABLE,
    ProviderError: HTTPStatus.BAD_GATEWAY,
    InstallationError: HTTPStatus.SERVICE_UNAVAILABLE,
    BalcaoError: HTTPStatus.INTERNAL_SERVER_ERROR,
}
"""The status of a class is that of its nearest ancestor here."""

TITLES = {
    HTTPStatus.BAD_REQUEST: "Pedido inválido",
    HTTPStatus.UNAUTHORIZED: "Não autenticado",
    HTTPStatus.FORBIDDEN: "Não permitido",
    HTTPStatus.NOT_FOUND: "Não encontrado",
    HTTPStatus.METHOD_NOT_ALLOWED: "Método não permitido",
    HTTPStatus.REQUEST_TIMEOUT: "Tempo esgotado",
    HTTPStatus.CONFLICT: "Conflito",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "Pedido grande demais",
    HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE: "Trecho inexistente",
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE: "Cabeçalho grande demais",
    HTTPStatus.UNPROCESSABLE_ENTITY: "Pedido diferente",
    HTTPStatus.TOO_MANY_REQUESTS: "Limite atingido",
    HTTPStatus.INTERNAL_SERVER_ERROR: "Erro interno",
    HTTPStatus.BAD_GATEWAY: "Falha do provedor",
    HTTPStatus.SERVICE_UNAVAILABLE: "Serviço indisponível",
}
INTERNAL_ERROR = "Ocorreu um erro interno; tente de novo e, se continuar, informe o request_id ao suporte."
FRAMEWORK_DETAILS = {
    HTTPStatus.BAD_REQUEST: "O corpo do pedido não pôde ser lido; envie JSON em UTF-8.",
    HTTPStatus.NOT_FOUND: "Este endereço não existe; veja os que existem em /docs.",
    HTTPStatus.METHOD_NOT_ALLOWED: "Este endereço não aceita este método; veja os aceitos em /docs.",
}
"""What the framework says in English."""


def status_of(error: type[BalcaoError]) -> HTTPStatus:
    """The HTTP status of an error class."""
    return next(STATUS[ancestor] for ancestor in error.__mro__ if ancestor in STATUS)


def error_body(
    status: int,
    detail: str,
    code: str,
    request_id: str,
    param: str | None = None,
    pointer: Mapping[str, str] = MappingProxyType({}),
) -> dict[str, object]:
    """The body of every error; ``pointer`` leads to what is there instead."""
    title = TITLES.get(HTTPStatus(status), HTTPStatus(status).phrase)
    told = {"error": title, "detail": detail, "error_code": code, "param": param, "request_id": request_id}
    return {"detail": {**told, **pointer}}


def encoded_error(status: int, detail: str, code: str, request_id: str) -> bytes:
    """The same body as bytes, for where no framework is there to write it."""
    return json.dumps(error_body(status, detail, code, request_id), ensure_ascii=False).encode()


def headers_of(error: BalcaoError) -> dict[str, str]:
    """The headers that HTTP asks of an error: how to log in (RFC 9110, 11.6.1), and when to try again (10.2.3)."""
    if isinstance(error, AuthenticationRequired | InvalidCredentials):
        return {"WWW-Authenticate": "Bearer"}
    if isinstance(error, UnsatisfiableRange):
        return {"Content-Range": f"bytes */{error.size}"}
    if isinstance(error, TooManyAttempts):
        return {"Retry-After": str(error.retry_after_seconds)}
    return {"Retry-After": "1"} if isinstance(error, RequestInProgress) else {}


def error_response(error: BalcaoError, request_id: str, *, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """The answer to an expected error."""
    status = status_of(type(error))
    body = error_body(status, error.message, error.code, request_id, error.param, _pointer_of(error))
    return JSONResponse(body, status_code=status, headers=headers_of(error) | dict(headers or {}))


def _pointer_of(error: BalcaoError) -> dict[str, str]:
    """Of a duplicate, the document that the collection has."""
    if isinstance(error, DuplicateDocument) and error.document_id is not None:
        return {"document_id": str(error.document_id)}
    return {}


def request_id_in(scope: Scope) -> str:
    """The id that the middleware gave the request."""
    return str(scope.get("state", {}).get("request_id", ""))


def request_id_of(request: Request) -> str:
    """The id that the middleware gave the request."""
    return request_id_in(request.scope)


def install_error_handlers(app: FastAPI) -> None:
    """Answer every expected error with the one body; 422 keeps the framework's list."""

    async def on_balcao_error(request: Request, error: Exception) -> JSONResponse:
        if not isinstance(error, BalcaoError):
            raise error
        return error_response(error, request_id_of(request))

    async def on_http_error(request: Request, error: Exception) -> JSONResponse:
        if not isinstance(error, HTTPException):
            raise error
        detail = FRAMEWORK_DETAILS.get(HTTPStatus(error.status_code), str(error.detail))
        code = HTTPStatus(error.status_code).name.lower()
        body = error_body(error.status_code, detail, code, request_id_of(request))
        return JSONResponse(body, status_code=error.status_code, headers=error.headers)

    async def on_validation_error(_request: Request, error: Exception) -> JSONResponse:
        if not isinstance(error, RequestValidationError):
            raise error
        problems = [
            {key: value for key, value in item.items() if key not in ("input", "ctx")} for item in error.errors()
        ]
        return JSONResponse({"detail": jsonable_encoder(problems)}, status_code=HTTPStatus.UNPROCESSABLE_ENTITY)

    app.add_exception_handler(BalcaoError, on_balcao_error)
    app.add_exception_handler(HTTPException, on_http_error)
    app.add_exception_handler(RequestValidationError, on_validation_error)
