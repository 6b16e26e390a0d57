"""Every public method of every tenant's repository, called with what belongs to somebody else.

Arguments are made from the methods' annotations, so that a new method joins by itself; an annotation that nobody
foresaw is an error.
"""

import inspect
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property
from types import NoneType
from typing import get_args, get_type_hints
from uuid import UUID

from balcao.domain.alerts import AlertDelivery, Channel, QuotaAlert
from balcao.domain.audit import Actor, ActorKind, AuditEntry, AuditFilter, AuditKind, AuditRecord, ChainHead
from balcao.domain.chat import ChatSession, Message, TokenUsage
from balcao.domain.consumption import Charge, LedgerEntry, Reservation, ReservationState
from balcao.domain.consumption_report import Consumed, DayRange, Grouping
from balcao.domain.identity import ApiKey, Invitation, LoginSession
from balcao.domain.ids import (
    AlertId,
    ApiKeyId,
    InvitationId,
    LoginSessionId,
    MessageId,
    PrefeituraId,
    SessionId,
    UsuarioId,
)
from balcao.domain.prefeitura import Prefeitura
from balcao.domain.quota import Credit
from balcao.domain.usuario import Usuario
from balcao.infrastructure.database.unit_of_work import PostgresUnitOfWork
from tests.acceptance.population import Conversation, Person, Tenant

OF_A_TENANT = (
    "prefeituras",
    "usuarios",
    "sessions",
    "messages",
    "login_sessions",
    "invitations",
    "api_keys",
    "idempotency",
    "quotas",
    "reservations",
    "ledger",
    "audit",
    "alerts",
    "consumption",
)
OF_A_PERSON = ("sessions", "messages")
OF_NOBODY = ("documents", "chunks", "vectors", "passages", "paid_vectors", "counters", "jobs", "uploads")
DOORS = {
    "prefeituras.public_id",
    "prefeituras.id_of_slug",
    "usuarios.owner_of_email",
    "usuarios.any_exists",
    "login_sessions.owner_of_token",
    "invitations.owner_of_token",
    "api_keys.owner_of_secret",
}
"""Methods that need no tenant: each shows whose an e-mail, a token or a name is, and nothing else."""

OWN_ROWS = {"idempotency.begin"}
"""Methods whose answer speaks of the caller's own rows, whatever the arguments: the same key is another's own too."""


_FROM_WHEN_ON = ("since", "instant")
_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """For whom a unit of work is opened."""

    prefeitura_id: PrefeituraId | None
    usuario_id: UsuarioId | None


NOBODY = Reader(prefeitura_id=None, usuario_id=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stranger:
    """Whose things are passed as arguments, and may neither be seen nor changed."""

    tenant: Tenant
    person: Person | None
    conversation: Conversation

    def argument(self, repository: str, name: str, annotation: object) -> object:
        """What to pass for a parameter.

        Raises:
            LookupError: no value is known for this annotation.
        """
        person = self.person or self.tenant.people[0]
        digests: Mapping[str, bytes] = {
            "login_sessions": person.login.token_sha256,
            "invitations": person.invitation.token_sha256,
            "api_keys": self.tenant.key.secret_sha256,
            "idempotency": self.tenant.idempotency_key,
        }
        texts = {"email": person.usuario.email, "slug": self.tenant.prefeitura.slug}
        values: dict[object, object] = {
            PrefeituraId: self.tenant.id,
            UsuarioId: person.usuario.id,
            SessionId: self.conversation.session.id,
            MessageId: self.conversation.message.id,
            LoginSessionId: person.login.id,
            InvitationId: person.invitation.id,
            ApiKeyId: self.tenant.key.id,
            Prefeitura: self.tenant.prefeitura,
            Usuario: person.usuario,
            ChatSession: self.conversation.session,
            Message: self.conversation.message,
            LoginSession: person.login,
            Invitation: person.invitation,
            ApiKey: self.tenant.key,
            AuditRecord: _a_record(self.tenant.id),
            AuditFilter: AuditFilter(),
            datetime: _LONG_AGO if name in _FROM_WHEN_ON else datetime.now(UTC),
            bytes: digests.get(repository, b"selado"),
            str: texts.get(name, ""),
            int: 0 if name in ("offset", "number") else 100,
            date: self.tenant.reservation.period_start,
            TokenUsage: self.tenant.entry.charge.usage,
            Credit: self.tenant.credit,
            Reservation: self.tenant.reservation,
            ReservationState: ReservationState.SETTLED,
            Charge: self.tenant.entry.charge,
            LedgerEntry: [self.tenant.entry],
            AlertId: self.tenant.alert.id,
            QuotaAlert: [self.tenant.alert] if name == "new" else self.tenant.alert,
            AlertDelivery: self.tenant.alert.deliveries[0],
            Channel: [Channel.WEBHOOK],
            DayRange: DayRange(first=_LONG_AGO.date(), last=date(2999, 12, 31)),
            Grouping: Grouping.DAY,
        }
        for kind in get_args(annotation) or (annotation,):
            if kind is not NoneType and kind in values:
                return values[kind]
        raise LookupError(f"{repository}: no value for {name}: {annotation}; add one in repository_calls.py")


def _a_record(chain_id: PrefeituraId) -> AuditRecord:
    actor = Actor(kind=ActorKind.SYSTEM)
    return AuditRecord(chain_id=chain_id, at=_LONG_AGO, kind=AuditKind.KEY_REVOKED, actor=actor)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A method of a repository, by its name in the unit of work."""

    repository: str
    method: str

    @property
    def name(self) -> str:
        """As it is written in code."""
        return f"{self.repository}.{self.method}"

    async def run(self, work: PostgresUnitOfWork, stranger: Stranger) -> object:
        """Call it with what is the stranger's; what it returns."""
        method: Callable[..., Awaitable[object]] = getattr(getattr(work, self.repository), self.method)
        hints = get_type_hints(method)
        parameters = inspect.signature(method).parameters
        return await method(**{name: stranger.argument(self.repository, name, hints[name]) for name in parameters})


REPOSITORIES = tuple(
    name for name, member in inspect.getmembers(PostgresUnitOfWork) if isinstance(member, cached_property)
)
"""Names of the unit of work's repositories."""


def calls(*repositories: str) -> list[Call]:
    """Every public method of these repositories."""
    found = []
    for repository in repositories:
        kind = get_type_hints(getattr(PostgresUnitOfWork, repository).func)["return"]
        names = [name for name, _ in inspect.getmembers(kind, inspect.iscoroutinefunction) if not name.startswith("_")]
        found += [Call(repository=repository, method=name) for name in names]
    return found


def shows_more_than_own(result: object, reader: Reader, own_sessions: set[UUID]) -> bool:
    """Whether a method's answer tells anything of somebody else's rows: an entity of theirs, or a plain "yes"."""
    match result:
        case list() | tuple():
            return any(shows_more_than_own(item, reader, own_sessions) for item in result)
        case ChatSession():
            return result.id not in own_sessions
        case Message():
            return result.session_id not in own_sessions
        case AuditEntry() | ChainHead():
            return result.chain_id != reader.prefeitura_id
        case Consumed():
            return result.tokens > 0
        case Reservation():
            return result.consumer.prefeitura_id != reader.prefeitura_id
        case Prefeitura():
            return result.id != reader.prefeitura_id
        case Usuario() | LoginSession() | Invitation() | ApiKey() | Credit() | QuotaAlert():
            return result.prefeitura_id != reader.prefeitura_id
    return bool(result)
