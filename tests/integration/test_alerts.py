"""Alerts on a real database: once for each threshold of a period, sent at least once, also by many at the same time."""

import asyncio
from datetime import timedelta

import asyncpg
import pytest

from balcao.application.unit_of_work import UnitOfWork
from balcao.application.use_cases.deliver_alerts import DeliverAlertsUseCase
from balcao.domain.alerts import ATTEMPTS, AlertDelivery, Channel, DeliveryState, QuotaAlert
from balcao.domain.errors import PrefeituraNotFound
from balcao.domain.ids import PrefeituraId, UsuarioId
from balcao.domain.usuario import Papel
from balcao.infrastructure.database.connection import DatabaseAccesses
from balcao.infrastructure.database.database import Database
from tests.factories import a_credit, a_prefeitura
from tests.fakes import FakeAlertSender
from tests.people import People
from tests.spending import Spender

BOTH = (Channel.EMAIL, Channel.WEBHOOK)
OPERATORS = ("operacao@exemplo.org",)


@pytest.fixture
async def aurora(database: Database) -> PrefeituraId:
    """A prefeitura with a quota of 10,000 tokens."""
    return (await a_prefeitura(database, "aurora")).id


@pytest.fixture
def spender(database: Database) -> Spender:
    return Spender(database=database, channels=BOTH)


async def kept(database: Database, prefeitura_id: PrefeituraId) -> list[QuotaAlert]:
    async with database.tenant(prefeitura_id) as work:
        return await work.alerts.find_page(prefeitura_id, 100, None)


async def thresholds(spender: Spender, prefeitura_id: PrefeituraId) -> list[int]:
    return [alert.threshold for alert in await kept(spender.database, prefeitura_id)]


async def deliveries(spender: Spender, prefeitura_id: PrefeituraId) -> list[AlertDelivery]:
    return [delivery for alert in await kept(spender.database, prefeitura_id) for delivery in alert.deliveries]


def dispatcher(spender: Spender, *senders: FakeAlertSender) -> DeliverAlertsUseCase:
    """Sends by the channels in their order."""
    database = spender.database
    by_channel = dict(zip(BOTH, senders, strict=False))
    return DeliverAlertsUseCase(database.operator, database.tenant, by_channel, spender.clock, OPERATORS)


async def test_each_threshold_is_alerted_once(spender: Spender, aurora: PrefeituraId) -> None:
    seen = []
    for tokens in (4_999, 1, 100, 3_000, 1_900):
        await spender.spend(aurora, tokens)
        seen.append(await thresholds(spender, aurora))
        spender.clock.current += timedelta(minutes=1)
    assert seen == [[], [50], [50], [80, 50], [100, 80, 50]]


async def test_an_alert_says_how_things_stood(spender: Spender, aurora: PrefeituraId) -> None:
    await spender.spend(aurora, 6_000)
    (alert,) = await kept(spender.database, aurora)
    assert (alert.used, alert.limit, alert.created_at) == (6_000, 10_000, spender.clock.now())
    assert alert.exhaustion is not None
    assert alert.exhaustion in alert.period


async def test_who_jumps_over_thresholds_is_told_of_the_last_only(spender: Spender, aurora: PrefeituraId) -> None:
    await spender.spend(aurora, 12_000)
    alerts = await kept(spender.database, aurora)
    assert [(alert.threshold, len(alert.deliveries)) for alert in alerts] == [(100, 2), (80, 0), (50, 0)]


async def test_a_failed_settlement_raises_no_alert(
    spender: Spender, aurora: PrefeituraId, admin: asyncpg.Connection
) -> None:
    await admin.execute("ALTER TABLE entrega_aviso ADD CONSTRAINT quebrada CHECK (canal <> 'webhook')")
    with pytest.raises(Exception, match="quebrada"):
        await spender.spend(aurora, 6_000)
    assert await thresholds(spender, aurora) == []
    assert await admin.fetchval("SELECT tokens_consumidos FROM prefeitura WHERE id = $1", aurora) == 0


