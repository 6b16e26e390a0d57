"""Roles, extensions, the schema of the decision record corrected, and row-level security.

Run by the server's admin. Everything is owned by ``balcao_dono``, as whom nobody logs in; the application's roles
have exactly the rights granted here. No role bypasses row-level security: the operator's sees every tenant by
policies of its own, which also works on managed servers whose admin may not grant BYPASSRLS.

Roles belong to the whole server, and other databases of it may be using them: going down leaves them.
"""

from alembic import op
from sqlalchemy import text

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_ROLES = ("balcao_dono NOLOGIN", "balcao_app LOGIN", "balcao_ingestao LOGIN", "balcao_operador LOGIN")
_TENANT_TABLES = ("usuario", "chat_session", "message")

_FUNCTIONS = """
-- unaccent() is STABLE; an index needs an IMMUTABLE wrapper that names the dictionary
CREATE FUNCTION norm(texto text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    AS $$ SELECT lower(public.unaccent('public.unaccent'::regdictionary, normalize(texto, NFKC))) $$;

-- '' after the setting's first use in a connection, hence nullif
CREATE FUNCTION tenant() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT nullif(current_setting('balcao.prefeitura_id', true), '')::uuid $$;

CREATE TEXT SEARCH CONFIGURATION portugues (COPY = pg_catalog.portuguese);
ALTER TEXT SEARCH CONFIGURATION portugues
    ALTER MAPPING FOR word, hword, hword_part WITH public.unaccent, pg_catalog.portuguese_stem;

-- The words that a text is found by. The stemmer's own stop list is accented and the words that reach it are not, so
-- the stems that stop words leave are dropped here; it also keeps the plural of short words ("leis", "dias").
CREATE FUNCTION termos(texto text) RETURNS TABLE (termo text, frequencia int)
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE ROWS 20
    AS $$ SELECT CASE WHEN length(lexeme) > 3 THEN rtrim(lexeme, 's') ELSE lexeme END, sum(cardinality(positions))::int
            FROM unnest(to_tsvector('balcao.portugues', normalize(texto, NFKC)))
           WHERE lexeme <> ALL (string_to_array(
                 'agor aind alem algum ate atrav cad contr cuj desd dest diss dist eram esta estav estiver estivess '
                 'foss ha hao houver houvera houveri houvess ja la mediant muit nao onde per perant porqu pra qua '
                 'qualqu quant sao send ser sera so sob sobr tal tamb ter tera teri tinh tiver tivess tod umas uns vai '
                 'vao vez voc', ' '))
           GROUP BY 1 $$;
"""

