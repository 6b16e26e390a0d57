"""``balcao avaliar``, run as a person runs it."""

import json
from pathlib import Path

import pytest

from tests.e2e.conftest import Balcao

DOCUMENTS = {
    "lixo": "O entulho é recolhido de graça até um metro cúbico por mês, mediante agendamento na secretaria de obras.",
    "feira": "A feira livre funciona aos sábados, das seis ao meio-dia, na praça da matriz.",
    "iptu": "O contribuinte que paga o imposto predial em cota única até o vencimento tem desconto de dez por cento.",
}
QUESTIONS = {
    "lixo": "Quem recolhe o entulho?",
    "feira": "Em que dia há feira livre?",
    "iptu": "Qual o desconto da cota única?",
}


@pytest.fixture
def evaluation(tmp_path: Path) -> Path:
    folder = tmp_path / "avaliacao"
    folder.mkdir()
    corpus = [{"id": name, "title": "", "text": text} for name, text in DOCUMENTS.items()]
    queries = [{"id": name, "text": text} for name, text in QUESTIONS.items()]
    (folder / "corpus.jsonl").write_text("\n".join(map(json.dumps, corpus)), encoding="utf-8")
    (folder / "queries.jsonl").write_text("\n".join(map(json.dumps, queries)), encoding="utf-8")
    judged = "".join(f"{name}\t{name}\t1\n" for name in QUESTIONS)
    (folder / "qrels.tsv").write_text(f"query_id\tdoc_id\tscore\n{judged}", encoding="utf-8")
    (folder / "perguntas_sem_resposta.jsonl").write_text('{"text": "Qual a capital da Austrália?"}', encoding="utf-8")
    (folder / "perguntas_com_resposta.jsonl").write_text(json.dumps({"text": QUESTIONS["iptu"]}), encoding="utf-8")
    return folder


def test_measures_every_leg_and_leaves_the_collection_alone(balcao: Balcao, evaluation: Path) -> None:
    measured = balcao.run("avaliar", evaluation, "--json").fields()
    assert (measured["documentos"], measured["perguntas"]) == (3, 3)
    legs = measured["pernas"]
    assert isinstance(legs, dict)
    assert list(legs) == ["palavras", "vetores", "fusao"]
    for leg in legs.values():
        assert leg["ndcg@10"] == leg["recall@5"] == leg["recall@20"] == leg["mrr@10"] == 1.0
        assert 0 < leg["p50_ms"] <= leg["p95_ms"]
    assert measured["sem_resposta"] == {"perguntas": 1, "respondidas": []}
    assert measured["com_resposta"] == {"perguntas": 1, "recusadas": []}
    assert not (balcao.data / "postgres").exists()


def test_a_wrong_judgement_lowers_the_figures(balcao: Balcao, evaluation: Path) -> None:
    (evaluation / "qrels.tsv").write_text("query_id\tdoc_id\tscore\nlixo\tausente\t1\n", encoding="utf-8")
    outcome = balcao.run("avaliar", evaluation)
    assert outcome.code == 0, outcome
    assert "perguntas avaliadas: 1" in outcome.out
    assert any(line.split()[:2] == ["fusão", "0.0000"] for line in outcome.out.splitlines()), outcome


def test_an_order_by_the_model_needs_a_provider(balcao: Balcao, evaluation: Path) -> None:
    outcome = balcao.run("avaliar", evaluation, "--reordenar")
    assert outcome.code == 1
    assert "--reordenar precisa de um provedor" in outcome.err


def test_a_missing_file_is_told(balcao: Balcao, evaluation: Path) -> None:
    (evaluation / "qrels.tsv").unlink()
    outcome = balcao.run("avaliar", evaluation)
    assert outcome.code == 1
    assert "qrels.tsv" in outcome.err
