"""``balcao ingerir`` on the folders that city halls have: good files, broken ones, and things that are no documents."""

import os
import pwd
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

import balcao as balcao_package
from tests.e2e.conftest import EXAMPLES, Balcao, Outcome, short_home

KEYS = {"arquivo", "situacao", "motivo", "document_id"}
GOOD = {path.name for path in EXAMPLES.iterdir()}
REFUSED = {
    "vazio.txt": "vazio (0 bytes)",
    "zero.pdf": "vazio (0 bytes)",
    "espacos.txt": "não tem texto",
    "binario.txt": "binário",
    "imagem.pdf": "não é um PDF",
    "planilha.xls": "formato não aceito",
    "planilha.docx": "DOCX",
    "pendurado.txt": "não existe",
    "circular.txt": "não pôde ser lido",
    "cano.txt": "não é um arquivo",
    "nulos.txt": "bytes nulos",
    "quebrado.txt": "corrompido",
}
ODDLY_NAMED = {"nome\nde duas linhas.txt", os.fsdecode(b"of\xedcio.txt")}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The repository's examples among every kind of trouble."""
    folder = tmp_path / "papéis"
    shutil.copytree(EXAMPLES, folder)
    (folder / "vazio.txt").touch()
    (folder / "zero.pdf").touch()
    (folder / "espacos.txt").write_text(" \n\t\n")
    (folder / "nulos.txt").write_bytes(b"Portaria n. 9\0\n\nO expediente da oficina\0 termina ao meio-dia.\n")
    (folder / "quebrado.txt").write_bytes("O cemitério abre às sete horas. ".encode() + b"\xc3( \xff fim da frase.\n")
    (folder / "binario.txt").write_bytes(bytes(range(256)) * 8)
    (folder / "imagem.pdf").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    (folder / "planilha.docx").write_bytes(b"PK\x03\x04" + bytes(50))
    (folder / "planilha.xls").write_bytes(b"PK\x03\x04")
    (folder / "pendurado.txt").symlink_to("/nada/aqui.txt")
    (folder / "circular.txt").symlink_to("circular.txt")
    (folder / "volta").symlink_to(folder, target_is_directory=True)
    (folder / ".oculto.txt").write_text("Um rascunho que ninguém pediu para ingerir.")
    os.mkfifo(folder / "cano.txt")
    (folder / "nome\nde duas linhas.txt").write_text("A quadra de esportes abre aos sábados.")
    (folder / os.fsdecode(b"of\xedcio.txt")).write_text("A praia do lago abre aos domingos.")
    return folder


def by_name(outcome: Outcome) -> dict[str, dict[str, object]]:
    rows = outcome.rows()
    found = {os.path.basename(str(row["arquivo"])): row for row in rows}  # noqa: PTH119 - as the name was given
    assert len(found) == len(rows), "each file once"
    assert all(row.keys() >= KEYS for row in rows)
    return found


def test_a_folder_of_good_and_bad_files_gives_each_its_outcome(warm: Balcao, folder: Path) -> None:
    first = warm.run("ingerir", folder, "--json")
    assert first.code == 1
    assert first.err == ""
    found = by_name(first)
    assert set(found) == GOOD | ODDLY_NAMED | set(REFUSED)
    assert {name for name, row in found.items() if row["situacao"] == "novo"} == GOOD | ODDLY_NAMED
    for name, reason in REFUSED.items():
        motive = str(found[name]["motivo"])
        assert found[name]["situacao"] == ("ignorado" if name == "planilha.xls" else "falhou")
        assert name in motive
        assert reason in motive
        assert motive.endswith(".")

    listed = warm.run("documentos", "listar", "--json").rows()
    ids = {row["document_id"] for row in listed}
    assert ids == {row["document_id"] for row in found.values() if row["situacao"] == "novo"}

    again = warm.run("ingerir", folder, "--json")
    assert again.code == 1  # the bad files are still bad
    repeated = by_name(again)
    assert {name for name, row in repeated.items() if row["situacao"] == "duplicado"} == GOOD | ODDLY_NAMED
    assert {row["document_id"] for row in repeated.values() if row["situacao"] == "duplicado"} == ids
    assert warm.run("documentos", "listar", "--json").rows() == listed


def test_what_nobody_named_and_nobody_reads_is_no_failure(warm: Balcao, tmp_path: Path) -> None:
    beside = tmp_path / "Thumbs.db"
    beside.write_bytes(b"x")
    shutil.copy(EXAMPLES / "lei-organica.md", tmp_path)
    people = warm.run("ingerir", tmp_path)
    assert (people.code, people.err) == (0, "")
    assert "1 novo, 0 atualizados, 0 duplicados, 0 parecidos, 0 com falha, 1 ignorado; " in people.out
    assert warm.run("ingerir", tmp_path / "T*", "--json").rows()[0]["situacao"] == "ignorado"
    named = warm.run("ingerir", beside, "--json")
    assert (named.code, named.rows()[0]["situacao"]) == (1, "falhou")