async def test_a_credit_moves_the_thresholds_that_are_left(spender: Spender, aurora: PrefeituraId) -> None:
    """An alert speaks of the limit of its time; it is not repeated when a raised limit is used to the same degree."""
    await spender.spend(aurora, 8_000)
    async with spender.database.operator() as work:
        await work.quotas.add_credit(a_credit(aurora, 10_000, spender.clock.now()))
    await spender.spend(aurora, 8_000)
    assert await thresholds(spender, aurora) == [80, 50]
    await spender.spend(aurora, 4_000)
    alerts = await kept(spender.database, aurora)
    assert [(alert.threshold, alert.limit) for alert in alerts] == [(100, 20_000), (80, 10_000), (50, 10_000)]


async def test_a_lowered_quota_is_noticed_with_the_next_charge(
    spender: Spender, aurora: PrefeituraId, admin: asyncpg.Connection
) -> None:
    await spender.spend(aurora, 4_000)
    await admin.execute("UPDATE prefeitura SET quota_tokens = 5000 WHERE id = $1", aurora)
    await spender.spend(aurora, 1)
    assert await thresholds(spender, aurora) == [80, 50]


async def test_a_new_period_has_alerts_of_its_own(spender: Spender, aurora: PrefeituraId) -> None:
    await spender.spend(aurora, 5_000)
    spender.clock.current += timedelta(days=31)
    await spender.spend(aurora, 5_000)
    assert await thresholds(spender, aurora) == [50, 50]


async def _alerts_of_parallel_settlements(accesses: DatabaseAccesses, aurora: PrefeituraId) -> list[int]:
    """What 50 settlements over three pools leave behind, each of a fiftieth of the quota."""
    databases = [Database(accesses) for _ in range(3)]
    spenders = [Spender(database=database, channels=BOTH) for database in databases]
    await asyncio.gather(*(spenders[number % 3].spend(aurora, 200) for number in range(50)))
    found = await thresholds(spenders[0], aurora)
    for database in databases:
        await database.dispose()
    return sorted(found)


async def test_fifty_settlements_at_once_raise_each_alert_once(
    accesses: DatabaseAccesses, aurora: PrefeituraId
) -> None:
    assert await _alerts_of_parallel_settlements(accesses, aurora) == [50, 80, 100]


async def test_without_their_constraint_alerts_would_be_doubled(
    accesses: DatabaseAccesses, aurora: PrefeituraId, admin: asyncpg.Connection
) -> None:
    await admin.execute(
        "ALTER TABLE aviso DROP CONSTRAINT aviso_unico;"
        " ALTER TABLE aviso ADD CONSTRAINT aviso_unico UNIQUE (prefeitura_id, inicio, limiar, id)"
    )
    assert len(await _alerts_of_parallel_settlements(accesses, aurora)) > 3


async def test_what_is_due_is_sent_once_by_each_channel(
    spender: Spender, aurora: PrefeituraId, database: Database
) -> None:
    people = People(database)
    await people.a_person(aurora, "gil", Papel.GESTOR)
    await people.a_person(aurora, "ana")
    await spender.spend(aurora, 6_000)
    mail, hook = FakeAlertSender(), FakeAlertSender()
    deliver = dispatcher(spender, mail, hook)
    assert await deliver.execute() == 2
    assert await deliver.execute() == 0
    (notice,) = mail.sent
    assert notice.recipients == ("gil@exemplo.org", *OPERATORS)
    assert notice.prefeitura.slug == "aurora"
    assert [sent.alert.id for sent in hook.sent] == [notice.alert.id]
    assert {delivery.state for delivery in await deliveries(spender, aurora)} == {DeliveryState.DELIVERED}


async def test_people_who_lost_their_access_are_told_nothing(
    spender: Spender, aurora: PrefeituraId, database: Database, admin: asyncpg.Connection
) -> None:
    await People(database).a_person(aurora, "gil", Papel.GESTOR)
    await admin.execute("UPDATE usuario SET ativo = false")
    await spender.spend(aurora, 6_000)
    mail = FakeAlertSender()
    await dispatcher(spender, mail, FakeAlertSender()).execute()
    assert mail.sent[0].recipients == OPERATORS


async def test_what_fails_is_tried_again_later_under_the_same_id(spender: Spender, aurora: PrefeituraId) -> None:
    spender.channels = (Channel.EMAIL,)
    await spender.spend(aurora, 6_000)
    mail = FakeAlertSender(failures=2)
    deliver = dispatcher(spender, mail)
    assert await deliver.execute() == 0
    assert await deliver.execute() == 0
    (failed,) = await deliveries(spender, aurora)
    assert (failed.state, failed.attempts, failed.error) == (DeliveryState.PENDING, 1, "de mentira")
    for expected in (0, 1):
        spender.clock.current += timedelta(minutes=10)
        assert await deliver.execute() == expected
    (arrived,) = await deliveries(spender, aurora)
    assert (arrived.state, arrived.attempts, arrived.error) == (DeliveryState.DELIVERED, 3, None)


