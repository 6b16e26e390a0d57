"""E-mail: the standard library's SMTP client, in a thread of its own."""

import asyncio
import smtplib
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from enum import StrEnum

from balcao.domain.errors import DeliveryFailed

_DEADLINE_SECONDS = 20.0


class SmtpSecurity(StrEnum):
    """How the connection to the mail server is kept secret: STARTTLS (RFC 3207), TLS from its start (RFC 8314), not."""

    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "nenhuma"


@dataclass(frozen=True, slots=True, kw_only=True)
class MailServer:
    """The server that takes our mail; without ``user`` it is given no password."""

    host: str
    port: int
    sender: str
    security: SmtpSecurity = SmtpSecurity.STARTTLS
    user: str | None = None
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """What is written to people; ``id`` is the same however often it is sent, and ``written_at`` its date."""

    id: str
    subject: str
    text: str
    written_at: datetime


class SmtpMailer:
    """Sends by SMTP (RFC 5321). ``tls`` verifies the server's certificate; by default as this machine would."""

    def __init__(self, server: MailServer, tls: ssl.SSLContext | None = None) -> None:
        self._server = server
        self._tls = tls or ssl.create_default_context()

    async def send(self, mail: Mail, recipients: Sequence[str]) -> None:
        """Hand one message for all recipients to the mail server; none of them sees the others.

        Raises:
            DeliveryFailed: the server does not answer, or refused the login, the message or some of its recipients; the
                others have it then, and get it again with the next try.
        """
        try:
            refused = await asyncio.to_thread(self._hand_over, self._message(mail), recipients)
        except smtplib.SMTPAuthenticationError as error:
            raise DeliveryFailed("O servidor de e-mail recusou SMTP_USER ou SMTP_PASSWORD.") from error
        except UnicodeError as error:
            raise DeliveryFailed(
                "SMTP_USER e SMTP_PASSWORD só podem ter letras sem acento, números e sinais"
            ) from error
        except (smtplib.SMTPServerDisconnected, smtplib.SMTPConnectError) as error:
            raise DeliveryFailed("O servidor de e-mail não respondeu.") from error
        except smtplib.SMTPException as error:
            raise DeliveryFailed("O servidor de e-mail recusou a mensagem.") from error
        except ssl.SSLError as error:
            raise DeliveryFailed("O certificado do servidor de e-mail não confere; nada foi enviado.") from error
        except OSError as error:
            raise DeliveryFailed("O servidor de e-mail não respondeu.") from error
        if refused:
            raise DeliveryFailed(f"O servidor de e-mail recusou {refused} de {len(recipients)} destinatários.")

    def _message(self, mail: Mail) -> EmailMessage:
        message = EmailMessage()
        message["From"] = self._server.sender
        message["To"] = "undisclosed-recipients:;"
        message["Subject"] = mail.subject
        message["Date"] = format_datetime(mail.written_at)
        message["Message-ID"] = f"<{mail.id}@{self._server.sender.rpartition('@')[2]}>"
        message["Auto-Submitted"] = "auto-generated"  # else holiday replies come back (RFC 3834)
        message.set_content(mail.text)
        return message

    def _hand_over(self, message: EmailMessage, recipients: Sequence[str]) -> int:
        """How many recipients the server refused; where it refuses all, smtplib raises."""
        server = self._server
        with self._connected() as smtp:
            if server.security is SmtpSecurity.STARTTLS:
                smtp.starttls(context=self._tls)
            if server.user is not None:
                smtp.login(server.user, server.password or "")
            return len(smtp.send_message(message, to_addrs=recipients))

    def _connected(self) -> smtplib.SMTP:
        host, port = self._server.host, self._server.port
        if self._server.security is SmtpSecurity.TLS:
            return smtplib.SMTP_SSL(host, port, timeout=_DEADLINE_SECONDS, context=self._tls)
        return smtplib.SMTP(host, port, timeout=_DEADLINE_SECONDS)