def test_a_pattern_or_a_folder_without_files_says_so(warm: Balcao, tmp_path: Path) -> None:
    nothing = warm.run("ingerir", tmp_path / "*.xyz", "--json")
    assert (nothing.code, nothing.rows()[0]["situacao"]) == (1, "falhou")
    assert "nenhum arquivo combina com o padrão" in str(nothing.rows()[0]["motivo"])
    empty = warm.run("ingerir", tmp_path)
    assert (empty.code, empty.out.splitlines()[-2]) == (0, "Nenhum arquivo encontrado.")


def test_a_simulation_sees_what_the_files_before_would_bring(warm: Balcao, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("O parque fecha às dezoito horas.")
    (tmp_path / "b.txt").write_text("O parque fecha\nàs dezoito horas.")
    first, second = warm.run("ingerir", tmp_path, "--simular", "--json").rows()
    assert (first["situacao"], second["situacao"]) == ("novo", "duplicado")
    assert "a.txt" in str(second["motivo"])


def test_repeated_documents_are_no_failure_and_the_old_command_does_the_same(warm: Balcao) -> None:
    first = warm.run(EXAMPLES / "lei-organica.md", EXAMPLES / "carta-de-servicos.pdf", script="ingest-documents")
    assert first.code == 0
    assert "2 novos, 0 atualizados, 0 duplicados, 0 parecidos, 0 com falha" in first.out
    again = warm.run(EXAMPLES, "--json", script="ingest-documents")
    assert again.code == 0
    assert [row["situacao"] for row in again.rows()].count("duplicado") == 2
    people = warm.run("ingerir", EXAMPLES)
    assert people.code == 0
    assert "0 novos, 0 atualizados, 8 duplicados, 0 parecidos, 0 com falha; 0 tokens gastos." in people.out


def test_ente_is_what_was_given_or_refused_before_any_file(warm: Balcao, tmp_path: Path) -> None:
    (tmp_path / "aviso.txt").write_text("O parque fecha às dezoito horas.")
    for wrong in ("123", "9999998"):
        refused = warm.run("ingerir", tmp_path, "--ente", wrong, "--json")
        assert refused.code == 1
        assert refused.fields()["error_code"] == "invalid_ente"
        assert refused.err == ""
    assert warm.run("documentos", "listar", "--json").rows() == []
    taken = warm.run("ingerir", tmp_path, "--ente", "4211504", "--json").rows()
    assert [row["situacao"] for row in taken] == ["novo"]
    assert "Nova Trento" in str(taken[0]["ente"])


def test_what_is_not_there_is_named_and_the_rest_ingested(balcao: Balcao) -> None:
    outcome = balcao.run("ingerir", "/nada/aqui.pdf", EXAMPLES / "lei-organica.md")
    assert outcome.code == 1
    assert "aqui.pdf" in outcome.out
    assert "1 novo, 0 atualizados, 0 duplicados, 0 parecidos, 1 com falha" in outcome.out
    long = balcao.run("ingerir", "/" + "/".join(["pasta" * 30] * 10) + "/a.txt", "/" + "x" * 300 + ".txt", "--json")
    assert long.code == 1
    assert [row["situacao"] for row in long.rows()] == ["falhou", "falhou"]


def test_a_path_longer_than_what_is_kept_is_refused_by_name(balcao: Balcao, tmp_path: Path) -> None:
    deep = tmp_path.joinpath(*["p" * 200] * 5)
    deep.mkdir(parents=True)
    (deep / "fundo.txt").write_text("O poço fica no fundo do quintal.")
    (row,) = balcao.run("ingerir", deep, "--json").rows()
    assert row["situacao"] == "falhou"
    assert "fundo.txt" in str(row["motivo"])
    assert "máximo é 1000" in str(row["motivo"])


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["ingerir"], "Falta informar CAMINHO..."),
        (["ingerir", "a", "--entes", "SC"], "A opção --entes não existe."),
        (["ingerr", "a"], 'O comando "ingerr" não existe'),
        (["buscar", "a", "-n", "101"], "o máximo é 100"),
        (["documentos", "remover", "1"], "O valor de ID não é um identificador (UUID)."),
        (["documentos", "listar", "--situacao", "guardado"], "use um destes: 'processando', 'aguardando_confirmacao'"),
        (["consumo", "mostrar", "--de", "31/12/2026"], "O valor de --de não é um dia; escreva AAAA-MM-DD."),
        (["prefeitura", "criar"], "Falta a opção --nome."),
        (["servir", "--demonstracao", "/nada"], 'A pasta "/nada", de --demonstracao, não existe.'),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_usage_is_explained_in_portuguese(balcao: Balcao, arguments: list[str], sentence: str) -> None:
    plain = balcao.run(*arguments)
    assert plain.code == 2
    assert plain.out == ""
    assert plain.err.startswith("Uso: balcao")
    assert sentence in plain.err
    assert not balcao.data.exists()


