"""Rules of the house that no linter knows, read from the source. Each proves on a seeded sample that it can fail."""

import ast
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

SOURCE = REPOSITORY / "src" / "balcao"
LONGEST_FILE = 350
SQL = re.compile(
    r"\s*(SELECT\s|INSERT INTO\s|UPDATE\s+\w+\s+SET\s|DELETE FROM\s|WITH\s+\w+\s+AS\s"
    r"|(CREATE|DROP|ALTER|TRUNCATE)\s+(TABLE|SCHEMA|INDEX|ROLE|DATABASE|EXTENSION|FUNCTION|POLICY)\b|COPY\s+\w+\s)"
)

Lint = Callable[[str], list[str]]


def calls(source: str) -> Iterator[ast.Call]:
    yield from (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call))


def ended_transactions(source: str) -> list[str]:
    """Calls that end a transaction."""
    return [
        f"line {call.lineno}: {ast.unparse(call)}"
        for call in calls(source)
        if isinstance(call.func, ast.Attribute) and call.func.attr in ("commit", "rollback")
    ]


def tries(source: str) -> list[str]:
    """Blocks that handle errors."""
    return [
        f"line {node.lineno}: try" for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Try | ast.TryStar)
    ]


def swallowed_errors(source: str) -> list[str]:
    """Handlers of everything that do not raise it again."""
    return [
        f"line {node.lineno}: {ast.unparse(node).splitlines()[0]}"
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.ExceptHandler) and _is_broad(node.type) and not _raises_again(node)
    ]


def _is_broad(caught: ast.expr | None) -> bool:
    if isinstance(caught, ast.Tuple):
        return any(_is_broad(element) for element in caught.elts)
    return caught is None or ast.unparse(caught) in ("Exception", "BaseException")


def _raises_again(handler: ast.ExceptHandler) -> bool:
    last = handler.body[-1]
    return isinstance(last, ast.Raise) and last.exc is None


def prints(source: str) -> list[str]:
    """Calls of ``print``."""
    return [
        f"line {call.lineno}: print"
        for call in calls(source)
        if isinstance(call.func, ast.Name) and call.func.id == "print"
    ]


def foreign_imports(source: str) -> list[str]:
    """Imports of anything but the standard library and this package, relative ones included."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or "" if node.level == 0 else "."]
        else:
            continue
        allowed = {*sys.stdlib_module_names, "balcao"}
        found += [f"line {node.lineno}: {name}" for name in names if name.partition(".")[0] not in allowed]
    return found


def long_file(source: str) -> list[str]:
    """More lines than a file may have."""
    lines = len(source.splitlines())
    return [f"{lines} lines"] if lines > LONGEST_FILE else []


def sql_text(source: str) -> list[str]:
    """Strings that are SQL, and calls of SQLAlchemy's ``text``."""
    parsed = ast.parse(source)
    found = [
        f"line {node.lineno}: {str(node.value).strip()[:40]}"
        for node in ast.walk(parsed)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and SQL.match(node.value)
    ]
    imported = [
        f"line {node.lineno}: sqlalchemy.text"
        for node in ast.walk(parsed)
        if isinstance(node, ast.ImportFrom) and node.module == "sqlalchemy" and "text" in {a.name for a in node.names}
    ]
    return found + imported


def clocks_read(source: str) -> list[str]:
    """Readings of the machine's calendar time that no test could move."""
    return [
        f"line {call.lineno}: {ast.unparse(call)}"
        for call in calls(source)
        if re.search(r"\b(datetime|date)\.(now|utcnow|today)$", ast.unparse(call.func))
    ]


def misshapen_use_cases(source: str) -> list[str]:
    """What does not fit: every public class is a frozen value or a use case whose one public method is ``execute``."""
    classes = [node for node in ast.parse(source).body if isinstance(node, ast.ClassDef)]
    found = [problem for node in classes if not node.name.startswith("_") for problem in _class_problems(node)]
    if not any(node.name.endswith("UseCase") for node in classes):
        found.append("no use case")
    return found