async def test_what_never_arrives_is_given_up(spender: Spender, aurora: PrefeituraId) -> None:
    spender.channels = (Channel.EMAIL,)
    await spender.spend(aurora, 6_000)
    mail = FakeAlertSender(failures=1000)
    for _ in range(ATTEMPTS + 3):
        await dispatcher(spender, mail).execute()
        spender.clock.current += timedelta(hours=9)
    (given_up,) = await deliveries(spender, aurora)
    assert given_up.state is DeliveryState.GIVEN_UP
    assert mail.failures == 1000 - ATTEMPTS


async def test_a_channel_that_is_configured_no_more_fails_and_says_so(spender: Spender, aurora: PrefeituraId) -> None:
    await spender.spend(aurora, 6_000)
    assert await dispatcher(spender, FakeAlertSender()).execute() == 1
    errors = {delivery.channel: delivery.error for delivery in await deliveries(spender, aurora)}
    assert errors == {Channel.EMAIL: None, Channel.WEBHOOK: "Este canal não está mais configurado."}


async def test_an_alert_that_cannot_be_written_keeps_no_other_waiting(
    spender: Spender, aurora: PrefeituraId, database: Database
) -> None:
    spender.channels = (Channel.EMAIL,)
    other = (await a_prefeitura(database, "bonito")).id
    await spender.spend(aurora, 6_000)
    await spender.spend(other, 6_000)

    def broken(prefeitura_id: PrefeituraId | None = None, usuario_id: UsuarioId | None = None) -> UnitOfWork:
        if prefeitura_id == aurora:
            raise PrefeituraNotFound
        return database.tenant(prefeitura_id, usuario_id)

    mail = FakeAlertSender()
    deliver = DeliverAlertsUseCase(database.operator, broken, {Channel.EMAIL: mail}, spender.clock, OPERATORS)
    assert await deliver.execute() == 1
    assert [notice.alert.prefeitura_id for notice in mail.sent] == [other]
    (failed,) = await deliveries(spender, aurora)
    assert (failed.state, failed.error) == (DeliveryState.PENDING, PrefeituraNotFound().message)


async def test_several_processes_send_each_alert_once(spender: Spender, database: Database) -> None:
    for number in range(12):
        prefeitura = await a_prefeitura(database, f"cidade-{number}")
        await spender.spend(prefeitura.id, 6_000)
    mail, hook = FakeAlertSender(), FakeAlertSender()
    arrived = await asyncio.gather(*(dispatcher(spender, mail, hook).execute() for _ in range(6)))
    assert sum(arrived) == 24
    assert len({notice.alert.id for notice in mail.sent}) == len(mail.sent) == len(hook.sent) == 12


async def test_what_a_dead_process_began_is_sent_by_another(spender: Spender, aurora: PrefeituraId) -> None:
    spender.channels = (Channel.EMAIL,)
    await spender.spend(aurora, 6_000)

    class Dying(FakeAlertSender):
        async def send(self, notice: object) -> None:
            raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await dispatcher(spender, Dying()).execute()
    mail = FakeAlertSender()
    assert await dispatcher(spender, mail).execute() == 0
    spender.clock.current += timedelta(minutes=3)
    assert await dispatcher(spender, mail).execute() == 1


async def test_alerts_come_by_page(spender: Spender, aurora: PrefeituraId, database: Database) -> None:
    await spender.spend(aurora, 12_000)
    async with database.tenant(aurora) as work:
        first = await work.alerts.find_page(aurora, 2, None)
        rest = await work.alerts.find_page(aurora, 2, first[-1].id)
    assert [alert.threshold for alert in (*first, *rest)] == [100, 80, 50]


async def test_others_see_none_of_it(spender: Spender, aurora: PrefeituraId, database: Database) -> None:
    await spender.spend(aurora, 12_000)
    other = await a_prefeitura(database, "bonito")
    async with database.tenant(other.id) as work:
        assert await work.alerts.find_page(aurora, 10, None) == []
