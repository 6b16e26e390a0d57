"""Routes without prefix, and what every response carries."""

import asyncio
import re
import time
from pathlib import Path

import asyncpg
import httpx
import pytest

from balcao.domain.document import Document
from balcao.infrastructure.database.connection import DatabaseAccesses
from balcao.interface.dependencies.container import VERSION
from tests.api.conftest import QUESTION
from tests.applications import serving, settings_in

ASK = "/api/v1/chat/ask"
ORIGIN = "https://www.aurora.example"


async def test_the_root_presents_the_service(refuser: httpx.AsyncClient) -> None:
    response = await refuser.get("/")
    assert response.status_code == 200
    card = response.json()
    assert card.keys() == {"message", "version", "status", "docs_url", "api_prefix"}
    assert (card["version"], card["status"], card["docs_url"]) == (VERSION, "running", "/docs")
    assert card["api_prefix"] == "/api/v1"


async def test_a_browser_gets_the_page(refuser: httpx.AsyncClient) -> None:
    accept = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
    response = await refuser.get("/", headers={"Accept": accept})
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert "<html" in response.text.lower()


@pytest.mark.parametrize("accept", ["text/html", "application/json"])
async def test_caches_keep_the_page_and_the_card_apart(refuser: httpx.AsyncClient, accept: str) -> None:
    assert (await refuser.get("/", headers={"Accept": accept})).headers["vary"] == "Accept"


async def test_a_healthy_service_counts_its_vectors(client: httpx.AsyncClient, library: list[Document]) -> None:
    response = await client.get("/health")
    assert response.status_code == 200
    body = response.json()
    assert body.keys() == {"status", "version", "services", "timestamp"}
    assert (body["status"], body["version"]) == ("healthy", VERSION)
    assert body["services"].pop("embedding_count") == len(library)
    assert body["services"]
    assert set(body["services"].values()) == {"healthy"}
    assert abs(body["timestamp"] - time.time()) < 60


async def test_health_without_a_database(refuser: httpx.AsyncClient) -> None:
    response = await refuser.get("/health")
    assert response.status_code == 503
    body = response.json()
    assert body.keys() == {"status", "error", "timestamp"}
    assert body["status"] == "unhealthy"
    assert "DATABASE_URL" in body["error"]


async def test_health_without_the_schema(client: httpx.AsyncClient, admin: asyncpg.Connection) -> None:
    assert (await client.get("/health")).status_code == 200
    await admin.execute("DROP SCHEMA balcao CASCADE")
    response = await client.get("/health")
    assert response.status_code == 503
    assert "migrar-banco" in response.json()["error"]


async def test_connections_that_the_server_cut_are_opened_again(
    client: httpx.AsyncClient, admin: asyncpg.Connection
) -> None:
    assert (await client.post(ASK, json={"message": QUESTION})).status_code == 200
    cut = await admin.fetchval(
        "SELECT count(pg_terminate_backend(pid, 60000)) FROM pg_stat_activity WHERE datname = current_database()"
        " AND pid <> pg_backend_pid()"
    )
    assert cut
    await asyncio.sleep(0)  # a question that came over the network would find the ends of connections read as well
    assert (await client.post(ASK, json={"message": QUESTION})).status_code == 200


async def test_questions_without_a_database_say_what_is_missing(refuser: httpx.AsyncClient) -> None:
    response = await refuser.post(ASK, json={"message": QUESTION})
    assert response.status_code == 503
    assert response.json()["detail"]["error_code"] == "database_unreachable"


