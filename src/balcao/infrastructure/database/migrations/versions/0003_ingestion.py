"""What ingestion needs: a document's act, version, validity and tags, the jobs that take documents in, their queue.

Two current documents with the same text were possible until now: the later ones are marked as replaced by the first.
A source may have one document that is searched and one that is on its way to replace it.
"""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_DOCUMENTS = (
    """ALTER TABLE documento
        ALTER COLUMN origem DROP NOT NULL,
        ALTER COLUMN texto_sha256 DROP NOT NULL,
        ADD COLUMN nome_arquivo text DEFAULT '' NOT NULL,
        ADD COLUMN ato_tipo text,
        ADD COLUMN ato_numero text,
        ADD COLUMN ato_ano integer,
        ADD COLUMN etiquetas text[] DEFAULT '{}' NOT NULL,
        ADD COLUMN vigente_de date,
        ADD COLUMN vigente_ate date,
        ADD COLUMN revogado_por uuid,
        ADD COLUMN titulo_informado boolean DEFAULT false NOT NULL,
        ADD COLUMN ente_informado boolean DEFAULT false NOT NULL,
        ADD COLUMN versao integer DEFAULT 1 NOT NULL,
        ADD COLUMN substituido_por uuid,
        ADD CONSTRAINT documento_revogado_por_fk
            FOREIGN KEY (revogado_por) REFERENCES documento (id) ON DELETE RESTRICT,
        ADD CONSTRAINT documento_substituido_por_fk
            FOREIGN KEY (substituido_por) REFERENCES documento (id) ON DELETE SET NULL,
        ADD CONSTRAINT documento_vigencia_coerente CHECK (vigente_ate >= vigente_de),
        ADD CONSTRAINT documento_versao_positiva CHECK (versao >= 1),
        ADD CONSTRAINT documento_disponivel_com_texto CHECK (estado <> 'disponivel' OR texto_sha256 IS NOT NULL)""",
    "UPDATE documento SET nome_arquivo = regexp_replace(origem, '^.*/', '')",
    """UPDATE documento d SET estado = 'substituido', substituido_por = primeiro.id
          FROM (SELECT DISTINCT ON (texto_sha256) texto_sha256, id FROM documento
                 WHERE estado NOT IN ('falhou', 'substituido') ORDER BY texto_sha256, criado_em, id) AS primeiro
         WHERE d.texto_sha256 = primeiro.texto_sha256 AND d.id <> primeiro.id
           AND estado NOT IN ('falhou', 'substituido')""",
    "DROP INDEX documento_texto_sha",
    "CREATE UNIQUE INDEX documento_texto_sha ON documento (texto_sha256) WHERE estado NOT IN ('falhou', 'substituido')",
    "CREATE INDEX documento_ato ON documento (ato_numero, ato_ano, ato_tipo)",
    "CREATE INDEX documento_etiquetas ON documento USING gin (etiquetas)",
    "CREATE INDEX documento_revogado_por ON documento (revogado_por)",
    "CREATE INDEX documento_substituido_por ON documento (substituido_por)",
    "DROP INDEX documento_origem",
    "CREATE UNIQUE INDEX documento_origem ON documento (origem) WHERE estado = 'disponivel'",
    """CREATE UNIQUE INDEX documento_origem_em_curso ON documento (origem)
        WHERE estado IN ('processando', 'aguardando_confirmacao')""",
)

