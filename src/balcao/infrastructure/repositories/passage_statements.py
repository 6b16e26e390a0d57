"""The statements of the hybrid search: BM25 over a postings table, cosine over half-precision vectors, their fusion.

Common terms have tens of thousands of postings, of which few matter. Each term's are read from the most to the least
telling, up to a limit of those allowed, from an index in that order (impact-ordered lists: Anh, de Kretser and Moffat,
"Vector-Space Ranking with Effective Early Termination", SIGIR 2001). What they add up to chooses the passages
to be scored, which then is done exactly, with every term; and so are those that have several terms together
(term_combinations). Where no term has more postings than are read, nothing is left out.
"""

from functools import lru_cache

from sqlalchemy import Boolean, Date, Float, Integer, Text, TextClause, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY, UUID

from balcao.domain.document import EMBEDDING_DIMENSIONS
from balcao.infrastructure.database.tables import Vec
from balcao.infrastructure.repositories.document_filter import IN_FORCE
from balcao.infrastructure.repositories.vector_walk import EXACT_FACTOR, kept_candidates

_MOST_TERMS = 256  # of one question
_MOST_CORRECTIONS = 6  # each searches the vocabulary
_LEAST_LIKENESS = 0.35
_COUNTED_EXACTLY = 1_000
_MOST_OFFERED = 105  # passages that each leg offers to the fusion: no fewer than anybody asks for
_FEW_RESULTS, _FEW_OFFERED = 25, 60
_KEPT_OF_50_000 = 80  # candidates of a walk: words make up for some of the neighbours that fewer of them lose
_SCORED = 170  # passages whose words are scored exactly, besides the vector's neighbours
_OF_COMBINATIONS = 80  # more of them, that have terms together
_OF_A_COMBINATION = 500  # of which those are chosen
_MOST_TIMES = 65_535  # that a term occurs in a passage, as ``ocorrencia`` writes it
_OF_NAMED_ACTS = 2_000  # passages of acts that the question names, all of which are scored


def _sampled(term: str) -> str:
    """How many of a sixteenth of the passages have the term: ids of passages are random (RFC 9562, version 4)."""
    first = "t.chunk_id < '10000000-0000-0000-0000-000000000000'"
    return f"(SELECT count(*) FROM documento_termo t WHERE t.termo = {term} AND {first})"


def _frequency(term: str) -> str:
    """The document frequency of a term that was sampled as ``amostra``: the sample stands for all where it is large.

    From _COUNTED_EXACTLY on it does so to within about 13 %, which moves a weight by about a hundredth of the rarest
    term's. What is smaller is counted.
    """
    return f"""CASE WHEN amostra >= {_COUNTED_EXACTLY // 16} THEN 16 * amostra
             ELSE (SELECT count(*) FROM documento_termo t WHERE t.termo = {term}) END"""


