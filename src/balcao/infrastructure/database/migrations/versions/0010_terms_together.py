"""Passages that have several terms at once, by an index of the terms of each passage.

Of a common term's list only the best are read, none of which need be a passage that has several common terms.
"""

from balcao.infrastructure.database.migrations.owner import run_as_owner

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

# Each as ocorrencia(termo, 65535): that a term occurs, however often. By functions of pg_catalog alone, since REINDEX
# and pg_restore evaluate it with no other schema in the search_path
_TERMS_ALONE = """CREATE FUNCTION so_termos(ocorrencias bigint[]) RETURNS bigint[] LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$ SELECT array_agg(ocorrencia | 65535) FROM unnest(ocorrencias) AS ocorrencia $$"""


def upgrade() -> None:
    """Index the passages there are. Without a list of what is still to be indexed, through which each search would go;
    and without statistics, which cost ANALYZE seconds and tell the planner nothing of a set that it does not know.
    """
    run_as_owner(
        _TERMS_ALONE,
        """CREATE INDEX documento_chunk_termos_juntos ON documento_chunk_termos
            USING gin (so_termos(ocorrencias)) WITH (fastupdate = off)""",
        "ALTER INDEX documento_chunk_termos_juntos ALTER COLUMN 1 SET STATISTICS 0",
    )


def downgrade() -> None:
    """The rows stay."""
    run_as_owner("DROP INDEX documento_chunk_termos_juntos", "DROP FUNCTION so_termos(bigint[])")
