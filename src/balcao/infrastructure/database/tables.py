"""The database's schema, and the only dictionary between its Portuguese names and Python's English ones.

``Column("titulo", Text, key="title")`` is ``titulo`` in SQL and ``documents.c.title`` in Python. Every constraint and
index is named and declared here, so that a migration can be compared with it and an error recognised by its name.
Roles, row-level security, functions and grants stand in the migrations: no Core object describes them.
"""

from pgvector import HalfVector
from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ColumnElement,
    DateTime,
    Dialect,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    func,
    text,
    type_coerce,
)
from sqlalchemy.dialects.postgresql import CHAR, JSONB, UUID
from sqlalchemy.sql.operators import custom_op
from sqlalchemy.types import Float, UserDefinedType

SCHEMA = "balcao"
_COSINE_DISTANCE: custom_op[float] = custom_op("<=>")
metadata = MetaData(schema=SCHEMA)


class HalfVec(UserDefinedType[HalfVector]):
    """``halfvec(n)``: half-precision vector of pgvector.

    It has no bind or result processor: the connection's own codec (pgvector's ``register_vector``) carries the value
    in binary, for Core statements and for COPY alike. pgvector's own SQLAlchemy type sends text, which that codec
    refuses.
    """

    cache_ok = True

    def __init__(self, dimensions: int) -> None:
        super().__init__()
        self.dimensions = dimensions

    def get_col_spec(self, **_: object) -> str:
        """The type's name in DDL."""
        return f"HALFVEC({self.dimensions})"

    def literal_processor(self, dialect: Dialect) -> None:  # noqa: ARG002 - SQLAlchemy's signature
        """Vectors are never written into SQL text."""
        return

    class comparator_factory(UserDefinedType.Comparator[HalfVector]):  # noqa: N801 - SQLAlchemy's name
        """Adds pgvector's distance operators."""

        def cosine_distance(self, other: object) -> ColumnElement[float]:
            """Cosine distance in 0..2 (``<=>``)."""
            return type_coerce(self.operate(_COSINE_DISTANCE, other), Float())


def _created() -> Column[object]:
    return Column("criado_em", DateTime(timezone=True), nullable=False, server_default=func.now(), key="created_at")


def _updated() -> Column[object]:
    return Column("atualizado_em", DateTime(timezone=True), nullable=False, server_default=func.now(), key="updated_at")


def _json(name: str, default: str, key: str | None = None) -> Column[object]:
    return Column(name, JSONB, nullable=False, server_default=text(f"'{default}'"), key=key or name)


def _uuid(name: str, *args: ForeignKey, key: str, nullable: bool = False) -> Column[object]:
    return Column(name, UUID(as_uuid=True), *args, nullable=nullable, key=key)


def _instant(name: str, key: str, *, nullable: bool = False) -> Column[object]:
    return Column(name, DateTime(timezone=True), nullable=nullable, key=key)


def _id() -> Column[object]:
    return Column("id", UUID(as_uuid=True), nullable=False, server_default=func.gen_random_uuid())


# Tenants: every table below, up to `idempotent_answers`, is kept apart by row-level security ---------------------

prefeituras = Table(
    "prefeitura",
    metadata,
    _id(),
    Column("nome", Text, nullable=False),
    Column("slug", Text, nullable=False),
    Column("uf", CHAR(2)),
    Column("ibge", CHAR(7)),
    Column("publica", Boolean, nullable=False, server_default=text("false")),
    Column("quota_tokens", BigInteger, nullable=False, server_default=text("10000")),
    Column("tokens_consumidos", BigInteger, nullable=False, server_default=text("0")),
    Column("dia_contrato", Integer, nullable=False, server_default=text("1")),
    Column("ativo", Boolean, nullable=False, server_default=text("true")),
    _created(),
    _updated(),
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
    _uuid("prefeitura_id", ForeignKey(prefeituras.c.id, name="usuario_prefeitura_fk"), key="prefeitura_id"),
    _id(),
    Column("nome", Text, nullable=False),
    Column("email", Text, nullable=False),
    Column("papel", Text, nullable=False, server_default=text("'servidor'")),
    Column("senha_hash", Text),
    Column("versao_token", Integer, nullable=False, server_default=text("0")),
    Column("ativo", Boolean, nullable=False, server_default=text("true")),
    Column("apagado_em", DateTime(timezone=True), key="erased_at"),
    _created(),
    _updated(),
    PrimaryKeyConstraint("prefeitura_id", "id", name="usuario_pk"),
    CheckConstraint("papel IN ('servidor', 'gestor', 'operador')", name="usuario_papel_valido"),
)
Index(
    "usuario_email",
    func.lower(usuarios.c.email),
    unique=True,
    postgresql_where=usuarios.c.erased_at.is_(None),
)

