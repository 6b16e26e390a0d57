"""Hybrid search in PostgreSQL: BM25 over a postings table and cosine over half-precision vectors, in one statement.

BM25 after Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond" (2009), k1 1.2 and b 0.75;
fusion by reciprocal rank after Cormack, Clarke and Büttcher (SIGIR 2009), k 60. Document frequencies are counted at
query time over the postings that the query reads anyway, so they are never stale.
"""

from sqlalchemy import Integer, Row, Text, bindparam, func, insert, select, text, true, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from balcao.domain.document import EMBEDDING_DIMENSIONS, Embedding
from balcao.domain.ente import Ente, Esfera, SearchScope
from balcao.domain.ids import DocumentId
from balcao.domain.search import Passage
from balcao.infrastructure.database.tables import HalfVec, chunks, documents, terms
from balcao.infrastructure.repositories.vectors import half_vector, similarity

CANDIDATES = 100
"""Passages that each leg offers to the fusion."""

_HYBRID_SEARCH = text(
    """
    WITH permitidos AS MATERIALIZED (
        SELECT id FROM documento
         WHERE estado = 'disponivel'
           AND (ente_esfera IN ('federal', 'geral')
                OR ente_esfera = 'estadual' AND ente_uf = ANY (:ufs)
                OR ente_ibge = ANY (:ibges))
    ), colecao AS MATERIALIZED (
        SELECT sum(num_chunks)::float8 AS chunks,
               greatest(sum(num_termos)::float8 / nullif(sum(num_chunks), 0), 1) AS tamanho_medio
          FROM documento WHERE estado = 'disponivel'
    ), pergunta AS MATERIALIZED (
        SELECT DISTINCT termo FROM termos(:question)
    ), ocorrencias AS MATERIALIZED (
        SELECT t.termo, t.chunk_id, t.documento_id, t.frequencia, t.tamanho
          FROM pergunta JOIN documento_termo t USING (termo)
    ), pesos AS MATERIALIZED (
        SELECT termo, ln(1 + (greatest(chunks - df, 0) + 0.5) / (df + 0.5)) AS idf
          FROM colecao, pergunta
          JOIN LATERAL (SELECT count(*) AS df FROM ocorrencias o WHERE o.termo = pergunta.termo) AS contagem ON true
    ), lexical AS MATERIALIZED (
        SELECT chunk_id, sum(idf) AS coberto,
               sum(idf * frequencia * 2.2 / (frequencia + 1.2 * (0.25 + 0.75 * tamanho / tamanho_medio))) AS bm25
          FROM ocorrencias JOIN permitidos ON permitidos.id = documento_id JOIN pesos USING (termo), colecao
         GROUP BY chunk_id
    ), palavras AS (
        SELECT chunk_id, row_number() OVER (ORDER BY bm25 DESC, chunk_id) AS posicao
          FROM lexical ORDER BY bm25 DESC, chunk_id LIMIT :candidates
    ), vizinhos AS MATERIALIZED (
        SELECT chunk_id, embedding <=> :vector AS distancia
          FROM documento_embedding
         WHERE modelo = :model AND documento_id IN (SELECT id FROM permitidos)
         ORDER BY embedding <=> :vector LIMIT :candidates
    ), vetores AS (
        SELECT chunk_id, row_number() OVER (ORDER BY distancia, chunk_id) AS posicao FROM vizinhos
    ), fusao AS (
        SELECT chunk_id,
               coalesce(1.0 / (60 + palavras.posicao), 0) + coalesce(1.0 / (60 + vetores.posicao), 0) AS pontos
          FROM palavras FULL JOIN vetores USING (chunk_id)
         ORDER BY pontos DESC, chunk_id LIMIT :n_results
    )
    SELECT c.id AS chunk_id, c.documento_id AS document_id, c.indice_chunk AS chunk_index, d.titulo AS title,
           d.origem AS source, d.nome_arquivo AS file_name, d.ente_esfera, d.ente_uf, d.ente_ibge,
           c.texto_original AS content, c.pagina AS page, c.caminho AS path, pontos * 61 / 2 AS score,
           coalesce(e.embedding <=> :vector, 1) AS distance,
           coalesce(lexical.coberto / nullif((SELECT sum(idf) FROM pesos), 0), 0) AS coverage
      FROM fusao
      JOIN documento_chunk c ON c.id = fusao.chunk_id
      JOIN documento d ON d.id = c.documento_id
      LEFT JOIN documento_embedding e ON e.chunk_id = c.id AND e.modelo = :model
      LEFT JOIN lexical ON lexical.chunk_id = c.id
     ORDER BY pontos DESC, c.id
    """
).bindparams(
    bindparam("vector", type_=HalfVec(EMBEDDING_DIMENSIONS)),
    bindparam("question", type_=Text),
    bindparam("model", type_=Text),
    bindparam("ufs", type_=ARRAY(Text)),
    bindparam("ibges", type_=ARRAY(Text)),
    bindparam("candidates", type_=Integer),
    bindparam("n_results", type_=Integer),
)


class PostgresPassageRepository:
    """PassageRepository on one connection."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def index_terms(self, document_id: DocumentId) -> int:
        """Write the postings of a document's chunks, and their total on its row."""
        term = func.balcao.termos(chunks.c.content).table_valued("termo", "frequencia").lateral()
        length = func.sum(term.c.frequencia).over(partition_by=chunks.c.id)
        postings = (
            select(term.c.termo, chunks.c.id, chunks.c.document_id, term.c.frequencia, length)
            .select_from(chunks)
            .join(term, true())
            .where(chunks.c.document_id == document_id)
        )
        columns = ["term", "chunk_id", "document_id", "frequency", "chunk_length"]
        written = (await self._connection.execute(insert(terms).from_select(columns, postings))).rowcount
        total = select(func.coalesce(func.sum(terms.c.frequency), 0)).where(terms.c.document_id == document_id)
        counted = update(documents).where(documents.c.id == document_id).values(term_count=total.scalar_subquery())
        await self._connection.execute(counted)
        return written

    async def search(
        self, question: str, embedding: Embedding | None, scope: SearchScope, n_results: int = 5
    ) -> list[Passage]:
        """Run the hybrid statement; without an embedding no vector is a neighbour."""
        parameters = {
            "question": question,
            "vector": half_vector(embedding) if embedding else None,
            "model": embedding.model if embedding else "",
            "ufs": sorted(scope.ufs),
            "ibges": sorted(scope.ibges),
            "candidates": max(CANDIDATES, n_results),
            "n_results": n_results,
        }
        return [_passage(row) for row in await self._connection.execute(_HYBRID_SEARCH, parameters)]


def _passage(row: Row[*tuple[object, ...]]) -> Passage:
    return Passage(
        chunk_id=row.chunk_id,
        document_id=row.document_id,
        chunk_index=row.chunk_index,
        title=row.title,
        source=_shown_source(row.source, row.file_name),
        ente=Ente(esfera=Esfera(row.ente_esfera), uf=row.ente_uf, ibge=row.ente_ibge),
        content=row.content,
        page=row.page,
        path=row.path,
        score=min(1.0, float(row.score)),
        similarity=similarity(row.distance),
        coverage=float(row.coverage),
    )


def _shown_source(source: str | None, file_name: str) -> str:
    """A URL as it is; of anything else only the file's name: the server's folders are nobody's business."""
    return source if source and "://" in source else file_name
