"""What the search needs: terms that fold Portuguese plurals and suffixes, and the terms that a misspelt one may mean.

Postings already written are made again by the new rule. The identifiers of acts and articles ("ato:lei:12527") are
written by the program, when it indexes a document: ``versao_indice`` says which documents wait for that.
"""

from balcao.infrastructure.database.migrations.owner import run_as_owner

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_OLD_STOPS = (
    "agor aind alem algum ate atrav cad contr cuj desd dest diss dist eram esta estav estiver estivess "
    "foss ha hao houver houvera houveri houvess ja la mediant muit nao onde per perant porqu pra qua "
    "qualqu quant sao send ser sera so sob sobr tal tamb ter tera teri tinh tiver tivess tod umas uns vai "
    "vao vez voc"
)
_STOP_WORDS = (
    "a agora ainda alem algum alguma ante ao aos aquela aquelas aquele aqueles aquilo as ate atraves cada com "
    "como contra cuja cujo da das de dela delas dele deles depois desde desta deste disso disto do dos e ela elas "
    "ele eles em entre era eram eramos essa essas esse esses esta estamos estao estas estava estavam estavamos "
    "este esteja estejam estejamos estes esteve estive estivemos estiver estivera estiveram estiveramos estiverem "
    "estivermos estivesse estivessem estivessemos estou eu foi fomos for fora foram foramos forem formos fosse "
    "fossem fossemos fui ha haja hajam hajamos hao havemos hei houve houvemos houver houvera houveram houveramos "
    "houverao houverei houverem houveremos houveria houveriam houveriamos houvermos houvesse houvessem "
    "houvessemos isso isto ja la lhe lhes mais mas me mediante mesmo meu meus minha minhas muita muito muitos na "
    "nao nas nem no nos nossa nossas nosso nossos num numa o onde os ou para pela pelas pelo pelos per perante "
    "pode podem por porque pra quais qual qualquer quando quanta quantas quanto quantos que quem sao se seja "
    "sejam sejamos sem sendo ser sera serao serei seremos seria seriam seriamos seu seus so sob sobre somos sou "
    "sua suas tal tambem te tem temos tenha tenham tenhamos tenho ter tera terao terei teremos teria teriam "
    "teriamos teu teus teve tinha tinham tinhamos tive tivemos tiver tivera tiveram tiveramos tiverem tivermos "
    "tivesse tivessem tivessemos toda todas todo todos tu tua tuas um uma umas uns vai vao vez voce voces vos"
)
_OLD_TERMS = f"""
CREATE OR REPLACE FUNCTION termos(texto text) RETURNS TABLE (termo text, frequencia int)
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE ROWS 20
    AS $$ SELECT CASE WHEN length(lexeme) > 3 THEN rtrim(lexeme, 's') ELSE lexeme END, sum(cardinality(positions))::int
            FROM unnest(to_tsvector('balcao.portugues', normalize(texto, NFKC)))
           WHERE lexeme <> ALL (string_to_array('{_OLD_STOPS}', ' '))
           GROUP BY 1 $$
"""  # noqa: S608 - the list is a constant
# Plurals whose singular ends otherwise are folded before the stemmer sees them, -il like -el, so that "úteis" meets
# "útil"; suffixes that the stemmer only knows with their accents get them back, since words come without any.
# OFFSET 0 has each step computed once a word: the planner would write it out wherever it is used.
_STEMS = f"""
CREATE FUNCTION radicais(texto text) RETURNS TABLE (palavra text, termo text, frequencia int)
    LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 20
    AS $$ SELECT palavra, CASE WHEN length(radical) > 3 THEN rtrim(radical, 's') ELSE radical END, vezes
            FROM (SELECT lexeme AS palavra, cardinality(positions) AS vezes,
                         CASE WHEN lexeme IN ('caes', 'paes') THEN left(lexeme, -2) || 'o'
                              WHEN lexeme = 'util' THEN 'utel'
                              WHEN length(lexeme) <= 4 THEN lexeme
                              WHEN right(lexeme, 3) IN ('oes', 'aes', 'aos') THEN left(lexeme, -3) || 'ao'
                              WHEN right(lexeme, 3) = 'ais' THEN left(lexeme, -3) || 'al'
                              WHEN right(lexeme, 3) = 'eis' THEN left(lexeme, -3) || 'el'
                              WHEN right(lexeme, 3) = 'ois' THEN left(lexeme, -3) || 'ol'
                              WHEN right(lexeme, 2) IN ('is', 'il') THEN left(lexeme, -2) || 'el'
                              WHEN right(lexeme, 2) = 'ns' THEN left(lexeme, -2) || 'm'
                              ELSE lexeme END AS singular
                    FROM unnest(to_tsvector('balcao.portugues', normalize(texto, NFKC)))
                   WHERE lexeme <> ALL (string_to_array('{_STOP_WORDS}', ' ')) OFFSET 0) AS palavras,
                 LATERAL (SELECT CASE WHEN length(singular) <= 4 THEN singular
                                      WHEN right(singular, 3) = 'cao' THEN left(singular, -3) || 'ção'
                                      WHEN right(singular, 4) = 'avel' THEN left(singular, -4) || 'ável'
                                      WHEN right(singular, 4) = 'ivel' THEN left(singular, -4) || 'ível'
                                      WHEN right(singular, 5) = 'ancia' THEN left(singular, -5) || 'ância'
                                      WHEN right(singular, 6) = 'ancias' THEN left(singular, -6) || 'ância'
                                      WHEN right(singular, 5) = 'encia' THEN left(singular, -5) || 'ência'
                                      WHEN right(singular, 6) = 'encias' THEN left(singular, -6) || 'ência'
                                      ELSE singular END AS acentuada OFFSET 0) AS acentos,
                 LATERAL (SELECT (ts_lexize('pg_catalog.portuguese_stem', acentuada))[1] AS radical OFFSET 0) AS r
           WHERE radical IS NOT NULL $$
"""  # noqa: S608 - the list is a constant
_NEW_TERMS = """
CREATE OR REPLACE FUNCTION termos(texto text) RETURNS TABLE (termo text, frequencia int)
    LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 20
    AS $$ SELECT termo, sum(frequencia)::int FROM balcao.radicais(texto) GROUP BY termo $$
"""
_REBUILD = (
    "DELETE FROM documento_termo",
    """INSERT INTO documento_termo (termo, chunk_id, documento_id, frequencia, tamanho)
        SELECT t.termo, c.id, c.documento_id, t.frequencia, sum(t.frequencia) OVER (PARTITION BY c.id)
          FROM documento_chunk c, termos(c.conteudo) t""",
    """UPDATE documento d SET num_termos =
        (SELECT coalesce(sum(frequencia), 0) FROM documento_termo t WHERE t.documento_id = d.id)""",
)
_VOCABULARY = (
    """CREATE TABLE vocabulario (
        termo text NOT NULL,
        CONSTRAINT vocabulario_pk PRIMARY KEY (termo)
    )""",
    "CREATE INDEX vocabulario_semelhanca ON vocabulario USING gin (termo gin_trgm_ops)",
    """INSERT INTO vocabulario SELECT DISTINCT termo FROM documento_termo
        WHERE length(termo) > 3 AND termo !~ '[^a-zà-ÿ]'""",
    "GRANT SELECT ON vocabulario TO balcao_app",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON vocabulario TO balcao_ingestao, balcao_operador",
    "ALTER TABLE documento ADD COLUMN versao_indice integer DEFAULT 0 NOT NULL",
)

