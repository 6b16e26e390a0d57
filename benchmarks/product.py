"""The product as a person meets it: ingestion, searches, a question from a cold start, an idle server."""

import random
import statistics
import subprocess
import time
from pathlib import Path

import psutil

from balcao.application.use_cases.search_documents import SearchRequest
from balcao.interface.dependencies.container import Container
from balcao.interface.ingestion import IngestionOptions, ingest_inputs
from benchmarks.login import measure_login
from benchmarks.measurement import Measurement
from benchmarks.registry import Workbench, benchmark
from benchmarks.serving import command, environment, served
from benchmarks.timing import Times

DOCUMENTS = 40
ARTICLES = 60
SEARCHES = 200
COLD_QUESTIONS = 5
_WORDS = """prazo multa licença tributo imposto servidor férias coleta resíduo alvará feira protocolo
secretaria câmara vereador prefeito orçamento receita despesa contrato licitação pregão imóvel território
cadastro taxa isenção desconto parcela vencimento recurso decisão processo requerimento documento certidão
registro obra fiscalização auto infração transporte escolar merenda creche saúde vacina posto hospital praça
iluminação limpeza poda árvore calçada trânsito estacionamento idoso criança deficiência acessibilidade
participação audiência conselho plano diretor zoneamento""".split()


def generated_law(number: int, chance: random.Random) -> str:
    """A law of ARTICLES articles."""
    articles = (
        f"Art. {article}º " + " ".join(chance.choices(_WORDS, k=60)).capitalize() + f", no prazo de {article} dias."
        for article in range(1, ARTICLES + 1)
    )
    return f"LEI Nº {number}, DE 1º DE MARÇO DE 2020\n" + "\n".join(articles)


@benchmark("O produto: ingestão, busca, partida a frio", place=10)
async def measure_product(bench: Workbench) -> list[Measurement]:
    """On a small collection of laws, ingested by the product itself."""
    laws = bench.folder / "leis"
    laws.mkdir()
    chance = random.Random(1)
    for number in range(1, DOCUMENTS + 1):
        (laws / f"lei-{number}.txt").write_text(generated_law(number, chance), encoding="utf-8")
    lines = await _collection(bench.container, laws)
    lines += await measure_login(bench.container)
    return lines + _processes(bench.data_directory)


async def _collection(container: Container, folder: Path) -> list[Measurement]:
    started = time.perf_counter()
    files = await ingest_inputs(container, [str(folder)], IngestionOptions(ente="geral"), quiet=True)
    seconds = time.perf_counter() - started
    chunks = sum(file.trechos for file in files)
    chance = random.Random(2)
    times = []
    for _ in range(SEARCHES):
        query = " ".join(chance.choices(_WORDS, k=5))
        before = time.perf_counter()
        await container.search.execute(SearchRequest(query=query, n_results=10))
        times.append(time.perf_counter() - before)
    taken = Times.of(times)
    return [
        Measurement(name="chunks", value=chunks, unit="", meaning="Trechos da coleção pequena."),
        Measurement(
            name="ingestion",
            value=round(chunks / seconds, 1),
            unit="chunks/s",
            meaning="Ingestão de TXT pelo comando, vetores sem provedor.",
        ),
        Measurement(
            name="search_p50", value=round(taken.p50, 2), unit="ms", meaning="Mediana de uma busca dentro do programa."
        ),
        Measurement(name="search_p95", value=round(taken.p95, 2), unit="ms", meaning="Percentil 95 da mesma busca."),
    ]


def _processes(data_directory: Path) -> list[Measurement]:
    times = []
    for _ in range(COLD_QUESTIONS):
        before = time.perf_counter()
        asking = command("perguntar", "Qual o prazo do recurso da multa?")
        subprocess.run(asking, env=environment(data_directory), check=True, capture_output=True)
        times.append(time.perf_counter() - before)
    with served(data_directory) as server:
        idle = psutil.Process(server.pid).memory_info().rss / 2**20
    cold = round(statistics.median(times), 2)
    return [
        Measurement(
            name="cold_question",
            value=cold,
            unit="s",
            target="< 3",
            meaning="Uma pergunta pelo comando, banco desligado antes e depois.",
        ),
        Measurement(
            name="rss_idle",
            value=round(idle, 1),
            unit="MiB",
            target="<= 150",
            meaning="Memória residente do servidor parado, sem a do PostgreSQL.",
        ),
    ]
