"""Our lexical leg against bm25s, a fast BM25 in memory, and against PostgreSQL's own ``ts_rank_cd``.

The task is to find again the passage that a question's words were taken from: mean reciprocal rank of the first ten
(Voorhees, TREC-8, 1999), the same questions for all three. Speed is that of one question at a time, in turns.
"""

import time
from datetime import UTC, datetime

import asyncpg
import bm25s
import Stemmer

from balcao.domain.ente import SearchScope
from balcao.domain.legal_references import references_in
from balcao.domain.search import Inquiry, SearchFilter
from benchmarks.generated import GeneratedCollection
from benchmarks.measurement import Measurement
from benchmarks.postgres_side import PostgresSide, chunk_id
from benchmarks.timing import Times

_FOUND = 10
_QUESTIONS = 200
_SLOW_QUESTIONS = 40
_VECTOR_OF_WORDS = "to_tsvector('portuguese', contexto || texto_original)"
_RANKED = f"""
SELECT id FROM balcao.documento_chunk,
       (SELECT replace(plainto_tsquery('portuguese', $1)::text, '&', '|')::tsquery AS words) AS question
 WHERE {_VECTOR_OF_WORDS} @@ words
 ORDER BY ts_rank_cd({_VECTOR_OF_WORDS}, words) DESC, id LIMIT 10
"""
_RANKED_INDEX = f"CREATE INDEX bench_fts ON documento_chunk USING gin ({_VECTOR_OF_WORDS})"


class LexicalComparison:
    """The three engines over one generated collection whose passages our database holds already."""

    def __init__(self, collection: GeneratedCollection, ours: PostgresSide) -> None:
        self._size = collection.size
        self._texts = [text for document in collection.documents() for text in document.texts]
        self._questions, self._sources = collection.known_items(_QUESTIONS)
        self._ours = ours

    async def measure(self) -> list[Measurement]:
        """Index all three, then ask in turns."""
        indexed = await self._ours.index_terms()
        await self._ours.run(_RANKED_INDEX)
        await self._ours.settle()
        stemmer = Stemmer.Stemmer("portuguese")
        started = time.perf_counter()
        tokens = bm25s.tokenize(self._texts, stopwords="pt", stemmer=stemmer, show_progress=False)
        memory_index = bm25s.BM25(k1=1.2, b=0.75)
        memory_index.index(tokens, show_progress=False)
        memory_seconds = time.perf_counter() - started
        ours, theirs, ranked = [], [], []
        our_reciprocal = their_reciprocal = ranked_reciprocal = 0.0
        connection = await asyncpg.connect(self._ours.admin.url)
        for number, (question, source) in enumerate(zip(self._questions, self._sources, strict=True)):
            started = time.perf_counter()
            found = await self._words(question)
            ours.append(time.perf_counter() - started)
            our_reciprocal += _reciprocal(found, str(chunk_id(source)))
            started = time.perf_counter()
            asked = bm25s.tokenize(question, stopwords="pt", stemmer=stemmer, show_progress=False)
            places, _ = memory_index.retrieve(asked, k=_FOUND, show_progress=False)
            theirs.append(time.perf_counter() - started)
            their_reciprocal += _reciprocal([str(place) for place in places[0]], str(source))
            if number < _SLOW_QUESTIONS:
                started = time.perf_counter()
                rows = await connection.fetch(_RANKED, question)
                ranked.append(time.perf_counter() - started)
                ranked_reciprocal += _reciprocal([str(row[0]) for row in rows], str(chunk_id(source)))
        await connection.close()
        await self._ours.run("DROP INDEX bench_fts")
        mine = Times.of(ours)
        count = len(self._questions)
        disk = await self._ours.disk("documento_termo", "documento_chunk_termos")
        return [
            self._line("words_p50_ms", mine.p50, "ms", "Mediana da busca só por palavras (BM25 em SQL), 10 trechos."),
            self._line("words_p95_ms", mine.p95, "ms", "Percentil 95 da busca só por palavras."),
            self._line(
                "words_over_bm25s",
                mine.p50 / Times.of(theirs).p50,
                "x",
                "A mesma mediana sobre a do bm25s, que mantém tudo em memória e não aceita "
                "documento novo sem refazer o índice.",
            ),
            self._line(
                "words_over_ts_rank",
                mine.p50 / Times.of(ranked).p50,
                "x",
                "A mesma mediana sobre a do ts_rank_cd com índice GIN.",
                "<= 0.5",
            ),
            self._line(
                "words_mrr", our_reciprocal / count, "", "Reencontrar o trecho de onde saíram as palavras: MRR@10."
            ),
            self._line("bm25s_mrr", their_reciprocal / count, "", "O mesmo, do bm25s."),
            self._line("ts_rank_mrr", ranked_reciprocal / _SLOW_QUESTIONS, "", "O mesmo, do ts_rank_cd."),
            self._line("words_index_s", indexed, "s", "Segundos para gravar o índice de palavras da coleção toda."),
            self._line("bm25s_index_s", memory_seconds, "s", "Segundos do bm25s."),
            self._line("words_disk_mb", disk / 2**20, "MiB", "Disco do índice de palavras."),
        ]

    async def _words(self, question: str) -> list[str]:
        references = references_in(question)
        async with self._ours.database.reader() as reader:
            inquiry = Inquiry(
                question=question,
                scope=SearchScope(ufs=frozenset(), ibges=frozenset()),
                terms=await reader.passages.question_terms(question, references.terms),
                references=references,
                filter=SearchFilter(),
                today=datetime.now(UTC).date(),
            )
            return [str(found.chunk_id) for found in await reader.passages.by_words(inquiry, _FOUND)]

    def _line(self, name: str, value: float, unit: str, meaning: str, target: str = "") -> Measurement:
        return Measurement(
            name=name, value=round(value, 4), unit=unit, target=target, meaning=meaning, size=self._size, gate=False
        )


def _reciprocal(found: list[str], wanted: str) -> float:
    return 1.0 / (found.index(wanted) + 1) if wanted in found else 0.0
