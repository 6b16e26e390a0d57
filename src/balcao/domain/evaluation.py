"""How good a search is, measured on questions whose right passages are known.

A judgement is an integer from 0 (irrelevant) upwards. A question without a relevant document is left
out of every mean; one for which nothing was found counts 0.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, quantiles

Judgements = Mapping[str, int]
"""Grade of each judged document of one question, by its id."""

CUT = 10
"""How deep nDCG and MRR look."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RankingQuality:
    """Means over ``questions`` questions, each in 0..1."""

    questions: int
    ndcg_10: float
    recall_5: float
    recall_20: float
    mrr_10: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """Median and 95th percentile, in milliseconds."""

    p50: float
    p95: float

    @classmethod
    def of(cls, seconds: Sequence[float]) -> "Latency":
        """Of any number of times; zeros of none."""
        if len(seconds) < 2:
            only = seconds[0] * 1000 if seconds else 0.0
            return cls(p50=only, p95=only)
        cuts = quantiles(seconds, n=20, method="inclusive")
        return cls(p50=cuts[9] * 1000, p95=cuts[18] * 1000)


def ranking_quality(judged: Mapping[str, Judgements], found: Mapping[str, Sequence[str]]) -> RankingQuality:
    """Means over the judged questions; ``found`` are ids of documents, best first, by question."""
    relevant = {question: grades for question, grades in judged.items() if any(grade > 0 for grade in grades.values())}
    rankings = [(grades, _distinct(found.get(question, ()))) for question, grades in relevant.items()]
    if not rankings:
        return RankingQuality(questions=0, ndcg_10=0.0, recall_5=0.0, recall_20=0.0, mrr_10=0.0)
    return RankingQuality(
        questions=len(rankings),
        ndcg_10=fmean(ndcg(ranking, grades) for grades, ranking in rankings),
        recall_5=fmean(recall(ranking, grades, 5) for grades, ranking in rankings),
        recall_20=fmean(recall(ranking, grades, 20) for grades, ranking in rankings),
        mrr_10=fmean(reciprocal_rank(ranking, grades) for grades, ranking in rankings),
    )


def ndcg(ranking: Sequence[str], grades: Judgements, cut: int = CUT) -> float:
    """Normalised discounted cumulative gain, in 0..1.

    Järvelin and Kekäläinen, "Cumulated gain-based evaluation of IR techniques" (ACM TOIS 2002), with the gain
    2^grade - 1 of Burges et al., "Learning to rank using gradient descent" (ICML 2005), and discount log2(rank + 1).
    """
    ideal = _gain(sorted((grade for grade in grades.values() if grade > 0), reverse=True)[:cut])
    return _gain([max(0, grades.get(document, 0)) for document in ranking[:cut]]) / ideal if ideal else 0.0


def recall(ranking: Sequence[str], grades: Judgements, cut: int) -> float:
    """Share of the relevant documents among the first ``cut``."""
    relevant = {document for document, grade in grades.items() if grade > 0}
    return len(relevant.intersection(ranking[:cut])) / len(relevant) if relevant else 0.0


def reciprocal_rank(ranking: Sequence[str], grades: Judgements, cut: int = CUT) -> float:
    """1 / rank of the first relevant document, 0 beyond ``cut`` (Voorhees, TREC-8, 1999)."""
    ranks = (rank for rank, document in enumerate(ranking[:cut], start=1) if grades.get(document, 0) > 0)
    first = next(ranks, None)
    return 1 / first if first else 0.0


def _gain(grades: Sequence[int]) -> float:
    return sum((2.0**grade - 1.0) / math.log2(rank + 1) for rank, grade in enumerate(grades, start=1))


def _distinct(ranking: Sequence[str]) -> list[str]:
    """The first place of each document: several passages of one may be found."""
    return list(dict.fromkeys(ranking))
