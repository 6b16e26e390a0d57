"""Prefeituras full of rows: every table that belongs to a tenant has some of each."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from balcao.domain.alerts import AlertDelivery, Channel, QuotaAlert
from balcao.domain.audit import Actor, ActorKind, AuditKind, AuditRecord
from balcao.domain.chat import ChatSession, Message, MessageRole, TokenUsage
from balcao.domain.consumption import Charge, ChargeKind, Consumer, LedgerEntry, Reservation
from balcao.domain.identity import ApiKey, Invitation, LoginSession
from balcao.domain.ids import (
    AlertId,
    ApiKeyId,
    CreditId,
    InvitationId,
    LoginSessionId,
    MessageId,
    PrefeituraId,
    SessionId,
    UsuarioId,
)
from balcao.domain.prefeitura import Prefeitura
from balcao.domain.quota import Credit
from balcao.domain.usuario import Papel, Usuario
from balcao.infrastructure.database.database import Database
from balcao.infrastructure.database.unit_of_work import PostgresUnitOfWork
from tests.factories import a_metering, a_prefeitura
from tests.fakes import FakeClock

LATER = datetime.now(UTC) + timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """A session and its message."""

    session: ChatSession
    message: Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A person with everything that belongs to one."""

    usuario: Usuario
    conversation: Conversation
    login: LoginSession
    invitation: Invitation


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenant:
    """A prefeitura with two people, an anonymous conversation, a key and an answer kept under ``idempotency_key``; it
    has a credit, spent tokens, holds some more by its ``reservation``, and an ``alert`` that is still to be delivered.
    """

    prefeitura: Prefeitura
    people: tuple[Person, Person]
    anonymous: Conversation
    key: ApiKey
    idempotency_key: bytes
    credit: Credit
    reservation: Reservation
    entry: LedgerEntry
    alert: QuotaAlert

    @property
    def id(self) -> PrefeituraId:
        """The prefeitura's id."""
        return self.prefeitura.id

    def conversations(self) -> Iterator[tuple[UsuarioId | None, Conversation]]:
        """Each conversation with its owner, None for nobody's."""
        yield None, self.anonymous
        for person in self.people:
            yield person.usuario.id, person.conversation


async def populate(database: Database, slugs: list[str]) -> list[Tenant]:
    """A tenant for each slug."""
    return [await _a_tenant(database, slug) for slug in slugs]


async def _a_tenant(database: Database, slug: str) -> Tenant:
    prefeitura = await a_prefeitura(database, slug)
    people = (await _a_person(database, prefeitura, "ana"), await _a_person(database, prefeitura, "bia"))
    digest = _digest(slug)
    async with database.tenant(prefeitura.id) as work:
        key = await work.api_keys.save(
            ApiKey(
                id=ApiKeyId(uuid4()),
                prefeitura_id=prefeitura.id,
                nome="protocolo",
                papel=Papel.SERVIDOR,
                prefix="blc_teste",
                secret_sha256=digest,
            )
        )
        await work.idempotency.begin(digest, digest, datetime.now(UTC))
        await work.idempotency.finish(digest, 200, b"selado")
        await work.audit.append(
            AuditRecord(
                chain_id=prefeitura.id,
                at=datetime.now(UTC),
                kind=AuditKind.KEY_CREATED,
                actor=Actor(kind=ActorKind.SYSTEM),
                subject=key.id,
            )
        )
        anonymous = await _a_conversation(work, prefeitura.id, None)
    credit, reservation, entry = await _consumption(database, prefeitura.id, anonymous)
    return Tenant(
        prefeitura=prefeitura,
        people=people,
        anonymous=anonymous,
        key=key,
        idempotency_key=digest,
        credit=credit,
        reservation=reservation,
        entry=entry,
        alert=await _an_alert(database, prefeitura.id),
    )


async def _consumption(
    database: Database, prefeitura_id: PrefeituraId, conversation: Conversation
) -> tuple[Credit, Reservation, LedgerEntry]:
    """A credit, an open reservation, and the charge of another one that was settled."""
    now = datetime.now(UTC)
    metering = a_metering(FakeClock(now))
    consumer = Consumer(
        prefeitura_id=prefeitura_id, session_id=conversation.session.id, message_id=conversation.message.id
    )
    usage = TokenUsage(prompt_tokens=10, completion_tokens=5)
    charge = Charge(kind=ChargeKind.ANSWER, model="modelo", usage=usage)
    async with database.tenant(prefeitura_id) as work:
        credit = await work.quotas.add_credit(
            Credit(
                id=CreditId(uuid4()),
                prefeitura_id=prefeitura_id,
                tokens=1_000,
                reason="Campanha",
                valid_from=now,
                valid_until=LATER,
            )
        )
        settled = await metering.reserve(work, consumer, least=100, most=200, first_call=charge)
        held = await metering.reserve(work, consumer, least=100, most=200, first_call=charge)
        assert settled is not None
        assert held is not None
        await metering.settle_unanswered(work, settled, [charge])
    entry = LedgerEntry(
        consumer=consumer,
        period_start=settled.period_start,
        charge=charge,
        reservation_id=settled.id,
        created_at=now,
    )
    return credit, held, entry


async def _an_alert(database: Database, prefeitura_id: PrefeituraId) -> QuotaAlert:
    now = datetime.now(UTC)
    async with database.tenant(prefeitura_id) as work:
        balance = await work.quotas.balance(prefeitura_id, now)
        alert = QuotaAlert(
            id=AlertId(uuid4()),
            prefeitura_id=prefeitura_id,
            period=balance.period,
            threshold=50,
            used=balance.used,
            limit=balance.limit,
            exhaustion=None,
            created_at=now,
        )
        await work.alerts.keep_new([alert])
        await work.alerts.queue(alert, [Channel.EMAIL], now)
    return alert.with_delivery(AlertDelivery(channel=Channel.EMAIL, next_at=now))


async def _a_person(database: Database, prefeitura: Prefeitura, nome: str) -> Person:
    usuario = Usuario(
        id=UsuarioId(uuid4()), prefeitura_id=prefeitura.id, nome=nome, email=f"{nome}@{prefeitura.slug}.example"
    )
    digest = _digest(usuario.email)
    login = LoginSession(
        id=LoginSessionId(uuid4()),
        prefeitura_id=prefeitura.id,
        usuario_id=usuario.id,
        token_sha256=digest,
        expires_at=LATER,
    )
    invitation = Invitation(
        id=InvitationId(uuid4()),
        prefeitura_id=prefeitura.id,
        usuario_id=usuario.id,
        token_sha256=digest,
        expires_at=LATER,
    )
    async with database.tenant(prefeitura.id, usuario.id) as work:
        saved = await work.usuarios.save(usuario)
        await work.login_sessions.save(login)
        await work.invitations.save(invitation)
        conversation = await _a_conversation(work, prefeitura.id, usuario.id)
    return Person(usuario=saved, conversation=conversation, login=login, invitation=invitation)


async def _a_conversation(
    work: PostgresUnitOfWork, prefeitura_id: PrefeituraId, usuario_id: UsuarioId | None
) -> Conversation:
    session = await work.sessions.save_session(
        ChatSession(id=SessionId(uuid4()), prefeitura_id=prefeitura_id, usuario_id=usuario_id)
    )
    message = await work.messages.save_message(
        Message(
            id=MessageId(uuid4()),
            prefeitura_id=prefeitura_id,
            session_id=session.id,
            role=MessageRole.USER,
            content="Qual o prazo?",
        )
    )
    return Conversation(session=session, message=message)


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
