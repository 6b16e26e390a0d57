"""Ingestion of paths for the command line: finds files, shows progress, reports each."""

import sys
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from balcao.application.use_cases.ingest_document import IngestRequest
from balcao.application.use_cases.prepare_demonstration import DEMONSTRATION_IBGE
from balcao.domain.ente import Ente
from balcao.domain.ente_recognition import describe_ente, parse_ente
from balcao.domain.errors import BalcaoError, DuplicateDocument, InstallationError
from balcao.interface.cli_output import IngestedFile
from balcao.interface.dependencies.container import Container
from balcao.interface.runtime import Installation


async def ingest_paths(
    container: Container, paths: list[Path], *, ente: str | None = None, quiet: bool = False
) -> list[IngestedFile]:
    """Ingest files and folders in order; one that fails does not stop the others.

    Raises:
        InvalidEnte: ``ente`` is not one.
        InstallationError: the database went away; what was ingested before stays.
    """
    given = parse_ente(ente, container.directory) if ente else None
    files = list(_files(paths))
    done: list[IngestedFile] = []
    with _progress(quiet=quiet) as progress:
        overall = progress.add_task("arquivos", total=len(files))
        current = progress.add_task("", total=None)
        for path in files:
            progress.update(current, description=path.name[:40], completed=0, total=None)
            done.append(await _ingest_one(container, path, given, progress, current))
            progress.advance(overall)
    return done


async def ingest_examples(installation: Installation, folder: Path) -> None:
    """Prepare the demonstration and, when the collection is empty, fill it with this folder."""
    async with installation.container() as container:
        is_empty = await container.prepare_demonstration.execute()
    if is_empty:
        async with installation.container() as container:
            await ingest_paths(container, [folder], ente=DEMONSTRATION_IBGE)


def _files(paths: list[Path]) -> Iterator[Path]:
    for path in paths:
        if _is_folder(path):
            yield from sorted(_inside(path))
        else:
            yield path


def _inside(folder: Path, above: tuple[Path, ...] = ()) -> Iterator[Path]:
    """Files of a folder and its folders, hidden ones left out; a folder that cannot be listed stands for itself.

    A link to a folder is followed, unless it leads back to one of the folders ``above``.
    """
    place = folder.resolve()
    if place in above:
        return
    try:
        entries = [entry for entry in folder.iterdir() if not entry.name.startswith(".")]
    except OSError:
        yield folder
        return
    for entry in entries:
        if _is_folder(entry):
            yield from _inside(entry, (*above, place))
        else:
            yield entry


def _is_folder(path: Path) -> bool:
    """Whether it is known to be one; of what may not even be looked at, reading says why."""
    try:
        return path.is_dir()
    except OSError:
        return False


async def _ingest_one(
    container: Container, path: Path, ente: Ente | None, progress: Progress, task: TaskID
) -> IngestedFile:
    def advance(done: int, total: int) -> None:
        progress.update(task, completed=done, total=total)

    try:
        result = await container.ingest.execute(IngestRequest(path=path, ente=ente), advance)
    except DuplicateDocument as error:
        return IngestedFile(
            arquivo=str(path), situacao="duplicado", motivo=error.message, document_id=_text(error.document_id)
        )
    except InstallationError:
        raise
    except BalcaoError as error:
        return IngestedFile(arquivo=str(path), situacao="falhou", motivo=error.message)
    return IngestedFile(
        arquivo=str(path),
        situacao="ingerido",
        document_id=str(result.document_id),
        titulo=result.title,
        ente=describe_ente(result.ente, container.directory),
        trechos=result.chunks,
        tokens=result.usage.total_tokens,
    )


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _progress(*, quiet: bool) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=Console(file=sys.stderr),
        disable=quiet or not sys.stderr.isatty(),
        transient=True,
    )