_JOBS = (
    """CREATE TABLE trabalho_ingestao (
        id uuid DEFAULT gen_random_uuid() NOT NULL,
        documento_id uuid NOT NULL,
        estado text DEFAULT 'na_fila' NOT NULL,
        etapa text DEFAULT 'ler' NOT NULL,
        feitos integer DEFAULT 0 NOT NULL,
        total integer DEFAULT 0 NOT NULL,
        tentativas integer DEFAULT 0 NOT NULL,
        falhas integer DEFAULT 0 NOT NULL,
        tokens bigint DEFAULT 0 NOT NULL,
        confirmado boolean DEFAULT false NOT NULL,
        manter_titulo boolean DEFAULT false NOT NULL,
        manter_ente boolean DEFAULT false NOT NULL,
        solicitante text DEFAULT 'instalacao' NOT NULL,
        solicitado_por uuid,
        erro_codigo text,
        motivo text,
        relacionado_a uuid,
        executor text,
        batimento timestamptz,
        nao_antes timestamptz,
        criado_em timestamptz DEFAULT now() NOT NULL,
        atualizado_em timestamptz DEFAULT now() NOT NULL,
        CONSTRAINT trabalho_ingestao_pk PRIMARY KEY (id),
        CONSTRAINT trabalho_ingestao_documento_fk
            FOREIGN KEY (documento_id) REFERENCES documento (id) ON DELETE CASCADE,
        CONSTRAINT trabalho_ingestao_relacionado_fk
            FOREIGN KEY (relacionado_a) REFERENCES documento (id) ON DELETE SET NULL,
        CONSTRAINT trabalho_ingestao_estado_valido
            CHECK (estado IN ('na_fila', 'executando', 'concluido', 'falhou', 'cancelado')),
        CONSTRAINT trabalho_ingestao_etapa_valida CHECK (etapa IN ('ler', 'dividir', 'vetores', 'publicar')),
        CONSTRAINT trabalho_ingestao_solicitante_valido CHECK (CASE solicitante
            WHEN 'instalacao' THEN solicitado_por IS NULL WHEN 'pessoa' THEN solicitado_por IS NOT NULL
            WHEN 'chave' THEN solicitado_por IS NOT NULL ELSE false END),
        CONSTRAINT trabalho_ingestao_progresso_valido CHECK (feitos >= 0 AND total >= feitos),
        CONSTRAINT trabalho_ingestao_contagens_positivas CHECK (tentativas >= 0 AND falhas >= 0 AND tokens >= 0),
        CONSTRAINT trabalho_ingestao_tem_executor
            CHECK (estado <> 'executando' OR (executor IS NOT NULL AND batimento IS NOT NULL)),
        CONSTRAINT trabalho_ingestao_falha_com_motivo CHECK (estado <> 'falhou' OR motivo IS NOT NULL)
    )""",
    "CREATE INDEX trabalho_ingestao_documento ON trabalho_ingestao (documento_id, criado_em)",
    "CREATE INDEX trabalho_ingestao_relacionado ON trabalho_ingestao (relacionado_a)",
    """CREATE UNIQUE INDEX trabalho_ingestao_um_por_documento ON trabalho_ingestao (documento_id)
        WHERE estado IN ('na_fila', 'executando')""",
    """CREATE INDEX trabalho_ingestao_pendente ON trabalho_ingestao (estado, batimento)
        WHERE estado IN ('na_fila', 'executando')""",
    "GRANT SELECT ON trabalho_ingestao TO balcao_app",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON trabalho_ingestao TO balcao_ingestao, balcao_operador",
)

_UPLOADS = (
    """CREATE TABLE envio (
        id uuid DEFAULT gen_random_uuid() NOT NULL,
        nome_arquivo text NOT NULL,
        tamanho bigint NOT NULL,
        sha256 bytea NOT NULL,
        vence_em timestamptz NOT NULL,
        criado_em timestamptz DEFAULT now() NOT NULL,
        CONSTRAINT envio_pk PRIMARY KEY (id),
        CONSTRAINT envio_nome_arquivo_curto CHECK (length(nome_arquivo) BETWEEN 1 AND 255),
        CONSTRAINT envio_tamanho_positivo CHECK (tamanho >= 1),
        CONSTRAINT envio_sha256_inteiro CHECK (length(sha256) = 32)
    )""",
    "CREATE INDEX envio_vencimento ON envio (vence_em)",
    "GRANT SELECT, INSERT, DELETE ON envio TO balcao_ingestao",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON envio TO balcao_operador",
)

