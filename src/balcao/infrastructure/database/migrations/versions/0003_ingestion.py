"""What ingestion needs to know of a document: its act, version, validity and tags; a source only where it has one.

Two current documents with the same text were possible until now: the later ones are marked as replaced by the first.
"""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_DOCUMENTS = (
    """ALTER TABLE documento
        ALTER COLUMN origem DROP NOT NULL,
        ALTER COLUMN texto_sha256 DROP NOT NULL,
        ADD COLUMN nome_arquivo text DEFAULT '' NOT NULL,
        ADD COLUMN ato_tipo text,
        ADD COLUMN ato_numero text,
        ADD COLUMN ato_ano integer,
        ADD COLUMN etiquetas text[] DEFAULT '{}' NOT NULL,
        ADD COLUMN vigente_de date,
        ADD COLUMN vigente_ate date,
        ADD COLUMN revogado_por uuid,
        ADD COLUMN versao integer DEFAULT 1 NOT NULL,
        ADD COLUMN substituido_por uuid,
        ADD CONSTRAINT documento_revogado_por_fk
            FOREIGN KEY (revogado_por) REFERENCES documento (id) ON DELETE SET NULL,
        ADD CONSTRAINT documento_substituido_por_fk
            FOREIGN KEY (substituido_por) REFERENCES documento (id) ON DELETE SET NULL,
        ADD CONSTRAINT documento_vigencia_coerente CHECK (vigente_ate >= vigente_de),
        ADD CONSTRAINT documento_versao_positiva CHECK (versao >= 1),
        ADD CONSTRAINT documento_disponivel_com_texto CHECK (estado <> 'disponivel' OR texto_sha256 IS NOT NULL)""",
    "UPDATE documento SET nome_arquivo = regexp_replace(origem, '^.*/', '')",
    """UPDATE documento d SET estado = 'substituido', substituido_por = primeiro.id
          FROM (SELECT DISTINCT ON (texto_sha256) texto_sha256, id FROM documento
                 WHERE estado NOT IN ('falhou', 'substituido') ORDER BY texto_sha256, criado_em, id) AS primeiro
         WHERE d.texto_sha256 = primeiro.texto_sha256 AND d.id <> primeiro.id
           AND estado NOT IN ('falhou', 'substituido')""",
    "DROP INDEX documento_texto_sha",
    "CREATE UNIQUE INDEX documento_texto_sha ON documento (texto_sha256) WHERE estado NOT IN ('falhou', 'substituido')",
    "CREATE INDEX documento_ato ON documento (ato_numero, ato_ano, ato_tipo)",
    "CREATE INDEX documento_etiquetas ON documento USING gin (etiquetas)",
    "CREATE INDEX documento_revogado_por ON documento (revogado_por)",
    "CREATE INDEX documento_substituido_por ON documento (substituido_por)",
)


def upgrade() -> None:
    op.execute("SET LOCAL ROLE balcao_dono")
    op.execute("SET LOCAL search_path = balcao, public")
    for statement in _DOCUMENTS:
        op.execute(statement)
    op.execute("RESET ROLE")


def downgrade() -> None:
    op.execute("SET LOCAL ROLE balcao_dono")
    op.execute("SET LOCAL search_path = balcao, public")
    op.execute("DROP INDEX documento_texto_sha, documento_ato, documento_etiquetas")
    op.execute("CREATE INDEX documento_texto_sha ON documento (texto_sha256)")
    op.execute(
        """ALTER TABLE documento
            DROP COLUMN nome_arquivo, DROP COLUMN ato_tipo, DROP COLUMN ato_numero, DROP COLUMN ato_ano,
            DROP COLUMN etiquetas, DROP COLUMN vigente_de, DROP COLUMN vigente_ate, DROP COLUMN revogado_por,
            DROP COLUMN versao, DROP COLUMN substituido_por,
            DROP CONSTRAINT documento_disponivel_com_texto"""
    )
    op.execute("DELETE FROM documento WHERE origem IS NULL OR texto_sha256 IS NULL")
    op.execute("ALTER TABLE documento ALTER COLUMN origem SET NOT NULL, ALTER COLUMN texto_sha256 SET NOT NULL")
    op.execute("RESET ROLE")
