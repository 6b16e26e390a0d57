"""The webhook against a real https server on loopback, which only these tests' address rule lets it reach."""

import asyncio
import base64
import hashlib
import hmac
import json
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from ipaddress import ip_address
from pathlib import Path
from uuid import UUID

import pytest

from balcao.application.ports import AlertNotice
from balcao.domain.alerts import QuotaAlert
from balcao.domain.errors import DeliveryFailed
from balcao.domain.ids import AlertId, PrefeituraId
from balcao.domain.period import Period
from balcao.domain.prefeitura import Prefeitura
from balcao.infrastructure.addresses import IpAddress, is_public_address
from balcao.infrastructure.external import webhook as webhook_module
from balcao.infrastructure.external.alert_senders import WebhookAlertSender
from balcao.infrastructure.external.pinned_url import Resolver, resolve
from balcao.infrastructure.external.webhook import SignedWebhook, WebhookTarget
from tests.certificates import Tls, tls_of
from tests.fakes import FakeClock

HOST = "avisos.exemplo.org"
KEY = b"k" * 32
BODY = '{"olá":1}'.encode()
LOOPBACK = ip_address("127.0.0.1")


@dataclass
class HttpsServer:
    """Records requests and gives each the same answer."""

    answer: str = "HTTP/1.1 204 No Content"
    extra: str = ""
    requests: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    port: int = 0

    async def serve_one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().splitlines()
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
        body = await reader.readexactly(int(headers["content-length"]))
        self.requests.append((head[0], headers, body))
        if self.answer:
            writer.write(f"{self.answer}\r\n{self.extra}Content-Length: 0\r\nConnection: close\r\n\r\n".encode())
            await writer.drain()
            writer.close()
        else:
            await reader.read()  # until the client gives up
            writer.close()


@asynccontextmanager
async def https_server(server: HttpsServer, tls: ssl.SSLContext) -> AsyncIterator[HttpsServer]:
    listening = await asyncio.start_server(server.serve_one, "127.0.0.1", ssl=tls)
    server.port = listening.sockets[0].getsockname()[1]
    async with listening:
        yield server


@pytest.fixture
def tls(tmp_path: Path) -> Tls:
    return tls_of(HOST, tmp_path)


def names(*answers: str) -> Resolver:
    """A name server that gives one answer after the other, as one that rebinds a name does; the last one stays."""
    waiting = list(answers)

    async def answer(_host: str, _port: int) -> list[IpAddress]:
        return [ip_address(waiting.pop(0) if len(waiting) > 1 else waiting[0])]

    return answer


def webhook(
    server: HttpsServer,
    tls: Tls,
    *,
    url: str | None = None,
    is_allowed: Callable[[IpAddress], bool] = lambda address: address == LOOPBACK,
    resolver: Resolver | None = None,
) -> SignedWebhook:
    target = WebhookTarget(url=url or f"https://{HOST}:{server.port}/balcao?x=1", key=KEY)
    clock = FakeClock(datetime(2026, 3, 10, 12, 0, tzinfo=UTC))
    return SignedWebhook(target, clock, is_allowed=is_allowed, resolver=resolver or names("127.0.0.1"), tls=tls.client)


async def test_a_message_arrives_signed(tls: Tls) -> None:
    async with https_server(HttpsServer(), tls.server) as server:
        await webhook(server, tls).post("7f7f", BODY)
    ((line, headers, body),) = server.requests
    assert line == "POST /balcao?x=1 HTTP/1.1"
    assert headers["host"] == f"{HOST}:{server.port}"
    assert headers["content-type"] == "application/json"
    assert body == BODY
    assert (headers["webhook-id"], headers["webhook-timestamp"]) == ("7f7f", "1773144000")
    version, _, signature = headers["webhook-signature"].partition(",")
    expected = hmac.new(KEY, b"7f7f.1773144000." + BODY, hashlib.sha256).digest()
    assert (version, base64.b64decode(signature)) == ("v1", expected)


