"""One body for every error, asserted for every class of the tree."""

import inspect
import json
from collections.abc import Iterator
from dataclasses import replace

import httpx
import pytest
import structlog

from balcao.application.use_cases.chat_with_documents import ChatRequest, ChatResponse, ChatWithDocumentsUseCase
from balcao.domain.errors import BalcaoError, InvalidInput
from balcao.interface.api.errors import TITLES, status_of
from balcao.interface.dependencies.container import Container
from tests.api.conftest import JSON
from tests.applications import client_of

ASK = "/api/v1/chat/ask"
SECRET = "sk-nao-pode-vazar"


def tree(root: type[BalcaoError]) -> Iterator[type[BalcaoError]]:
    yield root
    for child in root.__subclasses__():
        yield from tree(child)


ERRORS = list(tree(BalcaoError))
STATUSES = {
    "error": 500,
    "invalid_input": 400,
    "empty_message": 400,
    "invalid_text": 400,
    "invalid_ente": 400,
    "weak_password": 400,
    "invalid_invitation": 400,
    "unsatisfiable_range": 416,
    "payload_too_large": 413,
    "request_head_too_large": 431,
    "request_too_slow": 408,
    "access_denied": 403,
    "authentication_required": 401,
    "invalid_credentials": 401,
    "permission_denied": 403,
    "not_found": 404,
    "session_not_found": 404,
    "document_not_found": 404,
    "original_not_found": 404,
    "upload_not_found": 404,
    "prefeitura_not_found": 404,
    "usuario_not_found": 404,
    "api_key_not_found": 404,
    "conflict": 409,
    "duplicate_document": 409,
    "upload_incomplete": 409,
    "ingestion_in_progress": 409,
    "ingestion_cancelled": 409,
    "ingestion_broken": 500,
    "wrong_document_state": 409,
    "duplicate_prefeitura": 409,
    "duplicate_usuario": 409,
    "request_in_progress": 409,
    "idempotency_key_reused": 422,
    "limit_reached": 429,
    "session_limit_reached": 429,
    "daily_limit_reached": 429,
    "quota_exceeded": 429,
    "too_many_attempts": 429,
    "service_overloaded": 503,
    "unusable_file": 400,
    "unreadable_file": 400,
    "empty_file": 400,
    "upload_mismatch": 400,
    "unsupported_format": 400,
    "content_mismatch": 400,
    "no_text_layer": 400,
    "extraction_failed": 400,
    "storage_error": 503,
    "storage_unavailable": 503,
    "corrupt_original": 503,
    "provider_error": 502,
    "provider_unavailable": 502,
    "provider_rate_limited": 503,
    "provider_refused": 502,
    "delivery_failed": 500,
    "installation_error": 503,
    "invalid_configuration": 503,
    "database_unreachable": 503,
    "unsupported_database": 503,
    "schema_not_migrated": 503,
    "schema_too_new": 503,
    "incompatible_embedder": 503,
}
"""Part of the contract: what a program that calls the API may rely on."""


class FailingChat(ChatWithDocumentsUseCase):
    """Fails with one error whatever is asked."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    async def execute(self, request: ChatRequest) -> ChatResponse:
        raise self._error


async def answer_to(container: Container, error: Exception) -> httpx.Response:
    async with client_of(replace(container, chat=FailingChat(error))) as client:
        return await client.post(ASK, json={"message": "Qual o prazo?"})


def assert_one_body(response: httpx.Response) -> dict[str, str | None]:
    body = response.json()
    assert body.keys() == {"detail"}
    detail: dict[str, str | None] = body["detail"]
    assert detail.keys() == {"error", "detail", "error_code", "param", "request_id"}
    assert detail["error"]
    assert detail["detail"]
    assert detail["request_id"] == response.headers["x-request-id"]
    assert "x-process-time" in response.headers
    assert response.headers["content-type"] == "application/json"
    return detail


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.__name__)
async def test_every_error_is_answered_alike(unconnected: Container, error: type[BalcaoError]) -> None:
    response = await answer_to(unconnected, error())
    assert response.status_code == STATUSES[error.code]
    detail = assert_one_body(response)
    assert detail["error_code"] == error.code
    assert detail["error"] == TITLES[status_of(error)]
    assert detail["detail"] == inspect.cleandoc(error.__doc__ or "")
    assert detail["param"] is None


async def test_an_error_may_say_more_and_name_the_field(unconnected: Container) -> None:
    response = await answer_to(unconnected, InvalidInput("O campo está errado; corrija-o.", param="metadata"))
    detail = assert_one_body(response)
    assert (detail["detail"], detail["param"]) == ("O campo está errado; corrija-o.", "metadata")


def test_codes_are_unique_and_all_in_the_contract() -> None:
    codes = [error.code for error in ERRORS]
    assert len(set(codes)) == len(codes)
    assert set(codes) == STATUSES.keys()


def test_the_drawing_of_the_tree_is_the_tree() -> None:
    from balcao.domain import errors

    drawn = [line.strip("│├└─ ") for line in (errors.__doc__ or "").splitlines() if line.startswith("    ")]
    assert drawn == [error.__name__ for error in ERRORS]


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nada", 404, "not_found"),
        ("GET", ASK, 405, "method_not_allowed"),
    ],
)
async def test_the_frameworks_own_errors_have_the_same_body(
    refuser: httpx.AsyncClient, method: str, path: str, status: int, code: str
) -> None:
    response = await refuser.request(method, path)
    assert response.status_code == status
    detail = assert_one_body(response)
    assert detail["error_code"] == code
    assert "/docs" in str(detail["detail"])


async def test_a_body_that_cannot_be_read_has_the_same_body(refuser: httpx.AsyncClient) -> None:
    response = await refuser.post(ASK, content=b'{"message": "\xff"}', headers=JSON)
    assert response.status_code == 400
    detail = assert_one_body(response)
    assert (detail["error_code"], detail["error"]) == ("bad_request", "Pedido inválido")
    assert "UTF-8" in str(detail["detail"])


async def test_405_says_which_methods_are_allowed(refuser: httpx.AsyncClient) -> None:
    assert (await refuser.get(ASK)).headers["allow"] == "POST"


@pytest.mark.parametrize("error", [RuntimeError(SECRET), KeyError(SECRET), RecursionError(SECRET)], ids=repr)
async def test_an_unforeseen_error_tells_nothing_of_itself(
    unconnected: Container, error: Exception, capsys: pytest.CaptureFixture[str]
) -> None:
    response = await answer_to(unconnected, error)
    logged = capsys.readouterr().err
    assert response.status_code == 500
    detail = assert_one_body(response)
    assert detail["error_code"] == "internal_error"
    for leak in (SECRET, "Traceback", "raise ", ".py", type(error).__name__):
        assert leak not in response.text
    (failure,) = [entry for entry in map(json.loads, logged.splitlines()) if entry["event"] == "unforeseen_error"]
    assert failure["exception"][0]["type"] == f"builtins.{type(error).__name__}"
    assert any("execute" in frame for frame in failure["exception"][0]["where"])
    assert SECRET not in logged


async def test_the_log_of_a_request_has_neither_its_text_nor_its_query(refuser: httpx.AsyncClient) -> None:
    with structlog.testing.capture_logs(processors=[structlog.contextvars.merge_contextvars]) as logged:
        response = await refuser.post(f"{ASK}?cpf={SECRET}", json={"message": SECRET})
    (entry,) = logged
    assert (entry["method"], entry["path"], entry["status"]) == ("POST", ASK, 503)
    assert entry["request_id"] == response.headers["x-request-id"]
    assert SECRET not in repr(logged)
