"""The sentences of a passage that answer a question, word for word."""

import math
import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from balcao.domain.legal_structure import UnitKind, classify_line
from balcao.domain.portuguese import fold, terms
from balcao.domain.sentences import sentence_spans

_KIND_BONUS = 0.2
_RANK_BONUS = 0.05
_LENGTH_PENALTY = 0.1  # of a sentence of _LONG characters or more
_LONG = 1_000
_SHORTEST_STATEMENT = 4  # content words without which a line that no punctuation ends is a title or a table's cell
_SAME = 0.8  # Jaccard index of stems from which two sentences say the same
_ITEMS = frozenset({UnitKind.INCISO, UnitKind.ALINEA, UnitKind.ITEM})

_NUMBER = (
    r"\d|\b(?:um|uma|dois|duas|tres|quatro|cinco|seis|sete|oito|nove|dez|quinze|vinte|trinta|sessenta|noventa|cento)\b"
)
_KINDS = tuple(
    (re.compile(asked), re.compile(told))
    for asked, told in (
        (
            r"\bprazos?\b|\bquanto tempo\b|\bquando\b|\bate que dia\b|\bvalidade\b|\bhorario\b",
            rf"(?:{_NUMBER}).{{0,40}}\b(?:dias?|mes|meses|anos?|horas?|semanas?)\b|\d\d?/\d\d?/\d{{4}}|\d\d?\s?h\b",
        ),
        (
            r"\bquant[ao]s?\b(?! tempo)|\bvalor\b|\bcusta\b|\bpreco\b|\baliquota|\bpercentual|\bmulta\b",
            r"r\$\s?\d|\d\s?%|\d.{0,20}por cento|\b(?:ufm|ufir|urm|upfm)s?\b|\bgratuit",
        ),
        (
            r"\bquem\b|\bqual (?:autoridade|orgao)\b",
            r"\b(?:prefeit|vereador|secretari|president|governador|ministr|diretor|procurador|servidor|chefe|autoridade"
            r"|camara|orgao|conselho|controladoria)",
        ),
        (
            r"\bonde\b|\bendereco\b|\bem que local\b",
            r"\b(?:rua|avenida|av\.|praca|rodovia|bairro|cep|sala|andar|sede|site|sitio|portal|endereco|protocolo)\b",
        ),
    )
)  # what a question asks for, and what an answer of that kind has in it


@dataclass(frozen=True, slots=True, kw_only=True)
class Excerpt:
    """A sentence of one of the passages given: ``passages[passage][start:end]``, whitespace and all.

    ``coverage`` is the share, in 0..1, of the question's information that its words hold; ``score`` adds what speaks
    for it besides, less what speaks against. ``introduced_by`` is the span of the clause that an inciso or alínea
    completes.
    """

    passage: int
    start: int
    end: int
    coverage: float
    score: float
    introduced_by: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sentence:
    passage: int
    start: int
    end: int
    stems: frozenset[str]
    context: frozenset[str]
    introduced_by: tuple[int, int] | None
    is_statement: bool


def best_sentences(
    passages: Sequence[str],
    question: str,
    *,
    limit: int = 3,
    minimum_coverage: float = 0.5,
    share_of_best: float = 0.75,
) -> list[Excerpt]:
    """Up to ``limit`` different sentences that answer the question, best first; none when none covers enough of it.

    A sentence's coverage weighs the question's stems by their inverse document frequency over the sentences of these
    passages, ``ln(1 + (n - df + 0.5) / (df + 0.5))`` (Robertson and Zaragoza, "The Probabilistic Relevance Framework",
    2009); a stem found in none of them weighs as one found once. Sentences with the kind of fact that is asked for
    (a time, an amount, a person, a place) and those of the first passages are preferred. The list that a sentence
    introduces belongs to it.
    """
    sentences = [sentence for index, passage in enumerate(passages) for sentence in _sentences(index, passage)]
    weights = _weights(sentences, question)
    ranked = sorted(
        (_excerpt(sentence, passages, question, weights) for sentence in sentences if sentence.is_statement),
        key=lambda excerpt: (-excerpt.score, excerpt.passage, excerpt.start),
    )
    ranked = [excerpt for excerpt in ranked if excerpt.coverage >= minimum_coverage]
    chosen: list[Excerpt] = []
    for excerpt in ranked:
        if len(chosen) == limit or excerpt.score < share_of_best * ranked[0].score:
            break
        if not any(_repeats(excerpt, other, passages) for other in chosen):
            chosen.append(excerpt)
    return chosen


