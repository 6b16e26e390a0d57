"""A2: many writers at once leave one chain, without gap or fork; each answer sent is in it once, with its tokens."""

import asyncio
import json
import random
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import TypeVar
from unittest.mock import patch
from uuid import uuid4

from balcao.application.audit_trail import AuditTrail
from balcao.application.unit_of_work import UnitOfWork
from balcao.application.use_cases.chat_with_documents import ChatRequest, ChatResponse, ChatWithDocumentsUseCase
from balcao.domain.audit import Actor, ActorKind, AuditEntry, AuditKind, AuditRecord
from balcao.domain.audit_verification import verify
from balcao.domain.chat import Message, TokenUsage
from balcao.domain.errors import ProviderError
from balcao.domain.ids import MessageId, PrefeituraId
from balcao.domain.search import Passage
from balcao.infrastructure.database.database import Database
from balcao.infrastructure.external.system_clock import SystemClock
from tests.acceptance.environment import AcceptanceEnvironment
from tests.acceptance.metered_chat import SLUG, MeteredInstallation, metered_chat, metered_installation
from tests.acceptance.paid_provider import OK, PaidProvider

CODE = "A2"
TRIES = (
    "20 escritores ao mesmo tempo na trilha de uma prefeitura, um em cada sete desfeito; e perguntas respondidas, cada "
    "resposta uma vez na trilha com os tokens que o provedor cobrou"
)
FULL = 10_000
BOUNDED = 600
MUTANT = "a cabeça é lida sem ser trancada; a resposta é registrada com outros tokens"

_WRITERS = 20
_CONNECTIONS_OF_A_POOL = 5
_UNDONE_OF = 7
_RECORDS_TO_A_QUESTION = 25
_NO_LIMIT = 10**12
_FAILED = 500
_Item = TypeVar("_Item")
_UNLOCKED = """
    CREATE OR REPLACE FUNCTION balcao.auditoria_encadear() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = balcao, pg_temp AS $$
    DECLARE c auditoria_cabeca;
    BEGIN
        SELECT * INTO c FROM auditoria_cabeca WHERE prefeitura_id = NEW.prefeitura_id;
        NEW.numero := coalesce(c.numero, 0) + 1;
        NEW.anterior := coalesce(c.hash, decode(repeat('00', 32), 'hex'));
        NEW.hash := auditoria_elo(NEW.prefeitura_id, NEW.numero, NEW.anterior, NEW.registro);
        INSERT INTO auditoria_cabeca VALUES (NEW.prefeitura_id, NEW.numero, NEW.anterior, NEW.hash)
        ON CONFLICT ON CONSTRAINT auditoria_cabeca_pk
            DO UPDATE SET numero = NEW.numero, anterior = NEW.anterior, hash = NEW.hash;
        RETURN NEW;
    END $$;
    ALTER TABLE balcao.auditoria DROP CONSTRAINT auditoria_pk"""
"""The chain as it is usually written: read the last one, add the next. Without the key, a fork would be kept."""