def test_wrong_usage_is_one_value_for_programs(balcao: Balcao) -> None:
    outcome = balcao.run("ingerir", "--json")
    assert outcome.code == 2
    assert outcome.fields() == {"error_code": "usage", "detail": "Falta informar CAMINHO..."}
    assert outcome.err.startswith("Uso: balcao ingerir")


def test_help_is_in_portuguese(balcao: Balcao) -> None:
    for command in ([], ["servir"], ["ingerir"], ["prefeitura", "criar"]):
        shown = balcao.run(*command, "--help")
        assert shown.code == 0
        for english in ("Usage", "Options", "Arguments", "Commands", "Show this", "required", "default", "OPTIONS"):
            assert english not in shown.out


@pytest.fixture
def nobody() -> Iterator[Balcao]:
    """The command as a user without rights, in a virtual environment that it can reach: root may read everything."""
    home = short_home("bn-")
    if os.geteuid() != 0:
        yield Balcao(data=home / "d", home=home)
    else:
        account = pwd.getpwnam("nobody")
        version = f"python{sys.version_info.major}.{sys.version_info.minor}"
        pythons = [Path(sys.executable).resolve(), Path("/usr/bin") / version]
        libraries = [Path(balcao_package.__file__).parent.parent, Path(pytest.__file__).parent.parent]
        python = next((python for python in pythons if python.exists() and is_open_to_all(python)), None)
        if python is None or not all(map(is_open_to_all, libraries)):
            home.rmdir()
            pytest.skip("o usuário nobody não alcança o Python ou as bibliotecas destes testes")
        subprocess.run([python, "-m", "venv", "--without-pip", home / "v"], check=True)
        linked = home / "v" / "lib" / version / "site-packages" / "balcao.pth"
        linked.write_text("".join(f"{library}\n" for library in libraries))
        os.chown(home, account.pw_uid, account.pw_gid)
        yield Balcao(
            data=home / "d",
            home=home,
            instead=(
                *("setpriv", f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups"),
                *(str(home / "v" / "bin" / "python"), "-c", "from balcao.interface.cli import main; main()"),
            ),
        )
    shutil.rmtree(home)


def is_open_to_all(path: Path) -> bool:
    return all(part.stat().st_mode & 0o001 for part in path.resolve().parents)


def test_folders_and_files_that_may_not_be_read_are_named(nobody: Balcao) -> None:
    papers = nobody.home / "papeis"
    (papers / "fechada").mkdir(parents=True)
    (papers / "fechada" / "a.txt").write_text("Ninguém lê.")
    (papers / "segredo.txt").write_text("Ninguém lê.")
    (papers / "aviso.txt").write_text("O parque fecha às dezoito horas.")
    (papers / "meio-fechada").mkdir()
    (papers / "meio-fechada" / "b.txt").write_text("Ninguém lê.")
    (papers / "meio-fechada").chmod(0o444)
    (papers / "fechada").chmod(0)
    (papers / "segredo.txt").chmod(0)
    outcome = nobody.run("ingerir", papers, "--json")
    (papers / "fechada").chmod(0o700)
    (papers / "meio-fechada").chmod(0o700)
    assert outcome.code == 1, outcome
    found = by_name(outcome)
    assert {name: row["situacao"] for name, row in found.items()} == {
        "fechada": "falhou",
        "b.txt": "falhou",
        "segredo.txt": "falhou",
        "aviso.txt": "novo",
    }
    assert "fechada: a pasta não pôde ser aberta" in str(found["fechada"]["motivo"])
    assert "segredo.txt: sem permissão de leitura" in str(found["segredo.txt"]["motivo"])


def test_json_is_utf8_and_whole_whatever_the_terminal_speaks(balcao: Balcao) -> None:
    ascii_terminal = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    outcome = replace(balcao, settings=ascii_terminal).run("ingerir", EXAMPLES / "carta-de-servicos.pdf", "--json")
    assert (outcome.code, outcome.err) == (0, "")
    assert "Carta de Serviços" in str(outcome.rows()[0]["titulo"])
    people = replace(balcao, settings=ascii_terminal).run("documentos", "listar")
    assert people.code == 0
    assert "Carta de Servi\\xe7os" in people.out


def test_originals_that_cannot_be_kept_stop_the_ingestion_with_one_sentence(balcao: Balcao) -> None:
    balcao.data.mkdir()
    (balcao.data / "originais").write_text("isto não é uma pasta")
    outcome = balcao.run("ingerir", EXAMPLES, "--json")
    assert outcome.code == 3
    assert outcome.fields()["error_code"] == "invalid_configuration"
    assert "originais não pode ser escrita" in str(outcome.fields()["detail"])
    assert balcao.run("documentos", "listar", "--json").rows() == []
