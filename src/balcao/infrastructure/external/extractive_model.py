"""A language model that writes nothing: it answers with the documents' own sentences."""

from balcao.application.ports import Completion, ModelCard
from balcao.domain.chat import TokenUsage
from balcao.domain.excerpts import Excerpt, best_sentences, with_list
from balcao.domain.prompt import NOT_FOUND_ANSWER, Prompt
from balcao.domain.search import Passage

_MODEL = "extrativo"
_LONGEST_QUOTATION = 700  # characters of a sentence with the list that it introduces
_FAIR_COVERAGE = 0.25
"""Share of the question that a quoted sentence must hold: low, since its passage was found relevant as a whole."""

_NO_TOKENS = TokenUsage(prompt_tokens=0, completion_tokens=0)
_CARD = ModelCard(
    id=_MODEL,
    name="Trechos dos documentos (sem IA)",
    description=(
        "Copia dos documentos as frases que mais têm a ver com a pergunta e diz de onde vieram. Não redige, não resume "
        "e não interpreta; funciona sem internet e sem custo."
    ),
    max_tokens=1_000,
)


class ExtractiveLanguageModel:
    """Implements ``LanguageModel`` by quoting: up to three sentences of the passages, verbatim, under their citation.

    It needs no provider and costs no tokens. Only the blanks of what it quotes may differ from the document's.
    """

    @property
    def card(self) -> ModelCard:
        """How the model presents itself."""
        return _CARD

    @property
    def is_paid(self) -> bool:
        """Nobody charges for it."""
        return False

    async def complete(self, prompt: Prompt, *, max_tokens: int | None = None) -> Completion:  # noqa: ARG002 - the port's
        """Quote the sentences that answer the prompt's question; history is not read, and no tokens are written."""
        contents = [passage.content for passage in prompt.passages]
        excerpts = best_sentences(contents, prompt.question, minimum_coverage=_FAIR_COVERAGE)
        if not excerpts:
            return Completion(text=NOT_FOUND_ANSWER, found=False, cited=(), model=_MODEL, usage=_NO_TOKENS)
        quoted = list(dict.fromkeys(excerpt.passage for excerpt in excerpts))
        paragraphs = ["Encontrei nos documentos:"]
        for index in quoted:
            passage = prompt.passages[index]
            paragraphs.append(f"{passage.heading} [{index + 1}]:")
            paragraphs += [f"• {_quotation(passage, excerpt)}" for excerpt in excerpts if excerpt.passage == index]
        return Completion(
            text="\n\n".join(paragraphs),
            found=True,
            cited=tuple(index + 1 for index in quoted),
            model=_MODEL,
            usage=_NO_TOKENS,
        )


def _quotation(passage: Passage, excerpt: Excerpt) -> str:
    spans = [(excerpt.start, with_list(passage.content, excerpt, _LONGEST_QUOTATION))]
    if excerpt.introduced_by:
        spans.insert(0, excerpt.introduced_by)
        if not passage.content[spans[0][1] : spans[1][0]].strip():
            spans = [(spans[0][0], spans[1][1])]
    return " […] ".join(f"«{' '.join(passage.content[start:end].split())}»" for start, end in spans)
