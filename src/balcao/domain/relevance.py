"""Whether what a search found is enough to answer from."""

from collections.abc import Sequence
from dataclasses import dataclass

from balcao.domain.search import Passage


@dataclass(frozen=True, slots=True, kw_only=True)
class RelevanceRule:
    """Decides which passages may support an answer.

    A passage's evidence, in 0..1, is the mean of what its words and its vector say: its coverage, and its similarity as
    a share of ``typical_similarity``, that of a right passage by the embedding model, since each model spreads its
    scores differently (v2.0's fixed 0.7 discarded nearly every text-embedding-3-small match). One leg alone is not
    enough: common words are covered by chance, and every question has a nearest vector. There is an answer when the
    best passage has ``enough`` evidence, or a similarity of ``similarity_floor``; then the others hold that come near
    it. A passage of the act that the question names needs less: where the answer stands has been said.

    An explicit ``similarity_threshold`` replaces all of this.
    """

    similarity_floor: float = 1.01
    typical_similarity: float = 0.33
    enough: float = 0.55
    named_bonus: float = 0.1
    near_the_best: float = 0.85
    similarity_threshold: float | None = None

    def relevant(self, passages: Sequence[Passage]) -> list[Passage]:
        """The passages that may support an answer, in the order given."""
        if self.similarity_threshold is not None:
            return [passage for passage in passages if self._passes(passage, self.similarity_threshold)]
        evidence = {passage.chunk_id: self.evidence(passage) for passage in passages}
        best = max(evidence.values(), default=0.0)
        if best < self.enough:
            return [passage for passage in passages if passage.similarity >= self.similarity_floor]
        return [
            passage
            for passage in passages
            if evidence[passage.chunk_id] >= self.near_the_best * best or passage.similarity >= self.similarity_floor
        ]

    def _passes(self, passage: Passage, threshold: float) -> bool:
        return passage.similarity >= threshold if passage.similarity > 0 else passage.coverage >= self.enough

    def evidence(self, passage: Passage) -> float:
        """How much speaks for the passage, in 0..1: its words alone where there was no vector to compare."""
        bonus = self.named_bonus if passage.named else 0.0
        if passage.similarity <= 0:
            return min(1.0, passage.coverage + bonus)
        similarity = min(1.0, passage.similarity / self.typical_similarity)
        return min(1.0, (passage.coverage + similarity) / 2 + bonus)
