"""Q2: however a question ends, the sweep leaves nothing reserved, and every book says what the ledger says.

There are no streams yet; an answer that is cut in its middle joins the endings when there are.
"""

import asyncio
import random
from dataclasses import dataclass, field
from unittest.mock import patch

from balcao.application.metering import Metering
from balcao.application.use_cases.chat_with_documents import ChatRequest, ChatWithDocumentsUseCase
from balcao.domain.chat import TokenUsage
from balcao.domain.consumption import Charge, ChargeKind, Consumer
from balcao.domain.errors import ProviderError
from balcao.infrastructure.external.system_clock import SystemClock
from tests.acceptance.asking_process import asking_processes
from tests.acceptance.environment import AcceptanceEnvironment
from tests.acceptance.metered_chat import (
    QUESTION,
    SLUG,
    MeteredInstallation,
    metered_chat,
    metered_installation,
    metering_of,
)
from tests.acceptance.paid_provider import NEVER, OK, Calls, PaidProvider
from tests.fakes import FakeClock

CODE = "Q2"
TRIES = (
    "perguntas que acabam em resposta, 429, 500, tempo esgotado, desistência e kill -9; a mesma liquidação duas vezes "
    "e depois do prazo (ainda sem streams)"
)
FULL = 1_000
BOUNDED = 70
MUTANT = "a liquidação pulada"

_DISCONNECT = -1
_ENDINGS = {"ok": OK, "limite": 429, "erro": 500, "silencio": NEVER, "desiste": _DISCONNECT}
_QUOTA = 10**9
_SECONDS_OF_PATIENCE = 0.5
_AT_ONCE = 10
_KILLED_AT_ONCE = 10
_REPEATED_SETTLEMENTS = 0.2
"""Of the attempts, as many more are one settlement made twice, or after its time."""


async def violations(attempts: int, environment: AcceptanceEnvironment) -> int:
    """Tokens that some book lacks or has twice, and reservations that stay open."""
    async with metered_installation(environment, quota=_QUOTA) as installation:
        killed = attempts // len([*_ENDINGS, "kill"])
        found = await _ended_in_process(installation, attempts - killed)
        found += await _killed(installation, killed)
        found += await _settled_again(installation, round(attempts * _REPEATED_SETTLEMENTS))
        await installation.settle_expired()
        books = await installation.books()
        return found + books.disagreements + (books.reserved > 0) + (books.ledger == 0)


async def violations_of_mutant(attempts: int, environment: AcceptanceEnvironment) -> int:
    """The same where nothing is settled."""

    async def skip(self: Metering, work: object, closure: object, consumer: Consumer, **_: int) -> object:
        return await self.balance(work, consumer.prefeitura_id)  # type: ignore[arg-type]

    with patch.object(Metering, "settle", skip):
        return await violations(min(attempts, BOUNDED), environment)


async def test_q2(environment: AcceptanceEnvironment) -> None:
    assert await violations(BOUNDED, environment) == 0


async def test_q2_fails_on_its_mutant(environment: AcceptanceEnvironment) -> None:
    assert await violations_of_mutant(BOUNDED, environment) > 0


@dataclass(slots=True)
class _Arrivals:
    """Tells the loop when a question reached the provider, which lives in threads of its own."""

    loop: asyncio.AbstractEventLoop
    events: dict[str, asyncio.Event] = field(default_factory=dict)

    def arrived(self, question: str) -> None:
        if event := self.events.get(question):
            self.loop.call_soon_threadsafe(event.set)


