"""The real application over a real database with a few documents, spoken to over HTTP without a socket."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from balcao.domain.document import Document, Embedding
from balcao.domain.ente import Ente
from balcao.infrastructure.database.connection import DatabaseAccess, DatabaseAccesses
from balcao.infrastructure.database.database import Database
from balcao.infrastructure.external.hashed_embedder import HashedNgramEmbedder
from balcao.infrastructure.external.municipalities import IbgeMunicipalityDirectory
from balcao.interface.dependencies.container import Container, open_container, wire
from tests.api.accounts import Accounts
from tests.applications import client_of, settings_in
from tests.factories import a_chunk, a_document, publish

JSON = {"Content-Type": "application/json"}
QUESTION = "Qual o prazo para responder ao pedido de acesso à informação?"
RULE = "O prazo para responder ao pedido de acesso à informação é de vinte dias, prorrogável por mais dez."
TEXTS = {
    "Lei de acesso à informação": f"Art. 11. {RULE}",
    "Lei das férias": "Art. 77. O servidor faz jus a trinta dias de férias, acumuladas até dois períodos.",
    "Manual da ouvidoria": "A ouvidoria recebe reclamações, denúncias e elogios pelo telefone 156, em dias úteis.",
}


@pytest.fixture
async def library(database: Database) -> list[Document]:
    """Three documents, each of one passage on page 3, open to search by the offline embedder."""
    embedder = HashedNgramEmbedder()
    batch = await embedder.embed(list(TEXTS.values()))
    return [
        await publish_page(database, title, text, embedding)
        for (title, text), embedding in zip(TEXTS.items(), batch.embeddings, strict=True)
    ]


async def publish_page(database: Database, title: str, text: str, embedding: Embedding) -> Document:
    document = a_document(text, title=title, ente=Ente.federal())
    return await publish(database, document, replace(a_chunk(document, embedding=embedding), page=3))


@pytest.fixture
async def container(accesses: DatabaseAccesses, library: list[Document], tmp_path: Path) -> AsyncIterator[Container]:
    async with open_container(settings_in(tmp_path), accesses) as opened:
        yield opened


@pytest.fixture
async def client(container: Container) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(container) as opened:
        yield opened


def container_without_database(folder: Path) -> Container:
    """The program over a PostgreSQL that does not exist."""
    nowhere = DatabaseAccess(url=f"postgresql://ninguem@/nada?host={folder}")
    accesses = DatabaseAccesses(app=nowhere, ingestion=nowhere, operator=nowhere, admin=nowhere)
    return wire(settings_in(folder), Database(accesses), IbgeMunicipalityDirectory([]))


@pytest.fixture
def unconnected(tmp_path: Path) -> Container:
    return container_without_database(tmp_path)


@pytest.fixture
async def refuser(unconnected: Container) -> AsyncIterator[httpx.AsyncClient]:
    """A client for requests that must be refused before the database is asked: what gets so far is answered 503."""
    async with client_of(unconnected) as opened:
        yield opened


@pytest.fixture
def accounts(container: Container, database: Database) -> Accounts:
    """People of the application that ``client`` speaks to."""
    return Accounts(container, database)
