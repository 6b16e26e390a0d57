"""Ports of what leaves the installation: alerts, published audit heads, audit bundles."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol

from balcao.domain.alerts import QuotaAlert
from balcao.domain.audit import AuditEntry, ChainHead
from balcao.domain.prefeitura import Prefeitura


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertNotice:
    """An alert of a prefeitura, and the e-mail addresses of the people to be told."""

    alert: QuotaAlert
    prefeitura: Prefeitura
    recipients: tuple[str, ...] = field(repr=False)


class AlertSender(Protocol):
    """Sends alerts out of the installation, each time under the alert's own id, by which a repetition is known."""

    async def send(self, notice: AlertNotice) -> None:
        """Send it.

        Raises:
            DeliveryFailed: it did not arrive, as far as is known; the message says why, without anything secret.
        """
        ...


class AuditHeadPublisher(Protocol):
    """Puts the audit trails' heads where whoever might rewrite the database does not reach."""

    async def publish(self, heads: Sequence[ChainHead], now: datetime) -> None:
        """Publish these heads.

        Raises:
            DeliveryFailed: they did not arrive, as far as is known; the message says why.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditBundle:
    """A chain as an auditor receives it: into which new file or folder, whose chain, up to which head, from when."""

    path: Path
    name: str
    head: ChainHead
    written_at: datetime


class AuditBundles(Protocol):
    """Writes bundles that are verified without the database."""

    async def write(self, bundle: AuditBundle, pages: AsyncIterator[Sequence[AuditEntry]]) -> None:
        """Write the entries with their head and a program that verifies them.

        Raises:
            InvalidInput: the bundle's path exists already, or cannot be written.
        """
        ...
