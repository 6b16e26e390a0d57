"""``balcao auditoria`` over a real database."""

import asyncio
from pathlib import Path

import asyncpg
import pytest

from balcao.infrastructure.database.connection import DatabaseAccesses
from tests.command_line import Run, record, value

SLUG = "nova-trento"
OF = ("--prefeitura", SLUG)


@pytest.fixture
def trento(run: Run) -> None:
    record(run, "prefeitura", "criar", "--nome", "Prefeitura de Nova Trento", "--slug", SLUG)
    record(run, "prefeitura", "editar", SLUG, "--quota", "7")


def falsify(accesses: DatabaseAccesses, statements: str) -> None:
    async def falsify_there() -> None:
        connection = await asyncpg.connect(accesses.admin.url, server_settings={"search_path": "balcao, public"})
        await connection.execute(f"SET session_replication_role = replica; {statements}")
        await connection.close()

    asyncio.run(falsify_there())


@pytest.mark.usefixtures("trento")
def test_a_trail_is_listed_verified_and_exported(run: Run, tmp_path: Path) -> None:
    rows = value(run, "auditoria", "listar", *OF)
    assert isinstance(rows, list)
    assert [(row["numero"], row["acao"]) for row in rows] == [(2, "quota_alterada"), (1, "prefeitura_criada")]
    assert "quota_alterada  instalacao" in run("auditoria", "listar", *OF, "--acao", "quota_alterada")[1]
    assert run("auditoria", "listar")[1] == "Nenhuma entrada.\n"
    code, told = run("auditoria", "verificar")
    assert code == 0
    assert "nova-trento: íntegra, 2 entradas" in told
    exported = record(run, "auditoria", "exportar", *OF, "--para", str(tmp_path / "pacote"))
    assert exported["entradas"] == 2
    assert (tmp_path / "pacote" / "verificar.py").is_file()


@pytest.mark.usefixtures("trento")
def test_the_broken_entry_is_named(run: Run, accesses: DatabaseAccesses) -> None:
    falsify(accesses, "UPDATE auditoria SET registro = replace(registro, '\"depois\":7', '\"depois\":8')")
    code, told = run("auditoria", "verificar", *OF)
    assert code == 1
    assert "nova-trento: QUEBRADA, entrada 2: o conteúdo da entrada não é o que foi gravado (íntegra até a 1)" in told


@pytest.mark.usefixtures("trento")
def test_a_trail_that_was_cut_short_is_found_with_a_published_head(run: Run, accesses: DatabaseAccesses) -> None:
    assert record(run, "auditoria", "publicar") == {"publicadas_em": 1}
    assert record(run, "auditoria", "publicar") == {"publicadas_em": 0}
    heads = Path("dados", "auditoria", "cabecas.jsonl")
    falsify(
        accesses,
        "DELETE FROM auditoria WHERE numero = 2; UPDATE auditoria_cabeca c SET numero = 1, hash = a.hash,"
        " anterior = a.anterior FROM auditoria a WHERE a.prefeitura_id = c.prefeitura_id",
    )
    assert run("auditoria", "verificar")[0] == 0
    code, told = run("auditoria", "verificar", "--cabecas", str(heads))
    assert code == 1
    assert "nova-trento: QUEBRADA, entrada 2: a entrada não existe" in told


def test_what_cannot_be_read_is_said(run: Run, tmp_path: Path) -> None:
    assert run("auditoria", "verificar", "--cabecas", str(tmp_path / "nenhum"))[0] == 1
    (tmp_path / "outro").write_text("nada", encoding="utf-8")
    assert run("auditoria", "verificar", "--cabecas", str(tmp_path / "outro"))[0] == 1
    assert run("auditoria", "verificar", "--prefeitura", "nenhuma")[0] == 1
