"""Everything wired once, by hand."""

import importlib.metadata
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from balcao.application.audit_trail import AuditTrail
from balcao.application.chunk_embedding import ChunkEmbedder
from balcao.application.daily_limits import DailyLimits
from balcao.application.ingestion_charges import IngestionCharges
from balcao.application.passage_search import PassageSearch
from balcao.application.ports import Embedder, LanguageModel, ModelCard, MunicipalityDirectory, Reranker, TokenCounter
from balcao.application.use_cases.chat_with_documents import ChatRules, ChatWithDocumentsUseCase
from balcao.application.use_cases.check_health import CheckHealthUseCase
from balcao.application.use_cases.list_documents import ListDocumentsUseCase
from balcao.application.use_cases.manage_prefeituras import (
    CreatePrefeituraUseCase,
    EditPrefeituraUseCase,
    ListPrefeiturasUseCase,
    ReadPrefeituraUseCase,
)
from balcao.application.use_cases.prepare_demonstration import PrepareDemonstrationUseCase
from balcao.application.use_cases.reindex import ReindexUseCase
from balcao.application.use_cases.remove_document import RemoveDocumentUseCase
from balcao.application.use_cases.search_documents import SearchDocumentsUseCase
from balcao.application.use_cases.settle_expired import SettleExpiredReservationsUseCase
from balcao.application.use_cases.sweep import SweepUseCase
from balcao.domain.ente import Municipio
from balcao.domain.errors import InvalidConfiguration
from balcao.domain.text_chunker import TextChunker
from balcao.infrastructure.database import migrator
from balcao.infrastructure.database.connection import (
    APP_ROLE,
    INGESTION_ROLE,
    OPERATOR_ROLE,
    DatabaseAccess,
    DatabaseAccesses,
)
from balcao.infrastructure.database.database import Database
from balcao.infrastructure.database.embedded import DATABASE, EmbeddedPostgres
from balcao.infrastructure.external.argon2_hasher import Argon2PasswordHasher
from balcao.infrastructure.external.extraction.extractor import ChildProcessTextExtractor
from balcao.infrastructure.external.municipalities import IbgeMunicipalityDirectory
from balcao.infrastructure.external.processes import MachineProcesses
from balcao.infrastructure.external.storage_address import open_storage
from balcao.infrastructure.external.system_clock import SystemClock
from balcao.infrastructure.external.token_counters import token_counter_for
from balcao.infrastructure.external.token_signer import JoseTokenSigner
from balcao.infrastructure.secret_file import read_or_create_secret
from balcao.infrastructure.settings import Settings
from balcao.interface.dependencies.audit import Audit, wire_audit
from balcao.interface.dependencies.collection import Collection, CollectionParts, wire_collection
from balcao.interface.dependencies.consumption import Consumption, prices_of, wire_consumption
from balcao.interface.dependencies.identity import Identity, wire_identity
from balcao.interface.dependencies.library import Library, LibraryParts, wire_library
from balcao.interface.dependencies.metering import metering_of
from balcao.interface.dependencies.provider_login import ProviderLogins, wire_provider_logins

VERSION = importlib.metadata.version("balcao")


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """What the interfaces may use: the use cases, and what they need to know of the installation."""

    settings: Settings
    identity: Identity
    provider_logins: ProviderLogins | None
    consumption: Consumption
    audit: Audit
    model_card: ModelCard
    directory: MunicipalityDirectory
    chat: ChatWithDocumentsUseCase
    search: SearchDocumentsUseCase
    collection: Collection
    library: Library
    list_documents: ListDocumentsUseCase
    remove_document: RemoveDocumentUseCase
    create_prefeitura: CreatePrefeituraUseCase
    edit_prefeitura: EditPrefeituraUseCase
    list_prefeituras: ListPrefeiturasUseCase
    read_prefeitura: ReadPrefeituraUseCase
    prepare_demonstration: PrepareDemonstrationUseCase
    health: CheckHealthUseCase
    sweep: SweepUseCase
    reindex: ReindexUseCase
    settle_expired: SettleExpiredReservationsUseCase


