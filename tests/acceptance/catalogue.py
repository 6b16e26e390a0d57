"""What PostgreSQL's catalogue must not say of a migrated database: each rule finds one kind of hole, and has mutants.

A rule's query names what it objects to, a row each; nothing is the rule kept. Its mutants are statements that make one
such hole, tried in a transaction that is rolled back.
"""

from dataclasses import dataclass

import asyncpg

_TENANT_TABLES = """
    SELECT c.* FROM pg_class c
     WHERE c.relnamespace = 'balcao'::regnamespace AND c.relkind IN ('r', 'p')
       AND (c.relname = 'prefeitura' OR EXISTS (SELECT FROM pg_attribute a
             WHERE a.attrelid = c.oid AND a.attname = 'prefeitura_id' AND NOT a.attisdropped))"""
_OUR_ROLES = "rolname IN ('balcao_app', 'balcao_ingestao', 'balcao_operador', 'balcao_dono')"
_OUR_FUNCTIONS = "pronamespace = 'balcao'::regnamespace AND prosecdef"
_DOORS = "('prefeitura', 'usuario', 'sessao_login', 'convite', 'chave_api')"
"""Tables that functions of balcao_dono look into before a tenant is known; see the migrations."""

_WRITTEN_ONCE = "ARRAY['auditoria', 'auditoria_cabeca', 'lancamento']"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One kind of hole in the isolation."""

    name: str
    finds: str
    mutants: tuple[str, ...]

    async def findings(self, connection: asyncpg.Connection) -> list[str]:
        """What breaks the rule in this database."""
        return [f"{self.name}: {row[0]}" for row in await connection.fetch(self.finds)]


RULES = (
    Rule(
        name="tenant table without row-level security",
        finds=f"SELECT relname FROM ({_TENANT_TABLES}) t WHERE NOT relrowsecurity",
        mutants=(
            "ALTER TABLE message DISABLE ROW LEVEL SECURITY",
            "CREATE TABLE nova (prefeitura_id uuid NOT NULL)",
        ),
    ),
    Rule(
        name="tenant table whose owner is not bound",
        finds=f"SELECT relname FROM ({_TENANT_TABLES}) t WHERE NOT relforcerowsecurity",
        mutants=("ALTER TABLE usuario NO FORCE ROW LEVEL SECURITY",),
    ),
    Rule(
        name="tenant table without a policy of reading and writing for the application",
        finds=f"""SELECT relname FROM ({_TENANT_TABLES}) t WHERE NOT EXISTS (
            SELECT FROM pg_policy p WHERE p.polrelid = t.oid AND p.polcmd = '*' AND p.polqual IS NOT NULL
               AND p.polwithcheck IS NOT NULL AND p.polroles = ARRAY['balcao_app'::regrole::oid])""",
        mutants=(
            "DROP POLICY tenant ON convite",
            "DROP POLICY tenant ON message;"
            " CREATE POLICY tenant ON message TO balcao_app USING (prefeitura_id = (SELECT balcao.tenant()))",
            "ALTER POLICY tenant ON chave_api TO balcao_ingestao",
        ),
    ),
    Rule(
        name="policy that does not ask for the tenant",
        finds=f"""SELECT p.polrelid::regclass || '.' || p.polname || ' for ' || r.role::regrole
              FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid, unnest(p.polroles) AS r (role)
             WHERE (CASE WHEN p.polcmd = 'a' THEN 'tenant()' ELSE coalesce(pg_get_expr(p.polqual, p.polrelid), '') END
                        NOT LIKE '%tenant()%'
                    OR coalesce(pg_get_expr(p.polwithcheck, p.polrelid), 'tenant()') NOT LIKE '%tenant()%')
               AND r.role <> (SELECT oid FROM pg_roles WHERE rolname = 'balcao_operador')
               AND NOT (r.role = (SELECT oid FROM pg_roles WHERE rolname = 'balcao_dono')
                        AND (p.polname = 'porta' AND p.polcmd = 'r' AND c.relname IN {_DOORS}
                             OR p.polname = 'corrente' AND c.relname = 'auditoria_cabeca'))""",
        mutants=(
            "CREATE POLICY todos ON message FOR SELECT TO balcao_app USING (true)",
            "CREATE POLICY todos ON message FOR SELECT TO balcao_app USING (1 = 1)",
            "CREATE POLICY todos ON usuario USING (true)",
            "CREATE POLICY todos ON usuario FOR INSERT TO balcao_app WITH CHECK (true)",
            "ALTER POLICY tenant ON chat_session WITH CHECK (true)",
            "CREATE POLICY porta ON message FOR SELECT TO balcao_dono USING (true)",
            "DROP POLICY porta ON usuario; CREATE POLICY porta ON usuario TO balcao_dono USING (true)",
            "ALTER POLICY porta ON usuario TO balcao_dono, balcao_ingestao",
            "CREATE POLICY corrente ON message TO balcao_dono USING (true)",
            "ALTER POLICY corrente ON auditoria_cabeca TO balcao_dono, balcao_app",
            "ALTER POLICY instalacao ON auditoria WITH CHECK (true)",
        ),
    ),
    Rule(
        name="view with its owner's rights",
        finds="""SELECT relname FROM pg_class WHERE relnamespace = 'balcao'::regnamespace
            AND (relkind = 'm' OR relkind = 'v' AND NOT coalesce(
                reloptions && ARRAY['security_invoker=true', 'security_invoker=on', 'security_invoker=1'], false))""",
        mutants=(
            "CREATE VIEW todas AS SELECT * FROM message",
            "CREATE VIEW todas WITH (security_invoker = false) AS SELECT * FROM message",
            "CREATE MATERIALIZED VIEW todas AS SELECT * FROM message",
        ),
    ),
    Rule(
        name="foreign key without an index",
        finds="""SELECT conname FROM pg_constraint k
             WHERE k.contype = 'f' AND k.connamespace = 'balcao'::regnamespace AND NOT EXISTS (
                SELECT FROM pg_index i WHERE i.indrelid = k.conrelid AND i.indpred IS NULL AND i.indisvalid
                   AND cardinality(k.conkey) = (SELECT count(*) FROM unnest(k.conkey) AS key (number)
                        WHERE key.number = ANY ((i.indkey::int2[])[0:cardinality(k.conkey) - 1])))""",
        mutants=(
            "DROP INDEX chat_session_usuario",
            "DROP INDEX message_sessao; CREATE INDEX message_sessao ON message (prefeitura_id, ordem, session_id)",
        ),
    ),
    Rule(
        name="foreign key between tenants' tables that forgets the tenant",
        finds=f"""SELECT conname FROM pg_constraint k JOIN pg_attribute a
                ON a.attrelid = k.conrelid AND a.attname = 'prefeitura_id'
             WHERE k.contype = 'f' AND a.attnum <> ALL (k.conkey)
               AND k.confrelid IN (SELECT oid FROM ({_TENANT_TABLES}) t WHERE relname <> 'prefeitura')""",
        mutants=(
            "CREATE UNIQUE INDEX sessao_so_id ON chat_session (id);"
            " ALTER TABLE message ADD CONSTRAINT simples FOREIGN KEY (session_id) REFERENCES chat_session (id)",
        ),
    ),
    Rule(
        name="function with its owner's rights and a search path that its caller chooses",
        finds=f"""SELECT proname FROM pg_proc WHERE {_OUR_FUNCTIONS} AND NOT EXISTS (
            SELECT FROM unnest(proconfig) AS setting WHERE setting LIKE 'search_path=%, pg_temp')""",
        mutants=(
            "ALTER FUNCTION existe_usuario() RESET search_path",
            "ALTER FUNCTION existe_usuario() SET search_path = balcao",
        ),
    ),
    Rule(
        name="function with its owner's rights that everybody may call",
        finds=f"""SELECT proname FROM pg_proc WHERE {_OUR_FUNCTIONS} AND EXISTS (
            SELECT FROM aclexplode(coalesce(proacl, acldefault('f', proowner))) WHERE grantee = 0)""",
        mutants=(
            "GRANT EXECUTE ON FUNCTION prefeitura_publica() TO PUBLIC",
            "CREATE FUNCTION aberta() RETURNS int LANGUAGE sql SECURITY DEFINER SET search_path = balcao, pg_temp"
            " AS 'SELECT 1'",
        ),
    ),
    Rule(
        name="role of the program above row-level security",
        finds=f"""SELECT rolname FROM pg_roles
            WHERE {_OUR_ROLES} AND (rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication)""",
        mutants=(
            "ALTER ROLE balcao_app SUPERUSER",
            "ALTER ROLE balcao_app BYPASSRLS",
            "ALTER ROLE balcao_operador BYPASSRLS",
            "ALTER ROLE balcao_ingestao CREATEROLE",
        ),
    ),
    Rule(
        name="role of the program that is another role too",
        finds=f"""SELECT member.rolname || ' is ' || other.rolname FROM pg_roles AS member, pg_roles AS other
             WHERE member.{_OUR_ROLES} AND other.oid <> member.oid AND NOT member.rolsuper
               AND pg_has_role(member.oid, other.oid, 'MEMBER')""",
        mutants=(
            "GRANT balcao_dono TO balcao_app",
            "GRANT balcao_operador TO balcao_app",
            "GRANT pg_read_all_data TO balcao_ingestao",
        ),
    ),
    Rule(
        name="something of the schema that balcao_dono does not own",
        finds="""SELECT kind || ' ' || name FROM (
                SELECT 'table', relname, relowner FROM pg_class WHERE relnamespace = 'balcao'::regnamespace
                UNION ALL
                SELECT 'function', proname, proowner FROM pg_proc WHERE pronamespace = 'balcao'::regnamespace
                UNION ALL SELECT 'schema', nspname, nspowner FROM pg_namespace WHERE nspname = 'balcao'
            ) AS objects (kind, name, owner) WHERE owner <> 'balcao_dono'::regrole""",
        mutants=(
            "ALTER TABLE message OWNER TO balcao_app",
            "ALTER FUNCTION usuario_por_email(text) OWNER TO postgres",
            "ALTER SCHEMA balcao OWNER TO balcao_app",
        ),
    ),
    Rule(
        name="right that no row-level security bounds",
        finds="""SELECT c.relname || ': ' || g.privilege_type || ' for ' || coalesce(r.rolname, 'PUBLIC')
              FROM pg_class c CROSS JOIN aclexplode(c.relacl) g LEFT JOIN pg_roles r ON r.oid = g.grantee
             WHERE c.relnamespace = 'balcao'::regnamespace AND g.grantee <> c.relowner
               AND (g.privilege_type IN ('TRUNCATE', 'REFERENCES', 'TRIGGER', 'MAINTAIN') OR g.grantee = 0)""",
        mutants=(
            "GRANT TRUNCATE ON message TO balcao_app",
            "GRANT TRUNCATE ON chat_session TO balcao_operador",
            "GRANT REFERENCES, TRIGGER ON usuario TO balcao_app",
            "GRANT SELECT ON message TO PUBLIC",
        ),
    ),
    Rule(
        name="right to change what is written once",
        finds=f"""SELECT t.name || ': ' || r.rolname FROM unnest({_WRITTEN_ONCE}) AS t (name), pg_roles r
             WHERE r.{_OUR_ROLES} AND r.rolname <> 'balcao_dono' AND (
                   has_table_privilege(r.oid, 'balcao.' || t.name, 'UPDATE, DELETE, TRUNCATE')
                OR has_any_column_privilege(r.oid, 'balcao.' || t.name, 'UPDATE')
                OR t.name LIKE 'auditoria%' AND has_any_column_privilege(r.oid, 'balcao.' || t.name, 'INSERT')
                   AND (t.name = 'auditoria_cabeca' OR has_column_privilege(r.oid, 'balcao.auditoria', 'hash', 'INSERT')
                        OR has_column_privilege(r.oid, 'balcao.auditoria', 'numero', 'INSERT')))""",
        mutants=(
            "GRANT UPDATE ON auditoria TO balcao_app",
            "GRANT UPDATE (registro) ON auditoria TO balcao_operador",
            "GRANT DELETE ON auditoria TO balcao_operador",
            "GRANT INSERT ON auditoria TO balcao_app",
            "GRANT INSERT ON auditoria_cabeca TO balcao_app",
            "GRANT UPDATE (hash) ON auditoria_cabeca TO balcao_app",
            "GRANT UPDATE ON lancamento TO balcao_app",
        ),
    ),
    Rule(
        name="guard of the audit trail that is missing or asleep",
        finds="""SELECT w.name FROM (VALUES ('auditoria', 'auditoria_encadear'), ('auditoria', 'auditoria_imutavel'),
                                        ('auditoria_cabeca', 'auditoria_cabeca_imutavel')) AS w (place, name)
             WHERE NOT EXISTS (SELECT FROM pg_trigger g WHERE g.tgrelid = ('balcao.' || w.place)::regclass
                                  AND g.tgname = w.name AND g.tgenabled = 'O')""",
        mutants=(
            "ALTER TABLE auditoria DISABLE TRIGGER auditoria_imutavel",
            "ALTER TABLE auditoria DISABLE TRIGGER auditoria_encadear",
            "DROP TRIGGER auditoria_cabeca_imutavel ON auditoria_cabeca",
        ),
    ),
    Rule(
        name="place where the application may create its own objects",
        finds="""SELECT 'schema ' || nspname FROM pg_namespace
             WHERE has_schema_privilege('balcao_app', oid, 'CREATE') AND nspname NOT LIKE 'pg\\_%'
             UNION ALL SELECT 'database' WHERE has_database_privilege('balcao_app', current_database(), 'CREATE')""",
        mutants=("GRANT CREATE ON SCHEMA balcao TO balcao_app", "GRANT CREATE ON SCHEMA public TO PUBLIC"),
    ),
)
