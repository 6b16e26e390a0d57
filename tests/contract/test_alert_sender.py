"""What ``AlertSender`` promises, of every implementation."""

import socket
from datetime import UTC, date, datetime
from uuid import uuid4

import pytest

from balcao.application.ports import AlertNotice, AlertSender
from balcao.domain.alerts import QuotaAlert
from balcao.domain.errors import DeliveryFailed
from balcao.domain.ids import AlertId, PrefeituraId
from balcao.domain.period import Period
from balcao.domain.prefeitura import Prefeitura
from balcao.infrastructure.external.alert_senders import EmailAlertSender, WebhookAlertSender
from balcao.infrastructure.external.smtp import MailServer, SmtpMailer, SmtpSecurity
from balcao.infrastructure.external.webhook import SignedWebhook, WebhookTarget
from tests.fakes import FakeAlertSender, FakeClock
from tests.smtp_server import SmtpServer, smtp_server


def a_notice(*recipients: str) -> AlertNotice:
    prefeitura = Prefeitura(id=PrefeituraId(uuid4()), nome="Prefeitura de São José", slug="sao-jose")
    alert = QuotaAlert(
        id=AlertId(uuid4()),
        prefeitura_id=prefeitura.id,
        period=Period(start=date(2026, 3, 1), end=date(2026, 4, 1)),
        threshold=80,
        used=8_000,
        limit=10_000,
        exhaustion=None,
        created_at=datetime(2026, 3, 10, 12, 0, tzinfo=UTC),
    )
    return AlertNotice(alert=alert, prefeitura=prefeitura, recipients=recipients)


def mailer(port: int) -> SmtpMailer:
    return SmtpMailer(MailServer(host="127.0.0.1", port=port, sender="balcao@exemplo.org", security=SmtpSecurity.NONE))


@pytest.fixture(params=["mentira", "email", "webhook"])
def failing(request: pytest.FixtureRequest) -> AlertSender:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    target = WebhookTarget(url=f"https://127.0.0.1:{port}/", key=b"k" * 32)
    senders: dict[str, AlertSender] = {
        "mentira": FakeAlertSender(failures=1),
        "email": EmailAlertSender(mailer(port)),
        "webhook": WebhookAlertSender(SignedWebhook(target, FakeClock())),
    }
    return senders[request.param]


async def test_what_does_not_arrive_is_a_failure_that_says_why(failing: AlertSender) -> None:
    with pytest.raises(DeliveryFailed) as failed:
        await failing.send(a_notice("gil@exemplo.org"))
    assert failed.value.message
    assert "gil@" not in failed.value.message


async def test_an_alert_arrives_by_mail_in_words() -> None:
    notice = a_notice("gil@exemplo.org")
    async with smtp_server(SmtpServer()) as server:
        await EmailAlertSender(mailer(server.port)).send(notice)
    (received,) = server.received
    assert received.message["Message-ID"] == f"<{notice.alert.id}@exemplo.org>"
    assert received.message["Subject"] == "Balcão: 80% da quota usada (Prefeitura de São José)"
    text = received.message.get_content()
    assert notice.alert.in_words() in text
    assert "8.000 de 10.000 tokens, em 10/03/2026 às 09:00 (Brasília)" in text


async def test_a_mail_to_nobody_is_a_failure() -> None:
    with pytest.raises(DeliveryFailed, match="ALERT_EMAIL_TO"):
        await EmailAlertSender(mailer(1)).send(a_notice())