async def test_info_states_features_and_limits(
    accesses: DatabaseAccesses, library: list[Document], tmp_path: Path
) -> None:
    settings = settings_in(
        tmp_path,
        max_messages_per_session=7,
        max_daily_messages=6,
        chunk_size=400,
        default_search_results=8,
        use_contextual_retrieval=False,
    )
    async with serving(accesses, settings) as client:
        response = await client.get("/info")
    assert response.status_code == 200
    body = response.json()
    assert body.keys() == {"app_name", "version", "environment", "features", "limits"}
    assert body["features"] == {
        "chat": True,
        "document_search": True,
        "session_management": True,
        "rate_limiting": True,
        "contextual_retrieval": False,
    }
    assert body["limits"] == {
        "max_messages_per_session": 7,
        "max_daily_messages": 6,
        "chunk_size": 400,
        "default_search_results": 8,
    }


@pytest.mark.parametrize("path", ["/openapi.json", "/docs", "/redoc"])
async def test_the_api_documents_itself(refuser: httpx.AsyncClient, path: str) -> None:
    response = await refuser.get(path)
    assert response.status_code == 200
    assert "Balcão" in response.text


RESPONSES = [
    ("GET", "/", 200),
    ("GET", "/openapi.json", 200),
    ("GET", "/nada", 404),
    ("GET", "/api/v1/chat/nada", 404),
    ("DELETE", ASK, 405),
    ("POST", ASK, 422),
    ("GET", "/api/v1/chat/health/", 307),
    ("GET", "/health", 503),
    ("OPTIONS", "/", 405),
]


@pytest.mark.parametrize(("method", "path", "status"), RESPONSES)
async def test_every_response_has_its_id_and_its_time(
    refuser: httpx.AsyncClient, method: str, path: str, status: int
) -> None:
    response = await refuser.request(method, path)
    assert response.status_code == status
    assert re.fullmatch(r"[0-9a-f]{32}", response.headers["x-request-id"])
    assert 0 <= float(response.headers["x-process-time"]) < 60


@pytest.mark.parametrize("wanted", ["abc-123_X.y", "a" * 64])
async def test_a_callers_request_id_is_kept(refuser: httpx.AsyncClient, wanted: str) -> None:
    response = await refuser.get("/nada", headers={"X-Request-ID": wanted})
    assert response.headers["x-request-id"] == wanted
    assert response.json()["detail"]["request_id"] == wanted


@pytest.mark.parametrize("wanted", ["", "a" * 65, "a b", "a\tb", "<b>", "é", 'a"b', "a\\nb", "{}"])
async def test_a_request_id_that_could_forge_a_log_is_replaced(refuser: httpx.AsyncClient, wanted: str) -> None:
    response = await refuser.get("/nada", headers={b"X-Request-ID": wanted.encode()})
    assert re.fullmatch(r"[0-9a-f]{32}", response.headers["x-request-id"])


async def test_no_other_site_may_read_the_answers(client: httpx.AsyncClient) -> None:
    response = await client.get("/info", headers={"Origin": ORIGIN})
    assert response.status_code == 200
    assert not [name for name in response.headers if name.startswith("access-control-")]


async def test_a_configured_site_may(accesses: DatabaseAccesses, library: list[Document], tmp_path: Path) -> None:
    preflight = {
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type",
    }
    async with serving(accesses, settings_in(tmp_path, cors_origins=(ORIGIN,))) as client:
        allowed = await client.options(ASK, headers={"Origin": ORIGIN} | preflight)
        assert allowed.status_code == 200
        assert allowed.headers["access-control-allow-origin"] == ORIGIN
        assert "POST" in allowed.headers["access-control-allow-methods"]
        asked = await client.post(ASK, json={"message": QUESTION}, headers={"Origin": ORIGIN})
        assert asked.headers["access-control-allow-origin"] == ORIGIN
        refused = await client.options(ASK, headers={"Origin": "https://outro.example"} | preflight)
        assert refused.status_code == 400
        assert "access-control-allow-origin" not in refused.headers


async def test_every_site_may_but_without_credentials(
    accesses: DatabaseAccesses, library: list[Document], tmp_path: Path
) -> None:
    async with serving(accesses, settings_in(tmp_path, cors_origins=("*",))) as client:
        response = await client.get("/info", headers={"Origin": ORIGIN})
    assert response.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in response.headers
