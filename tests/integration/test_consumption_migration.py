"""What was spent before the ledger existed is written into it: every book agrees from the first day on."""

from datetime import date
from importlib import import_module

import asyncpg

from balcao.domain.ids import PrefeituraId

_MIGRATION = import_module("balcao.infrastructure.database.migrations.versions.0005_consumption")
_PAST = """
    UPDATE prefeitura SET tokens_consumidos = 175, dia_contrato = 31 WHERE id = '{id}';
    INSERT INTO chat_session (prefeitura_id, id) VALUES ('{id}', '{id}');
    INSERT INTO message (prefeitura_id, session_id, role, conteudo, tokens_usados, tokens_prompt, metadata, criado_em)
    VALUES ('{id}', '{id}', 'user', 'a', 0, 0, '{{}}', '2026-02-20'),
           ('{id}', '{id}', 'assistant', 'b', 100, 80, '{{"model": "m"}}', '2026-03-01 02:59:59+00'),
           ('{id}', '{id}', 'assistant', 'c', 50, 40, '{{}}', '2026-02-28 02:59:59+00');
"""


async def test_consumption_of_the_past_is_in_every_book(admin: asyncpg.Connection, public_id: PrefeituraId) -> None:
    await admin.execute(_PAST.format(id=public_id))
    await admin.execute(_MIGRATION._SPENT_IN_THE_PAST)
    periods = await admin.fetch("SELECT inicio, fim, usado, perguntas FROM quota_periodo ORDER BY inicio")
    assert [tuple(row) for row in periods[:2]] == [
        (date(2026, 1, 31), date(2026, 2, 28), 50, 1),
        (date(2026, 2, 28), date(2026, 3, 31), 100, 1),
    ]
    assert [row["usado"] for row in periods[2:]] == [25]
    rows = await admin.fetch("SELECT tipo, modelo, tokens_prompt, tokens_resposta FROM lancamento ORDER BY ordem")
    assert [tuple(row) for row in rows] == [
        ("resposta", "desconhecido", 40, 10),
        ("resposta", "m", 80, 20),
        ("embedding", "desconhecido", 25, 0),
    ]
