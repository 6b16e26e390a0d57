"""Secrets stay out of answers and logs, whatever fails. Each canary here stands for one."""

from dataclasses import replace

import asyncpg
import httpx
import pytest

from balcao.domain.errors import InvalidConfiguration
from balcao.infrastructure.database.connection import DatabaseAccess, DatabaseAccesses
from balcao.infrastructure.settings import load_settings
from tests.acceptance.environment import AcceptanceEnvironment
from tests.openai_server import OpenAIServer, Reply

CANARY = "canario7f3a"
ASK = "/api/v1/chat/ask"
MARK = "marca-visivel"


def with_password(access: DatabaseAccess) -> DatabaseAccess:
    """The same access; the test server trusts whoever comes, with any password."""
    scheme, _, rest = access.url.partition("://")
    user, _, place = rest.partition("@")
    return replace(access, url=f"{scheme}://{user.partition(':')[0]}:{CANARY}@{place}")


async def failing_requests(url: str) -> list[httpx.Response]:
    async with httpx.AsyncClient(base_url=url, timeout=60, headers={"X-Request-ID": MARK}) as client:
        return [
            await client.post(ASK, json={"message": "Qual o prazo?"}),
            await client.post(ASK, json={"message": 7}, headers={"Authorization": f"Bearer {CANARY}"}),
            await client.post(f"{ASK}?senha={CANARY}", content=b"{", headers={"Cookie": f"c={CANARY}"}),
            await client.get("/health"),
            await client.get("/info"),
            await client.get("/nada"),
        ]


async def test_no_secret_is_in_an_answer_or_in_the_log(
    environment: AcceptanceEnvironment, accesses: DatabaseAccesses, capfd: pytest.CaptureFixture[str]
) -> None:
    secret_accesses = DatabaseAccesses(
        app=with_password(accesses.app),
        ingestion=with_password(accesses.ingestion),
        operator=with_password(accesses.operator),
        admin=with_password(accesses.admin),
    )
    refusal = {"error": {"message": f"Incorrect API key provided: sk-{CANARY}", "type": "auth", "code": None}}
    with OpenAIServer() as provider:
        provider.reply_with(*[Reply(status=401, body=refusal)] * 20)
        secrets = {
            "OPENAI_API_KEY": f"sk-{CANARY}",
            "OPENAI_BASE_URL": provider.base_url.replace("://", f"://pessoa:{CANARY}@"),
            "LOG_LEVEL": "DEBUG",
        }
        async with environment.start_server(secret_accesses, **secrets) as server:
            answers = await failing_requests(server.url)
            connection = await asyncpg.connect(accesses.admin.url)
            await connection.execute("DROP SCHEMA balcao CASCADE")
            answers += await failing_requests(server.url)
            await connection.close()
    statuses = {answer.status_code for answer in answers}
    assert statuses >= {404, 422, 502, 503}
    logged = "".join(capfd.readouterr())
    assert MARK in logged
    assert CANARY not in logged
    for answer in answers:
        assert CANARY not in f"{answer.text}{answer.headers}"
        assert "Traceback" not in answer.text
    assert "Traceback" not in logged


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", f"mysql://pessoa:{CANARY}@servidor/banco"),
        ("DATABASE_URL", f"postgresql://pessoa:{CANARY}@[::1/banco"),
        ("DATABASE_URL", f"postgresql://pessoa:{CANARY}\u2100@servidor/banco"),
        ("DATABASE_ADMIN_URL", CANARY),
        ("BALCAO_SECRET_KEY", CANARY),
        ("API_PORT", CANARY),
        ("CORS_ORIGINS", f"https://{CANARY.upper()}.example"),
    ],
)
def test_a_setting_that_is_wrong_is_named_but_not_shown(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(InvalidConfiguration) as caught:
        load_settings()
    assert name in caught.value.message
    assert CANARY not in caught.value.message.lower()