# What a posting is worth without its term's weight, for the mean length of 100 terms: it only orders a term's postings
_IMPACT = (
    """CREATE FUNCTION impacto(frequencia int, tamanho int) RETURNS real LANGUAGE sql IMMUTABLE PARALLEL SAFE
        AS $$ SELECT (frequencia / (frequencia + 0.3::float8 + 0.009::float8 * tamanho))::real $$""",
    "DROP INDEX documento_termo_busca",
    """CREATE INDEX documento_termo_impacto ON documento_termo (termo, impacto(frequencia, tamanho) DESC)
        INCLUDE (chunk_id, documento_id, frequencia, tamanho)""",
)
_NO_IMPACT = (
    "DROP INDEX documento_termo_impacto",
    "DROP FUNCTION impacto(int, int)",
    """CREATE INDEX documento_termo_busca ON documento_termo (termo)
        INCLUDE (chunk_id, documento_id, frequencia, tamanho)""",
)


def _vector_index(ef_construction: int, condition: str = "") -> tuple[str, str]:
    return (
        "DROP INDEX documento_embedding_vector",
        f"""CREATE INDEX documento_embedding_vector ON documento_embedding
            USING hnsw (embedding halfvec_cosine_ops) WITH (m = 16, ef_construction = {ef_construction}){condition}""",
    )


# A new vector is found by comparing, and enters the index later: inserting it there costs some 5 ms (docs/adr/020)
_RECENT = (
    "ALTER TABLE documento_embedding ADD COLUMN indexado boolean DEFAULT true NOT NULL",
    "ALTER TABLE documento_embedding ALTER COLUMN indexado SET DEFAULT false",
    *_vector_index(100, " WHERE indexado"),
    "CREATE INDEX documento_embedding_por_indexar ON documento_embedding (modelo) WHERE NOT indexado",
)


def upgrade() -> None:
    run_as_owner(
        """ALTER TEXT SEARCH CONFIGURATION portugues
            ALTER MAPPING FOR word, hword, hword_part WITH public.unaccent, pg_catalog.simple""",
        "ALTER TEXT SEARCH CONFIGURATION portugues ALTER MAPPING FOR asciiword, asciihword, hword_asciipart"
        " WITH pg_catalog.simple",
        _STEMS,
        _NEW_TERMS,
        *_REBUILD,
        *_VOCABULARY,
        *_IMPACT,
        *_RECENT,
    )


def downgrade() -> None:
    run_as_owner(
        *_vector_index(200),
        "ALTER TABLE documento_embedding DROP COLUMN indexado",
        *_NO_IMPACT,
        "ALTER TABLE documento DROP COLUMN versao_indice",
        "DROP TABLE vocabulario",
        """ALTER TEXT SEARCH CONFIGURATION portugues
            ALTER MAPPING FOR word, hword, hword_part WITH public.unaccent, pg_catalog.portuguese_stem""",
        "ALTER TEXT SEARCH CONFIGURATION portugues ALTER MAPPING FOR asciiword, asciihword, hword_asciipart"
        " WITH pg_catalog.portuguese_stem",
        _OLD_TERMS,
        "DROP FUNCTION radicais(text)",
        *_REBUILD,
    )
