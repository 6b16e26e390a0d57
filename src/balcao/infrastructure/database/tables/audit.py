"""The audit trail: chains of entries, and the head of each. Triggers write all but the record; see the migration."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Computed,
    FetchedValue,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
)

from balcao.infrastructure.database.tables.columns import metadata, uuid

audit_entries = Table(
    "auditoria",
    metadata,
    uuid("prefeitura_id", key="chain_id"),
    Column("numero", BigInteger, nullable=False, server_default=FetchedValue(), key="number"),
    Column("anterior", LargeBinary, nullable=False, server_default=FetchedValue(), key="previous_hash"),
    Column("hash", LargeBinary, nullable=False, server_default=FetchedValue()),
    Column("registro", Text, nullable=False, key="record"),
    Column("acao", Text, Computed("((registro)::jsonb ->> 'acao'::text)", persisted=True), nullable=False, key="kind"),
    Column(
        "instante", Text, Computed("((registro)::jsonb ->> 'instante'::text)", persisted=True), nullable=False, key="at"
    ),
    PrimaryKeyConstraint("chain_id", "number", name="auditoria_pk"),
    CheckConstraint("numero >= 1", name="auditoria_numero_positivo"),
    CheckConstraint("length(anterior) = 32 AND length(hash) = 32", name="auditoria_hash_inteiro"),
    CheckConstraint("octet_length(registro) <= 1048576", name="auditoria_registro_curto"),
)
Index("auditoria_acao", audit_entries.c.chain_id, audit_entries.c.kind, audit_entries.c.number)

audit_heads = Table(
    "auditoria_cabeca",
    metadata,
    uuid("prefeitura_id", key="chain_id"),
    Column("numero", BigInteger, nullable=False, key="number"),
    Column("anterior", LargeBinary, nullable=False, key="previous_hash"),
    Column("hash", LargeBinary, nullable=False),
    PrimaryKeyConstraint("chain_id", name="auditoria_cabeca_pk"),
    CheckConstraint("numero >= 1", name="auditoria_cabeca_numero_positivo"),
    CheckConstraint("length(anterior) = 32 AND length(hash) = 32", name="auditoria_cabeca_hash_inteiro"),
)
