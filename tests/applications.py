"""The real application for tests, spoken to over HTTP without a socket."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from balcao.infrastructure.database.connection import DatabaseAccesses
from balcao.infrastructure.settings import Settings
from balcao.interface.dependencies.container import Container, open_container
from balcao.interface.main import create_app


def settings_in(folder: Path, **values: object) -> Settings:
    """Settings of these values alone: neither this machine's environment nor its ``.env`` plays a part."""
    defaults = {name: field.get_default() for name, field in Settings.model_fields.items()}
    build: Callable[..., Settings] = Settings
    return build(_env_file=None, **(defaults | {"balcao_data_dir": folder} | values))


@asynccontextmanager
async def client_of(container: Container) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the application over this container; what fails in it is answered, as a server would."""
    transport = httpx.ASGITransport(app=create_app(container), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://balcao.example") as client:
        yield client


@asynccontextmanager
async def serving(accesses: DatabaseAccesses, settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the application over this database."""
    async with open_container(settings, accesses) as container, client_of(container) as client:
        yield client
