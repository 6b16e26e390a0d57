"""What a search asks for, and what it finds."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from balcao.domain.acts import ActKind
from balcao.domain.document import DocumentChunk
from balcao.domain.ente import Ente, SearchScope
from balcao.domain.ids import ChunkId, DocumentId
from balcao.domain.legal_references import LegalReferences
from balcao.domain.portuguese import words
from balcao.domain.validity import Validity

_UNKNOWN_SHARE = 0.6
_ALIKE = 0.1
_BEGINNING, _FIRST_WORDS = 80, 3  # of characters, of words in them
_SAME_SHARE = 0.9  # of the words of both passages that they have in common, for them to say the same


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchResult:
    """A chunk found by its vector alone (v2.0's result).

    ``similarity_score`` is the cosine similarity clamped to 0..1; ``distance`` is the cosine distance in 0..2.
    """

    chunk: DocumentChunk
    similarity_score: float
    distance: float
    metadata: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class WordMatch:
    """A chunk found by its words alone; ``score`` is its BM25, comparable within one search only."""

    chunk_id: ChunkId
    document_id: DocumentId
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchFilter:
    """Which documents to look in, besides those of the scope; None does not matter.

    ``ente`` asks for one issuer's documents, and takes the scope's place. Only documents in force are searched unless
    ``include_out_of_force``: on the day ``on``, today where it is None.
    """

    document_id: DocumentId | None = None
    tag: str | None = None
    act_kind: ActKind | None = None
    act_number: str | None = None
    act_year: int | None = None
    ente: Ente | None = None
    on: date | None = None
    include_out_of_force: bool = False

    def validity_asked(self) -> dict[str, str | bool]:
        """How records say which validity was asked for; nothing where it is that of today."""
        if self.include_out_of_force:
            return {"incluir_revogados": True}
        return {"na_data": self.on.isoformat()} if self.on else {}


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionTerm:
    """A term of a question as the collection knows it.

    ``word`` is the word of the question (folded) that it is the stem of, empty for identifiers of acts and articles.
    ``rarity`` is the term's inverse document frequency. ``match`` is the term to look for: the term itself or, where no
    passage has it, the one of the collection that is spelt most like it; ``likeness``, in 0..1, says how much (trigram
    similarity; 0 where there is none), ``match_rarity`` is its inverse document frequency, and ``match_frequency``
    tells in how many passages it is (about, where they are many).
    """

    word: str
    term: str
    rarity: float
    match: str
    match_rarity: float
    match_frequency: int
    likeness: float = 1.0

    @property
    def is_known(self) -> bool:
        """Whether some passage has the very term."""
        return self.match == self.term and self.likeness > 0

    @property
    def weight(self) -> float:
        """What the match counts in BM25."""
        return self.match_rarity * self.likeness

    @property
    def match_share(self) -> float:
        """In what share of the passages the match is: what the inverse document frequency is the logarithm of."""
        return math.exp(-self.match_rarity)

    @property
    def information(self) -> float:
        """What the term counts in the question: its rarity or, the more alike they are, its match's."""
        return self.weight + self.rarity * (1.0 - self.likeness)


@dataclass(frozen=True, slots=True, kw_only=True)
class Inquiry:
    """A question made ready to be searched for: its terms, whose documents, which of them, and what acts it names."""

    question: str
    scope: SearchScope
    terms: tuple[QuestionTerm, ...]
    references: LegalReferences
    filter: SearchFilter
    today: date

    @property
    def day(self) -> date:
        """The day on which what is found was, is or will be in force."""
        return self.filter.on or self.today

    def rarities(self) -> dict[str, float]:
        """How rare each word of the question is; one that the collection lacks counts as a common one of it would.

        Weighed as the rarest of all, a misspelt word would drown the others: of the shares between .5 and 1 that were
        tried, on questions right and misspelt, this one lost least.
        """
        return {term.word: term.rarity * (1.0 if term.is_known else _UNKNOWN_SHARE) for term in self.terms if term.word}

    @property
    def information(self) -> float:
        """The inverse document frequencies of all its terms together."""
        return sum(term.information for term in self.terms)


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A chunk found by the hybrid search, with what is needed to cite it.

    ``content`` is the bare text of the document. ``score`` is the fused score in 0..1, comparable within one search
    only. ``similarity`` is the cosine similarity in 0..1. ``coverage`` is the share, in 0..1, of the question's
    information that the passage's words hold: the inverse document frequencies of the question's terms found in it,
    over those of all its terms. ``named`` says that its document is an act that the question names. ``issuer`` names
    the ente in words; empty for documents that are no one's law. ``remark`` tells people that the document is not in
    force today; empty for one that is. ``before`` and ``after`` are the text of the neighbouring chunks of the same
    article and page, where they were asked for.
    """

    chunk_id: ChunkId
    document_id: DocumentId
    chunk_index: int
    title: str
    source: str
    ente: Ente
    content: str
    page: int | None
    path: str | None
    score: float
    similarity: float
    coverage: float
    named: bool = False
    validity: Validity = field(default_factory=Validity)
    issuer: str = ""
    remark: str = ""
    before: str = ""
    after: str = ""

    @property
    def heading(self) -> str:
        """Where the passage stands, for people: title, issuer unless it is named there, validity, place, page."""
        place_name = self.issuer.removeprefix("Município de ").partition("/")[0]
        issuer = f" ({self.issuer})" if self.issuer and place_name not in self.title else ""
        path = f", {self.path}" if self.path else ""
        place = f", página {self.page}" if self.page else ""
        remark = f" ({self.remark})" if self.remark else ""
        return f"{self.title}{issuer}{remark}{path}{place}"

    @property
    def labelled_title(self) -> str:
        """The title; with the remark where the document is not in force today."""
        return f"{self.title} ({self.remark})" if self.remark else self.title


def without_copies(passages: Sequence[Passage]) -> list[Passage]:
    """The passages in their order, without those with the very words of one before them."""
    kept: list[Passage] = []
    alike: dict[tuple[str, ...], list[Passage]] = {}
    for passage in passages:
        others = alike.setdefault(_beginning(passage.content), [])
        if not others or words(passage.content) not in [words(other.content) for other in others]:
            others.append(passage)
            kept.append(passage)
    return kept


def _beginning(text: str) -> tuple[str, ...]:
    """The first words of a text: texts that differ there need not be compared whole."""
    return tuple(words(text[:_BEGINNING])[:_FIRST_WORDS])


def without_repetitions(passages: Sequence[Passage]) -> list[Passage]:
    """The passages in their order, without those that nearly repeat one before them: another version, another copy."""
    kept: list[tuple[Passage, frozenset[str]]] = []
    for passage in passages:
        own = frozenset(words(passage.content))
        if not any(_agree(passage, other) and _same(own, others) for other, others in kept):
            kept.append((passage, own))
    return [passage for passage, _ in kept]


def _agree(one: Passage, other: Passage) -> bool:
    """Whether two passages answer the question alike, as those with the same words do: cheaper than to compare them."""
    return abs(one.coverage - other.coverage) <= _ALIKE and abs(one.similarity - other.similarity) <= _ALIKE


def _same(one: frozenset[str], other: frozenset[str]) -> bool:
    common = len(one & other)
    return common >= _SAME_SHARE * (len(one) + len(other) - common)


def validity_remark(validity: Validity, today: date) -> str:
    """How people are told that a document is not in force today; empty for one that is."""
    if validity.start and today < validity.start:
        return f"em vigor só a partir de {validity.start:%d/%m/%Y}"
    if validity.holds_on(today):
        return ""
    ended = f"; vigeu até {validity.end:%d/%m/%Y}" if validity.end else ""
    return f"revogado{ended}" if validity.revoked_by else f"fora de vigor{ended}"
