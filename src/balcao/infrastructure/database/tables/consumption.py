"""Quotas, reservations and the ledger, kept apart by prefeitura; ingestion's charges, which are the installation's."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Numeric,
    PrimaryKeyConstraint,
    Table,
    Text,
    text,
)

from balcao.infrastructure.database.tables.columns import created, instant, json, metadata, row_id, uuid
from balcao.infrastructure.database.tables.conversations import messages, sessions
from balcao.infrastructure.database.tables.identity import prefeituras, usuarios


def _tokens(name: str, key: str) -> Column[object]:
    return Column(name, BigInteger, nullable=False, server_default=text("0"), key=key)


def _money() -> tuple[Column[object], ...]:
    """The cost in reais, by which price and which exchange rate; all three or none."""
    return (
        Column("custo_reais", Numeric(20, 10), key="cost"),
        Column("preco_de", Date, key="price_date"),
        Column("cambio", Numeric(12, 6), key="exchange_rate"),
    )


quota_periods = Table(
    "quota_periodo",
    metadata,
    uuid("prefeitura_id", ForeignKey(prefeituras.c.id, name="quota_periodo_prefeitura_fk"), key="prefeitura_id"),
    Column("inicio", Date, nullable=False, key="start"),
    Column("fim", Date, nullable=False, key="end"),
    Column("quota", BigInteger, nullable=False),
    _tokens("usado", "used"),
    _tokens("reservado", "reserved"),
    _tokens("perguntas", "questions"),
    PrimaryKeyConstraint("prefeitura_id", "start", name="quota_periodo_pk"),
    CheckConstraint("fim > inicio", name="quota_periodo_dias"),
    CheckConstraint("quota >= 0", name="quota_periodo_quota_positiva"),
    CheckConstraint("usado >= 0 AND reservado >= 0 AND perguntas >= 0", name="quota_periodo_contagem_positiva"),
)

credits_ = Table(
    "credito",
    metadata,
    uuid("prefeitura_id", ForeignKey(prefeituras.c.id, name="credito_prefeitura_fk"), key="prefeitura_id"),
    row_id(),
    Column("tokens", BigInteger, nullable=False),
    Column("motivo", Text, nullable=False, key="reason"),
    instant("vale_de", "valid_from"),
    instant("vale_ate", "valid_until"),
    uuid("criado_por", key="created_by", nullable=True),
    created(),
    PrimaryKeyConstraint("prefeitura_id", "id", name="credito_pk"),
    CheckConstraint("tokens > 0", name="credito_tokens_positivos"),
    CheckConstraint("motivo <> ''", name="credito_motivo_preenchido"),
    CheckConstraint("vale_ate > vale_de", name="credito_prazo"),
)

reservations = Table(
    "reserva",
    metadata,
    uuid("prefeitura_id", key="prefeitura_id"),
    row_id(),
    Column("inicio", Date, nullable=False, key="period_start"),
    uuid("usuario_id", key="usuario_id", nullable=True),
    uuid("session_id", key="session_id", nullable=True),
    uuid("message_id", key="message_id", nullable=True),
    Column("estimado", BigInteger, nullable=False, key="tokens"),
    Column("usado", BigInteger, key="charged"),
    instant("enviado_em", "sent_at", nullable=True),
    json("gastos", "[]", key="checkpoint"),
    Column("estado", Text, nullable=False, server_default=text("'aberta'"), key="state"),
    instant("expira_em", "expires_at"),
    created(),
    PrimaryKeyConstraint("prefeitura_id", "id", name="reserva_pk"),
    ForeignKeyConstraint(
        ["prefeitura_id", "period_start"],
        [quota_periods.c.prefeitura_id, quota_periods.c.start],
        name="reserva_periodo_fk",
    ),
    ForeignKeyConstraint(
        ["prefeitura_id", "message_id"], [messages.c.prefeitura_id, messages.c.id], name="reserva_message_fk"
    ),
    CheckConstraint("estimado > 0", name="reserva_tokens_positivos"),
    CheckConstraint("usado >= 0", name="reserva_usado_positivo"),
    CheckConstraint("(estado = 'aberta') = (usado IS NULL)", name="reserva_fechada_com_uso"),
    CheckConstraint("estado IN ('aberta', 'liquidada', 'devolvida', 'estimada')", name="reserva_estado_valido"),
)
Index("reserva_periodo", reservations.c.prefeitura_id, reservations.c.period_start)
Index("reserva_message", reservations.c.prefeitura_id, reservations.c.message_id)
Index("reserva_abertas", reservations.c.expires_at, postgresql_where=reservations.c.state == "aberta")

ledger = Table(
    "lancamento",
    metadata,
    uuid("prefeitura_id", key="prefeitura_id"),
    row_id(),
    Column("ordem", BigInteger, Identity(always=True), nullable=False, key="position"),
    Column("inicio", Date, nullable=False, key="period_start"),
    Column("tipo", Text, nullable=False, key="kind"),
    Column("modelo", Text, nullable=False, key="model"),
    _tokens("tokens_prompt", "prompt_tokens"),
    _tokens("tokens_resposta", "completion_tokens"),
    Column("estimado", Boolean, nullable=False, server_default=text("false"), key="estimated"),
    *_money(),
    uuid("usuario_id", key="usuario_id", nullable=True),
    uuid("session_id", key="session_id", nullable=True),
    uuid("message_id", key="message_id", nullable=True),
    uuid("reserva_id", key="reservation_id", nullable=True),
    created(),
    PrimaryKeyConstraint("prefeitura_id", "id", name="lancamento_pk"),
    ForeignKeyConstraint(
        ["prefeitura_id", "period_start"],
        [quota_periods.c.prefeitura_id, quota_periods.c.start],
        name="lancamento_periodo_fk",
    ),
    ForeignKeyConstraint(
        ["prefeitura_id", "usuario_id"], [usuarios.c.prefeitura_id, usuarios.c.id], name="lancamento_usuario_fk"
    ),
    ForeignKeyConstraint(
        ["prefeitura_id", "session_id"], [sessions.c.prefeitura_id, sessions.c.id], name="lancamento_session_fk"
    ),
    ForeignKeyConstraint(
        ["prefeitura_id", "message_id"], [messages.c.prefeitura_id, messages.c.id], name="lancamento_message_fk"
    ),
    ForeignKeyConstraint(
        ["prefeitura_id", "reservation_id"],
        [reservations.c.prefeitura_id, reservations.c.id],
        name="lancamento_reserva_fk",
    ),
    CheckConstraint("tipo IN ('resposta', 'embedding', 'condensacao', 'reordenacao')", name="lancamento_tipo_valido"),
    CheckConstraint("modelo <> ''", name="lancamento_modelo_preenchido"),
    CheckConstraint(
        "tokens_prompt >= 0 AND tokens_resposta >= 0 AND tokens_prompt + tokens_resposta > 0",
        name="lancamento_tokens_validos",
    ),
    CheckConstraint("custo_reais >= 0 AND cambio > 0", name="lancamento_custo_positivo"),
    CheckConstraint("num_nulls(custo_reais, preco_de, cambio) IN (0, 3)", name="lancamento_custo_inteiro"),
)
Index("lancamento_periodo", ledger.c.prefeitura_id, ledger.c.period_start)
Index("lancamento_usuario", ledger.c.prefeitura_id, ledger.c.usuario_id)
Index("lancamento_session", ledger.c.prefeitura_id, ledger.c.session_id)
Index("lancamento_message", ledger.c.prefeitura_id, ledger.c.message_id)
Index("lancamento_reserva", ledger.c.prefeitura_id, ledger.c.reservation_id)
Index("lancamento_criado", ledger.c.prefeitura_id, ledger.c.created_at)

ingestion_ledger = Table(
    "lancamento_ingestao",
    metadata,
    row_id(),
    Column("modelo", Text, nullable=False, key="model"),
    _tokens("tokens_prompt", "prompt_tokens"),
    Column("estimado", Boolean, nullable=False, server_default=text("false"), key="estimated"),
    *_money(),
    created(),
    PrimaryKeyConstraint("id", name="lancamento_ingestao_pk"),
    CheckConstraint("modelo <> ''", name="lancamento_ingestao_modelo_preenchido"),
    CheckConstraint("tokens_prompt > 0", name="lancamento_ingestao_tokens_validos"),
    CheckConstraint("custo_reais >= 0 AND cambio > 0", name="lancamento_ingestao_custo_positivo"),
    CheckConstraint("num_nulls(custo_reais, preco_de, cambio) IN (0, 3)", name="lancamento_ingestao_custo_inteiro"),
)
Index("lancamento_ingestao_criado", ingestion_ledger.c.created_at)