# pgqueuer 1.6's own schema ("pgq sql install"), durable, but for its function's fixed search path
_QUEUE = (
    """CREATE TYPE pgqueuer_status AS ENUM
        ('queued', 'picked', 'successful', 'exception', 'canceled', 'deleted', 'failed')""",
    """CREATE TABLE pgqueuer (
        id bigserial NOT NULL PRIMARY KEY,
        priority integer NOT NULL,
        queue_manager_id uuid,
        created timestamp with time zone NOT NULL DEFAULT now(),
        updated timestamp with time zone NOT NULL DEFAULT now(),
        heartbeat timestamp with time zone NOT NULL DEFAULT now(),
        execute_after timestamp with time zone NOT NULL DEFAULT now(),
        status pgqueuer_status NOT NULL,
        entrypoint text NOT NULL,
        dedupe_key text,
        payload bytea,
        headers jsonb,
        attempts integer NOT NULL DEFAULT 0,
        slot bigint
    )""",
    """CREATE TABLE pgqueuer_log (
        id bigint GENERATED BY DEFAULT AS IDENTITY NOT NULL PRIMARY KEY,
        created timestamp with time zone NOT NULL DEFAULT now(),
        job_id bigint NOT NULL,
        status pgqueuer_status NOT NULL,
        priority integer NOT NULL,
        entrypoint text NOT NULL,
        traceback jsonb,
        aggregated boolean DEFAULT false
    )""",
    """CREATE TABLE pgqueuer_schedules (
        id bigserial NOT NULL PRIMARY KEY,
        expression text NOT NULL,
        entrypoint text NOT NULL,
        heartbeat timestamp with time zone NOT NULL DEFAULT now(),
        created timestamp with time zone NOT NULL DEFAULT now(),
        updated timestamp with time zone NOT NULL DEFAULT now(),
        next_run timestamp with time zone NOT NULL DEFAULT now(),
        last_run timestamp with time zone,
        status pgqueuer_status DEFAULT 'queued',
        UNIQUE (expression, entrypoint)
    )""",
    """CREATE TABLE pgqueuer_statistics (
        id bigserial NOT NULL PRIMARY KEY,
        created timestamp with time zone NOT NULL DEFAULT date_trunc('sec', now()),
        count bigint NOT NULL,
        priority integer NOT NULL,
        status pgqueuer_status NOT NULL,
        entrypoint text NOT NULL
    )""",
    "CREATE INDEX pgqueuer_ep_ea_idx ON pgqueuer (entrypoint, execute_after) WHERE status = 'queued'",
    "CREATE INDEX pgqueuer_ep_prio_id_idx ON pgqueuer (entrypoint, priority DESC, id) WHERE status = 'queued'",
    "CREATE INDEX pgqueuer_log_created ON pgqueuer_log (created)",
    "CREATE INDEX pgqueuer_log_job_id_status ON pgqueuer_log (job_id, created DESC)",
    "CREATE INDEX pgqueuer_log_not_aggregated ON pgqueuer_log ((1)) WHERE NOT aggregated",
    "CREATE INDEX pgqueuer_log_status ON pgqueuer_log (status)",
    "CREATE INDEX pgqueuer_picked_heartbeat_idx ON pgqueuer (heartbeat) WHERE status = 'picked'",
    """CREATE UNIQUE INDEX pgqueuer_picked_slot_idx ON pgqueuer (entrypoint, slot)
        WHERE status = 'picked' AND slot IS NOT NULL""",
    """CREATE INDEX pgqueuer_priority_id_id1_idx ON pgqueuer (priority, id DESC) INCLUDE (id)
        WHERE status = 'queued'""",
    """CREATE INDEX pgqueuer_queue_manager_id_idx ON pgqueuer (queue_manager_id)
        WHERE queue_manager_id IS NOT NULL""",
    """CREATE UNIQUE INDEX pgqueuer_statistics_unique_count ON pgqueuer_statistics
        (priority, date_trunc('sec', timezone('UTC', created)), status, entrypoint)""",
    """CREATE UNIQUE INDEX pgqueuer_unique_dedupe_key ON pgqueuer (dedupe_key)
        WHERE status IN ('queued', 'picked') AND dedupe_key IS NOT NULL""",
    "CREATE INDEX pgqueuer_updated_id_id1_idx ON pgqueuer (updated, id DESC) INCLUDE (id) WHERE status = 'picked'",
    """CREATE FUNCTION fn_pgqueuer_changed() RETURNS trigger LANGUAGE plpgsql
        SET search_path = balcao, pg_temp AS $$
        DECLARE
            to_emit boolean := false;
        BEGIN
            IF TG_OP = 'UPDATE' AND OLD IS DISTINCT FROM NEW THEN
                to_emit := true;
            ELSIF TG_OP IN ('DELETE', 'INSERT', 'TRUNCATE') THEN
                to_emit := true;
            END IF;
            IF to_emit THEN
                PERFORM pg_notify('ch_pgqueuer', json_build_object(
                    'channel', 'ch_pgqueuer', 'operation', lower(TG_OP), 'sent_at', now(), 'table', TG_TABLE_NAME,
                    'type', 'table_changed_event')::text);
            END IF;
            IF TG_OP IN ('INSERT', 'UPDATE') THEN
                RETURN NEW;
            ELSIF TG_OP = 'DELETE' THEN
                RETURN OLD;
            END IF;
            RETURN NULL;
        END $$""",
    """CREATE TRIGGER tg_pgqueuer_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON pgqueuer
        EXECUTE FUNCTION fn_pgqueuer_changed()""",
    """GRANT SELECT, INSERT, UPDATE, DELETE ON pgqueuer, pgqueuer_log, pgqueuer_schedules, pgqueuer_statistics
        TO balcao_ingestao, balcao_operador""",
    """GRANT USAGE ON SEQUENCE pgqueuer_id_seq, pgqueuer_log_id_seq, pgqueuer_schedules_id_seq,
        pgqueuer_statistics_id_seq TO balcao_ingestao, balcao_operador""",
)


