"""Ingestion for the command line: registers and processes each input in this process, and says what became of it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path

from balcao.application.ingestion import FileToIngest, Outcome, Registered
from balcao.application.use_cases.prepare_demonstration import DEMONSTRATION_IBGE
from balcao.application.use_cases.process_document import Processed
from balcao.application.use_cases.register_document import RegisterRequest
from balcao.domain.document import DocumentState
from balcao.domain.ente import Ente
from balcao.domain.ente_recognition import describe_ente, parse_ente
from balcao.domain.errors import (
    BalcaoError,
    DuplicateDocument,
    IngestionCancelled,
    IngestionInProgress,
    InstallationError,
    InvalidInput,
    UnsupportedFormat,
)
from balcao.domain.ids import DocumentId
from balcao.interface.cli_ingestion_output import IngestedFile
from balcao.interface.dependencies.container import Container
from balcao.interface.ingestion_inputs import IngestionInput, LocalFile, inputs_of
from balcao.interface.ingestion_progress import IngestionProgress
from balcao.interface.runtime import Installation

Begin = Callable[[], Awaitable[Registered]]


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestionOptions:
    """What holds for every input of a command; ``source`` and ``name`` are for one alone.

    With ``internal`` addresses may be of this machine or its network.
    """

    ente: str | None = None
    source: str | None = None
    name: str | None = None
    tags: tuple[str, ...] = ()
    confirm: bool = False
    simulate: bool = False
    internal: bool = False


_NO_OPTIONS = IngestionOptions()


async def ingest_inputs(
    container: Container, arguments: list[str], options: IngestionOptions = _NO_OPTIONS, *, quiet: bool = False
) -> list[IngestedFile]:
    """Ingest, or simulate, in order; an input that fails does not stop the others.

    Raises:
        InvalidEnte, InvalidInput: the options cannot be kept.
        InstallationError: the database or the storage went away; what was ingested before stays.
    """
    given = parse_ente(options.ente, container.directory) if options.ente else None
    inputs = inputs_of(arguments, name=options.name, internal=options.internal)
    if options.source and len(inputs) != 1:
        raise InvalidInput("--origem vale para um só documento; ingira-os um a um.")
    done: list[IngestedFile] = []
    simulated: dict[bytes | None, str] = {}
    with IngestionProgress(len(inputs), quiet=quiet) as progress:
        for item in inputs:
            progress.begin(item.label.rpartition("/")[2])
            outcome = await _ingest_one(container, item, options, given, progress, simulated)
            progress.end(outcome.tokens)
            done.append(outcome)
    return done


async def ingest_examples(installation: Installation, folder: Path) -> None:
    """Prepare the demonstration and, when the collection is empty, fill it with this folder."""
    async with installation.container() as container:
        is_empty = await container.prepare_demonstration.execute()
    if is_empty:
        async with installation.container() as container:
            await ingest_inputs(container, [str(folder)], IngestionOptions(ente=DEMONSTRATION_IBGE))


async def process_document(container: Container, begin: Begin, *, quiet: bool = False) -> IngestedFile:
    """Begin a job of one known document and do it here; what became of it."""
    with IngestionProgress(1, quiet=quiet) as progress:
        return await process_registered(container, "", begin, progress)


async def process_registered(
    container: Container, label: str, begin: Begin, progress: IngestionProgress
) -> IngestedFile:
    """Begin a job and do it here; what became of it.

    Raises:
        UnsupportedFormat: there is nothing to begin.
        InstallationError: the database or the storage went away.
    """
    document_id: DocumentId | None = None
    try:
        registered = await begin()
        document_id = registered.document_id
        processed = await container.collection.process.execute(registered.job_id, progress.report)
    except DuplicateDocument as error:
        same = error.document_id or document_id
        return IngestedFile(arquivo=label, situacao="duplicado", motivo=error.message, document_id=_text(same))
    except (IngestionInProgress, IngestionCancelled) as error:
        return IngestedFile(arquivo=label, situacao="duplicado", motivo=error.message, document_id=_text(document_id))
    except InstallationError:
        raise
    except BalcaoError as error:
        if document_id is None and isinstance(error, UnsupportedFormat):
            raise
        return IngestedFile(arquivo=label, situacao="falhou", motivo=error.message, document_id=_text(document_id))
    return _ingested(container, label, processed)


async def _ingest_one(
    container: Container,
    item: IngestionInput,
    options: IngestionOptions,
    ente: Ente | None,
    progress: IngestionProgress,
    simulated: dict[bytes | None, str],
) -> IngestedFile:
    """What became of an input; ``simulated`` holds the texts that the others would bring in, and whose they are."""
    try:
        async with item.local() as local:
            file = _file(local, options, ente)
            if options.simulate:
                return await _simulate(container, item.label, file, simulated)
            return await process_registered(container, item.label, lambda: _register(container, file), progress)
    except InstallationError:
        raise
    except BalcaoError as error:
        is_beside = item.was_found and isinstance(error, UnsupportedFormat)
        return IngestedFile(arquivo=item.label, situacao="ignorado" if is_beside else "falhou", motivo=error.message)


def _file(local: LocalFile, options: IngestionOptions, ente: Ente | None) -> FileToIngest:
    return FileToIngest(
        path=local.path,
        file_name=local.file_name,
        source=options.source or local.source,
        ente=ente,
        tags=options.tags,
        confirm=options.confirm,
    )


async def _register(container: Container, file: FileToIngest) -> Registered:
    values = {name: getattr(file, name) for name in FileToIngest.__dataclass_fields__}
    return await container.collection.register.execute(RegisterRequest(**values, inline=True))


async def _simulate(
    container: Container, label: str, file: FileToIngest, simulated: dict[bytes | None, str]
) -> IngestedFile:
    try:
        found = await container.collection.simulate.execute(file)
    except DuplicateDocument as error:
        return IngestedFile(
            arquivo=label, situacao="duplicado", motivo=error.message, document_id=_text(error.document_id)
        )
    first = simulated.setdefault(found.text_sha256, label)
    if first != label:
        return IngestedFile(arquivo=label, situacao="duplicado", motivo=f"O mesmo texto, aqui, que o de {first}.")
    return IngestedFile(
        arquivo=label,
        situacao=found.outcome,
        motivo=found.reason,
        document_id=_text(found.related),
        titulo=found.title,
        ente=describe_ente(found.ente, container.directory),
        trechos=found.chunks,
        tokens=found.tokens,
        reais=None if found.reais is None else round(float(found.reais), 6),
    )


def _ingested(container: Container, label: str, processed: Processed) -> IngestedFile:
    outcome = IngestedFile(
        arquivo=label,
        situacao=Outcome.NOVO if processed.version == 1 else Outcome.ATUALIZADO,
        motivo=processed.reason,
        document_id=_text(processed.document_id),
        titulo=processed.title,
        ente=describe_ente(processed.ente, container.directory),
        versao=processed.version,
        trechos=processed.chunks,
        tokens=processed.usage.total_tokens,
    )
    if processed.state is DocumentState.AGUARDANDO_CONFIRMACAO:
        return replace(outcome, situacao=Outcome.PARECIDO)
    return outcome


def _text(value: object) -> str | None:
    return None if value is None else str(value)
