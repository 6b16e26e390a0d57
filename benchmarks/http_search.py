"""The whole ``POST /documents/search`` over HTTP: the real server in its own process, one client, hybrid search.

The client is the standard library's, on one connection, so that the server's time is what is measured: httpx adds 1.5
to 2 ms of its own to each request.
"""

import json
import time
from contextlib import closing
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path

from benchmarks.generated import GeneratedCollection
from benchmarks.measurement import Measurement
from benchmarks.serving import served
from benchmarks.timing import Times

_WARM_UP = 30
_COMMON = 50


def measure_http(collection: GeneratedCollection, data_directory: Path) -> list[Measurement]:
    """Median and 95th percentile of generated questions, and of one of only common words."""
    questions = collection.questions()
    with served(data_directory) as server, closing(HTTPConnection(server.address.removeprefix("http://"))) as client:
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


def _ask(client: HTTPConnection, question: str) -> float:
    started = time.perf_counter()
    body = json.dumps({"query": question, "n_results": 10})
    client.request("POST", "/api/v1/documents/search", body, {"Content-Type": "application/json"})
    response = client.getresponse()
    response.read()
    seconds = time.perf_counter() - started
    assert response.status == HTTPStatus.OK
    return seconds