def best_excerpt(content: str, question: str, max_chars: int = 400) -> str:
    """The part of a passage that answers the question best, verbatim, in at most ``max_chars`` characters.

    Whole sentences around the best one, as many as fit; a sentence longer than that is cut between words, and "…" marks
    each end that was cut. Without a word in common with the question, the passage's beginning.
    """
    sentences = _sentences(0, content)
    if not sentences:
        return ""
    weights = _weights(sentences, question)
    scored = [_excerpt(sentence, [content], question, weights) for sentence in sentences]
    best = max(range(len(scored)), key=lambda index: (scored[index].score, -index))
    if scored[best].end - scored[best].start > max_chars:
        return _cut(content, scored[best], weights, max_chars)
    first = last = best
    grown = True
    while grown:
        grown = False
        if last + 1 < len(scored) and scored[last + 1].end - scored[first].start <= max_chars:
            last, grown = last + 1, True
        if first > 0 and scored[last].end - scored[first - 1].start <= max_chars:
            first, grown = first - 1, True
    return content[scored[first].start : scored[last].end]


def with_list(passage: str, excerpt: Excerpt, max_chars: int) -> int:
    """Where an excerpt ends together with the incisos or alíneas it introduces, as many as fit in ``max_chars``."""
    end = excerpt.end
    if not passage[:end].endswith(":"):
        return end
    for start, stop in sentence_spans(passage, end):
        if classify_line(passage[start:stop]).kind not in _ITEMS or stop - excerpt.start > max_chars:
            break
        end = stop
    return end


def _sentences(index: int, passage: str) -> list[_Sentence]:
    found: list[_Sentence] = []
    clause: tuple[int, int] | None = None
    context: frozenset[str] = frozenset()
    for start, end in sentence_spans(passage):
        text = passage[start:end]
        kind = classify_line(text).kind
        if kind is UnitKind.CONTENTS:
            continue
        stems = frozenset(terms(text))
        is_item = kind in _ITEMS and clause is not None
        found.append(
            _Sentence(
                passage=index,
                start=start,
                end=end,
                stems=stems,
                context=context if is_item else frozenset(),
                introduced_by=clause if is_item else None,
                is_statement=kind > UnitKind.HEADING and (text[-1] in ".;:!?" or len(stems) >= _SHORTEST_STATEMENT),
            )
        )
        if kind not in _ITEMS:
            clause, context = ((start, end), stems) if text.endswith(":") else (None, frozenset())
    return found


def _weights(sentences: Sequence[_Sentence], question: str) -> dict[str, float]:
    asked = set(terms(question))
    frequency = Counter(stem for sentence in sentences for stem in sentence.stems & asked)
    total = len(sentences)
    return {
        stem: math.log(1 + (total - max(frequency[stem], 1) + 0.5) / (max(frequency[stem], 1) + 0.5)) for stem in asked
    }


def _excerpt(sentence: _Sentence, passages: Sequence[str], question: str, weights: Mapping[str, float]) -> Excerpt:
    held = sentence.stems | sentence.context if sentence.stems & weights.keys() else sentence.stems
    total = sum(weights.values())
    coverage = sum(weight for stem, weight in weights.items() if stem in held) / total if total else 0.0
    score = coverage
    if coverage:
        text = fold(passages[sentence.passage][sentence.start : sentence.end])
        score += _KIND_BONUS * _has_kind_asked(fold(question), text)
        score += _RANK_BONUS * (1 - sentence.passage / len(passages))
        score -= _LENGTH_PENALTY * min(1.0, (sentence.end - sentence.start) / _LONG)
    return Excerpt(
        passage=sentence.passage,
        start=sentence.start,
        end=sentence.end,
        coverage=coverage,
        score=score,
        introduced_by=sentence.introduced_by,
    )


def _has_kind_asked(question: str, text: str) -> bool:
    return any(asked.search(question) and told.search(text) for asked, told in _KINDS)


def _repeats(excerpt: Excerpt, other: Excerpt, passages: Sequence[str]) -> bool:
    """Whether two excerpts say the same, or one is an item of the list that the other introduces."""
    if excerpt.passage == other.passage and (
        excerpt.introduced_by == (other.start, other.end) or other.introduced_by == (excerpt.start, excerpt.end)
    ):
        return True
    mine, others = (set(terms(passages[item.passage][item.start : item.end])) for item in (excerpt, other))
    return len(mine & others) >= _SAME * len(mine | others)


def _cut(content: str, sentence: Excerpt, weights: Mapping[str, float], max_chars: int) -> str:
    """The stretch of a long sentence that holds most of the question, between words."""
    words = [(match.start(), match.end()) for match in re.finditer(r"\S+", content[sentence.start : sentence.end])]
    room = max(1, max_chars - 2)
    gains = [
        sum(weights.get(stem, 0.0) for stem in terms(content[sentence.start + a : sentence.start + b]))
        for a, b in words
    ]
    ends = [bisect_right(words, start + room, key=lambda word: word[1]) for start, _ in words]
    totals = [0.0]
    for gain in gains:
        totals.append(totals[-1] + gain)
    first = max(range(len(words)), key=lambda index: (totals[max(ends[index], index)] - totals[index], -index))
    last = max(ends[first], first + 1) - 1
    start, end = words[first][0], min(words[last][1], words[first][0] + room)
    piece = content[sentence.start + start : sentence.start + end]
    return ("…" if start else "") + piece + ("…" if sentence.start + end < sentence.end else "")
