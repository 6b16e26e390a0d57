"""Writes the audit trail, in the unit of work of what it records, and as the last thing in it.

Last, because a chain's head stays locked until the unit of work ends: whatever were awaited after it, every other
writer of the prefeitura would await too.
"""

from collections.abc import Mapping, Sequence
from uuid import UUID

from balcao.application.ports import Clock
from balcao.application.unit_of_work import UnitOfWork
from balcao.domain.audit import (
    INSTALLATION_CHAIN,
    SYSTEM,
    Actor,
    AuditKind,
    AuditRecord,
    salted_digest,
    sources_json,
)
from balcao.domain.canonical_json import Json
from balcao.domain.chat import AnswerMode, Message
from balcao.domain.document import Document
from balcao.domain.identity import Principal
from balcao.domain.ids import MessageId, PrefeituraId, SessionId
from balcao.domain.prompt import PROMPT_VERSION
from balcao.domain.search import Passage

_NOTHING: Mapping[str, Json] = {}


class AuditTrail:
    """Turns what happened into records."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def question(
        self, work: UnitOfWork, principal: Principal | None, question: Message, asked: Mapping[str, Json] = _NOTHING
    ) -> None:
        """A question was asked; ``asked`` is the validity that it is about, if not today's."""
        details: dict[str, Json] = {"sessao": str(question.session_id), "texto": _digest(question), **asked}
        await self._append(work, question.prefeitura_id, AuditKind.QUESTION, Actor.of(principal), question.id, details)

    async def answer(
        self, work: UnitOfWork, question_id: MessageId | None, answer: Message, used: Sequence[Passage]
    ) -> None:
        """A question was answered: from which passages, by which model and instructions, for how many tokens."""
        usage, mode = answer.usage, answer.metadata.get("modo")
        details: dict[str, Json] = {
            "sessao": str(answer.session_id),
            "pergunta": str(question_id) if question_id else None,
            "texto": _digest(answer),
            "modo": str(mode),
            "encontrou": bool(answer.metadata.get("found")),
            "modelo": str(answer.metadata.get("model")),
            "instrucoes": PROMPT_VERSION if mode == AnswerMode.ANSWER else None,
            "fontes": sources_json(used),
            "tokens": {
                "prompt": usage.prompt_tokens,
                "resposta": usage.completion_tokens,
                "total": usage.total_tokens,
                "estimados": usage.estimated,
            },
        }
        await self._append(work, answer.prefeitura_id, AuditKind.ANSWER, SYSTEM, answer.id, details)

    async def erasure(self, work: UnitOfWork, principal: Principal, session_id: SessionId) -> None:
        """A conversation's text was erased, and with it the salts of what is recorded of it."""
        actor = Actor.of(principal)
        await self._append(work, principal.prefeitura_id, AuditKind.CONVERSATION_ERASED, actor, session_id, {})

    async def act(
        self,
        work: UnitOfWork,
        principal: Principal | None,
        kind: AuditKind,
        prefeitura_id: PrefeituraId,
        details: Mapping[str, Json] = _NOTHING,
        *,
        subject: UUID | None = None,
    ) -> None:
        """An administrative act on a prefeitura, its people, keys or quota; without a principal, the installation's.

        ``details`` name people by id: what is written here stays when a person is erased.
        """
        actor = Actor.of(principal) if principal else SYSTEM
        await self._append(work, prefeitura_id, kind, actor, subject, details)

    async def document(
        self,
        work: UnitOfWork,
        actor: Actor,
        kind: AuditKind,
        document: Document,
        details: Mapping[str, Json] = _NOTHING,
    ) -> None:
        """A global document was sent, came in, was described anew, or left; its file is told by its digest."""
        known: dict[str, Json] = {"hash_arquivo": document.sha256.hex(), **details}
        await self._append(work, INSTALLATION_CHAIN, kind, actor, document.id, known)

    async def _append(
        self,
        work: UnitOfWork,
        chain_id: PrefeituraId,
        kind: AuditKind,
        actor: Actor,
        subject: UUID | None,
        details: Mapping[str, Json],
    ) -> None:
        now = self._clock.now()
        await work.audit.append(
            AuditRecord(chain_id=chain_id, at=now, kind=kind, actor=actor, subject=subject, details=details)
        )


def _digest(message: Message) -> str | None:
    """None where nothing can be told of the text any more."""
    if message.content is None or message.salt is None:
        return None
    return salted_digest(message.content, message.salt)
