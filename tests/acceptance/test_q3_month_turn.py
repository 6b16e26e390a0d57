"""Q3: a question counts in the month in which it was asked in Brasília, for a prefeitura, on counters without end."""

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from unittest.mock import patch
from zoneinfo import ZoneInfo

from balcao.application.use_cases.chat_with_documents import ChatRequest
from balcao.domain.chat import AnswerMode
from balcao.infrastructure.repositories import quotas
from tests.acceptance.environment import AcceptanceEnvironment
from tests.acceptance.metered_chat import QUESTION, SLUG, MeteredInstallation, metered_chat, metered_installation
from tests.acceptance.paid_provider import PaidProvider
from tests.fakes import FakeClock

CODE = "Q3"
TRIES = (
    "perguntas anônimas de um segundo antes a um depois da virada do mês em Brasília, com o servidor em UTC e em São "
    "Paulo; contadores em 2^31 e 2^40"
)
FULL = 100
BOUNDED = 24
MUTANT = "o mês contado em UTC"

_SAO_PAULO = ZoneInfo("America/Sao_Paulo")
_ZONES = ("UTC", "America/Sao_Paulo")
_AROUND = (timedelta(seconds=-1), timedelta(), timedelta(seconds=1))
_LARGE = (2**31, 2**40)
_FIRST_MONTH = date(2027, 1, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A question at an instant near a turn, and the first day of the period that it belongs to."""

    contract_day: int
    now: datetime
    start: date


async def violations(attempts: int, environment: AcceptanceEnvironment) -> int:
    """Questions in the wrong month, charged to nobody or not at all; counters that fail."""
    found = 0
    for number, zone in enumerate(_ZONES):
        cases = [case for index, case in zip(range(attempts), _cases(), strict=False) if index % len(_ZONES) == number]
        async with metered_installation(environment, quota=2**50) as installation:
            await _live_in(installation, zone)
            with PaidProvider() as provider:
                found += sum([await _asked(installation, provider, case) for case in cases])
                found += sum([await _counted(installation, provider, size) for size in _LARGE])
            found += await installation.admin.fetchval(
                "SELECT count(*) FROM lancamento WHERE prefeitura_id IS NULL OR message_id IS NULL"
            )
            found += (await installation.books()).disagreements
    return found


async def violations_of_mutant(attempts: int, environment: AcceptanceEnvironment) -> int:
    """The same where the day is that of UTC."""
    with patch.object(quotas, "day_in_brasilia", lambda instant: instant.astimezone(UTC).date()):
        return await violations(min(attempts, BOUNDED), environment)


async def test_q3(environment: AcceptanceEnvironment) -> None:
    assert await violations(BOUNDED, environment) == 0


async def test_q3_fails_on_its_mutant(environment: AcceptanceEnvironment) -> None:
    assert await violations_of_mutant(BOUNDED, environment) > 0


def _cases() -> Iterator[Case]:
    """Turns of one month after another, of contract days at the month's end and at others, in turn."""
    first = _FIRST_MONTH
    while True:
        for contract_day in (1, 31, 15, 30, 29, 28):
            turn = _turn(first, contract_day)
            before = _turn((first - timedelta(days=1)).replace(day=1), contract_day)
            for distance in _AROUND:
                at = datetime(turn.year, turn.month, turn.day, tzinfo=_SAO_PAULO).astimezone(UTC) + distance
                yield Case(contract_day=contract_day, now=at, start=before if distance < timedelta() else turn)
            first = (first + timedelta(days=32)).replace(day=1)


def _turn(month: date, contract_day: int) -> date:
    return month.replace(day=min(contract_day, monthrange(month.year, month.month)[1]))


async def _asked(installation: MeteredInstallation, provider: PaidProvider, case: Case) -> int:
    """Whether the question was charged to another period than its own; earlier cases leave nothing behind."""
    await installation.admin.execute("UPDATE prefeitura SET dia_contrato = $1 WHERE slug = $2", case.contract_day, SLUG)
    await _forget_periods(installation)
    answer = await metered_chat(installation.database, provider.base_url, FakeClock(case.now)).execute(
        ChatRequest(message=QUESTION, prefeitura=SLUG)
    )
    charged = "SELECT inicio, sum(tokens_prompt + tokens_resposta) AS tokens FROM lancamento WHERE session_id = $1"
    periods = await installation.admin.fetch(f"{charged} GROUP BY inicio", answer.session_id)
    return [(row["inicio"], row["tokens"]) for row in periods] != [(case.start, answer.usage.total_tokens)]


async def _live_in(installation: MeteredInstallation, zone: str) -> None:
    """Give the database's new connections this time zone, and the application new connections."""
    name = await installation.admin.fetchval("SELECT current_database()")
    await installation.admin.execute(f"ALTER DATABASE {name} SET timezone = '{zone}'")
    await installation.database.dispose()


async def _forget_periods(installation: MeteredInstallation) -> None:
    """A period in use goes on to its end, whatever the contract day becomes: the next case needs none in use."""
    for table in ("lancamento", "reserva", "aviso", "quota_periodo"):
        await installation.admin.execute(f"DELETE FROM {table} WHERE prefeitura_id = $1", installation.prefeitura_id)
    await installation.admin.execute(  # a replica's triggers do not fire: what was consumed is never taken back else
        "SET session_replication_role = replica; UPDATE message SET tokens_usados = 0, tokens_prompt = 0;"
        " RESET session_replication_role"
    )
    await installation.admin.execute("UPDATE prefeitura SET tokens_consumidos = 0")


async def _counted(installation: MeteredInstallation, provider: PaidProvider, size: int) -> int:
    """Whether counters just below a power of two fail to count on past it."""
    clock = FakeClock(datetime(2026, 6, 10, 12, tzinfo=UTC))
    chat = metered_chat(installation.database, provider.base_url, clock)
    await chat.execute(ChatRequest(message=QUESTION, prefeitura=SLUG))
    added = size - 1
    await installation.admin.execute("UPDATE quota_periodo SET usado = usado + $1", added)
    await installation.admin.execute("UPDATE prefeitura SET tokens_consumidos = tokens_consumidos + $1", added)
    before = await installation.books()
    answer = await chat.execute(ChatRequest(message=QUESTION, prefeitura=SLUG))
    after = await installation.books()
    await installation.admin.execute("UPDATE quota_periodo SET usado = usado - $1", added)
    await installation.admin.execute("UPDATE prefeitura SET tokens_consumidos = tokens_consumidos - $1", added)
    grown = (after.periods - before.periods, after.lifetime - before.lifetime)
    return answer.mode is not AnswerMode.ANSWER or grown != (answer.usage.total_tokens,) * 2