_TABLES = """
CREATE TABLE prefeitura (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    nome text NOT NULL,
    slug text NOT NULL,
    uf char(2),
    ibge char(7),
    publica boolean DEFAULT false NOT NULL,
    quota_tokens bigint DEFAULT 10000 NOT NULL,
    tokens_consumidos bigint DEFAULT 0 NOT NULL,
    ativo boolean DEFAULT true NOT NULL,
    criado_em timestamptz DEFAULT now() NOT NULL,
    atualizado_em timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT prefeitura_pk PRIMARY KEY (id),
    CONSTRAINT prefeitura_slug UNIQUE (slug),
    CONSTRAINT prefeitura_ibge UNIQUE (ibge),
    CONSTRAINT prefeitura_nome_preenchido CHECK (nome <> ''),
    CONSTRAINT prefeitura_slug_valido CHECK (slug ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$'),
    CONSTRAINT prefeitura_uf_valida CHECK (uf ~ '^[A-Z]{2}$'),
    CONSTRAINT prefeitura_ibge_valido CHECK (ibge ~ '^[0-9]{7}$'),
    CONSTRAINT prefeitura_quota_positiva CHECK (quota_tokens >= 0),
    CONSTRAINT prefeitura_consumo_positivo CHECK (tokens_consumidos >= 0)
);
CREATE UNIQUE INDEX prefeitura_publica ON prefeitura (publica) WHERE publica;

CREATE TABLE usuario (
    prefeitura_id uuid NOT NULL,
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    nome text NOT NULL,
    email text NOT NULL,
    papel text DEFAULT 'servidor' NOT NULL,
    senha_hash text,
    ativo boolean DEFAULT true NOT NULL,
    apagado_em timestamptz,
    criado_em timestamptz DEFAULT now() NOT NULL,
    atualizado_em timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT usuario_pk PRIMARY KEY (prefeitura_id, id),
    CONSTRAINT usuario_prefeitura_fk FOREIGN KEY (prefeitura_id) REFERENCES prefeitura (id),
    CONSTRAINT usuario_papel_valido CHECK (papel IN ('servidor', 'gestor', 'operador'))
);
CREATE UNIQUE INDEX usuario_email ON usuario (lower(email)) WHERE apagado_em IS NULL;

CREATE TABLE chat_session (
    prefeitura_id uuid NOT NULL,
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    usuario_id uuid,
    titulo text,
    ativo boolean DEFAULT true NOT NULL,
    metadata jsonb DEFAULT '{}' NOT NULL,
    apagado_em timestamptz,
    criado_em timestamptz DEFAULT now() NOT NULL,
    atualizado_em timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT chat_session_pk PRIMARY KEY (prefeitura_id, id),
    CONSTRAINT chat_session_prefeitura_fk FOREIGN KEY (prefeitura_id) REFERENCES prefeitura (id),
    CONSTRAINT chat_session_usuario_fk
        FOREIGN KEY (prefeitura_id, usuario_id) REFERENCES usuario (prefeitura_id, id)
);
CREATE INDEX chat_session_usuario ON chat_session (prefeitura_id, usuario_id);

CREATE TABLE message (
    prefeitura_id uuid NOT NULL,
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    session_id uuid NOT NULL,
    ordem bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
    role text NOT NULL,
    conteudo text,
    tipo_mensagem text DEFAULT 'text' NOT NULL,
    referencias_documento jsonb DEFAULT '[]' NOT NULL,
    tokens_usados bigint DEFAULT 0 NOT NULL,
    tokens_prompt bigint DEFAULT 0 NOT NULL,
    metadata jsonb DEFAULT '{}' NOT NULL,
    criado_em timestamptz DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT message_pk PRIMARY KEY (prefeitura_id, id),
    CONSTRAINT message_session_fk
        FOREIGN KEY (prefeitura_id, session_id) REFERENCES chat_session (prefeitura_id, id),
    CONSTRAINT message_role_valido CHECK (role IN ('user', 'assistant', 'system')),
    CONSTRAINT message_tipo_valido CHECK (tipo_mensagem IN ('text', 'search_result', 'error')),
    CONSTRAINT message_tokens_validos CHECK (tokens_usados >= tokens_prompt AND tokens_prompt >= 0)
);
CREATE INDEX message_sessao ON message (prefeitura_id, session_id, ordem);
CREATE INDEX message_criado ON message (prefeitura_id, criado_em);

CREATE TABLE documento (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    titulo text NOT NULL,
    conteudo text NOT NULL,
    caminho_arquivo text NOT NULL,
    origem text NOT NULL,
    sha256 bytea NOT NULL,
    texto_sha256 bytea NOT NULL,
    ente_esfera text NOT NULL,
    ente_uf char(2),
    ente_ibge char(7),
    estado text DEFAULT 'processando' NOT NULL,
    num_chunks integer DEFAULT 0 NOT NULL,
    num_termos integer DEFAULT 0 NOT NULL,
    metadata jsonb DEFAULT '{}' NOT NULL,
    criado_em timestamptz DEFAULT now() NOT NULL,
    atualizado_em timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT documento_pk PRIMARY KEY (id),
    CONSTRAINT documento_titulo_preenchido CHECK (titulo <> ''),
    CONSTRAINT documento_origem_curta CHECK (length(origem) <= 1000),
    CONSTRAINT documento_sha256_inteiro CHECK (length(sha256) = 32),
    CONSTRAINT documento_texto_sha256_inteiro CHECK (length(texto_sha256) = 32),
    CONSTRAINT documento_ente_coerente CHECK (
        CASE ente_esfera WHEN 'estadual' THEN ente_uf IS NOT NULL AND ente_ibge IS NULL
                         WHEN 'municipal' THEN ente_ibge IS NULL OR ente_uf IS NOT NULL
                         WHEN 'federal' THEN ente_uf IS NULL AND ente_ibge IS NULL
                         WHEN 'geral' THEN ente_uf IS NULL AND ente_ibge IS NULL
                         ELSE false END),
    CONSTRAINT documento_estado_valido
        CHECK (estado IN ('processando', 'aguardando_confirmacao', 'disponivel', 'falhou', 'substituido'))
);
CREATE UNIQUE INDEX documento_sha ON documento (sha256) WHERE estado NOT IN ('falhou', 'substituido');
CREATE UNIQUE INDEX documento_origem ON documento (origem) WHERE estado NOT IN ('falhou', 'substituido');
CREATE INDEX documento_texto_sha ON documento (texto_sha256);
CREATE INDEX documento_titulo_similarity ON documento USING gin (norm(titulo) gin_trgm_ops);
CREATE INDEX documento_ente ON documento (ente_esfera, ente_uf, ente_ibge);
CREATE INDEX documento_colecao ON documento (estado) INCLUDE (num_chunks, num_termos) WHERE estado = 'disponivel';

CREATE TABLE documento_chunk (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    documento_id uuid NOT NULL,
    conteudo text NOT NULL,
    texto_original text NOT NULL,
    indice_chunk integer NOT NULL,
    inicio integer NOT NULL,
    fim integer NOT NULL,
    pagina integer,
    caminho text,
    metadata jsonb DEFAULT '{}' NOT NULL,
    criado_em timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT documento_chunk_pk PRIMARY KEY (id),
    CONSTRAINT documento_chunk_documento_fk
        FOREIGN KEY (documento_id) REFERENCES documento (id) ON DELETE CASCADE,
    CONSTRAINT documento_chunk_indice UNIQUE (documento_id, indice_chunk),
    CONSTRAINT documento_chunk_indice_positivo CHECK (indice_chunk >= 0),
    CONSTRAINT documento_chunk_trecho_valido CHECK (inicio >= 0 AND fim > inicio),
    CONSTRAINT documento_chunk_pagina_valida CHECK (pagina >= 1)
);

-- Apart from the text, so that a page holds two vectors; PLAIN, so that none is moved out of its row
CREATE TABLE documento_embedding (
    chunk_id uuid NOT NULL,
    modelo text NOT NULL,
    documento_id uuid NOT NULL,
    embedding halfvec(1536) NOT NULL,
    criado_em timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT documento_embedding_pk PRIMARY KEY (chunk_id, modelo),
    CONSTRAINT documento_embedding_chunk_fk
        FOREIGN KEY (chunk_id) REFERENCES documento_chunk (id) ON DELETE CASCADE,
    CONSTRAINT documento_embedding_nao_nulo CHECK (l2_norm(embedding) > 0)
);
ALTER TABLE documento_embedding ALTER COLUMN embedding SET STORAGE PLAIN;
CREATE INDEX documento_embedding_documento ON documento_embedding (documento_id);
CREATE INDEX documento_embedding_vector ON documento_embedding
    USING hnsw (embedding halfvec_cosine_ops) WITH (m = 16, ef_construction = 200);

CREATE TABLE documento_termo (
    termo text NOT NULL,
    chunk_id uuid NOT NULL,
    documento_id uuid NOT NULL,
    frequencia integer NOT NULL,
    tamanho integer NOT NULL,
    CONSTRAINT documento_termo_pk PRIMARY KEY (termo, chunk_id),
    CONSTRAINT documento_termo_chunk_fk
        FOREIGN KEY (chunk_id) REFERENCES documento_chunk (id) ON DELETE CASCADE,
    CONSTRAINT documento_termo_frequencia_positiva CHECK (frequencia > 0)
);
CREATE INDEX documento_termo_chunk ON documento_termo (chunk_id);
CREATE INDEX documento_termo_busca ON documento_termo (termo)
    INCLUDE (chunk_id, documento_id, frequencia, tamanho);

CREATE TABLE vetor_pago (
    texto_sha256 bytea NOT NULL,
    modelo text NOT NULL,
    embedding halfvec(1536) NOT NULL,
    criado_em timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT vetor_pago_pk PRIMARY KEY (texto_sha256, modelo),
    CONSTRAINT vetor_pago_texto_sha256_inteiro CHECK (length(texto_sha256) = 32)
);
"""

