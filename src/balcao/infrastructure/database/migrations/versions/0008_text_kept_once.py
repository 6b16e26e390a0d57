"""A passage's text is kept once, behind it only its context; a document's whole text is no longer packed.

Each passage held its text twice, bare and behind its context line: half of the table. What that frees is more than what
documents' texts take unpacked, and packing them was a quarter of PostgreSQL's work in loading a collection.
"""

from balcao.infrastructure.database.migrations.owner import run_as_owner

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_UPGRADE = (
    """ALTER TABLE documento_chunk ALTER COLUMN conteudo TYPE text
        USING left(conteudo, length(conteudo) - length(texto_original))""",
    "ALTER TABLE documento_chunk RENAME COLUMN conteudo TO contexto",
    "ALTER TABLE documento ALTER COLUMN conteudo SET STORAGE EXTERNAL",
)
_DOWNGRADE = (
    "ALTER TABLE documento ALTER COLUMN conteudo SET STORAGE EXTENDED",
    "ALTER TABLE documento_chunk RENAME COLUMN contexto TO conteudo",
    "ALTER TABLE documento_chunk ALTER COLUMN conteudo TYPE text USING conteudo || texto_original",
)


def upgrade() -> None:
    """Rewrite the table of passages, which takes its space; documents that are there stay packed."""
    run_as_owner(*_UPGRADE)


def downgrade() -> None:
    """Put each text behind its context again."""
    run_as_owner(*_DOWNGRADE)