def _class_problems(node: ast.ClassDef) -> list[str]:
    methods = [item for item in node.body if isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef)]
    if not node.name.endswith("UseCase"):
        decorators = " ".join(ast.unparse(decorator) for decorator in node.decorator_list)
        is_value = all(f"{option}=True" in decorators for option in ("frozen", "slots", "kw_only"))
        return [] if is_value and decorators.startswith("dataclass") else [f"{node.name}: not a frozen value"]
    public = [method for method in methods if not method.name.startswith("_")]
    if [method.name for method in public] != ["execute"] or not isinstance(public[0], ast.AsyncFunctionDef):
        return [f"{node.name}: not one asynchronous execute"]
    arguments = public[0].args.args
    typed = all(argument.annotation for argument in arguments[1:]) and public[0].returns
    return [] if typed else [f"{node.name}: execute is not typed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A lint, the files it covers but for ``except_in``, and samples it must find fault with, or none."""

    lint: Lint
    within: tuple[str, ...] = ("",)
    except_in: tuple[str, ...] = ()
    bad: tuple[str, ...]
    good: str

    def files(self) -> list[Path]:
        everything = [path for path in SOURCE.rglob("*.py") if self._covers(path.relative_to(SOURCE).as_posix())]
        return sorted(everything)

    def _covers(self, path: str) -> bool:
        return path.startswith(self.within) and not (self.except_in and path.startswith(self.except_in))


RULES = {
    "only the unit of work ends transactions": Rule(
        lint=ended_transactions,
        except_in=("infrastructure/database/",),
        bad=("async def f(c): await c.commit()", "def f(work): work.session.rollback()"),
        good="async def f(work): await work.messages.save_message(1)",
    ),
    "repositories and routes handle no errors": Rule(
        lint=tries,
        within=("infrastructure/repositories/", "interface/api/v1/", "interface/api/root.py"),
        bad=(
            "try:\n  f()\nexcept KeyError:\n  g()",
            "try:\n  f()\nfinally:\n  g()",
            "try:\n  f()\nexcept* OSError:\n  g()",
        ),
        good="f()",
    ),
    "errors are swallowed at the process's edge only": Rule(
        lint=swallowed_errors,
        except_in=("interface/api/middleware.py", "interface/background.py", "interface/worker.py"),
        bad=(
            "try:\n  f()\nexcept Exception:\n  g()",
            "try:\n  f()\nexcept BaseException as e:\n  raise ValueError from e",
            "try:\n  f()\nexcept:\n  pass",
            "try:\n  f()\nexcept (KeyError, Exception):\n  pass",
        ),
        good="try:\n  f()\nexcept KeyError:\n  pass\ntry:\n  f()\nexcept BaseException:\n  g()\n  raise",
    ),
    "only the command line's output prints": Rule(
        lint=prints,
        except_in=("interface/cli_output.py", "infrastructure/external/audit/verificar.py"),
        bad=("print('oi')",),
        good="console.print('oi')",
    ),
    "domain and application import the standard library": Rule(
        lint=foreign_imports,
        within=("domain/", "application/"),
        bad=("import sqlalchemy", "from pydantic.fields import Field", "from . import x", "def f():\n  import httpx"),
        good="import re\nfrom collections.abc import Sequence\nfrom balcao.domain.ids import ChunkId",
    ),
    "files stay short": Rule(
        lint=long_file,
        except_in=("domain/errors.py",),  # one page by design: the whole tree
        bad=("x = 1\n" * (LONGEST_FILE + 1),),
        good="x = 1\n" * LONGEST_FILE,
    ),
    "SQL is in repositories and migrations": Rule(
        lint=sql_text,
        except_in=("infrastructure/repositories/", "infrastructure/database/"),
        bad=(
            "x = 'SELECT 1 FROM a'",
            "x = f'  UPDATE t SET a = {b}'",
            "x = '''\n  WITH a AS (SELECT 1) SELECT 2'''",
            "x = 'DROP TABLE t'",
            "from sqlalchemy import select, text",
        ),
        good="x = 'Selecione o que quer'\nfrom sqlalchemy import select",
    ),
    "the time comes from a Clock": Rule(
        lint=clocks_read,
        except_in=("infrastructure/external/system_clock.py",),
        bad=("datetime.now(UTC)", "x = datetime.datetime.utcnow()", "date.today()"),
        good="clock.now()",
    ),
    "use cases have one shape": Rule(
        lint=misshapen_use_cases,
        within=("application/use_cases/",),
        except_in=("application/use_cases/__init__.py",),
        bad=(
            "x = 1",
            "class AskUseCase:\n  def execute(self) -> int: ...",
            "class AskUseCase:\n  async def execute(self): ...",
            "class AskUseCase:\n  async def run(self) -> int: ...",
            "class AskUseCase:\n  async def execute(self) -> int: ...\n  async def undo(self) -> int: ...",
            "@dataclass\nclass Request:\n  x: int\nclass AskUseCase:\n  async def execute(self) -> int: ...",
            "class Helper: ...\nclass AskUseCase:\n  async def execute(self) -> int: ...",
        ),
        good=(
            "@dataclass(frozen=True, slots=True, kw_only=True)\nclass Request:\n  x: int\n"
            "class AskUseCase:\n  async def execute(self, request: Request) -> int: ..."
        ),
    ),
}


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_the_source_keeps_the_rule(rule: Rule) -> None:
    files = rule.files()
    assert files, "the rule covers no file"
    broken = {
        path.relative_to(SOURCE).as_posix(): faults
        for path in files
        if (faults := rule.lint(path.read_text(encoding="utf-8")))
    }
    assert broken == {}


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_the_rule_can_fail(rule: Rule) -> None:
    for sample in rule.bad:
        assert rule.lint(sample), sample
    assert rule.lint(rule.good) == []


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_every_exception_to_the_rule_is_needed(rule: Rule) -> None:
    """A file or folder excused for something that it no longer does would hide the next one that does it."""
    for excused in rule.except_in:
        paths = [path for path in SOURCE.rglob("*.py") if path.relative_to(SOURCE).as_posix().startswith(excused)]
        assert any(rule.lint(path.read_text(encoding="utf-8")) for path in paths), excused
