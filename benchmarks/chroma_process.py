"""ChromaDB in a process of its own, driven by one JSON command a line; it alone imports chromadb.

``python -m benchmarks.chroma_process FOLDER``. Times are measured here, so that the pipe costs nothing. Vectors come in
``.npy`` files. ChromaDB runs as version 2.0 of the service ran it: embedded, persistent, its settings as they come
(m 16, ef_construction 100, ef_search 100), cosine space.
"""

import gc
import json
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import chromadb
import numpy as np
import psutil
from chromadb.api.types import Where
from chromadb.config import Settings

_BATCH = 5_000  # its own maximum is 5,461; larger batches load faster
_RESULTS = 10

Answer = dict[str, object]


class ChromaEngine:
    """One collection, and the commands on it."""

    def __init__(self, folder: str) -> None:
        client = chromadb.PersistentClient(folder, settings=Settings(anonymized_telemetry=False))
        self._collection = client.get_or_create_collection("trechos", configuration={"hnsw": {"space": "cosine"}})

    def add(self, vectors: str, texts: str, first: int, count: int) -> Answer:
        """Load rows ``first`` .. ``first + count`` of these files, and let the index take them in."""
        matrix = np.load(vectors, mmap_mode="r")
        with open(texts, encoding="utf-8") as lines:  # noqa: PTH123 - the commands hold plain strings
            rows = [json.loads(line) for line in lines][first : first + count]
        gc.collect()
        committed = 0.0
        for start in range(0, count, _BATCH):
            part = rows[start : start + _BATCH]
            embeddings = np.array(matrix[first + start : first + start + len(part)])
            before = time.perf_counter()
            self._collection.add(
                ids=[row["id"] for row in part],
                embeddings=embeddings,
                documents=[row["text"] for row in part],
                metadatas=[{"theme": row["theme"]} for row in part],
            )
            committed += time.perf_counter() - before
        before = time.perf_counter()
        self._query(np.array(matrix[first]), None)
        return {"committed": committed, "indexed": committed + time.perf_counter() - before}

    def query(self, vectors: str, first: int, count: int, theme: str | None) -> Answer:
        """Ask one by one; seconds and ids of each."""
        matrix = np.array(np.load(vectors, mmap_mode="r")[first : first + count])
        seconds, found = [], []
        for vector in matrix:
            before = time.perf_counter()
            ids = self._query(vector, theme)
            seconds.append(time.perf_counter() - before)
            found.append(ids)
        return {"seconds": seconds, "found": found}

    def together(self, vectors: str, clients: int, each: int) -> Answer:
        """``clients`` threads that ask ``each`` questions; seconds until the last answer."""
        matrix = np.load(vectors)
        with ThreadPoolExecutor(clients) as threads:

            def ask(client: int) -> None:
                for number in range(each):
                    self._query(matrix[(client * each + number) % len(matrix)], None)

            before = time.perf_counter()
            list(threads.map(ask, range(clients)))
            return {"seconds": time.perf_counter() - before}

    def memory(self) -> Answer:
        """Proportional set size of this process, in bytes."""
        return {"bytes": psutil.Process().memory_full_info().pss}

    def _query(self, vector: np.ndarray, theme: str | None) -> list[str]:
        where: Where | None = {"theme": theme} if theme else None
        answer = self._collection.query(query_embeddings=[vector], n_results=_RESULTS, where=where)
        ids: list[str] = answer["ids"][0]
        return ids


def main() -> None:
    """Answer commands until the input ends."""
    engine = ChromaEngine(sys.argv[1])
    commands: dict[str, Callable[..., Answer]] = {
        "add": engine.add,
        "query": engine.query,
        "together": engine.together,
        "memory": engine.memory,
    }
    for line in sys.stdin:
        asked = json.loads(line)
        print(json.dumps(commands[asked.pop("command")](**asked)), flush=True)


if __name__ == "__main__":
    main()
