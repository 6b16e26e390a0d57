"""What a search finds, and whether it is enough to answer from."""

from dataclasses import dataclass, field

from balcao.domain.document import DocumentChunk
from balcao.domain.ente import Ente
from balcao.domain.ids import ChunkId, DocumentId


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
class Passage:
    """A chunk found by the hybrid search, with what is needed to cite it.

    ``content`` is the bare text of the document. ``score`` is the fused rank score in 0..1, comparable within one
    search only. ``similarity`` is the cosine similarity in 0..1. ``coverage`` is the share, in 0..1, of the question's
    information that the passage's words hold: the inverse document frequencies of the question's terms found in it,
    over those of all its terms. ``issuer`` names the ente in words; empty for documents that are no one's law.
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
    issuer: str = ""

    @property
    def heading(self) -> str:
        """Where the passage stands, for people: title, issuer unless it is named there, place, page."""
        place_name = self.issuer.removeprefix("Município de ").partition("/")[0]
        issuer = f" ({self.issuer})" if self.issuer and place_name not in self.title else ""
        path = f", {self.path}" if self.path else ""
        place = f", página {self.page}" if self.page else ""
        return f"{self.title}{issuer}{path}{place}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RelevanceRule:
    """Decides which passages may support an answer.

    A passage is relevant when its words cover at least ``minimum_coverage`` of the question, or when its similarity
    reaches ``similarity_floor``: a property of the embedding model, since each model spreads its scores differently
    (v2.0's fixed 0.7 discarded nearly every text-embedding-3-small match). An explicit ``similarity_threshold``
    replaces both.
    """

    minimum_coverage: float = 0.4
    similarity_floor: float = 1.01
    similarity_threshold: float | None = None

    def relevant(self, passages: list[Passage]) -> list[Passage]:
        """The passages that may support an answer, in the order given."""
        return [passage for passage in passages if self._holds(passage)]

    def _holds(self, passage: Passage) -> bool:
        if self.similarity_threshold is not None:
            return passage.similarity >= self.similarity_threshold
        return passage.coverage >= self.minimum_coverage or passage.similarity >= self.similarity_floor
