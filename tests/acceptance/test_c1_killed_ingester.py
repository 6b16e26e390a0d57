"""C1: whoever ingests is killed at a random moment; what is found is whole, and nothing that was taken in is lost."""

import asyncio
import random
from datetime import timedelta
from pathlib import Path

import structlog

from balcao.application.use_cases.register_document import RegisterRequest
from balcao.domain.errors import DuplicateDocument
from balcao.domain.ids import DocumentId
from balcao.interface.dependencies.container import Container
from balcao.interface.runtime import Installation
from balcao.interface.worker import work
from tests.acceptance.environment import AcceptanceEnvironment
from tests.acceptance.ingestion_scene import IngestionScene, ingestion_scene
from tests.e2e.conftest import half_documents

CODE = "C1"
TRIES = "kill -9 em quem ingere (comando ou trabalhador), em um momento qualquer; depois, recuperação e varredura"
FULL = 200
BOUNDED = 2
MUTANT = "publicação em duas transações"

_DOCUMENTS = 2
_ARTICLES = 40
_LONGEST_SECONDS = 0.8
_FIRST_SIGN_SECONDS = 30.0
_MUTANT_PROGRAM = """
import asyncio
from balcao.application.use_cases.process_document import ProcessDocumentUseCase
from balcao.interface.cli import main

publish = ProcessDocumentUseCase._publish

async def in_two(self, work, job, document, chunks, remark):
    async with self._open_work() as first:
        await publish(self, first, job, document, [], remark)
    await asyncio.sleep(3)
    await work.chunks.save_chunks(chunks)
    await work.vectors.add_chunk_embeddings(chunks)
    await work.passages.index_terms(document.id)
    return await work.documents.find_by_id(document.id)

ProcessDocumentUseCase._publish = in_two
main()
"""
_AVAILABLE = "SELECT id FROM documento WHERE estado = 'disponivel'"
_ORPHANS = """SELECT count(*) FROM documento_chunk c JOIN documento d ON d.id = c.documento_id
    WHERE d.estado NOT IN ('disponivel', 'substituido')"""


async def violations(attempts: int, environment: AcceptanceEnvironment) -> int:
    """Half documents and orphans found in so many kills, documents lost, originals left behind."""
    async with ingestion_scene(environment) as scene:
        return sum([await _round(scene, number) for number in range(attempts)])


async def violations_of_mutant(attempts: int, environment: AcceptanceEnvironment) -> int:
    """The same where a document is published before its passages are."""
    program = environment.new_folder() / "mutante.py"
    program.write_text(_MUTANT_PROGRAM, encoding="utf-8")
    async with ingestion_scene(environment) as scene:
        for number in range(max(attempts, 12)):
            if found := await _round(scene, number, program):
                return found
    return 0


async def test_c1(environment: AcceptanceEnvironment) -> None:
    assert await violations(BOUNDED, environment) == 0


async def test_c1_fails_on_its_mutant(environment: AcceptanceEnvironment) -> None:
    assert await violations_of_mutant(BOUNDED, environment) > 0


async def _round(scene: IngestionScene, number: int, program: Path | None = None) -> int:
    """Kill the command in even rounds, a worker over acknowledged documents in odd ones."""
    seed = random.SystemRandom().randrange(1 << 32)
    moments = random.Random(seed)  # noqa: S311 - moments, not secrets
    folder = _laws(scene.environment.new_folder(), number)
    acknowledged: set[DocumentId] = set()
    if number % 2:
        acknowledged = {await _register(scene.container, path) for path in sorted(folder.iterdir())}
    before = await _work_done(scene)
    arguments = ("trabalhador",) if number % 2 else ("ingerir", str(folder))
    process = await scene.environment.start_command(
        scene.accesses, scene.settings.balcao_data_dir, *arguments, program=program
    )
    await _until_it_works(scene, process, before)
    await asyncio.sleep(moments.uniform(0.0, _LONGEST_SECONDS))
    if process.returncode is None:
        process.kill()
    await process.wait()
    found = len(await half_documents(scene.admin)) + int(await scene.admin.fetchval(_ORPHANS))
    promised = acknowledged | await _ids(scene, "SELECT id FROM documento")
    await work(Installation(settings=scene.settings, accesses=scene.accesses), until_empty=True)
    await _take_the_rest(scene.container, folder)
    available = await _ids(scene, _AVAILABLE)
    found += len(promised - available) + len(await half_documents(scene.admin))
    await scene.container.collection.sweep_originals.execute(grace=timedelta(seconds=-1))
    kept = {row["caminho_arquivo"] for row in await scene.admin.fetch("SELECT caminho_arquivo FROM documento")}
    found += len(_originals(scene) ^ kept)
    if found:
        structlog.get_logger().error("c1", seed=seed, round=number, found=found)
    return found


async def _ids(scene: IngestionScene, statement: str) -> set[DocumentId]:
    return {DocumentId(row["id"]) for row in await scene.admin.fetch(statement)}


def _originals(scene: IngestionScene) -> set[str]:
    folder = scene.settings.balcao_data_dir / "originais"
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


async def _work_done(scene: IngestionScene) -> int:
    """Grows as soon as anything is done about a document."""
    done = await scene.admin.fetchval("SELECT coalesce(sum(tentativas), 0) + count(*) FROM trabalho_ingestao")
    return int(done)


async def _until_it_works(scene: IngestionScene, process: asyncio.subprocess.Process, before: int) -> None:
    async with asyncio.timeout(_FIRST_SIGN_SECONDS):
        while process.returncode is None and await _work_done(scene) == before:  # noqa: ASYNC110 - of another process
            await asyncio.sleep(0.01)


async def _register(container: Container, path: Path) -> DocumentId:
    registered = await container.collection.register.execute(RegisterRequest(path=path, file_name=path.name))
    return registered.document_id


async def _take_the_rest(container: Container, folder: Path) -> None:
    """What the killed command had not come to."""
    for path in sorted(folder.iterdir()):
        request = RegisterRequest(path=path, file_name=path.name, inline=True)
        try:
            registered = await container.collection.register.execute(request)
        except DuplicateDocument:
            continue
        await container.collection.process.execute(registered.job_id)


def _laws(folder: Path, series: int) -> Path:
    for number in range(_DOCUMENTS):
        articles = "\n\n".join(
            f"Art. {article}º O serviço {series}-{number}-{article} atende em até {article + number} dias úteis, "
            f"prorrogáveis por igual período mediante justificativa escrita da chefia do setor {series}."
            for article in range(1, _ARTICLES + 1)
        )
        text = f"Lei nº {series * 10 + number + 1}, de 5 de maio de 2020\n\n{articles}\n"
        (folder / f"lei-{series}-{number}.txt").write_text(text, encoding="utf-8")
    return folder
