"""pgqueuer's tables in our schema, on a connection of asyncpg: the transaction is the connection's.

Every name is given: pgqueuer would take what is not from environment variables as common as CHANNEL or FUNCTION.
"""

from functools import cache

import asyncpg
from pgqueuer.adapters.drivers.asyncpg import AsyncpgDriver
from pgqueuer.adapters.persistence.qb import (
    QueryBuilderEnvironment,
    QueryQueueBuilder,
    QuerySchedulerBuilder,
)
from pgqueuer.adapters.persistence.queries import Queries
from pgqueuer.domain.settings import DBSettings, Durability
from pgqueuer.domain.types import Channel

from balcao.infrastructure.database.tables import QUEUE_TABLE, SCHEMA

ENTRYPOINT = "ingerir"
CHANNEL = "ch_pgqueuer"


@cache
def queue_names() -> DBSettings:
    """The names that migration 0003 gave."""
    return DBSettings(
        prefix="",
        db_schema=SCHEMA,
        channel=Channel(CHANNEL),
        function="fn_pgqueuer_changed",
        statistics_table=f"{QUEUE_TABLE}_statistics",
        queue_status_type=f"{QUEUE_TABLE}_status",
        queue_table=QUEUE_TABLE,
        queue_table_log=f"{QUEUE_TABLE}_log",
        trigger="tg_pgqueuer_changed",
        schedules_table=f"{QUEUE_TABLE}_schedules",
        durability=Durability.durable,
        widen_id=False,
    )


def queue_on(connection: asyncpg.Connection) -> Queries:
    """pgqueuer's statements on this connection."""
    names = queue_names()
    return Queries(
        AsyncpgDriver(connection),
        qbe=QueryBuilderEnvironment(settings=names),
        qbq=QueryQueueBuilder(settings=names),
        qbs=QuerySchedulerBuilder(settings=names),
    )
