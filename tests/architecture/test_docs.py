"""The reference documents say neither less nor more than the program does."""

import re
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path

import pytest
import typer.core
import typer.main
from fastapi import FastAPI

from balcao.domain.errors import BalcaoError
from balcao.infrastructure.settings import Settings
from balcao.interface import runtime
from balcao.interface.api.errors import FRAMEWORK_DETAILS, status_of
from balcao.interface.api.schemas import EVERYWHERE
from balcao.interface.cli import app as command_line
from balcao.interface.main import create_app
from tests.api.conftest import container_without_database
from tests.conftest import REPOSITORY

DOCS = REPOSITORY / "docs"
PAGES = sorted([*REPOSITORY.glob("*.md"), *DOCS.rglob("*.md")])


def sections(page: str) -> dict[str, str]:
    """Text under each second-level heading; what stands before the first is under the empty name."""
    name, found = "", {"": ""}
    for line in (DOCS / page).read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            name = line.removeprefix("## ").strip("` ")
            assert name not in found, f"{page}: {name} twice"
            found[name] = ""
        else:
            found[name] += f"{line}\n"
    return found


def rows(text: str) -> list[list[str]]:
    """Cells of the tables' rows, without the headers and rules."""
    lines = text.splitlines()
    below_rule = [
        index
        for index, line in enumerate(lines)
        if line.startswith("|") and index and not re.fullmatch(r"[|\-: ]+", line) and lines[index - 1].startswith("|")
    ]
    return [[cell.strip() for cell in lines[index].strip("|").split("|")] for index in below_rule]


