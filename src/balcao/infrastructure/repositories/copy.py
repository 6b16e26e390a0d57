"""Binary COPY of rows through the driver, inside SQLAlchemy's transaction."""

from collections.abc import Iterable, Sequence

import asyncpg
from sqlalchemy import Table
from sqlalchemy.ext.asyncio import AsyncConnection


async def copy_rows(
    connection: AsyncConnection, table: Table, columns: Sequence[str], rows: Iterable[Sequence[object]]
) -> None:
    """COPY ``rows`` into ``table``; ``columns`` are keys of the table's columns, in the order of each row.

    Raises:
        RuntimeError: no transaction is open on the driver's connection, so the rows would survive a rollback.
    """
    raw = (await connection.get_raw_connection()).driver_connection
    if not isinstance(raw, asyncpg.Connection) or not raw.is_in_transaction():
        raise RuntimeError("COPY outside a transaction")
    await raw.copy_records_to_table(
        table.name, schema_name=table.schema, columns=[table.c[key].name for key in columns], records=rows
    )
