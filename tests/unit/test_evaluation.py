"""The metrics against values worked out by hand."""

import math

import pytest

from balcao.domain.evaluation import Latency, ndcg, ranking_quality, recall, reciprocal_rank

GRADES = {"a": 2, "b": 1, "c": 1, "ruim": 0}


def test_ndcg_of_graded_documents() -> None:
    """Gains 3, 1, 1. Found b, outro, a: 1/log2(2) + 0 + 3/log2(4) = 2.5; ideal 3 + 1/log2(3) + 1/log2(4)."""
    ideal = 3 + 1 / math.log2(3) + 0.5
    assert ndcg(["b", "outro", "a"], GRADES) == pytest.approx(2.5 / ideal)


def test_ndcg_is_one_for_the_ideal_order_and_nothing_beyond_the_cut() -> None:
    assert ndcg(["a", "b", "c", "ruim"], GRADES) == pytest.approx(1.0)
    assert ndcg(["x"] * 10 + ["a"], GRADES) == 0.0


def test_recall_counts_relevant_documents_only() -> None:
    assert recall(["ruim", "a", "x", "b"], GRADES, 4) == pytest.approx(2 / 3)
    assert recall(["ruim", "a", "x", "b"], GRADES, 2) == pytest.approx(1 / 3)


def test_reciprocal_rank_of_the_first_relevant_document() -> None:
    assert reciprocal_rank(["ruim", "x", "c"], GRADES) == pytest.approx(1 / 3)
    assert reciprocal_rank(["x"] * 10 + ["a"], GRADES) == 0.0


def test_means_count_questions_that_found_nothing_and_leave_out_those_without_an_answer() -> None:
    judged = {"q1": {"a": 1}, "q2": {"b": 1}, "q3": {"c": 0}}
    measured = ranking_quality(judged, {"q1": ["a"], "q3": ["c"]})
    assert measured.questions == 2
    assert measured.ndcg_10 == measured.recall_5 == measured.recall_20 == measured.mrr_10 == 0.5


def test_a_document_counts_at_its_first_passage_only() -> None:
    """Two passages of x take one place: a is second, not third."""
    measured = ranking_quality({"q": {"a": 1}}, {"q": ["x", "x", "a", "a"]})
    assert measured.mrr_10 == 0.5
    assert measured.ndcg_10 == pytest.approx(1 / math.log2(3))


def test_nothing_judged_is_no_quality() -> None:
    assert ranking_quality({}, {}).questions == 0


def test_latency_is_in_milliseconds() -> None:
    measured = Latency.of([number / 1000 for number in range(1, 102)])
    assert measured.p50 == pytest.approx(51.0)
    assert measured.p95 == pytest.approx(96.0)
    assert Latency.of([0.002]) == Latency(p50=2.0, p95=2.0)
    assert Latency.of([]) == Latency(p50=0.0, p95=0.0)
