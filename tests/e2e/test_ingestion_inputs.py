"""``balcao ingerir`` from patterns, the standard input and the web; new versions, confirmations and simulations."""

import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.e2e.conftest import Balcao, finish

LAW = "Lei nº 10, de 5 de maio de 2020\n\nArt. 1º A feira abre às seis horas.\n"


@pytest.fixture
def web() -> Iterator[str]:
    """A site with a law at /lei, nothing at /nada, and a page that never ends at /sem-fim."""

    class Site(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path not in ("/lei", "/muda"):
                self.send_error(404)
                return
            self.send_response(302 if self.path == "/muda" else 200)
            self.send_header("Location", "/lei")
            self.send_header("Content-Type", "text/plain; charset=utf-8")
            self.end_headers()
            self.wfile.write(LAW.encode())

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_patterns_are_matched_and_each_file_is_taken_once(warm: Balcao, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("A biblioteca abre às oito.")
    (tmp_path / "b.txt").write_text("A piscina fecha em julho.")
    (tmp_path / "c.md").write_text("O ginásio reabre em agosto.")
    rows = warm.run("ingerir", tmp_path / "*.txt", tmp_path / "a.txt", "--json").rows()
    assert [(Path(str(row["arquivo"])).name, row["situacao"]) for row in rows] == [("a.txt", "novo"), ("b.txt", "novo")]
    nothing = warm.run("ingerir", tmp_path / "*.pdf", "--json")
    assert (nothing.code, nothing.rows()[0]["situacao"]) == (1, "falhou")


def test_the_standard_input_needs_a_name_that_says_its_format(warm: Balcao) -> None:
    refused = warm.run("ingerir", "-", "--json")
    assert (refused.code, refused.fields()["error_code"]) == (1, "invalid_input")
    empty = warm.run("ingerir", "-", "--nome", "aviso.txt", "--json")
    assert "entrada padrão está vazia" in str(empty.rows()[0]["motivo"])
    process = warm.start("ingerir", "-", "--nome", "aviso.txt", "--json", stdin=subprocess.PIPE)
    named = finish(process, told="O horto abre aos sábados.")
    assert (named.code, named.err) == (0, "")
    assert '"situacao": "novo"' in named.out


def test_an_address_is_the_source_of_what_it_gives(warm: Balcao, web: str) -> None:
    (row,) = warm.run("ingerir", f"{web}/muda", "--rede-interna", "--json").rows()
    assert row["situacao"] == "novo", row
    (listed,) = warm.run("documentos", "listar", "--json").rows()
    assert listed["origem"] == f"{web}/muda"
    missing = warm.run("ingerir", f"{web}/nada", "http://127.0.0.1:1/x", "--rede-interna", "--json")
    assert missing.code == 1
    assert ["404" in str(row["motivo"]) for row in missing.rows()] == [True, False]


def test_a_changed_file_is_a_new_version_and_the_old_one_leaves_the_search(warm: Balcao, tmp_path: Path) -> None:
    law = tmp_path / "lei.txt"
    law.write_text(LAW)
    (first,) = warm.run("ingerir", law, "--json").rows()
    law.write_text(LAW.replace("seis", "sete"))
    (second,) = warm.run("ingerir", law, "--json").rows()
    assert (first["situacao"], second["situacao"], second["versao"]) == ("novo", "atualizado", 2)
    assert [row["document_id"] for row in warm.run("documentos", "listar", "--json").rows()] == [second["document_id"]]
    replaced = warm.run("documentos", "listar", "--situacao", "substituido", "--json").rows()
    assert [row["document_id"] for row in replaced] == [first["document_id"]]
    found = warm.run("buscar", "horas da feira", "--json").out
    assert "sete horas" in found
    assert "seis horas" not in found


def test_a_similar_title_waits_for_a_yes(warm: Balcao, tmp_path: Path) -> None:
    (tmp_path / "um.txt").write_text("Código de Posturas do Município de Nova Trento\n\nArt. 1º Um.")
    (tmp_path / "dois.txt").write_text("CODIGO DE POSTURAS DO MUNICIPIO DE NOVA TRENTO\n\nArt. 1º Dois.")
    first, second = warm.run("ingerir", tmp_path / "um.txt", tmp_path / "dois.txt", "--json").rows()
    assert (first["situacao"], second["situacao"], second["tokens"]) == ("novo", "parecido", 0)
    identity = str(second["document_id"])
    shown = warm.run("documentos", "situacao", identity)
    assert "aguardando_confirmacao" in shown.out
    assert "parecido" in shown.out
    again = warm.run("ingerir", tmp_path / "dois.txt")
    assert "aguarda confirmação" in " ".join(again.out.split())
    (confirmed,) = warm.run("documentos", "confirmar", identity, "--json").rows()
    assert (confirmed["situacao"], confirmed["document_id"]) == ("novo", identity)
    assert warm.run("documentos", "confirmar", identity, "--json").code == 1


def test_a_simulation_says_what_would_happen_and_writes_nothing(warm: Balcao, tmp_path: Path) -> None:
    (tmp_path / "lei.txt").write_text(LAW)
    (tmp_path / "vazio.txt").touch()
    simulated = warm.run("ingerir", tmp_path, "--simular")
    assert simulated.code == 1
    assert "Simulação, nada foi gravado: 1 novo" in simulated.out
    assert "(estimados)" in simulated.out
    for state in ("disponivel", "falhou", "processando"):
        assert warm.run("documentos", "listar", "--situacao", state, "--json").rows() == []
    assert not list((warm.data / "originais").rglob("*.txt"))


def test_a_failed_document_may_be_tried_again_and_a_finished_one_not_cancelled(warm: Balcao, tmp_path: Path) -> None:
    (tmp_path / "espacos.txt").write_text(" \n ")
    (failed,) = warm.run("ingerir", tmp_path, "--json").rows()
    identity = str(failed["document_id"])
    assert warm.run("documentos", "situacao", identity, "--json").fields()["situacao"] == "falhou"
    again = warm.run("documentos", "tentar-de-novo", identity, "--json")
    assert (again.code, again.rows()[0]["situacao"]) == (1, "falhou")
    cancelled = warm.run("documentos", "cancelar", identity, "--json")
    assert (cancelled.code, cancelled.fields()["error_code"]) == (1, "wrong_document_state")
