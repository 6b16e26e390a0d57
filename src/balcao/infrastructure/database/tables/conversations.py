"""Conversations and their messages, kept apart by prefeitura and by person."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    func,
    text,
)

from balcao.infrastructure.database.tables.columns import created, json, metadata, row_id, updated, uuid
from balcao.infrastructure.database.tables.identity import prefeituras, usuarios

sessions = Table(
    "chat_session",
    metadata,
    uuid("prefeitura_id", ForeignKey(prefeituras.c.id, name="chat_session_prefeitura_fk"), key="prefeitura_id"),
    row_id(),
    uuid("usuario_id", key="usuario_id", nullable=True),
    Column("titulo", Text, key="title"),
    Column("ativo", Boolean, nullable=False, server_default=text("true"), key="is_active"),
    json("metadata", "{}"),
    Column("apagado_em", DateTime(timezone=True), key="erased_at"),
    created(),
    updated(),
    PrimaryKeyConstraint("prefeitura_id", "id", name="chat_session_pk"),
    ForeignKeyConstraint(
        ["prefeitura_id", "usuario_id"], [usuarios.c.prefeitura_id, usuarios.c.id], name="chat_session_usuario_fk"
    ),
)
Index("chat_session_usuario", sessions.c.prefeitura_id, sessions.c.usuario_id)

messages = Table(
    "message",
    metadata,
    uuid("prefeitura_id", key="prefeitura_id"),
    row_id(),
    uuid("session_id", key="session_id"),
    Column("ordem", BigInteger, Identity(always=True), nullable=False, key="position"),
    Column("role", Text, nullable=False),
    Column("conteudo", Text, key="content"),
    Column("tipo_mensagem", Text, nullable=False, server_default=text("'text'"), key="message_type"),
    json("referencias_documento", "[]", key="document_references"),
    Column("tokens_usados", BigInteger, nullable=False, server_default=text("0"), key="total_tokens"),
    Column("tokens_prompt", BigInteger, nullable=False, server_default=text("0"), key="prompt_tokens"),
    json("metadata", "{}"),
    Column(
        "criado_em",
        DateTime(timezone=True),
        nullable=False,
        server_default=func.clock_timestamp(),
        key="created_at",
    ),
    Column("sal", LargeBinary, key="salt"),
    PrimaryKeyConstraint("prefeitura_id", "id", name="message_pk"),
    ForeignKeyConstraint(
        ["prefeitura_id", "session_id"], [sessions.c.prefeitura_id, sessions.c.id], name="message_session_fk"
    ),
    CheckConstraint("role IN ('user', 'assistant', 'system')", name="message_role_valido"),
    CheckConstraint("tipo_mensagem IN ('text', 'search_result', 'error')", name="message_tipo_valido"),
    CheckConstraint("tokens_usados >= tokens_prompt AND tokens_prompt >= 0", name="message_tokens_validos"),
    CheckConstraint("length(sal) = 32", name="message_sal_inteiro"),
)
Index("message_sessao", messages.c.prefeitura_id, messages.c.session_id, messages.c.position)
Index("message_criado", messages.c.prefeitura_id, messages.c.created_at)