sessions = Table(
    "chat_session",
    metadata,
    _uuid("prefeitura_id", ForeignKey(prefeituras.c.id, name="chat_session_prefeitura_fk"), key="prefeitura_id"),
    _id(),
    _uuid("usuario_id", key="usuario_id", nullable=True),
    Column("titulo", Text, key="title"),
    Column("ativo", Boolean, nullable=False, server_default=text("true"), key="is_active"),
    _json("metadata", "{}"),
    Column("apagado_em", DateTime(timezone=True), key="erased_at"),
    _created(),
    _updated(),
    PrimaryKeyConstraint("prefeitura_id", "id", name="chat_session_pk"),
    ForeignKeyConstraint(
        ["prefeitura_id", "usuario_id"], [usuarios.c.prefeitura_id, usuarios.c.id], name="chat_session_usuario_fk"
    ),
)
Index("chat_session_usuario", sessions.c.prefeitura_id, sessions.c.usuario_id)

messages = Table(
    "message",
    metadata,
    _uuid("prefeitura_id", key="prefeitura_id"),
    _id(),
    _uuid("session_id", key="session_id"),
    Column("ordem", BigInteger, Identity(always=True), nullable=False, key="position"),
    Column("role", Text, nullable=False),
    Column("conteudo", Text, key="content"),
    Column("tipo_mensagem", Text, nullable=False, server_default=text("'text'"), key="message_type"),
    _json("referencias_documento", "[]", key="document_references"),
    Column("tokens_usados", BigInteger, nullable=False, server_default=text("0"), key="total_tokens"),
    Column("tokens_prompt", BigInteger, nullable=False, server_default=text("0"), key="prompt_tokens"),
    _json("metadata", "{}"),
    Column(
        "criado_em",
        DateTime(timezone=True),
        nullable=False,
        server_default=func.clock_timestamp(),
        key="created_at",
    ),
    PrimaryKeyConstraint("prefeitura_id", "id", name="message_pk"),
    ForeignKeyConstraint(
        ["prefeitura_id", "session_id"], [sessions.c.prefeitura_id, sessions.c.id], name="message_session_fk"
    ),
    CheckConstraint("role IN ('user', 'assistant', 'system')", name="message_role_valido"),
    CheckConstraint("tipo_mensagem IN ('text', 'search_result', 'error')", name="message_tipo_valido"),
    CheckConstraint("tokens_usados >= tokens_prompt AND tokens_prompt >= 0", name="message_tokens_validos"),
)
Index("message_sessao", messages.c.prefeitura_id, messages.c.session_id, messages.c.position)
Index("message_criado", messages.c.prefeitura_id, messages.c.created_at)

login_sessions = Table(
    "sessao_login",
    metadata,
    _uuid("prefeitura_id", key="prefeitura_id"),
    _id(),
    _uuid("usuario_id", key="usuario_id"),
    Column("token_sha256", LargeBinary, nullable=False),
    Column("anterior_sha256", LargeBinary, key="previous_sha256"),
    _instant("expira_em", "expires_at"),
    _instant("revogada_em", "revoked_at", nullable=True),
    _created(),
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
    _uuid("prefeitura_id", key="prefeitura_id"),
    _id(),
    _uuid("usuario_id", key="usuario_id"),
    Column("token_sha256", LargeBinary, nullable=False),
    _instant("expira_em", "expires_at"),
    _instant("usado_em", "used_at", nullable=True),
    _created(),
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
    _uuid("prefeitura_id", ForeignKey(prefeituras.c.id, name="chave_api_prefeitura_fk"), key="prefeitura_id"),
    _id(),
    Column("nome", Text, nullable=False),
    Column("papel", Text, nullable=False),
    Column("prefixo", Text, nullable=False, key="prefix"),
    Column("segredo_sha256", LargeBinary, nullable=False, key="secret_sha256"),
    _instant("usada_em", "last_used_at", nullable=True),
    _instant("revogada_em", "revoked_at", nullable=True),
    _created(),
    PrimaryKeyConstraint("prefeitura_id", "id", name="chave_api_pk"),
    CheckConstraint("nome <> ''", name="chave_api_nome_preenchido"),
    CheckConstraint("papel IN ('servidor', 'gestor', 'operador')", name="chave_api_papel_valido"),
    CheckConstraint("length(segredo_sha256) = 32", name="chave_api_segredo_inteiro"),
)
Index("chave_api_segredo", api_keys.c.secret_sha256, unique=True)