async def test_an_alert_arrives_in_the_names_of_the_api(tls: Tls) -> None:
    alert = QuotaAlert(
        id=AlertId(UUID(int=5)),
        prefeitura_id=PrefeituraId(UUID(int=6)),
        period=Period(start=date(2026, 3, 1), end=date(2026, 4, 1)),
        threshold=80,
        used=8_000,
        limit=10_000,
        exhaustion=date(2026, 3, 20),
        created_at=datetime(2026, 3, 10, 12, 0, tzinfo=UTC),
    )
    prefeitura = Prefeitura(id=PrefeituraId(UUID(int=6)), nome="Prefeitura de São José", slug="sao-jose")
    async with https_server(HttpsServer(), tls.server) as server:
        await WebhookAlertSender(webhook(server, tls)).send(
            AlertNotice(alert=alert, prefeitura=prefeitura, recipients=("gil@exemplo.org",))
        )
    ((_, headers, body),) = server.requests
    sent = json.loads(body)
    assert headers["webhook-id"] == sent["id"] == str(alert.id)
    assert sent["prefeitura"]["slug"] == "sao-jose"
    assert (sent["limiar"], sent["usado"], sent["limite"], sent["acaba_em"]) == (80, 8_000, 10_000, "2026-03-20")
    assert b"gil@" not in body


async def refusal(webhook: SignedWebhook) -> str:
    with pytest.raises(DeliveryFailed) as failed:
        await webhook.post("7f7f", BODY)
    return failed.value.message


async def test_production_sends_nothing_into_the_network(tls: Tls) -> None:
    async with https_server(HttpsServer(), tls.server) as server:
        for address in ("127.0.0.1", "10.0.0.7", "169.254.169.254", "::1", "fd00::1"):
            told = await refusal(webhook(server, tls, is_allowed=is_public_address, resolver=names(address)))
            assert "não é público" in told
        assert "não é público" in await refusal(
            webhook(
                server, tls, url=f"https://localhost:{server.port}/", is_allowed=is_public_address, resolver=resolve
            )
        )
    assert server.requests == []


async def test_one_address_inside_among_public_ones_is_enough_to_refuse(tls: Tls) -> None:
    async def mixed(_host: str, _port: int) -> list[IpAddress]:
        return [ip_address("8.8.8.8"), LOOPBACK]

    async with https_server(HttpsServer(), tls.server) as server:
        assert "não é público" in await refusal(webhook(server, tls, is_allowed=is_public_address, resolver=mixed))
    assert server.requests == []


async def test_a_name_that_rebinds_is_asked_only_once(tls: Tls) -> None:
    """What was checked is what is connected to; the second answer of the name is never asked for."""
    async with https_server(HttpsServer(), tls.server) as server:
        rebinding = names("127.0.0.1", "127.0.0.2")
        await webhook(server, tls, resolver=rebinding).post("7f7f", BODY)
        assert len(server.requests) == 1
        assert await rebinding(HOST, 0) == [ip_address("127.0.0.2")]


async def test_the_certificate_must_be_the_names(tls: Tls) -> None:
    async with https_server(HttpsServer(), tls.server) as server:
        url = f"https://outro.exemplo.org:{server.port}/"
        assert "não é segura" in await refusal(webhook(server, tls, url=url))
        stranger = Tls(server=tls.server, client=ssl.create_default_context())
        assert "não é segura" in await refusal(webhook(server, stranger))
    assert server.requests == []


async def test_redirects_are_not_followed(tls: Tls) -> None:
    async with https_server(HttpsServer(), tls.server) as elsewhere:
        location = f"Location: https://{HOST}:{elsewhere.port}/\r\n"
        redirecting = HttpsServer(answer="HTTP/1.1 307 Temporary Redirect", extra=location)
        async with https_server(redirecting, tls.server) as server:
            assert "307" in await refusal(webhook(server, tls))
    assert elsewhere.requests == []


@pytest.mark.parametrize("status", [400, 404, 500])
async def test_only_success_counts(tls: Tls, status: int) -> None:
    async with https_server(HttpsServer(answer=f"HTTP/1.1 {status} No"), tls.server) as server:
        assert str(status) in await refusal(webhook(server, tls))


async def test_a_server_that_never_answers_is_given_up(tls: Tls, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook_module, "_DEADLINE_SECONDS", 0.3)
    async with https_server(HttpsServer(answer=""), tls.server) as server:
        assert "não respondeu" in await refusal(webhook(server, tls))


@pytest.mark.parametrize("url", ["http://avisos.exemplo.org/", "ftp://avisos.exemplo.org/", "https:///x", "nada"])
async def test_only_https_is_spoken(tls: Tls, url: str) -> None:
    assert "https" in await refusal(webhook(HttpsServer(), tls, url=url))


async def test_a_name_that_is_none_is_a_failure(tls: Tls) -> None:
    assert "não respondeu" in await refusal(
        webhook(HttpsServer(port=1), tls, resolver=resolve, url="https://x.invalid/")
    )
