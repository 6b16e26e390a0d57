"""Quotas, reservations and the ledger.

The ledger is append-only: nobody but its owner, whom no program connects as, may change or delete a row of it. What
was spent before it existed is written into it, so that ledger, messages, periods and ``tokens_consumidos`` agree from
the first day on.
"""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_TABLES = (
    """CREATE TABLE quota_periodo (
        prefeitura_id uuid NOT NULL,
        inicio date NOT NULL,
        fim date NOT NULL,
        quota bigint NOT NULL,
        usado bigint DEFAULT 0 NOT NULL,
        reservado bigint DEFAULT 0 NOT NULL,
        perguntas bigint DEFAULT 0 NOT NULL,
        CONSTRAINT quota_periodo_pk PRIMARY KEY (prefeitura_id, inicio),
        CONSTRAINT quota_periodo_prefeitura_fk FOREIGN KEY (prefeitura_id) REFERENCES prefeitura (id),
        CONSTRAINT quota_periodo_dias CHECK (fim > inicio),
        CONSTRAINT quota_periodo_quota_positiva CHECK (quota >= 0),
        CONSTRAINT quota_periodo_contagem_positiva CHECK (usado >= 0 AND reservado >= 0 AND perguntas >= 0))""",
    """CREATE TABLE credito (
        prefeitura_id uuid NOT NULL,
        id uuid DEFAULT gen_random_uuid() NOT NULL,
        tokens bigint NOT NULL,
        motivo text NOT NULL,
        vale_de timestamptz NOT NULL,
        vale_ate timestamptz NOT NULL,
        criado_por uuid,
        criado_em timestamptz DEFAULT now() NOT NULL,
        CONSTRAINT credito_pk PRIMARY KEY (prefeitura_id, id),
        CONSTRAINT credito_prefeitura_fk FOREIGN KEY (prefeitura_id) REFERENCES prefeitura (id),
        CONSTRAINT credito_tokens_positivos CHECK (tokens > 0),
        CONSTRAINT credito_motivo_preenchido CHECK (motivo <> ''),
        CONSTRAINT credito_prazo CHECK (vale_ate > vale_de))""",
    """CREATE TABLE reserva (
        prefeitura_id uuid NOT NULL,
        id uuid DEFAULT gen_random_uuid() NOT NULL,
        inicio date NOT NULL,
        usuario_id uuid,
        session_id uuid,
        message_id uuid,
        estimado bigint NOT NULL,
        usado bigint,
        enviado_em timestamptz,
        gastos jsonb DEFAULT '[]' NOT NULL,
        estado text DEFAULT 'aberta' NOT NULL,
        expira_em timestamptz NOT NULL,
        criado_em timestamptz DEFAULT now() NOT NULL,
        CONSTRAINT reserva_pk PRIMARY KEY (prefeitura_id, id),
        CONSTRAINT reserva_periodo_fk
            FOREIGN KEY (prefeitura_id, inicio) REFERENCES quota_periodo (prefeitura_id, inicio),
        CONSTRAINT reserva_message_fk FOREIGN KEY (prefeitura_id, message_id) REFERENCES message (prefeitura_id, id),
        CONSTRAINT reserva_tokens_positivos CHECK (estimado > 0),
        CONSTRAINT reserva_usado_positivo CHECK (usado >= 0),
        CONSTRAINT reserva_fechada_com_uso CHECK ((estado = 'aberta') = (usado IS NULL)),
        CONSTRAINT reserva_estado_valido CHECK (estado IN ('aberta', 'liquidada', 'devolvida', 'estimada')))""",
    "CREATE INDEX reserva_periodo ON reserva (prefeitura_id, inicio)",
    "CREATE INDEX reserva_message ON reserva (prefeitura_id, message_id)",
    "CREATE INDEX reserva_abertas ON reserva (expira_em) WHERE estado = 'aberta'",
    """CREATE TABLE lancamento (
        prefeitura_id uuid NOT NULL,
        id uuid DEFAULT gen_random_uuid() NOT NULL,
        ordem bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
        inicio date NOT NULL,
        tipo text NOT NULL,
        modelo text NOT NULL,
        tokens_prompt bigint DEFAULT 0 NOT NULL,
        tokens_resposta bigint DEFAULT 0 NOT NULL,
        estimado boolean DEFAULT false NOT NULL,
        custo_reais numeric(20, 10),
        preco_de date,
        cambio numeric(12, 6),
        usuario_id uuid,
        session_id uuid,
        message_id uuid,
        reserva_id uuid,
        criado_em timestamptz DEFAULT now() NOT NULL,
        CONSTRAINT lancamento_pk PRIMARY KEY (prefeitura_id, id),
        CONSTRAINT lancamento_periodo_fk
            FOREIGN KEY (prefeitura_id, inicio) REFERENCES quota_periodo (prefeitura_id, inicio),
        CONSTRAINT lancamento_usuario_fk FOREIGN KEY (prefeitura_id, usuario_id) REFERENCES usuario (prefeitura_id, id),
        CONSTRAINT lancamento_session_fk
            FOREIGN KEY (prefeitura_id, session_id) REFERENCES chat_session (prefeitura_id, id),
        CONSTRAINT lancamento_message_fk FOREIGN KEY (prefeitura_id, message_id) REFERENCES message (prefeitura_id, id),
        CONSTRAINT lancamento_reserva_fk FOREIGN KEY (prefeitura_id, reserva_id) REFERENCES reserva (prefeitura_id, id),
        CONSTRAINT lancamento_tipo_valido
            CHECK (tipo IN ('resposta', 'embedding', 'condensacao', 'reordenacao')),
        CONSTRAINT lancamento_modelo_preenchido CHECK (modelo <> ''),
        CONSTRAINT lancamento_tokens_validos
            CHECK (tokens_prompt >= 0 AND tokens_resposta >= 0 AND tokens_prompt + tokens_resposta > 0),
        CONSTRAINT lancamento_custo_positivo CHECK (custo_reais >= 0 AND cambio > 0),
        CONSTRAINT lancamento_custo_inteiro CHECK (num_nulls(custo_reais, preco_de, cambio) IN (0, 3)))""",
    "CREATE INDEX lancamento_periodo ON lancamento (prefeitura_id, inicio)",
    "CREATE INDEX lancamento_usuario ON lancamento (prefeitura_id, usuario_id)",
    "CREATE INDEX lancamento_session ON lancamento (prefeitura_id, session_id)",
    "CREATE INDEX lancamento_message ON lancamento (prefeitura_id, message_id)",
    "CREATE INDEX lancamento_reserva ON lancamento (prefeitura_id, reserva_id)",
    "CREATE INDEX lancamento_criado ON lancamento (prefeitura_id, criado_em)",
    """CREATE TABLE lancamento_ingestao (
        id uuid DEFAULT gen_random_uuid() NOT NULL,
        modelo text NOT NULL,
        tokens_prompt bigint DEFAULT 0 NOT NULL,
        estimado boolean DEFAULT false NOT NULL,
        custo_reais numeric(20, 10),
        preco_de date,
        cambio numeric(12, 6),
        criado_em timestamptz DEFAULT now() NOT NULL,
        CONSTRAINT lancamento_ingestao_pk PRIMARY KEY (id),
        CONSTRAINT lancamento_ingestao_modelo_preenchido CHECK (modelo <> ''),
        CONSTRAINT lancamento_ingestao_tokens_validos CHECK (tokens_prompt > 0),
        CONSTRAINT lancamento_ingestao_custo_positivo CHECK (custo_reais >= 0 AND cambio > 0),
        CONSTRAINT lancamento_ingestao_custo_inteiro CHECK (num_nulls(custo_reais, preco_de, cambio) IN (0, 3)))""",
    "CREATE INDEX lancamento_ingestao_criado ON lancamento_ingestao (criado_em)",
)
_ALERTS = (
    """CREATE TABLE aviso (
        prefeitura_id uuid NOT NULL,
        id uuid DEFAULT gen_random_uuid() NOT NULL,
        inicio date NOT NULL,
        fim date NOT NULL,
        limiar integer NOT NULL,
        usado bigint NOT NULL,
        limite bigint NOT NULL,
        acaba_em date,
        criado_em timestamptz DEFAULT now() NOT NULL,
        CONSTRAINT aviso_pk PRIMARY KEY (prefeitura_id, id),
        CONSTRAINT aviso_unico UNIQUE (prefeitura_id, inicio, limiar),
        CONSTRAINT aviso_periodo_fk
            FOREIGN KEY (prefeitura_id, inicio) REFERENCES quota_periodo (prefeitura_id, inicio),
        CONSTRAINT aviso_limiar_valido CHECK (limiar BETWEEN 1 AND 100),
        CONSTRAINT aviso_tokens_positivos CHECK (usado >= 0 AND limite >= 0))""",
    """CREATE TABLE entrega_aviso (
        prefeitura_id uuid NOT NULL,
        aviso_id uuid NOT NULL,
        canal text NOT NULL,
        estado text DEFAULT 'pendente' NOT NULL,
        tentativas integer DEFAULT 0 NOT NULL,
        proxima_em timestamptz NOT NULL,
        entregue_em timestamptz,
        erro text,
        CONSTRAINT entrega_aviso_pk PRIMARY KEY (prefeitura_id, aviso_id, canal),
        CONSTRAINT entrega_aviso_aviso_fk FOREIGN KEY (prefeitura_id, aviso_id) REFERENCES aviso (prefeitura_id, id),
        CONSTRAINT entrega_aviso_canal_valido CHECK (canal IN ('email', 'webhook')),
        CONSTRAINT entrega_aviso_estado_valido CHECK (estado IN ('pendente', 'entregue', 'desistida')),
        CONSTRAINT entrega_aviso_entregue_quando CHECK ((estado = 'entregue') = (entregue_em IS NOT NULL)),
        CONSTRAINT entrega_aviso_tentativas_positivas CHECK (tentativas >= 0))""",
    "CREATE INDEX entrega_aviso_pendente ON entrega_aviso (proxima_em) WHERE estado = 'pendente'",
    "GRANT SELECT, INSERT ON aviso, entrega_aviso TO balcao_app, balcao_operador",
    "GRANT UPDATE (estado, tentativas, proxima_em, entregue_em, erro) ON entrega_aviso TO balcao_operador",
)
_TENANT_TABLES = ("quota_periodo", "credito", "reserva", "lancamento", "aviso", "entrega_aviso")
_NEW_TABLES = "entrega_aviso, aviso, lancamento_ingestao, lancamento, reserva, credito, quota_periodo"

