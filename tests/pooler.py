"""A real PgBouncer in transaction mode, in front of the test server."""

import asyncio
import os
import pwd
import shutil
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

import asyncpg
import pytest

from balcao.infrastructure.database.connection import (
    APP_ROLE,
    INGESTION_ROLE,
    OPERATOR_ROLE,
    SESSION_SETTINGS,
    DatabaseAccess,
    DatabaseAccesses,
)

SERVER_CONNECTIONS = 3
_PORT = 6432
_SECONDS_TO_START = 20


def pgbouncer() -> str:
    """Path of the program. Without it the test is skipped; where CI promises it, it fails."""
    found = shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")
    if found is None:
        reason = 'sem o PgBouncer; instale-o com "apt-get install pgbouncer"'
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return found


@asynccontextmanager
async def behind_pgbouncer(
    program: str, folder: Path, accesses: DatabaseAccesses, *, ignores: str = ""
) -> AsyncIterator[DatabaseAccesses]:
    """The same accesses by way of a PgBouncer of few connections, as docs/operacao.md tells to set it up.

    Not so with ``ignores``: names of parameters that it drops when a client sends them.
    """
    await _give_roles_their_settings(accesses.admin)
    server_folder = Path(parse_qs(urlsplit(accesses.admin.url).query)["host"][0])
    _configure(folder, server_folder, ignores)
    user = _hand_over(folder, server_folder) if os.geteuid() == 0 else ()
    process = await asyncio.create_subprocess_exec(program, *user, str(folder / "pgbouncer.ini"), stderr=PIPE)
    try:
        log = await asyncio.wait_for(_until_up(process), _SECONDS_TO_START)
        draining = asyncio.create_task(log.read())  # a full pipe would stop it
        yield DatabaseAccesses(
            app=_by_way_of(folder, accesses.app),
            ingestion=_by_way_of(folder, accesses.ingestion),
            operator=_by_way_of(folder, accesses.operator),
            admin=_by_way_of(folder, accesses.admin),
        )
        draining.cancel()
    finally:
        process.terminate()
        await process.wait()


async def _give_roles_their_settings(admin: DatabaseAccess) -> None:
    connection = await asyncpg.connect(admin.url)
    try:
        database = await connection.fetchval("SELECT current_database()")
        for role in (APP_ROLE, INGESTION_ROLE, OPERATOR_ROLE):
            for name, value in SESSION_SETTINGS.items():
                await connection.execute(f"ALTER ROLE {role} IN DATABASE {database} SET {name} = {value}")
    finally:
        await connection.close()


def _configure(folder: Path, server_folder: Path, ignores: str) -> None:
    users = "".join(f'"{role}" ""\n' for role in (APP_ROLE, INGESTION_ROLE, OPERATOR_ROLE, "postgres"))
    (folder / "usuarios.txt").write_text(users)
    (folder / "pgbouncer.ini").write_text(
        f"""[databases]
* = host={server_folder}

[pgbouncer]
pool_mode = transaction
default_pool_size = {SERVER_CONNECTIONS}
unix_socket_dir = {folder}
listen_port = {_PORT}
auth_type = trust
auth_file = {folder / "usuarios.txt"}
ignore_startup_parameters = {ignores}
"""
    )


def _hand_over(folder: Path, server_folder: Path) -> tuple[str, str]:
    """Run it as the server's user, since it refuses root and nobody else may enter the server's folder."""
    owner = pwd.getpwuid(server_folder.stat().st_uid)
    os.chown(folder, owner.pw_uid, owner.pw_gid)
    return "-u", owner.pw_name


async def _until_up(process: Process) -> asyncio.StreamReader:
    """Its log, read up to where it says that it is up."""
    assert process.stderr is not None
    lines = []
    async for line in process.stderr:
        lines.append(line.decode())
        if "process up" in lines[-1]:
            return process.stderr
    raise RuntimeError(f"PgBouncer ended; it wrote: {lines}")


def _by_way_of(folder: Path, access: DatabaseAccess) -> DatabaseAccess:
    url = urlsplit(access.url)
    address = f"postgresql://{url.username}@{url.path}?host={quote(str(folder))}&port={_PORT}"
    return replace(access, url=address, transaction_pooler=True)