async def _ended_in_process(installation: MeteredInstallation, attempts: int) -> int:
    """Questions whose tokens are not what the provider billed, or not estimated where it was not heard to the end."""
    arrivals = _Arrivals(asyncio.get_running_loop())
    questions = {f"{QUESTION} {name} {number}": name for number, name in enumerate(_cycle(attempts))}
    with PaidProvider(lambda asked: max(NEVER, _ENDINGS[questions[asked]]), arrivals.arrived) as provider:
        url, clock = provider.base_url, SystemClock()
        chat = metered_chat(installation.database, url, clock)
        hurried = metered_chat(installation.database, url, clock, patience=_SECONDS_OF_PATIENCE)
        asked = list(questions.items())
        for first in range(0, len(asked), _AT_ONCE):
            part = asked[first : first + _AT_ONCE]
            await asyncio.gather(
                *(
                    _end(hurried if _ENDINGS[name] == NEVER else chat, arrivals, question, name)
                    for question, name in part
                )
            )
    spent = {
        row["conteudo"]: row
        for row in await installation.admin.fetch(
            """SELECT q.conteudo, sum(l.tokens_prompt + l.tokens_resposta) AS tokens, bool_or(l.estimado) AS estimado
                 FROM lancamento l JOIN message m ON (m.prefeitura_id, m.id) = (l.prefeitura_id, l.message_id)
                 JOIN message q ON (q.prefeitura_id, q.session_id) = (m.prefeitura_id, m.session_id) AND q.role = 'user'
                GROUP BY q.conteudo"""
        )
    }
    found = 0
    for question, name in questions.items():
        row = spent.get(question)
        if name in ("silencio", "desiste"):  # the provider had billed the embedding alone: the rest is our estimate
            found += row is None or not row["estimado"] or row["tokens"] <= provider.billed[question]
        else:
            found += row is None or row["estimado"] or row["tokens"] != provider.billed[question]
    return found


def _cycle(attempts: int) -> list[str]:
    names = list(_ENDINGS)
    return [names[number % len(names)] for number in range(attempts)]


async def _end(chat: ChatWithDocumentsUseCase, arrivals: _Arrivals, question: str, name: str) -> None:
    asking = asyncio.create_task(chat.execute(ChatRequest(message=question, prefeitura=SLUG)))
    if _ENDINGS[name] == _DISCONNECT:
        event = arrivals.events.setdefault(question, asyncio.Event())
        await event.wait()
        asking.cancel()
    (ended,) = await asyncio.gather(asking, return_exceptions=True)
    if isinstance(ended, BaseException) and not isinstance(ended, ProviderError | asyncio.CancelledError):
        raise ended


async def _killed(installation: MeteredInstallation, attempts: int) -> int:
    """Processes killed when some of their questions are with the provider; whether none of them is charged by estimate
    once the sweep was there.
    """
    chance = random.Random(attempts)  # noqa: S311 - moments, not secrets
    for first in range(0, attempts, _KILLED_AT_ONCE):
        questions = min(_KILLED_AT_ONCE, attempts - first)
        calls = Calls(chance.randint(1, questions))
        with PaidProvider(lambda _question: chance.choice((OK, NEVER)), calls) as provider:
            async with asking_processes(installation, provider, processes=1, questions=questions) as (process,):
                process.ask()
                await calls.enough.wait()
    await installation.settle_expired()
    charged = await installation.admin.fetchval("SELECT count(*) FROM reserva WHERE estado = 'estimada' AND usado > 0")
    return int(charged == 0)


async def _settled_again(installation: MeteredInstallation, attempts: int) -> int:
    """Settlements repeated, and settlements after the sweep's: those whose tokens are counted twice, or lost."""
    found = 0
    for number in range(attempts):
        is_late = bool(number % 2)
        before = (await installation.books()).ledger
        spent = await _settle_twice(installation, late=is_late)
        found += (await installation.books()).ledger - before != spent
    return found


async def _settle_twice(installation: MeteredInstallation, *, late: bool) -> int:
    """One reservation settled twice; the first time by the sweep, for less than it turns out to cost, when ``late``."""
    clock = FakeClock(SystemClock().now())
    metering, consumer = metering_of(clock), Consumer(prefeitura_id=installation.prefeitura_id)
    known, all_of_it = _charge(20), _charge(100)
    async with installation.database.tenant(installation.prefeitura_id) as work:
        reservation = await metering.reserve(work, consumer, least=1, most=500, first_call=known)
    assert reservation is not None
    if late:
        assert await installation.settle_expired(clock.now()) >= 1
    for _ in range(2):
        async with installation.database.tenant(installation.prefeitura_id) as work:
            await metering.settle_unanswered(work, reservation, [all_of_it])
    return all_of_it.usage.total_tokens


def _charge(tokens: int) -> Charge:
    usage = TokenUsage(prompt_tokens=tokens, completion_tokens=0)
    return Charge(kind=ChargeKind.EMBEDDING, model="vetores", usage=usage)
