"""Reads a folder of questions with known answers: corpus.jsonl, queries.jsonl, qrels.tsv and, where there are any,
perguntas_com_resposta.jsonl and perguntas_sem_resposta.jsonl."""

import json
from collections.abc import Iterator
from pathlib import Path

from balcao.application.use_cases.evaluate_search import EvaluateSearchRequest, EvaluationDocument
from balcao.domain.errors import UnreadableFile, UnusableFile
from balcao.domain.text import storable_path

_ANSWERABLE, _UNANSWERABLE = "perguntas_com_resposta.jsonl", "perguntas_sem_resposta.jsonl"
_QUESTION_FIELDS = ("text", "pergunta")


def read_evaluation(folder: Path) -> EvaluateSearchRequest:
    """The folder's documents, questions and judgements.

    Raises:
        UnreadableFile: one of the files is missing or cannot be read.
        UnusableFile: a line is not what the file is made of; the message names it.
    """
    documents = [
        EvaluationDocument(id=_text(row, "id", where), title=_optional(row, "title"), text=_text(row, "text", where))
        for where, row in _rows(folder / "corpus.jsonl")
    ]
    questions = {_text(row, "id", where): _text(row, "text", where) for where, row in _rows(folder / "queries.jsonl")}
    return EvaluateSearchRequest(
        documents=documents,
        questions=questions,
        judged=_judgements(folder / "qrels.tsv"),
        answerable=_questions(folder / _ANSWERABLE),
        unanswerable=_questions(folder / _UNANSWERABLE),
    )


def _judgements(path: Path) -> dict[str, dict[str, int]]:
    judged: dict[str, dict[str, int]] = {}
    for number, line in enumerate(_lines(path), start=1):
        cells = line.split("\t")
        if number == 1 or not line.strip():
            continue
        if len(cells) < 3 or not cells[2].strip().isdigit():
            raise UnusableFile(
                f"{path.name}, linha {number}: esperados pergunta, documento e nota (inteira), separados por tabulação."
            )
        judged.setdefault(cells[0], {})[cells[1]] = int(cells[2])
    return judged


def _questions(path: Path) -> list[str]:
    if not path.is_file():
        return []
    found = []
    for where, row in _rows(path):
        name = next((name for name in _QUESTION_FIELDS if name in row), _QUESTION_FIELDS[0])
        found.append(_text(row, name, where))
    return found


def _rows(path: Path) -> Iterator[tuple[str, dict[str, object]]]:
    for number, line in enumerate(_lines(path), start=1):
        if not line.strip():
            continue
        where = f"{path.name}, linha {number}"
        try:
            row = json.loads(line)
        except ValueError as error:
            raise UnusableFile(f"{where}: não é JSON; escreva um objeto por linha.") from error
        if not isinstance(row, dict):
            raise UnusableFile(f"{where}: não é um objeto JSON.")
        yield where, row


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").split("\n")
    except FileNotFoundError as error:
        raise UnreadableFile(f"Falta {storable_path(str(path))}; veja `balcao avaliar` em docs/comandos.md.") from error
    except (OSError, ValueError) as error:
        raise UnreadableFile(
            f"{storable_path(str(path))} não pode ser lido; confira a permissão e se está em UTF-8."
        ) from error


def _text(row: dict[str, object], name: str, where: str) -> str:
    value = row.get(name)
    if not isinstance(value, str) or not value.strip():
        raise UnusableFile(f'{where}: falta o campo "{name}", com texto.')
    return value


def _optional(row: dict[str, object], name: str) -> str:
    value = row.get(name)
    return value if isinstance(value, str) else ""
