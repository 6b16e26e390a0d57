"""People's logins, invitations, API keys, idempotent answers and bounded counts; conversations by person.

A conversation belongs to its person inside the prefeitura too: the policy compares it with the transaction's
``balcao.usuario_id``, so that colleagues' conversations do not exist for one another.
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_TABLES = (
    "ALTER TABLE usuario ADD COLUMN versao_token integer DEFAULT 0 NOT NULL",
    "ALTER TABLE prefeitura ADD COLUMN dia_contrato integer DEFAULT 1 NOT NULL"
    " CONSTRAINT prefeitura_dia_contrato_valido CHECK (dia_contrato BETWEEN 1 AND 31)",
    """CREATE TABLE sessao_login (
        prefeitura_id uuid NOT NULL,
        id uuid DEFAULT gen_random_uuid() NOT NULL,
        usuario_id uuid NOT NULL,
        token_sha256 bytea NOT NULL,
        anterior_sha256 bytea,
        expira_em timestamptz NOT NULL,
        revogada_em timestamptz,
        criado_em timestamptz DEFAULT now() NOT NULL,
        CONSTRAINT sessao_login_pk PRIMARY KEY (prefeitura_id, id),
        CONSTRAINT sessao_login_usuario_fk
            FOREIGN KEY (prefeitura_id, usuario_id) REFERENCES usuario (prefeitura_id, id),
        CONSTRAINT sessao_login_token_inteiro CHECK (length(token_sha256) = 32))""",
    "CREATE INDEX sessao_login_usuario ON sessao_login (prefeitura_id, usuario_id)",
    "CREATE UNIQUE INDEX sessao_login_token ON sessao_login (token_sha256)",
    "CREATE INDEX sessao_login_anterior ON sessao_login (anterior_sha256)",
    """CREATE TABLE convite (
        prefeitura_id uuid NOT NULL,
        id uuid DEFAULT gen_random_uuid() NOT NULL,
        usuario_id uuid NOT NULL,
        token_sha256 bytea NOT NULL,
        expira_em timestamptz NOT NULL,
        usado_em timestamptz,
        criado_em timestamptz DEFAULT now() NOT NULL,
        CONSTRAINT convite_pk PRIMARY KEY (prefeitura_id, id),
        CONSTRAINT convite_usuario_fk FOREIGN KEY (prefeitura_id, usuario_id) REFERENCES usuario (prefeitura_id, id),
        CONSTRAINT convite_token_inteiro CHECK (length(token_sha256) = 32))""",
    "CREATE INDEX convite_usuario ON convite (prefeitura_id, usuario_id)",
    "CREATE UNIQUE INDEX convite_token ON convite (token_sha256)",
    """CREATE TABLE chave_api (
        prefeitura_id uuid NOT NULL,
        id uuid DEFAULT gen_random_uuid() NOT NULL,
        nome text NOT NULL,
        papel text NOT NULL,
        prefixo text NOT NULL,
        segredo_sha256 bytea NOT NULL,
        usada_em timestamptz,
        revogada_em timestamptz,
        criado_em timestamptz DEFAULT now() NOT NULL,
        CONSTRAINT chave_api_pk PRIMARY KEY (prefeitura_id, id),
        CONSTRAINT chave_api_prefeitura_fk FOREIGN KEY (prefeitura_id) REFERENCES prefeitura (id),
        CONSTRAINT chave_api_nome_preenchido CHECK (nome <> ''),
        CONSTRAINT chave_api_papel_valido CHECK (papel IN ('servidor', 'gestor', 'operador')),
        CONSTRAINT chave_api_segredo_inteiro CHECK (length(segredo_sha256) = 32))""",
    "CREATE UNIQUE INDEX chave_api_segredo ON chave_api (segredo_sha256)",
    """CREATE TABLE resposta_idempotente (
        prefeitura_id uuid NOT NULL,
        chave_sha256 bytea NOT NULL,
        pedido_sha256 bytea NOT NULL,
        status integer,
        corpo bytea,
        criado_em timestamptz DEFAULT now() NOT NULL,
        CONSTRAINT resposta_idempotente_pk PRIMARY KEY (prefeitura_id, chave_sha256),
        CONSTRAINT resposta_idempotente_prefeitura_fk FOREIGN KEY (prefeitura_id) REFERENCES prefeitura (id))""",
    "CREATE INDEX resposta_idempotente_criada ON resposta_idempotente (criado_em)",
    """CREATE TABLE contador (
        escopo text NOT NULL,
        sujeito_sha256 bytea NOT NULL,
        janela timestamptz NOT NULL,
        contagem integer NOT NULL,
        CONSTRAINT contador_pk PRIMARY KEY (escopo, sujeito_sha256, janela),
        CONSTRAINT contador_positivo CHECK (contagem >= 0))""",
    "CREATE INDEX contador_janela ON contador (janela)",
)

_FUNCTIONS = (
    """CREATE FUNCTION pessoa() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
        AS $$ SELECT nullif(current_setting('balcao.usuario_id', true), '')::uuid $$""",
    """CREATE FUNCTION usuario_por_email(procurado text, OUT prefeitura_id uuid, OUT id uuid)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = balcao, pg_temp
        AS $$ SELECT u.prefeitura_id, u.id FROM usuario u JOIN prefeitura p ON p.id = u.prefeitura_id
               WHERE lower(u.email) = lower(procurado) AND u.apagado_em IS NULL AND u.ativo AND p.ativo $$""",
    """CREATE FUNCTION existe_usuario() RETURNS boolean
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = balcao, pg_temp
        AS $$ SELECT EXISTS (SELECT FROM usuario) $$""",
    """CREATE FUNCTION login_por_token(procurado bytea, OUT prefeitura_id uuid, OUT id uuid)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = balcao, pg_temp
        AS $$ SELECT s.prefeitura_id, s.id FROM sessao_login s
               WHERE s.token_sha256 = procurado OR s.anterior_sha256 = procurado LIMIT 1 $$""",
    """CREATE FUNCTION convite_por_token(procurado bytea) RETURNS uuid
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = balcao, pg_temp
        AS $$ SELECT c.prefeitura_id FROM convite c JOIN prefeitura p ON p.id = c.prefeitura_id
               WHERE c.token_sha256 = procurado AND p.ativo $$""",
    """CREATE FUNCTION chave_por_segredo(procurado bytea, OUT prefeitura_id uuid, OUT id uuid, OUT papel text)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = balcao, pg_temp
        AS $$ SELECT c.prefeitura_id, c.id, c.papel FROM chave_api c JOIN prefeitura p ON p.id = c.prefeitura_id
               WHERE c.segredo_sha256 = procurado AND c.revogada_em IS NULL AND p.ativo $$""",
)
_DOORS = (
    "usuario_por_email(text), existe_usuario(), login_por_token(bytea), convite_por_token(bytea), "
    "chave_por_segredo(bytea)"
)
_BEHIND_DOORS = ("usuario", "sessao_login", "convite", "chave_api")

_GRANTS = (
    "GRANT SELECT, INSERT ON sessao_login, convite, chave_api, resposta_idempotente, contador TO balcao_app",
    "GRANT UPDATE (versao_token) ON usuario TO balcao_app",
    "GRANT UPDATE (token_sha256, anterior_sha256, revogada_em) ON sessao_login TO balcao_app",
    "GRANT UPDATE (usado_em) ON convite TO balcao_app",
    "GRANT UPDATE (usada_em, revogada_em) ON chave_api TO balcao_app",
    "GRANT UPDATE (pedido_sha256, status, corpo, criado_em), DELETE ON resposta_idempotente TO balcao_app",
    "GRANT UPDATE (contagem) ON contador TO balcao_app",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON sessao_login, convite, chave_api, resposta_idempotente, contador"
    " TO balcao_operador",
    f"REVOKE ALL ON FUNCTION {_DOORS} FROM PUBLIC",
    f"GRANT EXECUTE ON FUNCTION {_DOORS} TO balcao_app, balcao_operador",
)

_TENANT_TABLES = ("sessao_login", "convite", "chave_api", "resposta_idempotente")
_MINE = "(prefeitura_id = (SELECT balcao.tenant()))"
_MY_CONVERSATION = f"({_MINE} AND usuario_id IS NOT DISTINCT FROM (SELECT balcao.pessoa()))"
_MY_MESSAGE = (
    f"({_MINE} AND EXISTS (SELECT FROM balcao.chat_session s"
    " WHERE s.prefeitura_id = message.prefeitura_id AND s.id = message.session_id))"
)


def upgrade() -> None:
    op.execute("SET LOCAL ROLE balcao_dono")
    op.execute("SET LOCAL search_path = balcao, public")
    for statement in (*_TABLES, *_FUNCTIONS, *_GRANTS):
        op.execute(statement)
    for table in _TENANT_TABLES:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY tenant ON {table} TO balcao_app USING {_MINE} WITH CHECK {_MINE}")
        op.execute(f"CREATE POLICY operador ON {table} TO balcao_operador USING (true) WITH CHECK (true)")
    for table in _BEHIND_DOORS:
        op.execute(f"CREATE POLICY porta ON {table} FOR SELECT TO balcao_dono USING (true)")
    _replace_policy("chat_session", _MY_CONVERSATION)
    _replace_policy("message", _MY_MESSAGE)
    op.execute("RESET ROLE")


def downgrade() -> None:
    op.execute("SET LOCAL ROLE balcao_dono")
    op.execute("SET LOCAL search_path = balcao, public")
    _replace_policy("message", _MINE)
    _replace_policy("chat_session", _MINE)
    op.execute("DROP POLICY porta ON usuario")
    op.execute(f"DROP FUNCTION {_DOORS}, pessoa()")
    op.execute("DROP TABLE contador, resposta_idempotente, chave_api, convite, sessao_login")
    op.execute("ALTER TABLE prefeitura DROP COLUMN dia_contrato")
    op.execute("ALTER TABLE usuario DROP COLUMN versao_token")
    op.execute("RESET ROLE")


def _replace_policy(table: str, condition: str) -> None:
    op.execute(f"DROP POLICY tenant ON {table}")
    op.execute(f"CREATE POLICY tenant ON {table} TO balcao_app USING {condition} WITH CHECK {condition}")
