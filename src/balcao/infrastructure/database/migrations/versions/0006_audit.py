"""The audit trail: a hash chain for each prefeitura, and one for the installation under the id of zeros.

The programs' roles may insert a chain's id and a record, and read; numbers and hashes are a trigger's, which runs as
the owner and locks the chain's head. No foreign key leads to the prefeitura: what happened stays recorded whatever
becomes of it. The salts of the digests stand beside the messages.
"""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_TABLES = (
    """CREATE TABLE auditoria (
        prefeitura_id uuid NOT NULL,
        numero bigint NOT NULL,
        anterior bytea NOT NULL,
        hash bytea NOT NULL,
        registro text NOT NULL,
        acao text GENERATED ALWAYS AS (registro::jsonb ->> 'acao') STORED NOT NULL,
        instante text GENERATED ALWAYS AS (registro::jsonb ->> 'instante') STORED NOT NULL,
        CONSTRAINT auditoria_pk PRIMARY KEY (prefeitura_id, numero),
        CONSTRAINT auditoria_numero_positivo CHECK (numero >= 1),
        CONSTRAINT auditoria_hash_inteiro CHECK (length(anterior) = 32 AND length(hash) = 32),
        CONSTRAINT auditoria_registro_curto CHECK (octet_length(registro) <= 1048576))""",
    "CREATE INDEX auditoria_acao ON auditoria (prefeitura_id, acao, numero)",
    """CREATE TABLE auditoria_cabeca (
        prefeitura_id uuid NOT NULL,
        numero bigint NOT NULL,
        anterior bytea NOT NULL,
        hash bytea NOT NULL,
        CONSTRAINT auditoria_cabeca_pk PRIMARY KEY (prefeitura_id),
        CONSTRAINT auditoria_cabeca_numero_positivo CHECK (numero >= 1),
        CONSTRAINT auditoria_cabeca_hash_inteiro CHECK (length(anterior) = 32 AND length(hash) = 32))""",
    "ALTER TABLE message ADD COLUMN sal bytea",
    "ALTER TABLE message ADD CONSTRAINT message_sal_inteiro CHECK (length(sal) = 32)",
)

_TRIGGERS = (
    # The five lines of AuditEntry.computed_hash
    r"""CREATE FUNCTION auditoria_elo(cadeia uuid, numero bigint, anterior bytea, registro text) RETURNS bytea
        LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
        AS $$ SELECT sha256(convert_to('balcao-auditoria-v1' || E'\n' || cadeia || E'\n' || numero || E'\n'
                                       || encode(anterior, 'hex') || E'\n' || registro, 'UTF8')) $$""",
    # One statement advances the head: who comes second waits for the row and sees what the first one made of it
    r"""CREATE FUNCTION auditoria_encadear() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
        SET search_path = balcao, pg_temp AS $$
        DECLARE inicio CONSTANT bytea := decode(repeat('00', 32), 'hex');
        BEGIN
            INSERT INTO auditoria_cabeca AS c (prefeitura_id, numero, anterior, hash)
            VALUES (NEW.prefeitura_id, 1, inicio, auditoria_elo(NEW.prefeitura_id, 1, inicio, NEW.registro))
            ON CONFLICT ON CONSTRAINT auditoria_cabeca_pk DO UPDATE
               SET numero = c.numero + 1, anterior = c.hash,
                   hash = auditoria_elo(c.prefeitura_id, c.numero + 1, c.hash, NEW.registro)
            RETURNING c.numero, c.anterior, c.hash INTO NEW.numero, NEW.anterior, NEW.hash;
            RETURN NEW;
        END $$""",
    """CREATE FUNCTION auditoria_imutavel() RETURNS trigger LANGUAGE plpgsql SET search_path = balcao, pg_temp AS $$
        BEGIN
            RAISE EXCEPTION 'a trilha de auditoria não se altera' USING ERRCODE = 'insufficient_privilege';
        END $$""",
    "REVOKE ALL ON FUNCTION auditoria_encadear(), auditoria_imutavel() FROM PUBLIC",
    """CREATE TRIGGER auditoria_encadear BEFORE INSERT ON auditoria
        FOR EACH ROW EXECUTE FUNCTION auditoria_encadear()""",
    """CREATE TRIGGER auditoria_imutavel BEFORE UPDATE OR DELETE OR TRUNCATE ON auditoria
        FOR EACH STATEMENT EXECUTE FUNCTION auditoria_imutavel()""",
    """CREATE TRIGGER auditoria_cabeca_imutavel BEFORE DELETE OR TRUNCATE ON auditoria_cabeca
        FOR EACH STATEMENT EXECUTE FUNCTION auditoria_imutavel()""",
)

_INSTALLATION = "'00000000-0000-0000-0000-000000000000'"
_SECURITY = (
    "GRANT SELECT, INSERT (prefeitura_id, registro) ON auditoria TO balcao_app, balcao_operador",
    "GRANT INSERT (prefeitura_id, registro) ON auditoria TO balcao_ingestao",
    "GRANT SELECT ON auditoria_cabeca TO balcao_app, balcao_operador",
    "GRANT UPDATE (sal) ON message TO balcao_app",
    "CREATE POLICY instalacao ON auditoria FOR INSERT TO balcao_ingestao"
    f" WITH CHECK (prefeitura_id = {_INSTALLATION} AND (SELECT balcao.tenant()) IS NULL)",
    # For the trigger alone: nobody connects as the owner
    "CREATE POLICY corrente ON auditoria_cabeca TO balcao_dono USING (true) WITH CHECK (true)",
)


def upgrade() -> None:
    op.execute("SET LOCAL ROLE balcao_dono")
    op.execute("SET LOCAL search_path = balcao, public")
    for statement in (*_TABLES, *_TRIGGERS, *_SECURITY):
        op.execute(statement)
    mine = "(prefeitura_id = (SELECT balcao.tenant()))"
    for table in ("auditoria", "auditoria_cabeca"):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY tenant ON {table} TO balcao_app USING {mine} WITH CHECK {mine}")
        op.execute(f"CREATE POLICY operador ON {table} TO balcao_operador USING (true) WITH CHECK (true)")
    op.execute("RESET ROLE")


def downgrade() -> None:
    op.execute("SET LOCAL ROLE balcao_dono")
    op.execute("SET LOCAL search_path = balcao, public")
    op.execute("ALTER TABLE message DROP COLUMN sal")
    op.execute("DROP TABLE auditoria_cabeca, auditoria")
    op.execute("DROP FUNCTION auditoria_encadear(), auditoria_imutavel(), auditoria_elo(uuid, bigint, bytea, text)")
    op.execute("RESET ROLE")