def upgrade() -> None:
    op.execute("SET LOCAL ROLE balcao_dono")
    op.execute("SET LOCAL search_path = balcao, public")
    for statement in (*_DOCUMENTS, *_JOBS, *_UPLOADS, *_QUEUE):
        op.execute(statement.replace(":=", r"\:="))
    op.execute("RESET ROLE")


def downgrade() -> None:
    op.execute("SET LOCAL ROLE balcao_dono")
    op.execute("SET LOCAL search_path = balcao, public")
    op.execute("DROP TABLE envio, trabalho_ingestao, pgqueuer, pgqueuer_log, pgqueuer_schedules, pgqueuer_statistics")
    op.execute("DROP FUNCTION fn_pgqueuer_changed()")
    op.execute("DROP TYPE pgqueuer_status")
    op.execute("DELETE FROM documento WHERE estado IN ('processando', 'aguardando_confirmacao')")
    op.execute("DROP INDEX documento_origem, documento_origem_em_curso")
    op.execute(
        "CREATE UNIQUE INDEX documento_origem ON documento (origem) WHERE estado NOT IN ('falhou', 'substituido')"
    )
    op.execute("DROP INDEX documento_texto_sha, documento_ato, documento_etiquetas")
    op.execute("CREATE INDEX documento_texto_sha ON documento (texto_sha256)")
    op.execute(
        """ALTER TABLE documento
            DROP COLUMN nome_arquivo, DROP COLUMN ato_tipo, DROP COLUMN ato_numero, DROP COLUMN ato_ano,
            DROP COLUMN etiquetas, DROP COLUMN vigente_de, DROP COLUMN vigente_ate, DROP COLUMN revogado_por,
            DROP COLUMN titulo_informado, DROP COLUMN ente_informado, DROP COLUMN versao, DROP COLUMN substituido_por,
            DROP CONSTRAINT documento_disponivel_com_texto"""
    )
    op.execute("DELETE FROM documento WHERE origem IS NULL OR texto_sha256 IS NULL")
    op.execute("ALTER TABLE documento ALTER COLUMN origem SET NOT NULL, ALTER COLUMN texto_sha256 SET NOT NULL")
    op.execute("RESET ROLE")
