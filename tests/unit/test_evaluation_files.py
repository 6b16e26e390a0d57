"""The folder that ``balcao avaliar`` reads."""

import json
from pathlib import Path

import pytest

from balcao.domain.errors import UnreadableFile, UnusableFile
from balcao.interface.evaluation_files import read_evaluation


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rows = [
        {"id": "d1", "title": "Lei", "text": "O prazo é de dez dias."},
        {"id": "d2", "text": "A taxa é de R$ 5,00."},
    ]
    (tmp_path / "corpus.jsonl").write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    (tmp_path / "queries.jsonl").write_text('{"id": "p1", "text": "Qual o prazo?"}\n', encoding="utf-8")
    (tmp_path / "qrels.tsv").write_text("query_id\tdoc_id\tscore\np1\td1\t1\n", encoding="utf-8")
    return tmp_path


def test_everything_is_read(folder: Path) -> None:
    (folder / "perguntas_sem_resposta.jsonl").write_text('{"pergunta": "Vai chover?"}\n', encoding="utf-8")
    read = read_evaluation(folder)
    assert [(document.id, document.title) for document in read.documents] == [("d1", "Lei"), ("d2", "")]
    assert read.questions == {"p1": "Qual o prazo?"}
    assert read.judged == {"p1": {"d1": 1}}
    assert list(read.unanswerable) == ["Vai chover?"]
    assert list(read.answerable) == []


@pytest.mark.parametrize("name", ["corpus.jsonl", "queries.jsonl", "qrels.tsv"])
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(UnreadableFile, match=name):
        read_evaluation(folder)


@pytest.mark.parametrize(
    ("name", "content", "place"),
    [
        ("corpus.jsonl", "{", "corpus.jsonl, linha 1"),
        ("corpus.jsonl", "[]", "corpus.jsonl, linha 1"),
        ("corpus.jsonl", '{"id": "d1", "text": " "}', 'linha 1: falta o campo "text"'),
        ("queries.jsonl", '\n{"text": "Qual?"}', 'queries.jsonl, linha 2: falta o campo "id"'),
        ("qrels.tsv", "cabeçalho\np1\td1\n", "qrels.tsv, linha 2"),
        ("qrels.tsv", "cabeçalho\np1\td1\tsim\n", "qrels.tsv, linha 2"),
    ],
)
def test_a_malformed_line_is_named(folder: Path, name: str, content: str, place: str) -> None:
    (folder / name).write_text(content, encoding="utf-8")
    with pytest.raises(UnusableFile, match=place):
        read_evaluation(folder)


def test_a_file_that_is_not_utf8_is_refused(folder: Path) -> None:
    (folder / "queries.jsonl").write_bytes(b"\xff\xfe")
    with pytest.raises(UnreadableFile, match="UTF-8"):
        read_evaluation(folder)