_ONLY_GROWS = (
    """CREATE FUNCTION consumo_so_cresce() RETURNS trigger LANGUAGE plpgsql SET search_path = balcao, pg_temp AS $$
        BEGIN
            IF NEW.tokens_usados < OLD.tokens_usados OR NEW.tokens_prompt < OLD.tokens_prompt THEN
                RAISE EXCEPTION 'what was consumed is not taken back' USING ERRCODE = 'insufficient_privilege';
            END IF;
            RETURN NEW;
        END $$""",
    """CREATE TRIGGER message_consumo_so_cresce BEFORE UPDATE OF tokens_usados, tokens_prompt ON message
        FOR EACH ROW EXECUTE FUNCTION consumo_so_cresce()""",
)

_GRANTS = (
    "GRANT SELECT, INSERT ON quota_periodo, credito, reserva, lancamento TO balcao_app, balcao_operador",
    "GRANT UPDATE (quota, usado, reservado, perguntas) ON quota_periodo TO balcao_app, balcao_operador",
    "GRANT UPDATE (estimado, usado, enviado_em, gastos, estado, expira_em) ON reserva TO balcao_app, balcao_operador",
    "GRANT UPDATE (tokens_usados, tokens_prompt) ON message TO balcao_app",
    "GRANT SELECT, INSERT ON lancamento_ingestao TO balcao_ingestao",
    "GRANT SELECT ON lancamento_ingestao TO balcao_operador",
)

