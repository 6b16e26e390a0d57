"""``balcao servir`` as a process: it says when it is ready, answers, stops when told, and explains what it lacks."""

import json
import os
import signal
import socket
import time
from dataclasses import replace

import asyncpg
import httpx
import psutil
import pytest

from balcao.domain.prompt import NOT_FOUND_ANSWER
from balcao.infrastructure.database import migrator
from balcao.infrastructure.database.connection import APP_ROLE, DatabaseAccess
from balcao.infrastructure.database.embedded import EmbeddedPostgres
from tests.e2e.conftest import EXAMPLES, Balcao, finish

IPTU_QUESTION = "Qual o desconto do IPTU em cota única?"


def ask(url: str, question: str) -> dict[str, object]:
    response = httpx.post(f"{url}/api/v1/chat/ask", json={"message": question}, timeout=30)
    assert response.status_code == 200, response.text
    answer: dict[str, object] = response.json()
    return answer


def with_database(balcao: Balcao, url: str, **settings: str) -> Balcao:
    return replace(balcao, settings={"DATABASE_URL": url, **settings})


def test_with_json_the_ready_server_is_one_value_and_the_first_access_is_in_it(balcao: Balcao) -> None:
    process = balcao.start("servir", "--porta", "0", "--json")
    assert process.stdout is not None
    ready = ""
    while not ready.endswith("}\n}\n"):
        line = process.stdout.readline()
        assert line, "it ended before it was ready"
        ready += line
    os.killpg(process.pid, signal.SIGINT)
    ended = finish(process)
    told = json.loads(ready + ended.out)
    assert (ended.code, told.keys()) == (0, {"url", "segundos", "primeiro_acesso"})
    assert told["url"].startswith("http://127.0.0.1:")
    assert told["primeiro_acesso"].keys() == {"email", "senha"}


def test_the_demonstration_of_an_empty_machine_answers_with_a_citation(balcao: Balcao) -> None:
    started = time.monotonic()
    with balcao.serving("--demonstracao", EXAMPLES) as server:
        ready = time.monotonic() - started
        answer = ask(server.url, IPTU_QUESTION)
        print(f"\ndemonstração: pronta em {ready:.1f} s, primeira resposta em {time.monotonic() - started:.1f} s")
        sources = answer["sources"]
        assert isinstance(sources, list)
        assert "codigo-tributario.docx" in sources[0]["source"]
        assert "10%" in str(answer["response"])
        assert "[1]" in str(answer["response"])
        assert ask(server.url, "Qual a receita de bolo de cenoura?")["response"] == NOT_FOUND_ANSWER
        beside = balcao.run("perguntar", IPTU_QUESTION)
        assert (beside.code, "codigo-tributario.docx" in beside.out) == (0, True)
        ended = server.stop(signal.SIGINT)
    assert ended.code == 0
    assert {json.loads(line)["event"] for line in ended.err.splitlines()} == {"request"}
    assert "Servidor encerrado." in ended.out
    assert balcao.postmaster() is None
    with balcao.serving("--demonstracao", EXAMPLES) as again:
        assert ask(again.url, IPTU_QUESTION)["sources"] != []
        again.stop(signal.SIGINT)
    assert len(balcao.run("documentos", "listar", "--json").rows()) == len(list(EXAMPLES.iterdir()))


def test_sigterm_stops_it_and_the_database_server(balcao: Balcao) -> None:
    with balcao.serving() as server:
        assert httpx.get(f"{server.url}/health", timeout=20).status_code == 200
        server.process.terminate()
        ended = finish(server.process)
    assert ended.code == 143
    assert "Traceback" not in ended.out + ended.err
    assert balcao.postmaster() is None


def test_a_port_in_use_is_one_sentence(balcao: Balcao) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        outcome = balcao.run("servir", "--porta", port)
    assert outcome.code == 3
    assert outcome.out == ""
    assert outcome.err.startswith(f"O endereço 127.0.0.1:{port} já está em uso;")
    assert outcome.err.count("\n") == 1


def test_an_address_of_no_machine_here_is_one_sentence(balcao: Balcao) -> None:
    for host in ("192.0.2.1", "x" * 300):
        outcome = balcao.run("servir", "--host", host, "--porta", "0")
        assert outcome.code == 3, outcome
        assert "não pode ser usado nesta máquina" in outcome.err
        assert outcome.err.count("\n") == 1


@pytest.mark.parametrize(
    ("url", "remedy"),
    [
        ("postgresql://u:segredo@127.0.0.1:1/b", "DATABASE_URL"),
        ("postgresql://u:segredo@nome.invalid/b", "DATABASE_URL"),
        ("postgresql://u:segredo@127.0.0.1:99999/b", "DATABASE_URL"),
        ("mysql://u:segredo@127.0.0.1/b", "postgresql://usuario:senha@servidor/banco"),
        ("banco", "postgresql://usuario:senha@servidor/banco"),
        ("postgresql://[::1/b", "DATABASE_URL"),
        ("postgresql://u:segredo@/b?host=/nada", "DATABASE_URL"),
    ],
)
def test_a_database_that_cannot_be_reached_is_one_sentence(balcao: Balcao, url: str, remedy: str) -> None:
    outside = with_database(balcao, url)
    for arguments in (["servir", "--porta", "0"], ["perguntar", "Oi", "--json"]):
        outcome = outside.run(*arguments)
        sentence = str(outcome.fields()["detail"]) if "--json" in arguments else outcome.err
        assert outcome.code == 3, outcome
        assert remedy in sentence
        assert "segredo" not in outcome.out + outcome.err
        assert "Traceback" not in outcome.err
        assert sentence.strip().count("\n") == 0
    assert not balcao.data.exists(), "the embedded server is not used as well"