@asynccontextmanager
async def open_container(settings: Settings, accesses: DatabaseAccesses) -> AsyncIterator[Container]:
    """Wire the program over a database that is ready; closes its connections at the end.

    Raises:
        DatabaseUnreachable, SchemaNotMigrated: the database is not ready.
        InvalidConfiguration: the installation's secret can be neither read nor made.
    """
    await migrator.check_ready(accesses.app)
    database = Database(accesses)
    try:
        yield wire(settings, database, IbgeMunicipalityDirectory(await _own_municipalities(database)))
    finally:
        await database.dispose()


def wire(settings: Settings, database: Database, directory: MunicipalityDirectory) -> Container:
    """The use cases over these parts."""
    model, embedder, reranker = providers(settings)
    counter = token_counter_for(settings.openai_model)
    storage = open_storage(settings)
    clock = SystemClock()
    search = PassageSearch(embedder, directory, clock, counter)
    rules = ChatRules(
        search_results=settings.default_search_results,
        context_tokens=settings.openai_context_tokens,
        max_messages_per_session=settings.max_messages_per_session,
        max_daily_messages=settings.max_daily_messages,
        anonymous_daily_per_address=settings.anonymous_daily_per_address,
        similarity_threshold=settings.similarity_threshold,
    )
    chunker = chunker_for(settings, counter)
    limits = DailyLimits(each=settings.max_daily_messages, per_address=settings.anonymous_daily_per_address)
    trail = AuditTrail(clock)
    metering = metering_of(settings, clock)
    parts = CollectionParts(
        storage=storage,
        extractor=ChildProcessTextExtractor(),
        embedder=embedder,
        chunker=chunker,
        tokens=counter,
        directory=directory,
        processes=MachineProcesses(),
        clock=clock,
        charges=IngestionCharges(prices_of(settings), clock),
        trail=trail,
    )
    identity = wire_identity(database.tenant, Argon2PasswordHasher(), _signer(settings), clock)
    return Container(
        settings=settings,
        identity=identity,
        provider_logins=wire_provider_logins(settings, database.tenant, identity.tokens, identity.signer, clock),
        consumption=wire_consumption(settings, database, clock),
        audit=wire_audit(settings, database, clock),
        model_card=model.card,
        directory=directory,
        chat=ChatWithDocumentsUseCase(
            database.tenant, database.reader, search, model, counter, clock, rules, metering, trail, reranker
        ),
        search=SearchDocumentsUseCase(database.tenant, database.reader, search, clock, limits, metering),
        collection=wire_collection(database.ingestion, database.tenant, parts),
        library=wire_library(
            settings,
            LibraryParts(
                open_work=database.ingestion,
                open_reading=database.tenant,
                storage=storage,
                extractor=parts.extractor,
                clock=clock,
                trail=trail,
            ),
        ),
        list_documents=ListDocumentsUseCase(database.ingestion),
        remove_document=RemoveDocumentUseCase(database.ingestion, trail),
        create_prefeitura=CreatePrefeituraUseCase(database.operator, trail),
        edit_prefeitura=EditPrefeituraUseCase(database.operator, trail),
        list_prefeituras=ListPrefeiturasUseCase(database.operator, database.tenant),
        read_prefeitura=ReadPrefeituraUseCase(database.operator, database.tenant),
        prepare_demonstration=PrepareDemonstrationUseCase(database.operator, trail),
        health=CheckHealthUseCase(database.tenant),
        sweep=SweepUseCase(database.operator, clock),
        settle_expired=SettleExpiredReservationsUseCase(database.operator, metering, clock),
        reindex=ReindexUseCase(database.ingestion, ChunkEmbedder(database.ingestion, embedder, parts.charges)),
    )


def chunker_for(settings: Settings, counter: TokenCounter) -> TextChunker:
    """The chunker that the settings ask for."""
    return TextChunker(
        chunk_size=settings.chunk_size,
        overlap=settings.chunk_overlap,
        count_tokens=counter.count,
        contextual=settings.use_contextual_retrieval,
    )


