"""One generated collection at growing sizes: against ChromaDB, against other lexical engines, and over HTTP."""

import os

from balcao.infrastructure.database.database import Database
from balcao.infrastructure.external.hashed_embedder import HashedNgramEmbedder
from benchmarks.against_chroma import Comparison
from benchmarks.against_lexical import LexicalComparison
from benchmarks.chroma_client import Chroma
from benchmarks.generated import GeneratedCollection
from benchmarks.http_search import measure_http
from benchmarks.measurement import Measurement
from benchmarks.postgres_side import PostgresSide
from benchmarks.registry import Workbench, benchmark

_QUERIES = 400


def sizes() -> tuple[int, ...]:
    """``BENCH_TAMANHOS=1000,2000``, or 10,000 and 50,000 passages, and 200,000 with ``BENCH_GRANDE=1``."""
    given = os.environ.get("BENCH_TAMANHOS")
    if given:
        return tuple(int(size) for size in given.split(","))
    return (10_000, 50_000, 200_000) if os.environ.get("BENCH_GRANDE") == "1" else (10_000, 50_000)


async def _measure(size: int, bench: Workbench) -> list[Measurement]:
    collection = GeneratedCollection(size, _QUERIES)
    database = Database(bench.accesses)
    ours = PostgresSide(database, bench.accesses.admin, HashedNgramEmbedder().model, bench.data_directory)
    try:
        with Chroma(bench.folder / "chroma") as chroma:
            lines = await Comparison(collection, ours, chroma, bench.folder).measure()
        lines += await LexicalComparison(collection, ours).measure()
    finally:
        await database.dispose()
    return lines + measure_http(collection, bench.data_directory)


def _register(size: int, place: int) -> None:
    @benchmark(f"Coleção de {size} trechos", place=place)
    async def measure(bench: Workbench) -> list[Measurement]:
        return await _measure(size, bench)


for _place, _size in enumerate(sizes(), start=60):
    _register(_size, _place)


def growth(lines: list[Measurement]) -> list[Measurement]:
    """How the whole search grows from the smallest to the next size."""
    p50s = [line for line in lines if line.name == "http_p50"]
    if len(p50s) < 2:
        return []
    return [
        Measurement(
            name="http_growth",
            value=round(p50s[1].value / p50s[0].value, 3),
            unit="x",
            target="<= 2",
            meaning=f"Mediana do pedido inteiro de busca com {p50s[1].size} trechos, sobre a com {p50s[0].size}.",
        )
    ]
