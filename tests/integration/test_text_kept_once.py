"""Migration 0008 keeps each passage's text once, and loses nothing of what was there."""

import asyncpg

from balcao.infrastructure.database import migrator
from balcao.infrastructure.database.connection import DatabaseAccess
from balcao.infrastructure.database.embedded import EmbeddedPostgres

CONTEXT, TEXT, BARE = "Lei nº 1 (txt) | Art. 2º\n", "Art. 2º Ação: São 30 dias.\n§ 1º Corridos.", "Sem contexto."
BEFORE = """
    WITH d AS (
        INSERT INTO balcao.documento (titulo, conteudo, caminho_arquivo, sha256, ente_esfera)
        VALUES ('Lei nº 1', $1 || $2, 'a', decode(repeat('00', 32), 'hex'), 'geral') RETURNING id
    )
    INSERT INTO balcao.documento_chunk (documento_id, conteudo, texto_original, indice_chunk, inicio, fim)
    SELECT id, conteudo, texto, indice, indice, indice + 1
      FROM d, (VALUES ($3 || $1, $1, 0), ($2, $2, 1)) AS trecho (conteudo, texto, indice)
"""


async def test_passages_lose_the_copy_of_their_text_and_nothing_else(
    server: EmbeddedPostgres, empty_database: str
) -> None:
    access = DatabaseAccess(url=server.url("postgres", empty_database))
    await migrator.upgrade(access)
    await migrator.downgrade(access, "0007")
    admin = await asyncpg.connect(access.url)
    await admin.fetch(BEFORE, TEXT, BARE, CONTEXT)
    columns = "texto_original FROM balcao.documento_chunk ORDER BY indice_chunk"
    await migrator.upgrade(access)
    assert [tuple(row) for row in await admin.fetch(f"SELECT contexto, {columns}")] == [(CONTEXT, TEXT), ("", BARE)]
    await migrator.downgrade(access, "0007")
    rows = [tuple(row) for row in await admin.fetch(f"SELECT conteudo, {columns}")]
    assert rows == [(CONTEXT + TEXT, TEXT), (BARE, BARE)]
    await admin.close()
