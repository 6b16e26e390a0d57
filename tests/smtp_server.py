"""A mail server on loopback that speaks as much SMTP as a client needs: EHLO, STARTTLS, AUTH PLAIN, and mails."""

import asyncio
import base64
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage


@dataclass
class Received:
    """A mail as it came, with its envelope and how it came."""

    message: EmailMessage
    sender: str
    recipients: list[str]
    encrypted: bool
    user: str | None


@dataclass
class SmtpServer:
    """Takes every mail, unless told otherwise, but none for ``unknown``; with ``password`` only after a login."""

    tls: ssl.SSLContext | None = None
    password: str | None = None
    refuses: str | None = None
    unknown: str | None = None
    received: list[Received] = field(default_factory=list)
    port: int = 0

    async def serve_one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, until it ends."""
        connection = _Connection(self, reader, writer)
        try:
            await connection.converse()
        except (ConnectionError, ssl.SSLError):
            pass
        finally:
            writer.close()


class _Connection:
    def __init__(self, server: SmtpServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._server, self._reader, self._writer = server, reader, writer
        self._sender, self._recipients = "", list[str]()
        self._user: str | None = None

    async def converse(self) -> None:
        self._say("220 loopback")
        while line := (await self._reader.readline()).decode().strip():
            verb = line.split()[0].upper()
            if verb == self._server.refuses:
                self._say("550 no")
            elif verb == "EHLO":
                extras = ["STARTTLS"] * (self._server.tls is not None) + ["AUTH PLAIN"]
                self._say("250-loopback", *[f"250-{extra}" for extra in extras], "250 8BITMIME")
            elif verb == "STARTTLS" and self._server.tls:
                self._say("220 go")
                await self._writer.drain()
                await self._writer.start_tls(self._server.tls)
            elif verb == "AUTH":
                self._authenticate(line)
            elif verb == "DATA":
                await self._take_mail()
            elif verb == "QUIT":
                self._say("221 bye")
                return
            elif verb == "RCPT" and self._server.unknown is not None and self._server.unknown in line:
                self._say("550 unknown")
            else:
                self._note_envelope(line)
                self._say("250 ok")

    def _say(self, *lines: str) -> None:
        self._writer.write("".join(f"{line}\r\n" for line in lines).encode())

    def _authenticate(self, line: str) -> None:
        _, user, password = base64.b64decode(line.split()[2]).decode().split("\0")
        self._user = user
        self._say("235 ok" if password == self._server.password else "535 no")

    def _note_envelope(self, line: str) -> None:
        address = line[line.find("<") + 1 : line.find(">")]
        if line.upper().startswith("MAIL"):
            self._sender, self._recipients = address, []
        elif line.upper().startswith("RCPT"):
            self._recipients.append(address)

    async def _take_mail(self) -> None:
        self._say("354 go")
        content = await self._reader.readuntil(b"\r\n.\r\n")
        unstuffed = content.removesuffix(b".\r\n").replace(b"\r\n..", b"\r\n.")  # RFC 5321, section 4.5.2
        message = message_from_bytes(unstuffed, policy=policy.default)
        assert isinstance(message, EmailMessage)
        self._server.received.append(
            Received(
                message=message,
                sender=self._sender,
                recipients=self._recipients,
                encrypted=self._writer.get_extra_info("sslcontext") is not None,
                user=self._user,
            )
        )
        self._say("250 taken")


@asynccontextmanager
async def smtp_server(server: SmtpServer, *, tls_from_the_start: bool = False) -> AsyncIterator[SmtpServer]:
    """The server, listening on ``port``."""
    listening = await asyncio.start_server(
        server.serve_one, "127.0.0.1", ssl=server.tls if tls_from_the_start else None
    )
    server.port = listening.sockets[0].getsockname()[1]
    async with listening:
        yield server
