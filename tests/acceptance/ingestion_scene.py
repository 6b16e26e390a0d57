"""What the checks of ingestion happen on: a database and a data directory, the program over them, and who sees all."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import asyncpg

from balcao.infrastructure.database.connection import DatabaseAccesses
from balcao.infrastructure.settings import Settings
from balcao.interface.dependencies.container import Container, open_container
from tests.acceptance.environment import AcceptanceEnvironment
from tests.applications import settings_in


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestionScene:
    """``container`` registers documents as the API does; ``admin`` is a superuser's connection."""

    environment: AcceptanceEnvironment
    accesses: DatabaseAccesses
    settings: Settings
    container: Container
    admin: asyncpg.Connection


@asynccontextmanager
async def ingestion_scene(environment: AcceptanceEnvironment) -> AsyncIterator[IngestionScene]:
    """A scene of its own, empty."""
    accesses = await environment.new_accesses()
    settings = settings_in(environment.new_folder())
    admin = await asyncpg.connect(accesses.admin.url, server_settings={"search_path": "balcao, public"})
    try:
        async with open_container(settings, accesses) as container:
            yield IngestionScene(
                environment=environment, accesses=accesses, settings=settings, container=container, admin=admin
            )
    finally:
        await admin.close()