def test_an_unmigrated_or_unknown_database_or_user_is_one_sentence(
    balcao: Balcao, server: EmbeddedPostgres, empty_database: str
) -> None:
    for url, remedy in (
        (server.url("postgres", empty_database), "balcao migrar-banco"),
        (server.url("postgres", "nenhum_banco"), "confira usuário, senha e banco"),
        (server.url("ninguem", empty_database), "confira usuário, senha e banco"),
    ):
        outcome = with_database(balcao, url).run("documentos", "listar")
        assert outcome.code == 3, outcome
        assert remedy in outcome.err
        assert outcome.err.count("\n") == 1


async def test_a_wrong_password_is_one_sentence_without_the_password(balcao: Balcao, server: EmbeddedPostgres) -> None:
    """The embedded server trusts its socket, so a password is asked of one role by its own rule."""
    connection = await asyncpg.connect(server.url("postgres", "postgres"))
    try:
        rules = await connection.fetchval("SHOW hba_file")
        await connection.execute("CREATE ROLE com_senha LOGIN PASSWORD 'certa'")
        before = await connection.fetchval("SELECT pg_read_file($1)", rules)
        line = "local all com_senha scram-sha-256"
        lines = f"SELECT unnest(string_to_array($text${line}\n{before}$text$, chr(10)))"
        await connection.execute(f"COPY ({lines}) TO '{rules}' WITH (DELIMITER '\x01')")
        await connection.execute("SELECT pg_reload_conf()")
        url = server.url("com_senha", "postgres").replace("com_senha@", "com_senha:errada@")
        outcome = with_database(balcao, url).run("documentos", "listar")
    finally:
        await connection.close()
    assert outcome.code == 3, outcome
    assert "confira usuário, senha e banco em DATABASE_URL" in outcome.err
    assert "errada" not in outcome.err
    assert outcome.err.count("\n") == 1


async def test_the_whole_way_on_an_external_database(
    balcao: Balcao, server: EmbeddedPostgres, empty_database: str
) -> None:
    outside = with_database(balcao, server.url("postgres", empty_database))
    first = outside.run("migrar-banco", "--json")
    assert (first.code, first.fields()) == (0, {"versao": migrator.SCHEMA_VERSION})
    assert outside.run("migrar-banco").code == 0
    place = ("--slug", "aurora", "--nome", "Prefeitura de Aurora das Palmeiras", "--uf", "MG", "--ibge", "9999999")
    assert outside.run("prefeitura", "criar", *place, "--publica").code == 0
    taken = outside.run("ingerir", EXAMPLES, "--ente", "9999999", "--json")
    assert (taken.code, {row["situacao"] for row in taken.rows()}) == (0, {"novo"})
    answer = outside.run("perguntar", IPTU_QUESTION, "--json").fields()
    assert "10%" in str(answer["response"])
    assert not (balcao.data / "postgres").exists()
    with outside.serving() as running:
        assert ask(running.url, IPTU_QUESTION)["sources"] == answer["sources"]
        assert running.stop(signal.SIGTERM).code == 143
    await migrator.check_ready(DatabaseAccess(url=server.url("postgres", empty_database), role=APP_ROLE))


def test_two_first_commands_migrate_the_same_database_together(
    balcao: Balcao, server: EmbeddedPostgres, empty_database: str
) -> None:
    outside = with_database(balcao, server.url("postgres", empty_database))
    rivals = [outside.start("migrar-banco", "--json") for _ in range(3)]
    ended = [finish(rival) for rival in rivals]
    assert [(each.err, each.code) for each in ended] == [("", 0)] * 3


def test_wrong_settings_name_the_setting_and_never_its_value(balcao: Balcao) -> None:
    for name, value in (
        ("CHUNK_SIZE", "muitos"),
        ("API_PORT", "70000"),
        ("LOG_LEVEL", "FALANTE"),
        ("CHUNK_OVERLAP", "500"),
    ):
        outcome = replace(balcao, settings={name: value}).run("documentos", "listar", "--json")
        assert outcome.code == 3, outcome
        assert outcome.fields()["error_code"] == "invalid_configuration"
        assert name in str(outcome.fields()["detail"])
        assert value not in str(outcome.fields()["detail"]).replace("DEBUG, INFO", "")


def test_the_server_listens_only_where_it_was_told(balcao: Balcao) -> None:
    with balcao.serving() as server:
        port = int(server.url.rpartition(":")[2])
        processes = [psutil.Process(server.process.pid), balcao.postmaster()]
        listening = [
            connection.laddr
            for process in processes
            if process is not None
            for connection in process.net_connections(kind="inet")
            if connection.status == psutil.CONN_LISTEN
        ]
        assert [(address.ip, address.port) for address in listening] == [("127.0.0.1", port)]
        assert server.stop(signal.SIGINT).code == 0


def test_an_env_file_that_is_no_utf8_is_one_sentence(balcao: Balcao) -> None:
    (balcao.home / ".env").write_bytes("LOG_LEVEL=informação".encode("latin-1"))
    outcome = balcao.run("documentos", "listar")
    assert (outcome.code, outcome.err.count("\n")) == (3, 1)
    assert ".env não está em UTF-8" in outcome.err
