"""Prefeituras, their people, and what proves who they are."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import CHAR

from balcao.infrastructure.database.tables.columns import created, instant, metadata, row_id, updated, uuid

prefeituras = Table(
    "prefeitura",
    metadata,
    row_id(),
    Column("nome", Text, nullable=False),
    Column("slug", Text, nullable=False),
    Column("uf", CHAR(2)),
    Column("ibge", CHAR(7)),
    Column("publica", Boolean, nullable=False, server_default=text("false")),
    Column("quota_tokens", BigInteger, nullable=False, server_default=text("10000")),
    Column("tokens_consumidos", BigInteger, nullable=False, server_default=text("0")),
    Column("dia_contrato", Integer, nullable=False, server_default=text("1")),
    Column("ativo", Boolean, nullable=False, server_default=text("true")),
    created(),
    updated(),
    PrimaryKeyConstraint("id", name="prefeitura_pk"),
    UniqueConstraint("slug", name="prefeitura_slug"),
    UniqueConstraint("ibge", name="prefeitura_ibge"),
    CheckConstraint("nome <> ''", name="prefeitura_nome_preenchido"),
    CheckConstraint("slug ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$'", name="prefeitura_slug_valido"),
    CheckConstraint("uf ~ '^[A-Z]{2}$'", name="prefeitura_uf_valida"),
    CheckConstraint("ibge ~ '^[0-9]{7}$'", name="prefeitura_ibge_valido"),
    CheckConstraint("quota_tokens >= 0", name="prefeitura_quota_positiva"),
    CheckConstraint("tokens_consumidos >= 0", name="prefeitura_consumo_positivo"),
    CheckConstraint("dia_contrato BETWEEN 1 AND 31", name="prefeitura_dia_contrato_valido"),
)
Index("prefeitura_publica", prefeituras.c.publica, unique=True, postgresql_where=prefeituras.c.publica)

usuarios = Table(
    "usuario",
    metadata,
    uuid("prefeitura_id", ForeignKey(prefeituras.c.id, name="usuario_prefeitura_fk"), key="prefeitura_id"),
    row_id(),
    Column("nome", Text, nullable=False),
    Column("email", Text, nullable=False),
    Column("papel", Text, nullable=False, server_default=text("'servidor'")),
    Column("senha_hash", Text),
    Column("versao_token", Integer, nullable=False, server_default=text("0")),
    Column("ativo", Boolean, nullable=False, server_default=text("true")),
    Column("apagado_em", DateTime(timezone=True), key="erased_at"),
    created(),
    updated(),
    PrimaryKeyConstraint("prefeitura_id", "id", name="usuario_pk"),
    CheckConstraint("papel IN ('servidor', 'gestor', 'operador')", name="usuario_papel_valido"),
)
Index(
    "usuario_email",
    func.lower(usuarios.c.email),
    unique=True,
    postgresql_where=usuarios.c.erased_at.is_(None),
)

login_sessions = Table(
    "sessao_login",
    metadata,
    uuid("prefeitura_id", key="prefeitura_id"),
    row_id(),
    uuid("usuario_id", key="usuario_id"),
    Column("token_sha256", LargeBinary, nullable=False),
    Column("anterior_sha256", LargeBinary, key="previous_sha256"),
    instant("expira_em", "expires_at"),
    instant("revogada_em", "revoked_at", nullable=True),
    created(),
    PrimaryKeyConstraint("prefeitura_id", "id", name="sessao_login_pk"),
    ForeignKeyConstraint(
        ["prefeitura_id", "usuario_id"], [usuarios.c.prefeitura_id, usuarios.c.id], name="sessao_login_usuario_fk"
    ),
    CheckConstraint("length(token_sha256) = 32", name="sessao_login_token_inteiro"),
)
Index("sessao_login_usuario", login_sessions.c.prefeitura_id, login_sessions.c.usuario_id)
Index("sessao_login_token", login_sessions.c.token_sha256, unique=True)
Index("sessao_login_anterior", login_sessions.c.previous_sha256)

invitations = Table(
    "convite",
    metadata,
    uuid("prefeitura_id", key="prefeitura_id"),
    row_id(),
    uuid("usuario_id", key="usuario_id"),
    Column("token_sha256", LargeBinary, nullable=False),
    instant("expira_em", "expires_at"),
    instant("usado_em", "used_at", nullable=True),
    created(),
    PrimaryKeyConstraint("prefeitura_id", "id", name="convite_pk"),
    ForeignKeyConstraint(
        ["prefeitura_id", "usuario_id"], [usuarios.c.prefeitura_id, usuarios.c.id], name="convite_usuario_fk"
    ),
    CheckConstraint("length(token_sha256) = 32", name="convite_token_inteiro"),
)
Index("convite_usuario", invitations.c.prefeitura_id, invitations.c.usuario_id)
Index("convite_token", invitations.c.token_sha256, unique=True)

api_keys = Table(
    "chave_api",
    metadata,
    uuid("prefeitura_id", ForeignKey(prefeituras.c.id, name="chave_api_prefeitura_fk"), key="prefeitura_id"),
    row_id(),
    Column("nome", Text, nullable=False),
    Column("papel", Text, nullable=False),
    Column("prefixo", Text, nullable=False, key="prefix"),
    Column("segredo_sha256", LargeBinary, nullable=False, key="secret_sha256"),
    instant("usada_em", "last_used_at", nullable=True),
    instant("revogada_em", "revoked_at", nullable=True),
    created(),
    PrimaryKeyConstraint("prefeitura_id", "id", name="chave_api_pk"),
    CheckConstraint("nome <> ''", name="chave_api_nome_preenchido"),
    CheckConstraint("papel IN ('servidor', 'gestor', 'operador')", name="chave_api_papel_valido"),
    CheckConstraint("length(segredo_sha256) = 32", name="chave_api_segredo_inteiro"),
)
Index("chave_api_segredo", api_keys.c.secret_sha256, unique=True)

idempotent_answers = Table(
    "resposta_idempotente",
    metadata,
    uuid("prefeitura_id", ForeignKey(prefeituras.c.id, name="resposta_idempotente_prefeitura_fk"), key="prefeitura_id"),
    Column("chave_sha256", LargeBinary, nullable=False, key="key_sha256"),
    Column("pedido_sha256", LargeBinary, nullable=False, key="request_sha256"),
    Column("status", Integer),
    Column("corpo", LargeBinary, key="sealed_body"),
    created(),
    PrimaryKeyConstraint("prefeitura_id", "key_sha256", name="resposta_idempotente_pk"),
)
Index("resposta_idempotente_criada", idempotent_answers.c.created_at)

counters = Table(
    "contador",
    metadata,
    Column("escopo", Text, nullable=False, key="scope"),
    Column("sujeito_sha256", LargeBinary, nullable=False, key="subject"),
    instant("janela", "window"),
    Column("contagem", Integer, nullable=False, key="count"),
    PrimaryKeyConstraint("scope", "subject", "window", name="contador_pk"),
    CheckConstraint("contagem >= 0", name="contador_positivo"),
)
Index("contador_janela", counters.c.window)