idempotent_answers = Table(
    "resposta_idempotente",
    metadata,
    _uuid(
        "prefeitura_id", ForeignKey(prefeituras.c.id, name="resposta_idempotente_prefeitura_fk"), key="prefeitura_id"
    ),
    Column("chave_sha256", LargeBinary, nullable=False, key="key_sha256"),
    Column("pedido_sha256", LargeBinary, nullable=False, key="request_sha256"),
    Column("status", Integer),
    Column("corpo", LargeBinary, key="sealed_body"),
    _created(),
    PrimaryKeyConstraint("prefeitura_id", "key_sha256", name="resposta_idempotente_pk"),
)
Index("resposta_idempotente_criada", idempotent_answers.c.created_at)

# Counts of no tenant: digests of subjects, without anybody's name or address -----------------------------------------

counters = Table(
    "contador",
    metadata,
    Column("escopo", Text, nullable=False, key="scope"),
    Column("sujeito_sha256", LargeBinary, nullable=False, key="subject"),
    _instant("janela", "window"),
    Column("contagem", Integer, nullable=False, key="count"),
    PrimaryKeyConstraint("scope", "subject", "window", name="contador_pk"),
    CheckConstraint("contagem >= 0", name="contador_positivo"),
)
Index("contador_janela", counters.c.window)

# The global collection: outside row-level security (COPY FROM is refused under it), protected by GRANT --------------

documents = Table(
    "documento",
    metadata,
    _id(),
    Column("titulo", Text, nullable=False, key="title"),
    Column("conteudo", Text, nullable=False, key="content"),
    Column("caminho_arquivo", Text, nullable=False, key="file_path"),
    Column("origem", Text, nullable=False, key="source"),
    Column("sha256", LargeBinary, nullable=False),
    Column("texto_sha256", LargeBinary, nullable=False, key="text_sha256"),
    Column("ente_esfera", Text, nullable=False),
    Column("ente_uf", CHAR(2)),
    Column("ente_ibge", CHAR(7)),
    Column("estado", Text, nullable=False, server_default=text("'processando'"), key="state"),
    Column("num_chunks", Integer, nullable=False, server_default=text("0"), key="chunk_count"),
    Column("num_termos", Integer, nullable=False, server_default=text("0"), key="term_count"),
    _json("metadata", "{}"),
    _created(),
    _updated(),
    PrimaryKeyConstraint("id", name="documento_pk"),
    CheckConstraint("titulo <> ''", name="documento_titulo_preenchido"),
    CheckConstraint("length(origem) <= 1000", name="documento_origem_curta"),
    CheckConstraint("length(sha256) = 32", name="documento_sha256_inteiro"),
    CheckConstraint("length(texto_sha256) = 32", name="documento_texto_sha256_inteiro"),
    CheckConstraint(
        "CASE ente_esfera WHEN 'estadual' THEN ente_uf IS NOT NULL AND ente_ibge IS NULL"
        " WHEN 'municipal' THEN ente_ibge IS NULL OR ente_uf IS NOT NULL"
        " WHEN 'federal' THEN ente_uf IS NULL AND ente_ibge IS NULL"
        " WHEN 'geral' THEN ente_uf IS NULL AND ente_ibge IS NULL ELSE false END",
        name="documento_ente_coerente",
    ),
    CheckConstraint(
        "estado IN ('processando', 'aguardando_confirmacao', 'disponivel', 'falhou', 'substituido')",
        name="documento_estado_valido",
    ),
)
CURRENT_STATES = documents.c.state.not_in(("falhou", "substituido"))
Index("documento_sha", documents.c.sha256, unique=True, postgresql_where=CURRENT_STATES)
Index("documento_origem", documents.c.source, unique=True, postgresql_where=CURRENT_STATES)
Index("documento_texto_sha", documents.c.text_sha256)
Index(
    "documento_titulo_similarity",
    func.balcao.norm(documents.c.title).label("titulo_norm"),
    postgresql_using="gin",
    postgresql_ops={"titulo_norm": "gin_trgm_ops"},
)
Index("documento_ente", documents.c.ente_esfera, documents.c.ente_uf, documents.c.ente_ibge)
Index(
    "documento_colecao",
    documents.c.state,
    postgresql_include=["num_chunks", "num_termos"],
    postgresql_where=documents.c.state == "disponivel",
)

