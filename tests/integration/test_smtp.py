"""E-mail through a real mail server on loopback: encrypted, logged in, and honest about what failed."""

import asyncio
import socket
from datetime import UTC, datetime
from pathlib import Path

import pytest

from balcao.domain.errors import DeliveryFailed
from balcao.infrastructure.external.smtp import Mail, MailServer, SmtpMailer, SmtpSecurity
from tests.certificates import Tls, tls_of
from tests.smtp_server import SmtpServer, smtp_server

MAIL = Mail(
    id="7f7f",
    subject="Balcão: 80% da quota usada (Prefeitura de São José)",
    text="A prefeitura usou 80%.\n.\nAté lá.\n",
    written_at=datetime(2026, 3, 10, 12, 0, tzinfo=UTC),
)
RECIPIENTS = ["gil@exemplo.org", "operacao@exemplo.org"]


@pytest.fixture
def tls(tmp_path: Path) -> Tls:
    return tls_of("localhost", tmp_path)


def mailer(
    server: SmtpServer,
    tls: Tls | None = None,
    security: SmtpSecurity = SmtpSecurity.STARTTLS,
    password: str | None = None,
    host: str = "localhost",
) -> SmtpMailer:
    own = MailServer(
        host=host,
        port=server.port,
        sender="avisos@exemplo.org",
        security=security,
        user="balcao" if password else None,
        password=password,
    )
    return SmtpMailer(own, tls.client if tls else None)


async def failure(mailer: SmtpMailer) -> str:
    with pytest.raises(DeliveryFailed) as failed:
        await mailer.send(MAIL, RECIPIENTS)
    return failed.value.message


@pytest.mark.parametrize("from_start", [False, True])
async def test_a_mail_arrives_encrypted_and_logged_in(tls: Tls, from_start: bool) -> None:
    async with smtp_server(SmtpServer(tls=tls.server, password="senha"), tls_from_the_start=from_start) as server:
        security = SmtpSecurity.TLS if from_start else SmtpSecurity.STARTTLS
        await mailer(server, tls, security, "senha").send(MAIL, RECIPIENTS)
    (received,) = server.received
    assert (received.sender, received.recipients) == ("avisos@exemplo.org", RECIPIENTS)
    assert (received.encrypted, received.user) == (True, "balcao")
    message = received.message
    assert message["Subject"] == MAIL.subject
    assert message["Message-ID"] == "<7f7f@exemplo.org>"
    assert message["Date"] == "Tue, 10 Mar 2026 12:00:00 +0000"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message.get_content().replace("\r\n", "\n") == MAIL.text
    assert not any(recipient in str(message) for recipient in RECIPIENTS)


async def test_a_local_server_needs_no_encryption() -> None:
    async with smtp_server(SmtpServer()) as server:
        await mailer(server, security=SmtpSecurity.NONE).send(MAIL, RECIPIENTS)
    assert server.received[0].encrypted is False


async def test_nothing_is_sent_in_the_clear_where_encryption_is_asked_for() -> None:
    async with smtp_server(SmtpServer(password="senha")) as server:
        assert "recusou" in await failure(mailer(server, password="senha"))
    assert server.received == []


async def test_a_server_that_nobody_vouches_for_gets_nothing(tls: Tls) -> None:
    async with smtp_server(SmtpServer(tls=tls.server, password="senha")) as server:
        assert "certificado" in await failure(mailer(server, password="senha"))
        assert "certificado" in await failure(mailer(server, tls, password="senha", host="127.0.0.1"))
    assert server.received == []


async def test_a_wrong_password_is_told_without_it(tls: Tls) -> None:
    async with smtp_server(SmtpServer(tls=tls.server, password="senha")) as server:
        told = await failure(mailer(server, tls, password="engano"))
    assert "SMTP_PASSWORD" in told
    assert "engano" not in told


@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "DATA"])
async def test_a_refusal_at_any_step_is_a_failure(verb: str) -> None:
    async with smtp_server(SmtpServer(refuses=verb)) as server:
        assert "recusou a mensagem" in await failure(mailer(server, security=SmtpSecurity.NONE))
    assert server.received == []


async def test_one_recipient_that_is_refused_is_a_failure_though_the_others_have_it() -> None:
    async with smtp_server(SmtpServer(unknown=RECIPIENTS[0])) as server:
        told = await failure(mailer(server, security=SmtpSecurity.NONE))
    assert "recusou 1 de 2 destinatários" in told
    assert [received.recipients for received in server.received] == [RECIPIENTS[1:]]


async def test_a_server_that_is_not_there_is_a_failure() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        server = SmtpServer(port=free.getsockname()[1])
        assert "não respondeu" in await failure(mailer(server, host="127.0.0.1"))


async def test_a_server_that_hangs_up_is_a_failure() -> None:
    async def hang_up(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async with await asyncio.start_server(hang_up, "127.0.0.1") as listening:
        server = SmtpServer(port=listening.sockets[0].getsockname()[1])
        assert "não respondeu" in await failure(mailer(server, host="127.0.0.1"))
