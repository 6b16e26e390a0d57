"""The whole ``POST /documents/search`` over HTTP: the real server in its own process, one client, hybrid search."""

import time
from pathlib import Path

import httpx

from benchmarks.generated import GeneratedCollection
from benchmarks.measurement import Measurement
from benchmarks.serving import served
from benchmarks.timing import Times

_WARM_UP = 30
_COMMON = 50


def measure_http(collection: GeneratedCollection, data_directory: Path) -> list[Measurement]:
    """Median and 95th percentile of generated questions, and of one of only common words."""
    questions = collection.questions()
    with served(data_directory) as server, httpx.Client(base_url=server.address, trust_env=False) as client:
        for question in questions[:_WARM_UP]:
            _ask(client, question)
        usual = Times.of([_ask(client, question) for question in questions[_WARM_UP:]])
        worst = Times.of([_ask(client, collection.common_question()) for _ in range(_COMMON)])
    is_gate = collection.size == 50_000

    def line(name: str, value: float, target: str, meaning: str) -> Measurement:
        return Measurement(
            name=name,
            value=round(value, 2),
            unit="ms",
            target=target if is_gate else "",
            meaning=meaning,
            size=collection.size,
        )

    return [
        line("http_p50", usual.p50, "<= 15", "Pedido inteiro de busca por HTTP, híbrida, um cliente: mediana."),
        line("http_p95", usual.p95, "<= 40", "O mesmo pedido: percentil 95."),
        line(
            "http_common_p50",
            worst.p50,
            "",
            "O pior caso: uma busca só com as palavras mais comuns da coleção, mediana.",
        ),
        line("http_common_p95", worst.p95, "<= 40", "O pior caso: percentil 95."),
    ]


def _ask(client: httpx.Client, question: str) -> float:
    started = time.perf_counter()
    client.post("/api/v1/documents/search", json={"query": question, "n_results": 10}).raise_for_status()
    return time.perf_counter() - started