def external_accesses(settings: Settings) -> DatabaseAccesses | None:
    """How to reach the configured PostgreSQL; None when the embedded one is to be used.

    Where only ``DATABASE_URL`` is given, its user is the server's admin, and each use of the database assumes its
    own role on connecting; behind a transaction pooler each needs an address of its own.

    Raises:
        InvalidConfiguration: behind a transaction pooler, an address is missing or is not its role's.
    """
    if settings.database_url is None:
        return None
    app = settings.database_url.get_secret_value()
    admin = (settings.database_admin_url or settings.database_url).get_secret_value()
    ingestion = settings.database_ingest_url.get_secret_value() if settings.database_ingest_url else admin
    operator = settings.database_operator_url.get_secret_value() if settings.database_operator_url else admin
    pooler = settings.database_transaction_pooler
    return DatabaseAccesses(
        app=_access(app, APP_ROLE, pooler),
        ingestion=_access(ingestion, INGESTION_ROLE, pooler),
        operator=_access(operator, OPERATOR_ROLE, pooler),
        admin=DatabaseAccess(url=admin),
    )


async def embedded_accesses(server: EmbeddedPostgres) -> DatabaseAccesses:
    """How to reach the embedded server, its database created and migrated."""
    await migrator.create_database(DatabaseAccess(url=server.url("postgres", "postgres")), DATABASE)
    accesses = DatabaseAccesses(
        app=DatabaseAccess(url=server.url(APP_ROLE)),
        ingestion=DatabaseAccess(url=server.url(INGESTION_ROLE)),
        operator=DatabaseAccess(url=server.url(OPERATOR_ROLE)),
        admin=DatabaseAccess(url=server.url("postgres")),
    )
    await migrator.upgrade(accesses.admin)
    return accesses


def _access(url: str, role: str, pooler: bool) -> DatabaseAccess:
    is_the_roles = urlsplit(url).username == role
    if pooler and not is_the_roles:
        raise InvalidConfiguration(
            f"Com DATABASE_TRANSACTION_POOLER, informe um endereço que entre como {role}: atrás de um pooler de "
            'transação nenhum papel pode ser assumido. Veja "Pooler de transação" em docs/operacao.md.'
        )
    return DatabaseAccess(url=url, role=None if is_the_roles else role, transaction_pooler=pooler)


async def _own_municipalities(database: Database) -> list[Municipio]:
    """The installation's prefeituras as places, so that documents and questions that name them are recognised."""
    async with database.operator() as work:
        known = await work.prefeituras.find_all()
    return [
        Municipio(ibge=prefeitura.ibge, uf=prefeitura.uf, nome=prefeitura.municipality_name)
        for prefeitura in known
        if prefeitura.ibge and prefeitura.uf
    ]


def _signer(settings: Settings) -> JoseTokenSigner:
    """Over the configured secret, or the one of the data directory."""
    given = settings.balcao_secret_key
    return JoseTokenSigner(
        given.get_secret_value().encode() if given else read_or_create_secret(settings.balcao_data_dir)
    )


def providers(settings: Settings) -> tuple[LanguageModel, Embedder, Reranker | None]:
    """The configured provider, or the offline adapters, which do not rerank; each SDK is imported only where used."""
    if settings.openai_api_key is None and settings.openai_base_url is None:
        from balcao.infrastructure.external.extractive_model import ExtractiveLanguageModel
        from balcao.infrastructure.external.hashed_embedder import HashedNgramEmbedder

        return ExtractiveLanguageModel(), HashedNgramEmbedder(), None
    from balcao.infrastructure.external import openai_client

    key = settings.openai_api_key.get_secret_value() if settings.openai_api_key else ""
    client = openai_client.build_client(key, settings.openai_base_url, settings.openai_timeout_seconds)
    counter = token_counter_for(settings.openai_model)
    model = openai_client.OpenAILanguageModel(
        client,
        model=settings.openai_model,
        max_tokens=settings.openai_max_tokens,
        temperature=settings.openai_temperature,
        tokens=counter,
    )
    embedder = openai_client.OpenAIEmbedder(client, model=settings.openai_embedding_model, tokens=counter)
    reranker = openai_client.OpenAIReranker(
        client, model=settings.openai_model, timeout=settings.openai_timeout_seconds, tokens=counter
    )
    return model, embedder, reranker if settings.rerank_by_model else None
