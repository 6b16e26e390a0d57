"""Alerts that a quota comes to its end, and their deliveries: written together with the charge that caused them."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    ForeignKeyConstraint,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from balcao.infrastructure.database.tables.columns import created, instant, metadata, row_id, uuid
from balcao.infrastructure.database.tables.consumption import quota_periods

alerts = Table(
    "aviso",
    metadata,
    uuid("prefeitura_id", key="prefeitura_id"),
    row_id(),
    Column("inicio", Date, nullable=False, key="period_start"),
    Column("fim", Date, nullable=False, key="period_end"),
    Column("limiar", Integer, nullable=False, key="threshold"),
    Column("usado", BigInteger, nullable=False, key="used"),
    Column("limite", BigInteger, nullable=False, key="limit"),
    Column("acaba_em", Date, key="exhaustion"),
    created(),
    PrimaryKeyConstraint("prefeitura_id", "id", name="aviso_pk"),
    UniqueConstraint("prefeitura_id", "period_start", "threshold", name="aviso_unico"),
    ForeignKeyConstraint(
        ["prefeitura_id", "period_start"],
        [quota_periods.c.prefeitura_id, quota_periods.c.start],
        name="aviso_periodo_fk",
    ),
    CheckConstraint("limiar BETWEEN 1 AND 100", name="aviso_limiar_valido"),
    CheckConstraint("usado >= 0 AND limite >= 0", name="aviso_tokens_positivos"),
)

alert_deliveries = Table(
    "entrega_aviso",
    metadata,
    uuid("prefeitura_id", key="prefeitura_id"),
    uuid("aviso_id", key="alert_id"),
    Column("canal", Text, nullable=False, key="channel"),
    Column("estado", Text, nullable=False, server_default=text("'pendente'"), key="state"),
    Column("tentativas", Integer, nullable=False, server_default=text("0"), key="attempts"),
    instant("proxima_em", "next_at"),
    instant("entregue_em", "delivered_at", nullable=True),
    Column("erro", Text, key="error"),
    PrimaryKeyConstraint("prefeitura_id", "alert_id", "channel", name="entrega_aviso_pk"),
    ForeignKeyConstraint(
        ["prefeitura_id", "alert_id"], [alerts.c.prefeitura_id, alerts.c.id], name="entrega_aviso_aviso_fk"
    ),
    CheckConstraint("canal IN ('email', 'webhook')", name="entrega_aviso_canal_valido"),
    CheckConstraint("estado IN ('pendente', 'entregue', 'desistida')", name="entrega_aviso_estado_valido"),
    CheckConstraint("(estado = 'entregue') = (entregue_em IS NOT NULL)", name="entrega_aviso_entregue_quando"),
    CheckConstraint("tentativas >= 0", name="entrega_aviso_tentativas_positivas"),
)
Index("entrega_aviso_pendente", alert_deliveries.c.next_at, postgresql_where=alert_deliveries.c.state == "pendente")
