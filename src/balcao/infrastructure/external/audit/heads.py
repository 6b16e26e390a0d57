"""Publishes the audit trails' heads: into a file, by e-mail, by webhook. Each line is one chain's head in JSON."""

import asyncio
import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from balcao.domain.audit import ChainHead
from balcao.domain.audit_verification import published_line
from balcao.domain.errors import DeliveryFailed
from balcao.domain.period import day_in_brasilia
from balcao.infrastructure.external.smtp import Mail, SmtpMailer
from balcao.infrastructure.external.webhook import SignedWebhook


class FileHeadPublisher:
    """AuditHeadPublisher that adds lines to a file, which it makes with its folder, and never rewrites."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def publish(self, heads: Sequence[ChainHead], now: datetime) -> None:
        """Add the lines in one write, on disk before it returns.

        Raises:
            DeliveryFailed: the file cannot be written.
        """
        try:
            await asyncio.to_thread(self._append, _lines(heads, now))
        except OSError as error:
            raise DeliveryFailed("O arquivo de AUDIT_HEAD_FILE não pôde ser gravado.") from error

    def _append(self, lines: str) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(lines)
            file.flush()
            os.fsync(file.fileno())


class EmailHeadPublisher:
    """AuditHeadPublisher by e-mail."""

    def __init__(self, mailer: SmtpMailer, recipients: tuple[str, ...]) -> None:
        self._mailer = mailer
        self._recipients = recipients

    async def publish(self, heads: Sequence[ChainHead], now: datetime) -> None:
        """Send the lines, to be kept.

        Raises:
            DeliveryFailed: the mail server did not take it.
        """
        mail = Mail(
            id=_message_id(now),
            subject=f"Balcão: cabeças da trilha de auditoria em {day_in_brasilia(now):%d/%m/%Y}",
            text=(
                "Guarde esta mensagem. Com as linhas abaixo, gravadas num arquivo, qualquer um confere depois se a "
                "trilha de auditoria foi reescrita:\n"
                "  balcao auditoria verificar --cabecas ARQUIVO\n"
                "  python3 verificar.py --cabecas ARQUIVO   (num pacote exportado)\n\n" + _lines(heads, now)
            ),
            written_at=now,
        )
        await self._mailer.send(mail, self._recipients)


class WebhookHeadPublisher:
    """AuditHeadPublisher by a signed webhook."""

    def __init__(self, webhook: SignedWebhook) -> None:
        self._webhook = webhook

    async def publish(self, heads: Sequence[ChainHead], now: datetime) -> None:
        """POST ``{"tipo": "auditoria.cabecas", "cabecas": [...]}``.

        Raises:
            DeliveryFailed: the webhook did not take it.
        """
        lines = ",".join(published_line(head, now) for head in heads)
        body = f'{{"tipo":"auditoria.cabecas","cabecas":[{lines}]}}'
        await self._webhook.post(_message_id(now), body.encode())


def _lines(heads: Sequence[ChainHead], now: datetime) -> str:
    return "".join(published_line(head, now) + "\n" for head in heads)


def _message_id(now: datetime) -> str:
    """One a day, so that a repetition is known as one."""
    return f"auditoria-cabecas-{day_in_brasilia(now).isoformat()}"
