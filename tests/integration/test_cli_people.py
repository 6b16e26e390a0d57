"""``balcao prefeitura``, ``balcao usuario`` and ``balcao chave`` over a real database."""

import json

import pytest

from tests.command_line import Run, record, value

NOBODY = "00000000-0000-4000-8000-000000000000"


def trento(run: Run) -> dict[str, object]:
    return record(run, "prefeitura", "criar", "--nome", "Prefeitura de Nova Trento", "--slug", "nova-trento")


def test_a_prefeitura_is_created_changed_suspended_and_resumed(run: Run) -> None:
    assert trento(run)["dia_contrato"] == 1
    edit = ("prefeitura", "editar", "nova-trento")
    assert record(run, *edit, "--dia-contrato", "31", "--uf", "sc")["dia_contrato"] == 31
    assert record(run, *edit, "--suspender")["ativo"] is False
    assert "suspensa" in run("prefeitura", "listar")[1]
    resumed = record(run, *edit, "--reativar")
    assert (resumed["ativo"], resumed["dia_contrato"], resumed["uf"]) == (True, 31, "SC")
    listed = value(run, "prefeitura", "listar")
    assert isinstance(listed, list)
    assert [item["slug"] for item in listed] == ["publica", "nova-trento"]


@pytest.mark.parametrize("day", ["0", "32", "x"])
def test_a_contract_day_is_a_day(run: Run, day: str) -> None:
    code, printed = run("prefeitura", "editar", "publica", "--dia-contrato", day, "--json")
    assert (code, json.loads(printed)["error_code"]) == (2, "usage")


def test_a_person_is_created_invited_again_promoted_and_disabled(run: Run) -> None:
    trento(run)
    of = ("--prefeitura", "nova-trento")
    invited = record(run, "usuario", "criar", *of, "--nome", "Ana Souza", "--email", "Ana@Exemplo.org")
    person = invited["usuario"]
    assert isinstance(person, dict)
    assert (person["email"], person["papel"], person["tem_senha"]) == ("ana@exemplo.org", "servidor", False)
    again = record(run, "usuario", "convidar", str(person["id"]), *of)
    assert again["convite"] != invited["convite"]
    edit = ("usuario", "editar", str(person["id"]), *of)
    assert record(run, *edit, "--papel", "operador")["papel"] == "operador"
    assert record(run, *edit, "--desativar")["ativo"] is False
    code, listed = run("usuario", "listar", *of)
    assert (code, listed) == (
        0,
        f"{person['id']}  Ana Souza <ana@exemplo.org> (operador, convite pendente, desativada)\n",
    )
    assert record(run, *edit, "--ativar")["ativo"] is True


def test_the_invitation_is_shown_once(run: Run) -> None:
    created = run("usuario", "criar", "--prefeitura", "publica", "--nome", "Ana", "--email", "ana@exemplo.org")[1]
    token = next(line for line in created.splitlines() if line.startswith("Convite")).split()[-1]
    assert len(token) == 43
    for arguments in (("listar",), ("listar", "--json")):
        assert token not in run("usuario", *arguments, "--prefeitura", "publica")[1]


def test_a_key_is_shown_once_listed_and_revoked(run: Run) -> None:
    of = ("--prefeitura", "publica")
    created = record(run, "chave", "criar", *of, "--nome", "Site", "--papel", "gestor")
    secret, key = created["segredo"], created["chave"]
    assert isinstance(key, dict)
    assert str(secret).startswith(str(key["prefixo"]))
    for arguments in (("listar",), ("listar", "--json")):
        printed = run("chave", *arguments, *of)[1]
        assert str(key["prefixo"]) in printed
        assert str(secret) not in printed
    assert run("chave", "revogar", str(key["id"]), *of)[0] == 0
    assert "revogada" in run("chave", "listar", *of)[1]
    assert run("chave", "revogar", str(key["id"]), *of)[0] == 1


def test_the_first_operator_is_created_once(run: Run) -> None:
    created = record(run, "usuario", "primeiro-operador")
    assert created.keys() == {"email", "senha"}
    assert len(str(created["senha"])) == 43
    assert value(run, "usuario", "primeiro-operador") is None
    assert "já tem pessoas" in run("usuario", "primeiro-operador")[1]
    listed = run("usuario", "listar", "--prefeitura", "publica")[1]
    assert f"<{created['email']}> (operador)" in listed


@pytest.mark.parametrize(
    ("arguments", "code", "error"),
    [
        (("usuario", "editar", NOBODY, "--ativar"), 1, "usuario_not_found"),
        (("usuario", "convidar", NOBODY), 1, "usuario_not_found"),
        (("chave", "revogar", NOBODY), 1, "api_key_not_found"),
        (("usuario", "editar", NOBODY), 2, "usage"),
        (("usuario", "editar", NOBODY, "--papel", "gestor", "--ativar"), 2, "usage"),
        (("usuario", "editar", NOBODY, "--papel", "rei"), 2, "usage"),
        (("usuario", "criar", "--nome", "Ana", "--email", "ana"), 1, "invalid_input"),
        (("chave", "criar", "--nome", " "), 1, "invalid_input"),
    ],
)
def test_what_cannot_be_done_says_why(run: Run, arguments: tuple[str, ...], code: int, error: str) -> None:
    ended, printed = run(*arguments, "--prefeitura", "publica", "--json")
    assert (ended, json.loads(printed)["error_code"]) == (code, error)


@pytest.mark.parametrize("command", ["usuario", "chave"])
def test_people_and_keys_belong_to_a_named_prefeitura(run: Run, command: str) -> None:
    assert run(command, "listar")[0] == 2
    ended, printed = run(command, "listar", "--prefeitura", "nao-existe", "--json")
    assert (ended, json.loads(printed)["error_code"]) == (1, "prefeitura_not_found")