_DOORS = """
-- Before a tenant is known: narrow doors that show one id
CREATE FUNCTION prefeitura_publica() RETURNS uuid LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = balcao, pg_temp AS $$ SELECT id FROM prefeitura WHERE publica AND ativo $$;
CREATE FUNCTION prefeitura_por_slug(procurado text) RETURNS uuid LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = balcao, pg_temp AS $$ SELECT id FROM prefeitura WHERE slug = procurado AND ativo $$;
REVOKE ALL ON FUNCTION prefeitura_publica(), prefeitura_por_slug(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION prefeitura_publica(), prefeitura_por_slug(text) TO balcao_app, balcao_operador;
"""

_GRANTS = """
GRANT USAGE ON SCHEMA balcao TO balcao_app, balcao_ingestao, balcao_operador;
GRANT SELECT ON prefeitura TO balcao_app;
GRANT UPDATE (tokens_consumidos, atualizado_em) ON prefeitura TO balcao_app;
GRANT SELECT, INSERT ON usuario, chat_session, message TO balcao_app;
GRANT UPDATE (nome, email, papel, senha_hash, ativo, apagado_em, atualizado_em) ON usuario TO balcao_app;
GRANT UPDATE (titulo, ativo, metadata, apagado_em, atualizado_em) ON chat_session TO balcao_app;
GRANT UPDATE (conteudo, referencias_documento, metadata) ON message TO balcao_app;
GRANT SELECT ON documento, documento_chunk, documento_embedding, documento_termo TO balcao_app;
GRANT SELECT, INSERT, UPDATE, DELETE
    ON documento, documento_chunk, documento_embedding, documento_termo, vetor_pago TO balcao_ingestao;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA balcao TO balcao_operador;
"""