def quoted(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def errors(root: type[BalcaoError] = BalcaoError) -> Iterator[type[BalcaoError]]:
    yield root
    for child in root.__subclasses__():
        yield from errors(child)


def test_every_error_code_is_explained_with_its_status() -> None:
    ours = {error.code: int(status_of(error)) for error in errors()}
    frameworks = {HTTPStatus(status).name.lower(): int(status) for status in FRAMEWORK_DETAILS}
    table = rows(sections("erros.md")["Códigos"])
    assert {quoted(code)[0]: int(status) for code, status, *_ in table} == ours | frameworks | {"internal_error": 500}
    assert len(table) == len(ours | frameworks) + 1


def shown_default(name: str) -> str:
    default = Settings.model_fields[name].get_default()
    if default is None or default == ():
        return "–"
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"


def test_every_setting_is_explained_with_its_default() -> None:
    table = rows(sections("configuracao.md")["Variáveis"])
    documented = {quoted(name)[0]: default for name, default, *_ in table}
    assert documented == {name.upper(): shown_default(name) for name in Settings.model_fields}
    assert len(table) == len(documented)
    assert all(meaning for _, _, meaning, _ in table)


def test_names_of_v2_that_are_not_used_are_not_settings() -> None:
    table = rows(sections("configuracao.md")["Nomes da versão 2.0 aceitos e ainda não usados"])
    names = {name for cell, *_ in table for name in quoted(cell)}
    assert {"REDIS_HOST", "REDIS_PORT", "REDIS_DB", "REDIS_PASSWORD", "SESSION_TTL_HOURS"} <= names
    assert {"CHROMA_PERSIST_DIRECTORY", "CHROMA_COLLECTION_NAME"} <= names
    assert not names & {name.upper() for name in Settings.model_fields}


def test_names_of_v2_that_are_not_used_are_accepted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("REDIS_PORT", "SESSION_TTL_HOURS", "CHROMA_COLLECTION_NAME"):
        monkeypatch.setenv(name, "não é número")
    (tmp_path / ".env").write_text("REDIS_HOST=redis\nCHUNK_SIZE=321\n", encoding="utf-8")
    assert Settings().chunk_size == 321


@pytest.fixture
def application(tmp_path: Path) -> FastAPI:
    return create_app(container_without_database(tmp_path))


def routes(application: FastAPI) -> dict[str, dict[str, object]]:
    operations: dict[str, dict[str, object]] = {}
    for path, methods in application.openapi()["paths"].items():
        for method, operation in methods.items():
            operations[f"{method.upper()} {path}"] = operation
    return operations


def test_every_route_is_explained_with_its_statuses(application: FastAPI) -> None:
    """What any route may answer is explained once, and again only where there is more to say of it."""
    documented = {
        name: {int(status) for status, *_ in rows(text) if status.isdigit()}
        for name, text in sections("api.md").items()
    }
    everywhere = documented.pop("")
    assert everywhere == set(EVERYWHERE)
    expected: dict[str, set[int]] = {}
    for name, operation in routes(application).items():
        responses = operation["responses"]
        assert isinstance(responses, dict)
        expected[name] = {int(status) for status in responses}
    assert {name: statuses | everywhere for name, statuses in documented.items()} == expected


def test_every_field_of_a_route_is_explained(application: FastAPI) -> None:
    schemas = application.openapi()["components"]["schemas"]

    def fields(node: object) -> Iterator[str]:
        if isinstance(node, dict):
            reference = node.get("$ref", "").rpartition("/")[2]
            if reference.startswith(("Error", "HTTPValidation", "ValidationError")):
                return
            if reference:
                yield from schemas[reference].get("properties", {})
                yield from fields(schemas[reference])
            for value in node.values():
                yield from fields(value)
        elif isinstance(node, list):
            for value in node:
                yield from fields(value)

    for name, operation in routes(application).items():
        text = sections("api.md")[name]
        missing = {field for field in fields(operation) if f"`{field}`" not in text}
        assert not missing, name


def test_every_route_has_an_example() -> None:
    for name, text in sections("api.md").items():
        if name:
            address = re.sub(r"\\\{\w+\\\}", r"[^/\\s]+", re.escape(name.split()[1]))
            assert re.search(rf"^\$ curl -s http://127\.0\.0\.1:8000{address}(\s|$)", text, re.MULTILINE), name


def commands() -> dict[str, list[typer.core.TyperArgument | typer.core.TyperOption]]:
    """Parameters of each command by its whole name."""
    found = {}
    waiting: list[tuple[str, object]] = [("balcao", typer.main.get_command(command_line))]
    while waiting:
        name, command = waiting.pop()
        if isinstance(command, typer.core.TyperGroup):
            waiting += [(f"{name} {child}", subcommand) for child, subcommand in command.commands.items()]
        elif isinstance(command, typer.core.TyperCommand):
            kinds = (typer.core.TyperArgument, typer.core.TyperOption)
            found[name] = [item for item in command.params if isinstance(item, kinds)]
    return found


def test_every_command_is_explained_with_its_options() -> None:
    documented = {
        name: {option.split()[0] for cell, *_ in rows(text) for option in quoted(cell)}
        for name, text in sections("comandos.md").items()
        if name
    }
    expected = {
        name: {
            option
            for item in parameters
            if isinstance(item, typer.core.TyperOption)
            for option in [*item.opts, *item.secondary_opts]
        }
        for name, parameters in commands().items()
    }
    assert documented == expected


def test_every_command_has_an_example_and_its_arguments() -> None:
    for name, text in sections("comandos.md").items():
        if name:
            assert f"$ {name}" in text, name
            metavars = [item.metavar for item in commands()[name] if isinstance(item, typer.core.TyperArgument)]
            assert all(f"`{name} {metavar}`" in text for metavar in metavars), name


def test_every_exit_code_is_explained() -> None:
    documented = [int(code) for code, *_ in rows(sections("comandos.md")[""])]
    assert documented == sorted(value for name, value in vars(runtime).items() if name.startswith("EXIT_"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(REPOSITORY).as_posix())
def test_relative_links_lead_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if not re.match(r"[a-z]+:|#", target):
            assert (page.parent / target.partition("#")[0]).exists(), target


def test_decisions_are_numbered_without_gaps_and_have_one_shape() -> None:
    decisions = sorted((DOCS / "adr").glob("*.md"))
    assert decisions
    assert [int(path.name[:3]) for path in decisions] == list(range(1, len(decisions) + 1))
    for path in decisions:
        assert re.fullmatch(r"\d{3}-[a-z0-9-]+\.md", path.name), path.name
        headings = re.findall(r"^## (.+)$", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
        assert headings[:1] == ["Situação"], path.name
        assert [name for name in headings if name in ("Contexto", "Decisão", "Consequências")] == [
            "Contexto",
            "Decisão",
            "Consequências",
        ], path.name