QUESTION_TERMS = text(
    f"""
    WITH colecao AS MATERIALIZED (
        SELECT coalesce(sum(num_chunks), 0)::float8 AS chunks FROM documento WHERE estado = 'disponivel'
    ), pergunta AS MATERIALIZED (
        SELECT termo, min(palavra) AS palavra
          FROM (SELECT termo, palavra FROM radicais(:question)
                UNION ALL SELECT unnest(:identifiers), '') AS termos
         GROUP BY termo ORDER BY termo LIMIT :most_terms
    ), frequencias AS MATERIALIZED (
        SELECT termo, palavra, {_frequency("pergunta.termo")} AS df
          FROM (SELECT termo, palavra, {_sampled("pergunta.termo")} AS amostra FROM pergunta OFFSET 0) AS pergunta
    ), desconhecidos AS MATERIALIZED (
        SELECT termo FROM frequencias
         WHERE df = 0 AND length(termo) > 3 AND termo !~ '[^a-zà-ÿ]'
         ORDER BY length(termo) DESC, termo LIMIT :most_corrections
    ), correcoes AS MATERIALIZED (
        SELECT d.termo, parecido.termo AS correcao, semelhanca, df
          FROM desconhecidos d,
               LATERAL (SELECT v.termo, similarity(v.termo, d.termo) AS semelhanca FROM vocabulario v
                         WHERE v.termo % d.termo AND similarity(v.termo, d.termo) >= :least_likeness
                           AND EXISTS (SELECT FROM documento_termo t WHERE t.termo = v.termo)
                         ORDER BY semelhanca DESC, v.termo LIMIT 1) AS parecido,
               LATERAL (SELECT {_sampled("parecido.termo")} AS amostra OFFSET 0) AS amostragem,
               LATERAL (SELECT {_frequency("parecido.termo")} AS df) AS frequencia
    )
    SELECT f.palavra AS word, f.termo AS term,
           ln(1 + (greatest(chunks - f.df, 0) + 0.5) / (f.df + 0.5)) AS rarity,
           coalesce(correcao, f.termo) AS match,
           CASE WHEN f.df > 0 THEN 1 ELSE coalesce(semelhanca, 0) END AS likeness,
           ln(1 + (greatest(chunks - coalesce(c.df, f.df), 0) + 0.5) / (coalesce(c.df, f.df) + 0.5)) AS match_rarity,
           coalesce(c.df, f.df) AS match_frequency
      FROM frequencias f LEFT JOIN correcoes c USING (termo), colecao
     ORDER BY f.termo
    """
).bindparams(
    bindparam("question", type_=Text),
    bindparam("identifiers", type_=ARRAY(Text)),
    bindparam("most_terms", _MOST_TERMS, type_=Integer),
    bindparam("most_corrections", _MOST_CORRECTIONS, type_=Integer),
    bindparam("least_likeness", _LEAST_LIKENESS, type_=Float),
)
"""Document frequencies are counted over the postings as they are, so they are never stale. A term that no passage has
stands for the term of the vocabulary with the most trigrams in common, if they are enough."""


def _with_words(statement: TextClause) -> TextClause:
    """The statement with the parameters that everything searched by words has."""
    return statement.bindparams(
        *(bindparam(name, type_=ARRAY(Text)) for name in ("terms", "places", "named_kinds", "named_numbers")),
        bindparam("combinations", type_=ARRAY(Integer)),
        bindparam("combined_terms", type_=ARRAY(Text)),
        bindparam("combined_weights", type_=ARRAY(Float)),
        *(bindparam(name, type_=ARRAY(Text)) for name in ("ufs", "ibges")),
        *(bindparam(name, type_=Text) for name in ("esfera", "uf", "ibge", "tag", "act_kind", "act_number")),
        bindparam("weights", type_=ARRAY(Float)),
        bindparam("named_years", type_=ARRAY(Integer)),
        bindparam("document_id", type_=UUID(as_uuid=True)),
        bindparam("act_year", type_=Integer),
        bindparam("any_validity", type_=Boolean),
        bindparam("day", type_=Date),
        bindparam("limits", type_=ARRAY(Integer)),
        bindparam("n_results", type_=Integer),
    )


