"""The global collection: outside row-level security (COPY FROM is refused under it), protected by GRANT."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
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
from sqlalchemy.dialects.postgresql import ARRAY, CHAR

from balcao.infrastructure.database.tables.columns import HalfVec, created, json, metadata, row_id, updated, uuid

documents = Table(
    "documento",
    metadata,
    row_id(),
    Column("titulo", Text, nullable=False, key="title"),
    Column("conteudo", Text, nullable=False, key="content"),
    Column("caminho_arquivo", Text, nullable=False, key="file_path"),
    Column("origem", Text, key="source"),
    Column("nome_arquivo", Text, nullable=False, server_default=text("''"), key="file_name"),
    Column("sha256", LargeBinary, nullable=False),
    Column("texto_sha256", LargeBinary, key="text_sha256"),
    Column("ente_esfera", Text, nullable=False),
    Column("ente_uf", CHAR(2)),
    Column("ente_ibge", CHAR(7)),
    Column("ato_tipo", Text, key="act_kind"),
    Column("ato_numero", Text, key="act_number"),
    Column("ato_ano", Integer, key="act_year"),
    Column("etiquetas", ARRAY(Text), nullable=False, server_default=text("'{}'"), key="tags"),
    Column("vigente_de", Date, key="in_force_from"),
    Column("vigente_ate", Date, key="in_force_until"),
    uuid(
        "revogado_por",
        ForeignKey("balcao.documento.id", name="documento_revogado_por_fk", ondelete="RESTRICT"),
        key="revoked_by",
        nullable=True,
    ),
    Column("titulo_informado", Boolean, nullable=False, server_default=text("false"), key="title_given"),
    Column("ente_informado", Boolean, nullable=False, server_default=text("false"), key="ente_given"),
    Column("versao", Integer, nullable=False, server_default=text("1"), key="version"),
    uuid(
        "substituido_por",
        ForeignKey("balcao.documento.id", name="documento_substituido_por_fk", ondelete="SET NULL"),
        key="replaced_by",
        nullable=True,
    ),
    Column("estado", Text, nullable=False, server_default=text("'processando'"), key="state"),
    Column("num_chunks", Integer, nullable=False, server_default=text("0"), key="chunk_count"),
    Column("num_termos", Integer, nullable=False, server_default=text("0"), key="term_count"),
    Column("versao_indice", Integer, nullable=False, server_default=text("0"), key="index_version"),
    json("metadata", "{}"),
    created(),
    updated(),
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
    CheckConstraint("vigente_ate >= vigente_de", name="documento_vigencia_coerente"),
    CheckConstraint("versao >= 1", name="documento_versao_positiva"),
    CheckConstraint("estado <> 'disponivel' OR texto_sha256 IS NOT NULL", name="documento_disponivel_com_texto"),
    CheckConstraint(
        "estado IN ('processando', 'aguardando_confirmacao', 'disponivel', 'falhou', 'substituido')",
        name="documento_estado_valido",
    ),
)
CURRENT_STATES = documents.c.state.not_in(("falhou", "substituido"))
Index("documento_sha", documents.c.sha256, unique=True, postgresql_where=CURRENT_STATES)
Index("documento_origem", documents.c.source, unique=True, postgresql_where=documents.c.state == "disponivel")
Index(
    "documento_origem_em_curso",
    documents.c.source,
    unique=True,
    postgresql_where=documents.c.state.in_(("processando", "aguardando_confirmacao")),
)
Index("documento_texto_sha", documents.c.text_sha256, unique=True, postgresql_where=CURRENT_STATES)
Index(
    "documento_titulo_similarity",
    func.balcao.norm(documents.c.title).label("titulo_norm"),
    postgresql_using="gin",
    postgresql_ops={"titulo_norm": "gin_trgm_ops"},
)
Index("documento_ente", documents.c.ente_esfera, documents.c.ente_uf, documents.c.ente_ibge)
Index("documento_ato", documents.c.act_number, documents.c.act_year, documents.c.act_kind)
Index("documento_etiquetas", documents.c.tags, postgresql_using="gin")
Index("documento_revogado_por", documents.c.revoked_by)
Index("documento_substituido_por", documents.c.replaced_by)
Index(
    "documento_colecao",
    documents.c.state,
    postgresql_include=["num_chunks", "num_termos"],
    postgresql_where=documents.c.state == "disponivel",
)

chunks = Table(
    "documento_chunk",
    metadata,
    row_id(),
    uuid(
        "documento_id",
        ForeignKey(documents.c.id, name="documento_chunk_documento_fk", ondelete="CASCADE"),
        key="document_id",
    ),
    Column("contexto", Text, nullable=False, key="context"),
    Column("texto_original", Text, nullable=False, key="original_content"),
    Column("indice_chunk", Integer, nullable=False, key="chunk_index"),
    Column("inicio", Integer, nullable=False, key="start_char"),
    Column("fim", Integer, nullable=False, key="end_char"),
    Column("pagina", Integer, key="page"),
    Column("caminho", Text, key="path"),
    json("metadata", "{}"),
    created(),
    PrimaryKeyConstraint("id", name="documento_chunk_pk"),
    UniqueConstraint("document_id", "chunk_index", name="documento_chunk_indice"),
    CheckConstraint("indice_chunk >= 0", name="documento_chunk_indice_positivo"),
    CheckConstraint("inicio >= 0 AND fim > inicio", name="documento_chunk_trecho_valido"),
    CheckConstraint("pagina >= 1", name="documento_chunk_pagina_valida"),
)

embeddings = Table(
    "documento_embedding",
    metadata,
    uuid(
        "chunk_id",
        ForeignKey(chunks.c.id, name="documento_embedding_chunk_fk", ondelete="CASCADE"),
        key="chunk_id",
    ),
    Column("modelo", Text, nullable=False, key="model"),
    uuid("documento_id", key="document_id"),
    Column("embedding", HalfVec(1536), nullable=False),
    Column("indexado", Boolean, nullable=False, server_default=text("false"), key="indexed"),
    created(),
    PrimaryKeyConstraint("chunk_id", "model", name="documento_embedding_pk"),
    CheckConstraint("l2_norm(embedding) > 0", name="documento_embedding_nao_nulo"),
)
Index("documento_embedding_documento", embeddings.c.document_id)
VECTOR_INDEX = Index(
    "documento_embedding_vector",
    embeddings.c.embedding,
    postgresql_using="hnsw",
    postgresql_with={"m": 16, "ef_construction": 100},
    postgresql_ops={"embedding": "halfvec_cosine_ops"},
    postgresql_where=embeddings.c.indexed,
)
Index("documento_embedding_por_indexar", embeddings.c.model, postgresql_where=~embeddings.c.indexed)

terms = Table(
    "documento_termo",
    metadata,
    Column("termo", Text, nullable=False, key="term"),
    uuid("chunk_id", ForeignKey(chunks.c.id, name="documento_termo_chunk_fk", ondelete="CASCADE"), key="chunk_id"),
    uuid("documento_id", key="document_id"),
    Column("frequencia", Integer, nullable=False, key="frequency"),
    Column("tamanho", Integer, nullable=False, key="chunk_length"),
    PrimaryKeyConstraint("term", "chunk_id", name="documento_termo_pk"),
    CheckConstraint("frequencia > 0", name="documento_termo_frequencia_positiva"),
)
Index("documento_termo_chunk", terms.c.chunk_id)
Index(
    "documento_termo_impacto",
    terms.c.term,
    func.balcao.impacto(terms.c.frequency, terms.c.chunk_length).desc(),
    postgresql_include=["chunk_id", "documento_id", "frequencia", "tamanho"],
)

chunk_terms = Table(
    "documento_chunk_termos",
    metadata,
    uuid(
        "chunk_id",
        ForeignKey(chunks.c.id, name="documento_chunk_termos_chunk_fk", ondelete="CASCADE"),
        key="chunk_id",
    ),
    uuid("documento_id", key="document_id"),
    Column("tamanho", Integer, nullable=False, key="chunk_length"),
    Column("ocorrencias", ARRAY(BigInteger), nullable=False, key="occurrences"),
    PrimaryKeyConstraint("chunk_id", name="documento_chunk_termos_pk"),
)
Index(
    "documento_chunk_termos_juntos",
    func.balcao.so_termos(chunk_terms.c.occurrences),
    postgresql_using="gin",
    postgresql_with={"fastupdate": "off"},
)

paid_vectors = Table(
    "vetor_pago",
    metadata,
    Column("texto_sha256", LargeBinary, nullable=False, key="text_sha256"),
    Column("modelo", Text, nullable=False, key="model"),
    Column("embedding", HalfVec(1536), nullable=False),
    created(),
    PrimaryKeyConstraint("text_sha256", "model", name="vetor_pago_pk"),
    CheckConstraint("length(texto_sha256) = 32", name="vetor_pago_texto_sha256_inteiro"),
)
