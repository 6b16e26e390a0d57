"""PostgreSQL, through our repositories, against ChromaDB: both alive in one run, in turns.

Ratios: times, bytes and memory are ours over ChromaDB's (below 1 is better); speeds of loading and of serving are ours
over ChromaDB's as well (above 1 is better).
"""

import asyncio
import json
import os
import time
from array import array
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from balcao.domain.document import Embedding
from benchmarks.chroma_client import Chroma
from benchmarks.generated import RARE_THEME, GeneratedCollection, nearest
from benchmarks.measurement import Measurement
from benchmarks.postgres_side import PostgresSide, chunk_id, prepared, prepared_collection
from benchmarks.timing import Times

RESULTS = 10
_ROUNDS = 10
_FILTERED = 200  # questions with a filter
_DAILY = (100, 250, 400, 150, 300)
_TOGETHER_QUERIES = 800
_MAINTENANCE_MEMORY = "SET maintenance_work_mem = '{}kB'"
_KB_A_ROW = 4.4  # what building the index takes for a vector of 1536 half-precision values


class Comparison:
    """Both engines over one generated collection."""

    def __init__(self, collection: GeneratedCollection, ours: PostgresSide, chroma: Chroma, folder: Path) -> None:
        self._collection = collection
        self._ours = ours
        self._chroma = chroma
        self._vectors, self._queries = folder / "vectors.npy", folder / "queries.npy"
        self._texts = folder / "texts.jsonl"
        np.save(self._vectors, collection.vectors)
        np.save(self._queries, collection.query_vectors)
        self._rare: list[int] = []
        with self._texts.open("w", encoding="utf-8") as file:
            for document in collection.documents():
                for offset, text in enumerate(document.texts):
                    number = document.first + offset
                    row = {"id": str(chunk_id(number)), "text": text, "theme": document.theme}
                    file.write(json.dumps(row, ensure_ascii=False) + "\n")
                    if document.theme == RARE_THEME:
                        self._rare.append(number)
        model = ours.model
        self._embeddings = [
            Embedding(vector=array("f", row.tobytes()), model=model) for row in collection.query_vectors
        ]

    async def measure(self) -> list[Measurement]:
        """Every line, in the order in which the collection grows."""
        lines = await self._loads()
        lines += await self._searches()
        lines += await self._filtered()
        for clients in (8, 50):
            lines.append(await self._together(clients))
        lines += await self._space()
        return lines + await self._daily()

    async def _loads(self) -> list[Measurement]:
        size = self._collection.size
        building = await self._ours.drop_vector_index()
        os.sync()  # else what was written for this comparison would go to the disk beside what is timed
        loaded = await self._ours.load(prepared_collection(self._collection, self._ours.model))
        theirs_committed, theirs_indexed = await asyncio.to_thread(
            self._chroma.add, self._vectors, self._texts, 0, size
        )
        memory = _MAINTENANCE_MEMORY.format(max(65_536, int(size * _KB_A_ROW)))
        built = await self._ours.run(memory, *building)
        await self._ours.settle()
        return [
            self._line(
                "bulk_load",
                theirs_committed / loaded,
                ">= 20",
                "Carga inicial confirmada no banco (texto e vetores), sem índice: quantas "
                "vezes mais rápida que a do ChromaDB.",
            ),
            self._line(
                "bulk_load_indexed",
                theirs_indexed / (loaded + built),
                ">= 1.7",
                "Carga inicial com o índice de vetores pronto: quantas vezes mais rápida.",
            ),
            self._line("bulk_load_seconds", loaded, "", "Segundos da nossa carga inicial.", unit="s"),
            self._line("index_build_seconds", built, "", "Segundos para construir o índice HNSW.", unit="s"),
            self._line("chroma_load_seconds", theirs_committed, "", "Segundos da carga do ChromaDB.", unit="s"),
        ]

    async def _searches(self) -> list[Measurement]:
        """Each engine is asked every question once before: what is timed is a server that has run for a while."""
        await self._ask(0, self._collection.queries, None)
        await asyncio.to_thread(self._chroma.query, self._queries, 0, self._collection.queries)
        ours, theirs, found, their_found = [], [], [], []
        each = self._collection.queries // _ROUNDS
        for first in range(0, each * _ROUNDS, each):
            seconds, ids = await self._ask(first, each, None)
            ours += seconds
            found += ids
            seconds, ids = await asyncio.to_thread(self._chroma.query, self._queries, first, each)
            theirs += seconds
            their_found += ids
        truth = nearest(self._collection.vectors, self._collection.query_vectors, RESULTS)
        recall, their_recall = self._recall(found, truth), self._recall(their_found, truth)
        mine, other = Times.of(ours), Times.of(theirs)
        return [
            self._line(
                "query_p50",
                mine.p50 / other.p50,
                "<= 0.9",
                "Mediana de uma consulta por vetor, com texto e documento de cada trecho, "
                "sobre a do ChromaDB (alvo: 0,75).",
            ),
            self._line("query_p95", mine.p95 / other.p95, "", "Percentil 95 da mesma consulta, sobre o do ChromaDB."),
            self._line("query_p50_ms", mine.p50, "", "Mediana da nossa consulta por vetor.", unit="ms"),
            self._line("query_p95_ms", mine.p95, "", "Percentil 95 da nossa consulta por vetor.", unit="ms"),
            self._line(
                "recall",
                recall,
                ">= 0.99",
                "Revocação dos 10 primeiros contra a busca exata, na mesma consulta.",
                unit="",
            ),
            self._line("chroma_recall", their_recall, "", "A mesma revocação, do ChromaDB.", unit=""),
            self._line(
                "recall_over_chroma", recall - their_recall, ">= 0", "Nossa revocação menos a do ChromaDB.", unit=""
            ),
        ]

    async def _filtered(self) -> list[Measurement]:
        ours, theirs, found = [], [], []
        for first in range(0, _FILTERED, 10):
            seconds, ids = await self._ask(first, 10, {"custom_fields": {"theme": RARE_THEME}})
            ours += seconds
            found += ids
            theirs += (await asyncio.to_thread(self._chroma.query, self._queries, first, 10, RARE_THEME))[0]
        rare = np.array(self._rare)
        vectors, questions = self._collection.vectors[rare], self._collection.query_vectors[:_FILTERED]
        truth = rare[nearest(vectors, questions, RESULTS)]
        truth_kept = rare[nearest(_as_kept(vectors), _as_kept(questions), RESULTS)]
        ratio = Times.of(theirs).p50 / Times.of(ours).p50
        return [
            self._line(
                "filtered",
                ratio,
                ">= 20",
                "Consulta com filtro que deixa 1 % dos trechos: quantas vezes mais rápida, na mediana.",
            ),
            self._line("filtered_ms", Times.of(ours).p50, "", "Mediana da nossa consulta com o filtro.", unit="ms"),
            self._line(
                "filtered_recall",
                self._recall(found, truth),
                ">= 1",
                "Revocação com o filtro.",
                unit="",
            ),
            self._line(
                "filtered_recall_kept",
                self._recall(found, truth_kept),
                ">= 1",
                "A mesma, entre os vetores como são guardados, em meia precisão: o que o próprio filtro perde.",
                unit="",
            ),
        ]

    async def _together(self, clients: int) -> Measurement:
        each = _TOGETHER_QUERIES // clients
        ours = theirs = 0.0
        for _ in range(2):
            started = time.perf_counter()
            await asyncio.gather(*(self._ask(client * each, each, None) for client in range(clients)))
            ours += time.perf_counter() - started
            theirs += await asyncio.to_thread(self._chroma.together, self._queries, clients, each)
        meaning = f"Consultas por segundo com {clients} clientes ao mesmo tempo, sobre as do ChromaDB."
        return self._line(f"qps_{clients}", theirs / ours, ">= 1.7" if clients == 50 else "", meaning)

    async def _space(self) -> list[Measurement]:
        disk = await self._ours.disk()
        return [
            self._line(
                "disk",
                disk / self._chroma.disk(),
                "<= 0.75",
                "Disco com texto, vetores e índices, sobre o do ChromaDB.",
            ),
            self._line("disk_mb", disk / 2**20, "", "O nosso disco, texto, vetores e índices.", unit="MiB"),
            self._line(
                "memory",
                self._ours.memory() / self._chroma.memory(),
                "<= 0.7",
                "Memória dos processos do PostgreSQL depois das consultas, sobre a do processo do ChromaDB.",
                gate=False,
            ),
        ]

    async def _daily(self) -> list[Measurement]:
        size, more = self._collection.size, self._collection.more_vectors(sum(_DAILY))
        np.save(self._vectors, more)
        rows, ready, first = [], [], 0
        for batch in _DAILY:
            document = self._collection.document(1_000_000 + first, size + first, batch)
            ready.append(prepared(document, more[first : first + batch], self._ours.model))
            rows += [
                {"id": str(chunk_id(document.first + offset)), "text": text, "theme": document.theme}
                for offset, text in enumerate(document.texts)
            ]
            first += batch
        self._texts.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        ours = theirs = 0.0
        first = 0
        for batch, one in zip(_DAILY, ready, strict=True):
            ours += await self._ours.publish([one], terms=False)
            theirs += (await asyncio.to_thread(self._chroma.add, self._vectors, self._texts, first, batch))[1]
            first += batch
        indexing = await self._ours.index_vectors()
        return [
            self._line(
                "daily",
                theirs / ours,
                ">= 1.5",
                "Documentos do dia (100 a 400 trechos cada um), até a busca os achar: quantas vezes mais rápido.",
            ),
            self._line(
                "daily_ms_chunk",
                ours / sum(_DAILY) * 1000,
                "",
                "Milissegundos por trecho nos documentos do dia, até a busca os achar.",
                unit="ms",
            ),
            self._line(
                "daily_index_ms_chunk",
                indexing / sum(_DAILY) * 1000,
                "",
                "Milissegundos por trecho que o trabalhador gasta depois, parado, para levá-los ao HNSW.",
                unit="ms",
            ),
        ]

    async def _ask(
        self, first: int, count: int, metadata_filter: dict[str, object] | None
    ) -> tuple[list[float], list[list[str]]]:
        seconds, found = [], []
        for number in range(first, first + count):
            embedding = self._embeddings[number % len(self._embeddings)]
            started = time.perf_counter()
            async with self._ours.database.reader() as reader:
                results = await reader.vectors.search_similar_chunks(embedding, RESULTS, 0.0, metadata_filter)
            seconds.append(time.perf_counter() - started)
            found.append([str(result.chunk.id) for result in results])
        return seconds, found

    def _recall(self, found: Sequence[Sequence[str]], truth: NDArray[np.int64]) -> float:
        hits = sum(
            len({str(chunk_id(number)) for number in right} & set(ids))
            for right, ids in zip(truth.tolist(), found, strict=False)
        )
        return hits / (len(found) * RESULTS)

    def _line(
        self, name: str, value: float, target: str, meaning: str, *, unit: str = "x", gate: bool = True
    ) -> Measurement:
        return Measurement(
            name=name,
            value=round(value, 4),
            unit=unit,
            target=target,
            meaning=meaning,
            size=self._collection.size,
            gate=gate,
        )


def _as_kept(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Unit vectors of half precision, as the database holds them."""
    rounded = vectors.astype(np.float16).astype(np.float32)
    unit: NDArray[np.float32] = rounded / np.linalg.norm(rounded, axis=1, keepdims=True)
    return unit