_ALLOWED = f"""
    permitidos AS MATERIALIZED (
        SELECT id, num_chunks, ato_tipo, ato_numero, ato_ano FROM documento
         WHERE estado = 'disponivel'
           AND CASE WHEN :esfera <> '' THEN ente_esfera = :esfera AND coalesce(ente_uf, '') = :uf
                                        AND coalesce(ente_ibge, '') = :ibge
                    ELSE ente_esfera IN ('federal', 'geral')
                      OR ente_esfera = 'estadual' AND ente_uf = ANY (:ufs)
                      OR ente_ibge = ANY (:ibges) END
           AND (:document_id IS NULL OR id = :document_id)
           AND (:tag IS NULL OR etiquetas @> ARRAY[CAST(:tag AS text)])
           AND (:act_kind IS NULL OR ato_tipo = :act_kind)
           AND (:act_number IS NULL OR ato_numero = :act_number)
           AND (:act_year IS NULL OR ato_ano = :act_year)
           AND (:any_validity OR {IN_FORCE})
    ), proprios AS MATERIALIZED (
        SELECT DISTINCT id FROM permitidos
          JOIN unnest(:named_kinds, :named_numbers, :named_years) AS citado (tipo, numero, ano)
            ON ato_tipo = tipo AND coalesce(ato_numero, '') = numero AND (ano = 0 OR coalesce(ato_ano, ano) = ano)
    ), artigos AS MATERIALIZED (
        SELECT chunk_id, count(*)::float8 / cardinality(:places) AS parte
          FROM documento_termo WHERE termo = ANY (:places) AND documento_id IN (SELECT id FROM proprios)
         GROUP BY chunk_id
    ), colecao AS MATERIALIZED (
        SELECT greatest(sum(num_termos)::float8 / nullif(sum(num_chunks), 0), 1) AS tamanho_medio,
               coalesce(sum(num_chunks), 0)::float8 AS chunks
          FROM documento WHERE estado = 'disponivel'
    )"""
"""What may be searched, and of it what the question names."""

_BEST_BY_WORDS = f"""
    pergunta AS MATERIALIZED (
        SELECT termo, peso, limite FROM unnest(:terms, :weights, :limits) AS pergunta (termo, peso, limite)
    ), melhores AS MATERIALIZED (
        SELECT chunk_id FROM pergunta CROSS JOIN LATERAL (
                   SELECT chunk_id, impacto(frequencia, tamanho) AS valor FROM documento_termo t
                    WHERE t.termo = pergunta.termo
                      AND CASE WHEN documento_id IN (SELECT id FROM permitidos) THEN true END
                    ORDER BY impacto(frequencia, tamanho) DESC LIMIT limite) AS lista
         GROUP BY chunk_id ORDER BY sum(peso * valor) DESC, chunk_id LIMIT {_SCORED}
    ), combinados AS MATERIALIZED (
        SELECT array_agg(ocorrencia(termo, {_MOST_TIMES})) AS termos, sum(peso) AS peso
          FROM unnest(:combinations, :combined_terms, :combined_weights) AS combinado (qual, termo, peso) GROUP BY qual
    ), juntos AS MATERIALIZED (
        SELECT chunk_id FROM combinados CROSS JOIN LATERAL (
                   SELECT chunk_id FROM documento_chunk_termos t
                    WHERE so_termos(t.ocorrencias) @> combinados.termos
                      AND CASE WHEN documento_id IN (SELECT id FROM permitidos) THEN true END
                    LIMIT {_OF_A_COMBINATION}) AS achados
         GROUP BY chunk_id ORDER BY sum(peso) DESC, chunk_id LIMIT {_OF_COMBINATIONS}
    ), dos_proprios AS MATERIALIZED (
        SELECT c.id AS chunk_id FROM documento_chunk c LEFT JOIN artigos ON artigos.chunk_id = c.id
         WHERE c.documento_id IN (SELECT id FROM proprios)
         ORDER BY parte DESC NULLS LAST, c.id LIMIT {_OF_NAMED_ACTS}
    )"""
"""Without the CASE the planner would join, and sort every posting of the term instead of reading the index in order."""

_REACHED_BY_WORDS = """SELECT chunk_id FROM melhores UNION SELECT chunk_id FROM juntos
        UNION SELECT chunk_id FROM dos_proprios"""