def upgrade() -> None:
    # From PostgreSQL 16 on, who creates a role is its member, but may not assume it without a grant
    may_assume = op.get_bind().scalar(
        text("SELECT CASE WHEN current_setting('server_version_num')::int < 160000 THEN 'MEMBER' ELSE 'SET' END")
    )
    for role in _ROLES:
        name = role.split()[0]
        op.execute(
            f"""DO $$ BEGIN
                IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{name}') THEN CREATE ROLE {role}; END IF;
                IF NOT pg_has_role(current_user, '{name}', '{may_assume}') THEN
                    EXECUTE format('GRANT {name} TO %I', current_user);
                END IF;
            END $$"""
        )
    for extension in ("vector", "pg_trgm", "unaccent"):
        op.execute(f"CREATE EXTENSION IF NOT EXISTS {extension} WITH SCHEMA public")
    op.execute("CREATE SCHEMA balcao AUTHORIZATION balcao_dono")
    op.execute("GRANT SELECT ON public.balcao_versao TO balcao_app, balcao_ingestao, balcao_operador")
    op.execute("SET LOCAL ROLE balcao_dono")
    op.execute("SET LOCAL search_path = balcao, public")
    for script in (_FUNCTIONS, _TABLES, _DOORS, _GRANTS):
        _run(script)
    _isolate("prefeitura", "id")
    for table in _TENANT_TABLES:
        _isolate(table, "prefeitura_id")
    op.execute("CREATE POLICY porta ON prefeitura FOR SELECT TO balcao_dono USING (true)")
    op.execute("SET LOCAL ROLE balcao_operador")
    op.execute("INSERT INTO prefeitura (nome, slug, publica) VALUES ('Atendimento público', 'publica', true)")
    op.execute("RESET ROLE")


def downgrade() -> None:
    op.execute("REVOKE SELECT ON public.balcao_versao FROM balcao_app, balcao_ingestao, balcao_operador")
    op.execute("DROP SCHEMA balcao CASCADE")


def _isolate(table: str, column: str) -> None:
    """Row-level security that binds the owner too: a tenant sees its rows, the operator's role sees all."""
    mine = f"({column} = (SELECT balcao.tenant()))"
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY tenant ON {table} TO balcao_app USING {mine} WITH CHECK {mine}")
    op.execute(f"CREATE POLICY operador ON {table} TO balcao_operador USING (true) WITH CHECK (true)")


def _run(script: str) -> None:
    """One statement a call: the driver prepares each, and prepares only one at a time."""
    statement = ""
    for line in script.splitlines():
        statement += line + "\n"
        if line.rstrip().endswith(";"):
            op.execute(statement.replace(":", r"\:").rstrip().rstrip(";"))
            statement = ""