async def violations(attempts: int, environment: AcceptanceEnvironment) -> int:
    """Records and answers that are in the chain otherwise than once where they were committed; and broken chains."""
    async with metered_installation(environment, quota=_NO_LIMIT) as installation:
        wrong = await _write_at_once(installation, attempts)
        return wrong + await _answer_at_once(installation, attempts // _RECORDS_TO_A_QUESTION)


async def violations_of_mutant(attempts: int, environment: AcceptanceEnvironment) -> int:
    """The same where two writers may read one head, and where answers are recorded as free; both are to be seen."""
    async with metered_installation(environment, quota=_NO_LIMIT) as installation:
        await installation.admin.execute(_UNLOCKED)
        forks = await _write_at_once(installation, attempts)
    answer = AuditTrail.answer

    async def free(
        trail: AuditTrail, work: UnitOfWork, question_id: MessageId | None, kept: Message, used: Sequence[Passage]
    ) -> None:
        nothing = TokenUsage(prompt_tokens=0, completion_tokens=0)
        await answer(trail, work, question_id, replace(kept, usage=nothing), used)

    async with metered_installation(environment, quota=_NO_LIMIT) as installation:
        with patch.object(AuditTrail, "answer", free):
            wrong = await _answer_at_once(installation, _WRITERS)
    return forks + wrong if forks and wrong else 0


async def test_a2(environment: AcceptanceEnvironment) -> None:
    assert await violations(BOUNDED, environment) == 0


async def test_a2_fails_on_its_mutant(environment: AcceptanceEnvironment) -> None:
    assert await violations_of_mutant(BOUNDED, environment) > 0


async def _write_at_once(installation: MeteredInstallation, records: int) -> int:
    """Twenty writers, each on a connection of its own; what the chain holds too often, too rarely or broken."""
    pools = [Database(installation.accesses) for _ in range(_WRITERS // _CONNECTIONS_OF_A_POOL)]
    try:
        written = await asyncio.gather(
            *(
                _write(pools[number % len(pools)], installation.prefeitura_id, records // _WRITERS, number)
                for number in range(_WRITERS)
            )
        )
    finally:
        for pool in pools:
            await pool.dispose()
    kept = Counter(subject for subjects in written for subject in subjects)
    entries = await _entries(installation)
    found = Counter(_subject(entry) for entry in entries if _kind(entry) == AuditKind.KEY_CREATED)
    return _differences(kept, found) + await _broken(installation, entries)


async def _write(database: Database, prefeitura_id: PrefeituraId, records: int, seed: int) -> list[str]:
    """The subjects of the records that were committed."""
    chance = random.Random(seed)  # noqa: S311 - repeatable on purpose
    committed = []
    for _ in range(records):
        subject = uuid4()
        record = AuditRecord(
            chain_id=prefeitura_id,
            at=datetime.now(UTC),
            kind=AuditKind.KEY_CREATED,
            actor=Actor(kind=ActorKind.PERSON, id=subject),
            subject=subject,
        )
        with suppress(_Undone):
            async with database.tenant(prefeitura_id) as work:
                await work.audit.append(record)
                if not chance.randrange(_UNDONE_OF):
                    raise _Undone
            committed.append(str(subject))
    return committed


class _Undone(Exception):
    """Ends a unit of work without a commit."""


async def _answer_at_once(installation: MeteredInstallation, questions: int) -> int:
    """Ask at once, some of a provider that fails; answers that the chain holds too often, too rarely, or otherwise."""
    asked = [f"Quantos dias de férias tem o servidor número {number}?" for number in range(questions)]
    with PaidProvider(lambda question: OK if int(question[-2]) % _UNDONE_OF else _FAILED) as provider:
        chat = metered_chat(installation.database, provider.base_url, SystemClock())
        answers = await asyncio.gather(*(_ask(chat, question) for question in asked))
        sent = Counter(
            (str(answer.message_id), answer.usage.total_tokens, provider.billed[question])
            for question, answer in zip(asked, answers, strict=True)
            if answer
        )
    entries = await _entries(installation)
    recorded = Counter(
        (_subject(entry), tokens, tokens)
        for entry in entries
        if _kind(entry) == AuditKind.ANSWER
        for tokens in [json.loads(entry.record)["detalhes"]["tokens"]["total"]]
    )
    questions_recorded = sum(_kind(entry) == AuditKind.QUESTION for entry in entries)
    return (
        _differences(sent, recorded)
        + abs(questions_recorded - questions)
        + int(questions > 0 and not 0 < len(sent) < questions)
        + await _broken(installation, entries)
    )


async def _ask(chat: ChatWithDocumentsUseCase, question: str) -> ChatResponse | None:
    with suppress(ProviderError):
        return await chat.execute(ChatRequest(message=question, prefeitura=SLUG))
    return None


async def _entries(installation: MeteredInstallation) -> list[AuditEntry]:
    """The prefeitura's chain, read past every guard."""
    rows = await installation.admin.fetch(
        "SELECT * FROM auditoria WHERE prefeitura_id = $1 ORDER BY numero", installation.prefeitura_id
    )
    return [
        AuditEntry(
            chain_id=installation.prefeitura_id,
            number=row["numero"],
            record=row["registro"],
            previous_hash=row["anterior"],
            hash=row["hash"],
        )
        for row in rows
    ]


async def _broken(installation: MeteredInstallation, entries: list[AuditEntry]) -> bool:
    async with installation.database.operator() as work:
        head = await work.audit.head(installation.prefeitura_id)
    return verify(installation.prefeitura_id, entries, head, {}) is not None


def _differences(expected: Counter[_Item], found: Counter[_Item]) -> int:
    return (expected - found).total() + (found - expected).total()


def _subject(entry: AuditEntry) -> str:
    return str(json.loads(entry.record)["sobre"])


def _kind(entry: AuditEntry) -> str:
    return str(json.loads(entry.record)["acao"])