chunks = Table(
    "documento_chunk",
    metadata,
    _id(),
    _uuid(
        "documento_id",
        ForeignKey(documents.c.id, name="documento_chunk_documento_fk", ondelete="CASCADE"),
        key="document_id",
    ),
    Column("conteudo", Text, nullable=False, key="content"),
    Column("texto_original", Text, nullable=False, key="original_content"),
    Column("indice_chunk", Integer, nullable=False, key="chunk_index"),
    Column("inicio", Integer, nullable=False, key="start_char"),
    Column("fim", Integer, nullable=False, key="end_char"),
    Column("pagina", Integer, key="page"),
    Column("caminho", Text, key="path"),
    _json("metadata", "{}"),
    _created(),
    PrimaryKeyConstraint("id", name="documento_chunk_pk"),
    UniqueConstraint("document_id", "chunk_index", name="documento_chunk_indice"),
    CheckConstraint("indice_chunk >= 0", name="documento_chunk_indice_positivo"),
    CheckConstraint("inicio >= 0 AND fim > inicio", name="documento_chunk_trecho_valido"),
    CheckConstraint("pagina >= 1", name="documento_chunk_pagina_valida"),
)

embeddings = Table(
    "documento_embedding",
    metadata,
    _uuid(
        "chunk_id",
        ForeignKey(chunks.c.id, name="documento_embedding_chunk_fk", ondelete="CASCADE"),
        key="chunk_id",
    ),
    Column("modelo", Text, nullable=False, key="model"),
    _uuid("documento_id", key="document_id"),
    Column("embedding", HalfVec(1536), nullable=False),
    _created(),
    PrimaryKeyConstraint("chunk_id", "model", name="documento_embedding_pk"),
    CheckConstraint("l2_norm(embedding) > 0", name="documento_embedding_nao_nulo"),
)
Index("documento_embedding_documento", embeddings.c.document_id)
Index(
    "documento_embedding_vector",
    embeddings.c.embedding,
    postgresql_using="hnsw",
    postgresql_with={"m": 16, "ef_construction": 200},
    postgresql_ops={"embedding": "halfvec_cosine_ops"},
)

terms = Table(
    "documento_termo",
    metadata,
    Column("termo", Text, nullable=False, key="term"),
    _uuid("chunk_id", ForeignKey(chunks.c.id, name="documento_termo_chunk_fk", ondelete="CASCADE"), key="chunk_id"),
    _uuid("documento_id", key="document_id"),
    Column("frequencia", Integer, nullable=False, key="frequency"),
    Column("tamanho", Integer, nullable=False, key="chunk_length"),
    PrimaryKeyConstraint("term", "chunk_id", name="documento_termo_pk"),
    CheckConstraint("frequencia > 0", name="documento_termo_frequencia_positiva"),
)
Index("documento_termo_chunk", terms.c.chunk_id)
Index(
    "documento_termo_busca",
    terms.c.term,
    postgresql_include=["chunk_id", "documento_id", "frequencia", "tamanho"],
)

paid_vectors = Table(
    "vetor_pago",
    metadata,
    Column("texto_sha256", LargeBinary, nullable=False, key="text_sha256"),
    Column("modelo", Text, nullable=False, key="model"),
    Column("embedding", HalfVec(1536), nullable=False),
    _created(),
    PrimaryKeyConstraint("text_sha256", "model", name="vetor_pago_pk"),
    CheckConstraint("length(texto_sha256) = 32", name="vetor_pago_texto_sha256_inteiro"),
)
