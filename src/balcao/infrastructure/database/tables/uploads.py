"""Uploads that are announced and not registered as documents yet."""

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, LargeBinary, PrimaryKeyConstraint, Table, Text

from balcao.infrastructure.database.tables.columns import created, instant, metadata, row_id

uploads = Table(
    "envio",
    metadata,
    row_id(),
    Column("nome_arquivo", Text, nullable=False, key="file_name"),
    Column("tamanho", BigInteger, nullable=False, key="size"),
    Column("sha256", LargeBinary, nullable=False),
    instant("vence_em", "expires_at"),
    created(),
    PrimaryKeyConstraint("id", name="envio_pk"),
    CheckConstraint("length(nome_arquivo) BETWEEN 1 AND 255", name="envio_nome_arquivo_curto"),
    CheckConstraint("tamanho >= 1", name="envio_tamanho_positivo"),
    CheckConstraint("length(sha256) = 32", name="envio_sha256_inteiro"),
)
Index("envio_vencimento", uploads.c.expires_at)
