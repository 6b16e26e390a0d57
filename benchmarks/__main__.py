"""``make bench``: measures and prints JSON and a table. Timings are for comparing runs of one machine.

The collection is made of generated articles, so that anyone can repeat it; it is thrown away at the end.
"""

import asyncio
import json
import os
import platform
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from dataclasses import asdict
from pathlib import Path

import psutil

from balcao.application.use_cases.search_documents import SearchRequest
from balcao.infrastructure.database.embedded import EmbeddedPostgres
from balcao.infrastructure.settings import Settings
from balcao.interface.dependencies.container import Container, embedded_accesses, open_container
from balcao.interface.ingestion import ingest_paths
from benchmarks.audit import measure_audit
from benchmarks.isolation import measure_isolation
from benchmarks.login import measure_login
from benchmarks.measurement import Measurement
from benchmarks.metering import measure_metering

DOCUMENTS = 40
ARTICLES = 60
SEARCHES = 200
COLD_QUESTIONS = 5
TARGETS = {"rss_idle_mb": 150.0, "cold_question_s": 3.0}
_WORDS = """prazo multa licença tributo imposto servidor férias coleta resíduo alvará feira protocolo
secretaria câmara vereador prefeito orçamento receita despesa contrato licitação pregão imóvel território
cadastro taxa isenção desconto parcela vencimento recurso decisão processo requerimento documento certidão
registro obra fiscalização auto infração transporte escolar merenda creche saúde vacina posto hospital praça
iluminação limpeza poda árvore calçada trânsito estacionamento idoso criança deficiência acessibilidade
participação audiência conselho plano diretor zoneamento""".split()


def generated_law(number: int, chance: random.Random) -> str:
    articles = (
        f"Art. {article}º " + " ".join(chance.choices(_WORDS, k=60)).capitalize() + f", no prazo de {article} dias."
        for article in range(1, ARTICLES + 1)
    )
    return f"LEI Nº {number}, DE 1º DE MARÇO DE 2020\n" + "\n".join(articles)


async def measure_collection(container: Container, folder: Path) -> list[Measurement]:
    started = time.perf_counter()
    files = await ingest_paths(container, [folder], ente="geral", quiet=True)
    seconds = time.perf_counter() - started
    chunks = sum(file.trechos for file in files)
    chance = random.Random(2)
    times = []
    for _ in range(SEARCHES):
        query = " ".join(chance.choices(_WORDS, k=5))
        before = time.perf_counter()
        await container.search.execute(SearchRequest(query=query, n_results=10))
        times.append((time.perf_counter() - before) * 1000)
    cuts = statistics.quantiles(times, n=20)
    return [
        Measurement(name="chunks", value=chunks, unit=""),
        Measurement(name="ingestion", value=round(chunks / seconds, 1), unit="chunks/s"),
        Measurement(name="search_p50", value=round(cuts[9], 2), unit="ms"),
        Measurement(name="search_p95", value=round(cuts[18], 2), unit="ms"),
    ]


def measure_processes(environment: dict[str, str]) -> list[Measurement]:
    code = "from balcao.interface.cli import main; main()"
    times = []
    for _ in range(COLD_QUESTIONS):
        before = time.perf_counter()
        command = [sys.executable, "-c", code, "perguntar", "Qual o prazo do recurso da multa?"]
        subprocess.run(command, env=environment, check=True, capture_output=True)
        times.append(time.perf_counter() - before)
    server = subprocess.Popen(
        [sys.executable, "-c", code, "servir", "--porta", "0"], env=environment, stdout=subprocess.PIPE, text=True
    )
    try:
        assert server.stdout is not None
        words = (word for line in server.stdout for word in line.split())
        address = next(word for word in words if word.startswith("http://127."))
        with urllib.request.urlopen(f"{address}/health") as answer:  # noqa: S310 - the address is our own
            assert json.load(answer)["status"] == "healthy"
        idle = psutil.Process(server.pid).memory_info().rss / 2**20
    finally:
        server.terminate()
        server.wait()
    cold = round(statistics.median(times), 2)
    return [
        Measurement(name="cold_question", value=cold, unit="s", target=f"< {TARGETS['cold_question_s']:g}"),
        Measurement(name="rss_idle", value=round(idle, 1), unit="MiB", target=f"<= {TARGETS['rss_idle_mb']:g}"),
    ]


async def run(folder: Path) -> list[Measurement]:
    settings = Settings(balcao_data_dir=folder / "dados", log_level="WARNING")
    with EmbeddedPostgres(settings.balcao_data_dir) as server:
        accesses = await embedded_accesses(server)
        async with open_container(settings, accesses) as container:
            measured = await measure_collection(container, folder / "leis")
            measured += await measure_login(container)
            measured += await measure_metering(container, accesses)
        return measured + await measure_isolation(server) + await measure_audit(server)


def main() -> None:
    folder = Path(tempfile.mkdtemp(prefix="balcao-bench-"))
    try:
        (folder / "leis").mkdir()
        chance = random.Random(1)
        for number in range(1, DOCUMENTS + 1):
            (folder / "leis" / f"lei-{number}.txt").write_text(generated_law(number, chance), encoding="utf-8")
        measured = asyncio.run(run(folder))
        environment = {"PATH": os.environ["PATH"], "BALCAO_DATA_DIR": str(folder / "dados"), "LOG_LEVEL": "ERROR"}
        measured += measure_processes(environment)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    machine = f"{platform.machine()}, {os.cpu_count()} CPUs, Python {platform.python_version()}"
    print(json.dumps({"machine": machine, "measurements": [asdict(item) for item in measured]}, ensure_ascii=False))
    for item in measured:
        print(f"{item.name:<23}{item.value:>12g} {item.unit:<9} {item.target}", file=sys.stderr)


if __name__ == "__main__":
    main()