def _scored_by_words(offered: int) -> str:
    """What the words offer.

    Each passage in reach is scored by its own row, in which a term is found by halving: that costs the same for a
    common term and a rare one, as no lookup in the term's list does.
    """
    return f"""
    perguntado AS MATERIALIZED (
        SELECT peso, ocorrencia(termo, {_MOST_TIMES}) AS maior FROM pergunta
    ), lexical AS MATERIALIZED (
        SELECT chunk_id, documento_id, sum(peso) AS coberto, sum(peso * vezes * 2.2 / (vezes + 1.2 * norma)) AS bm25
          FROM (SELECT chunk_id, documento_id, peso,
                       ocorrencias[width_bucket(maior, ocorrencias)] & {_MOST_TIMES} AS vezes,
                       0.25 + 0.75 * tamanho / tamanho_medio AS norma
                  FROM documento_chunk_termos CROSS JOIN perguntado CROSS JOIN colecao
                 WHERE chunk_id = ANY (ARRAY(SELECT chunk_id FROM alcance))
                   AND ocorrencias[width_bucket(maior, ocorrencias)] | {_MOST_TIMES} = maior) AS achados
         GROUP BY chunk_id, documento_id
    ), palavras AS MATERIALIZED (
        SELECT chunk_id, documento_id, bm25, (proprios.id IS NOT NULL)::int + coalesce(parte, 0) AS citado
          FROM lexical LEFT JOIN proprios ON proprios.id = documento_id LEFT JOIN artigos USING (chunk_id)
         ORDER BY citado DESC, bm25 DESC, chunk_id LIMIT {offered}
    )"""


_DISTANCE = "embedding <=> (SELECT vetor FROM consulta)"


def _neighbours(offered: int) -> str:
    """What the vectors offer.

    The limits are part of the text: after five executions PostgreSQL plans for parameters that it does not know, and
    would compare every vector to be ready for a limit of any size. Vectors that are not in the index yet are compared.
    How far that is walked is set before, until the transaction's end, here the statement's. Each distance is
    computed once: OFFSET keeps it out of the sort.
    """
    return f"""
    consulta AS MATERIALIZED (
        SELECT CAST(CAST(:vector AS vector) AS halfvec({EMBEDDING_DIMENSIONS})) AS vetor
    ), poucos AS MATERIALIZED (
        SELECT coalesce(sum(num_chunks), 0)::float8 ^ 2 <= {EXACT_FACTOR} * (SELECT chunks FROM colecao) AS sao,
               {kept_candidates(offered, _KEPT_OF_50_000)} AS guarda
          FROM permitidos
    ), esperam AS MATERIALIZED (
        SELECT EXISTS (SELECT FROM documento_embedding WHERE NOT indexado AND modelo = :model) AS ha
    ), vizinhos AS MATERIALIZED (
        SELECT chunk_id, documento_id, distancia FROM (
            (SELECT * FROM (
                SELECT chunk_id, documento_id, {_DISTANCE} AS distancia FROM documento_embedding
                 WHERE (SELECT sao FROM poucos) AND modelo = :model AND documento_id IN (SELECT id FROM permitidos)
                OFFSET 0) AS comparados ORDER BY distancia LIMIT {offered})
            UNION ALL
            (SELECT chunk_id, documento_id, {_DISTANCE} FROM documento_embedding
              WHERE NOT (SELECT sao FROM poucos) AND :model <> '' AND indexado AND modelo = :model
                AND CASE WHEN documento_id IN (SELECT id FROM permitidos) THEN true END
              ORDER BY {_DISTANCE} LIMIT {offered})
            UNION ALL
            (SELECT * FROM (
                SELECT chunk_id, documento_id, {_DISTANCE} AS distancia FROM documento_embedding
                 WHERE NOT (SELECT sao FROM poucos) AND (SELECT ha FROM esperam) AND NOT indexado AND modelo = :model
                   AND CASE WHEN documento_id IN (SELECT id FROM permitidos) THEN true END
                OFFSET 0) AS recentes ORDER BY distancia LIMIT {offered})
        ) AS achados ORDER BY distancia LIMIT {offered}
    )"""


def offered_for(n_results: int) -> int:
    """How many passages each leg offers to the fusion, for so many results."""
    return _FEW_OFFERED if n_results <= _FEW_RESULTS else _MOST_OFFERED