_SPENT_IN_THE_PAST = """
    WITH gasto AS MATERIALIZED (
    SELECT u.*, CASE WHEN u.dia < este THEN anterior ELSE este END AS inicio,
           CASE WHEN u.dia < este THEN este ELSE seguinte END AS fim
      FROM (SELECT m.prefeitura_id, m.id AS message_id, m.session_id, s.usuario_id, m.tokens_prompt,
                   m.tokens_usados - m.tokens_prompt AS tokens_resposta, m.criado_em, p.quota_tokens, p.dia_contrato,
                   coalesce(nullif(m.metadata ->> 'model', ''), 'desconhecido') AS modelo, 1 AS perguntas,
                   (m.criado_em AT TIME ZONE 'America/Sao_Paulo')::date AS dia
              FROM message m JOIN prefeitura p ON p.id = m.prefeitura_id
              JOIN chat_session s ON s.prefeitura_id = m.prefeitura_id AND s.id = m.session_id
             WHERE m.tokens_usados > 0
            UNION ALL
            SELECT p.id, NULL, NULL, NULL, p.tokens_consumidos - sum(coalesce(m.tokens_usados, 0)), 0, now(),
                   p.quota_tokens, p.dia_contrato, 'desconhecido', 0, (now() AT TIME ZONE 'America/Sao_Paulo')::date
              FROM prefeitura p LEFT JOIN message m ON m.prefeitura_id = p.id
             GROUP BY p.id HAVING p.tokens_consumidos > sum(coalesce(m.tokens_usados, 0))) u,
           LATERAL (SELECT date_trunc('month', u.dia)::date AS mes) x,
           LATERAL (SELECT least(mes + u.dia_contrato - 1, (mes + interval '1 month')::date - 1) AS este,
                           least((mes - interval '1 month')::date + u.dia_contrato - 1, mes - 1) AS anterior,
                           least((mes + interval '1 month')::date + u.dia_contrato - 1,
                                 (mes + interval '2 months')::date - 1) AS seguinte) y
    ), periodos AS (
        INSERT INTO quota_periodo (prefeitura_id, inicio, fim, quota, usado, perguntas)
        SELECT prefeitura_id, inicio, fim, quota_tokens, sum(tokens_prompt + tokens_resposta), sum(perguntas)
          FROM gasto GROUP BY prefeitura_id, inicio, fim, quota_tokens
    )
    INSERT INTO lancamento (prefeitura_id, inicio, tipo, modelo, tokens_prompt, tokens_resposta, usuario_id,
                            session_id, message_id, criado_em)
    SELECT prefeitura_id, inicio, CASE perguntas WHEN 1 THEN 'resposta' ELSE 'embedding' END, modelo, tokens_prompt,
           tokens_resposta, usuario_id, session_id, message_id, criado_em
      FROM gasto ORDER BY criado_em"""


def upgrade() -> None:
    op.execute("SET LOCAL ROLE balcao_dono")
    op.execute("SET LOCAL search_path = balcao, public")
    for statement in (*_TABLES, *_ONLY_GROWS, *_GRANTS, *_ALERTS):
        op.execute(statement)
    mine = "(prefeitura_id = (SELECT balcao.tenant()))"
    for table in _TENANT_TABLES:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY tenant ON {table} TO balcao_app USING {mine} WITH CHECK {mine}")
        op.execute(f"CREATE POLICY operador ON {table} TO balcao_operador USING (true) WITH CHECK (true)")
    op.execute("SET LOCAL ROLE balcao_operador")
    op.execute(_SPENT_IN_THE_PAST)
    op.execute("RESET ROLE")


def downgrade() -> None:
    op.execute("SET LOCAL ROLE balcao_dono")
    op.execute("SET LOCAL search_path = balcao, public")
    op.execute("REVOKE UPDATE (tokens_usados, tokens_prompt) ON message FROM balcao_app")
    op.execute("DROP TRIGGER message_consumo_so_cresce ON message")
    op.execute("DROP FUNCTION consumo_so_cresce()")
    op.execute(f"DROP TABLE {_NEW_TABLES}")
    op.execute("RESET ROLE")
