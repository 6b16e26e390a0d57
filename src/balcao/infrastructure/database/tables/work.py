"""Background work on documents. The queue itself is pgqueuer's: its tables stand in migration 0003 alone."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    text,
)

from balcao.infrastructure.database.tables.collection import documents
from balcao.infrastructure.database.tables.columns import created, metadata, row_id, updated, uuid

QUEUE_TABLE = "pgqueuer"
"""Its tables and types begin with this name."""

jobs = Table(
    "trabalho_ingestao",
    metadata,
    row_id(),
    uuid(
        "documento_id",
        ForeignKey(documents.c.id, name="trabalho_ingestao_documento_fk", ondelete="CASCADE"),
        key="document_id",
    ),
    Column("estado", Text, nullable=False, server_default=text("'na_fila'"), key="state"),
    Column("etapa", Text, nullable=False, server_default=text("'ler'"), key="step"),
    Column("feitos", Integer, nullable=False, server_default=text("0"), key="done"),
    Column("total", Integer, nullable=False, server_default=text("0"), key="total"),
    Column("tentativas", Integer, nullable=False, server_default=text("0"), key="attempts"),
    Column("falhas", Integer, nullable=False, server_default=text("0"), key="failures"),
    Column("tokens", BigInteger, nullable=False, server_default=text("0"), key="tokens"),
    Column("confirmado", Boolean, nullable=False, server_default=text("false"), key="confirmed"),
    Column("manter_titulo", Boolean, nullable=False, server_default=text("false"), key="keeps_title"),
    Column("manter_ente", Boolean, nullable=False, server_default=text("false"), key="keeps_ente"),
    Column("solicitante", Text, nullable=False, server_default=text("'instalacao'"), key="requested_by_kind"),
    uuid("solicitado_por", key="requested_by_id", nullable=True),
    Column("erro_codigo", Text, key="error_code"),
    Column("motivo", Text, key="reason"),
    uuid(
        "relacionado_a",
        ForeignKey(documents.c.id, name="trabalho_ingestao_relacionado_fk", ondelete="SET NULL"),
        key="related",
        nullable=True,
    ),
    Column("executor", Text, key="owner"),
    Column("batimento", DateTime(timezone=True), key="beat_at"),
    Column("nao_antes", DateTime(timezone=True), key="not_before"),
    created(),
    updated(),
    PrimaryKeyConstraint("id", name="trabalho_ingestao_pk"),
    CheckConstraint(
        "estado IN ('na_fila', 'executando', 'concluido', 'falhou', 'cancelado')",
        name="trabalho_ingestao_estado_valido",
    ),
    CheckConstraint("etapa IN ('ler', 'dividir', 'vetores', 'publicar')", name="trabalho_ingestao_etapa_valida"),
    CheckConstraint(
        "CASE solicitante WHEN 'instalacao' THEN solicitado_por IS NULL"
        " WHEN 'pessoa' THEN solicitado_por IS NOT NULL WHEN 'chave' THEN solicitado_por IS NOT NULL ELSE false END",
        name="trabalho_ingestao_solicitante_valido",
    ),
    CheckConstraint("feitos >= 0 AND total >= feitos", name="trabalho_ingestao_progresso_valido"),
    CheckConstraint("tentativas >= 0 AND falhas >= 0 AND tokens >= 0", name="trabalho_ingestao_contagens_positivas"),
    CheckConstraint(
        "estado <> 'executando' OR (executor IS NOT NULL AND batimento IS NOT NULL)",
        name="trabalho_ingestao_tem_executor",
    ),
    CheckConstraint("estado <> 'falhou' OR motivo IS NOT NULL", name="trabalho_ingestao_falha_com_motivo"),
)
UNFINISHED = jobs.c.state.in_(("na_fila", "executando"))
Index("trabalho_ingestao_documento", jobs.c.document_id, jobs.c.created_at)
Index("trabalho_ingestao_relacionado", jobs.c.related)
Index("trabalho_ingestao_um_por_documento", jobs.c.document_id, unique=True, postgresql_where=UNFINISHED)
Index("trabalho_ingestao_pendente", jobs.c.state, jobs.c.beat_at, postgresql_where=UNFINISHED)
