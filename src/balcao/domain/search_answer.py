"""What a question gets when the quota does not do for an answer: the passages themselves."""

from collections.abc import Sequence

from balcao.domain.excerpts import best_excerpt
from balcao.domain.prompt import NOT_FOUND_ANSWER
from balcao.domain.search import Passage

SEARCH_MODEL = "busca"
"""Stands where the name of a model would."""

_INTRODUCTION = (
    "Modo busca: a quota de tokens deste mês não dá para uma resposta redigida, e nenhum modelo de IA leu a pergunta. "
    "Estes são os trechos dos documentos mais próximos dela:"
)


def search_answer(passages: Sequence[Passage], question: str) -> str:
    """The passages' best excerpts, verbatim but for blanks, best first; the n-th is cited as [n]."""
    if not passages:
        return f"{NOT_FOUND_ANSWER} (Modo busca: a quota de tokens deste mês não dá para consultar o modelo de IA.)"
    quoted = [
        f"{passage.heading} [{number}]:\n\n• «{' '.join(best_excerpt(passage.content, question).split())}»"
        for number, passage in enumerate(passages, start=1)
    ]
    return "\n\n".join([_INTRODUCTION, *quoted])
