"""What ``balcao avaliar`` prints."""

from balcao.application.use_cases.evaluate_search import EvaluateSearchResponse
from balcao.interface.cli_output import say, show

_NAMES = {"palavras": "palavras", "vetores": "vetores", "fusao": "fusão", "reordenacao": "reordenação"}


def show_evaluation(measured: EvaluateSearchResponse, *, as_json: bool) -> None:
    """A table of the legs, and which questions were answered or refused against what was expected."""
    if as_json:
        show(_value(measured), "", as_json=True)
        return
    questions = measured.legs[0].quality.questions
    say(f"Documentos: {measured.documents}; trechos: {measured.passages}; perguntas avaliadas: {questions}")
    say(f"{'':<12}{'nDCG@10':>9}{'Recall@5':>10}{'Recall@20':>11}{'MRR@10':>9}{'p50 ms':>9}{'p95 ms':>9}")
    for one in measured.legs:
        quality, latency = one.quality, one.latency
        say(
            f"{_NAMES[one.leg]:<12}{quality.ndcg_10:>9.4f}{quality.recall_5:>10.4f}{quality.recall_20:>11.4f}"
            f"{quality.mrr_10:>9.4f}{latency.p50:>9.1f}{latency.p95:>9.1f}"
        )
    _show_questions("Recusas indevidas (havia resposta)", measured.refused, measured.answerable)
    _show_questions("Respostas indevidas (não havia resposta)", measured.answered, measured.unanswerable)
    say(f"{measured.usage.total_tokens} tokens gastos.")


def _show_questions(title: str, wrong: tuple[str, ...], asked: int) -> None:
    if asked:
        say(f"{title}: {len(wrong)} de {asked}")
        for question in wrong:
            say(f"  - {question}")


def _value(measured: EvaluateSearchResponse) -> dict[str, object]:
    return {
        "documentos": measured.documents,
        "trechos": measured.passages,
        "perguntas": measured.legs[0].quality.questions,
        "pernas": {
            one.leg: {
                "ndcg@10": round(one.quality.ndcg_10, 4),
                "recall@5": round(one.quality.recall_5, 4),
                "recall@20": round(one.quality.recall_20, 4),
                "mrr@10": round(one.quality.mrr_10, 4),
                "p50_ms": round(one.latency.p50, 2),
                "p95_ms": round(one.latency.p95, 2),
            }
            for one in measured.legs
        },
        "com_resposta": {"perguntas": measured.answerable, "recusadas": list(measured.refused)},
        "sem_resposta": {"perguntas": measured.unanswerable, "respondidas": list(measured.answered)},
        "tokens": measured.usage.total_tokens,
    }