@lru_cache
def hybrid_search(offered: int) -> TextClause:
    """The statement in which each leg offers so many passages; it takes the parameters of both legs.

    BM25 after Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond" (2009): k1 1.2, b 0.75.

    The legs are fused by a weighted sum of their scores, each as a share of the best one found, as in Bruch, Gai and
    Ingber, "An Analysis of Fusion Functions for Hybrid Retrieval" (ACM TOIS 2023), which keeps what ranks throw away:
    by how much a passage is better. Every candidate of one leg gets the other's score too; words count by BM25 and by
    how much of the question they cover. Passages of an act that the question names come before all others, those of
    the named article first (``citado``). Weights and what they were measured on: docs/adr/005.
    """
    return _with_words(
        text(
            f"""
    WITH {_ALLOWED},{_BEST_BY_WORDS},{_neighbours(offered)}, alcance AS MATERIALIZED (
        {_REACHED_BY_WORDS} UNION SELECT chunk_id FROM vizinhos
    ),{_scored_by_words(offered)}, candidatos AS MATERIALIZED (
        SELECT chunk_id, documento_id, distancia FROM vizinhos
        UNION ALL
        SELECT p.chunk_id, p.documento_id, {_DISTANCE}
          FROM palavras p LEFT JOIN documento_embedding e ON e.chunk_id = p.chunk_id AND e.modelo = :model
         WHERE p.chunk_id NOT IN (SELECT chunk_id FROM vizinhos)
    ), medidas AS MATERIALIZED (
        SELECT c.chunk_id AS id, greatest(1 - coalesce(distancia, 1), 0) AS semelhanca,
               coalesce(bm25, 0) AS bm25, least(coalesce(coberto / nullif(:information, 0), 0), 1) AS cobertura,
               (proprios.id IS NOT NULL)::int + coalesce(parte, 0) AS citado
          FROM candidatos c LEFT JOIN lexical ON lexical.chunk_id = c.chunk_id
          LEFT JOIN proprios ON proprios.id = c.documento_id
          LEFT JOIN artigos ON artigos.chunk_id = c.chunk_id
    ), maximos AS MATERIALIZED (
        SELECT nullif(max(semelhanca), 0) AS semelhanca, nullif(max(bm25), 0) AS bm25, max(citado) AS citado
          FROM medidas
    ), notas AS (
        SELECT m.id, m.semelhanca, coalesce(cobertura, 0) AS cobertura, m.citado,
               (coalesce((1 - :vector_share) * (0.7 * m.bm25 / x.bm25 + 0.3 * cobertura), 0)
                + coalesce(:vector_share * m.semelhanca / x.semelhanca, 0) + m.citado) / (1 + x.citado) AS nota
          FROM medidas m, maximos x ORDER BY nota DESC, m.id LIMIT :n_results
    )
    SELECT c.id AS chunk_id, c.documento_id AS document_id, c.indice_chunk AS chunk_index, d.titulo AS title,
           d.origem AS source, d.nome_arquivo AS file_name, d.ente_esfera, d.ente_uf, d.ente_ibge,
           d.vigente_de, d.vigente_ate, d.revogado_por, c.texto_original AS content, c.pagina AS page,
           c.caminho AS path, nota AS score, semelhanca AS similarity, cobertura AS coverage, citado >= 1 AS named
      FROM notas
      JOIN documento_chunk c ON c.id = notas.id
      JOIN documento d ON d.id = c.documento_id
     ORDER BY nota DESC, c.id
    """
        ).bindparams(
            bindparam("vector", type_=Vec()),
            bindparam("model", type_=Text),
            bindparam("information", type_=Float),
            bindparam("vector_share", type_=Float),
        )
    )


BY_WORDS = _with_words(
    text(
        f"""
    WITH {_ALLOWED},{_BEST_BY_WORDS}, alcance AS MATERIALIZED (
        {_REACHED_BY_WORDS}
    ),{_scored_by_words(_MOST_OFFERED)}
    SELECT chunk_id, documento_id AS document_id, bm25 AS score FROM palavras
     ORDER BY citado DESC, bm25 DESC, chunk_id LIMIT :n_results
    """
    )
)
"""The words alone: what they offer to the fusion, in their order."""
