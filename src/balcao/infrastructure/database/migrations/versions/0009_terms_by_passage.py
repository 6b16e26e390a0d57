"""The terms of each passage in one row: a passage is scored by reading it, not by looking each term up in its list.

A lookup in the list of a common term costs more the longer the list is; this one costs the same for any term.
"""

from balcao.infrastructure.database.migrations.owner import run_as_owner

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

# A term and how often it occurs, in one number: 48 bits of the term's hash, which put the terms of a passage in an
# order to be searched in, then 16 of the frequency
_OCCURRENCE = """CREATE FUNCTION ocorrencia(termo text, vezes int) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$ SELECT ((hashtextextended(termo, 0) >> 16) << 16) | least(vezes, 65535) $$"""
_TABLE = """CREATE TABLE documento_chunk_termos (
    chunk_id uuid NOT NULL,
    documento_id uuid NOT NULL,
    tamanho integer NOT NULL,
    ocorrencias bigint[] NOT NULL,
    CONSTRAINT documento_chunk_termos_pk PRIMARY KEY (chunk_id),
    CONSTRAINT documento_chunk_termos_chunk_fk
        FOREIGN KEY (chunk_id) REFERENCES documento_chunk (id) ON DELETE CASCADE
)"""


def upgrade() -> None:
    """Write the rows of the passages that are indexed; the program writes those of the next ones."""
    run_as_owner(
        _OCCURRENCE,
        _TABLE,
        "ALTER TABLE documento_chunk_termos ALTER COLUMN ocorrencias SET STORAGE MAIN",
        "GRANT SELECT ON documento_chunk_termos TO balcao_app",
        "GRANT SELECT, INSERT, UPDATE, DELETE ON documento_chunk_termos TO balcao_ingestao, balcao_operador",
        """INSERT INTO documento_chunk_termos (chunk_id, documento_id, tamanho, ocorrencias)
            SELECT chunk_id, documento_id, max(tamanho),
                   array_agg(ocorrencia(termo, frequencia) ORDER BY ocorrencia(termo, frequencia))
              FROM documento_termo GROUP BY chunk_id, documento_id""",
    )


def downgrade() -> None:
    """The postings, which it was made from, are still there."""
    run_as_owner("DROP TABLE documento_chunk_termos", "DROP FUNCTION ocorrencia(text, int)")
