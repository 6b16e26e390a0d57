"""The generated collection that engines are compared on: the same on every machine, from a seed.

Vectors are unit vectors around random centres, as embeddings of texts on a few hundred subjects are. Words follow the
Zipf-Mandelbrot law (Mandelbrot, "An informational theory of the statistical structure of language", 1953: frequency of
the r-th word in proportion to 1 / (r + 2.7)^s), with function words between them as Portuguese has.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from balcao.domain.document import EMBEDDING_DIMENSIONS

CHUNKS_A_DOCUMENT = 100
RARE_THEME = "raro"
"""The theme of one document in a hundred, for the filtered queries; the others have a common one."""
_CENTRES = 80
_SPREAD = 1.1  # length of a vector's deviation from its centre, of length 1
_VOCABULARY = 30_000
_EXPONENT = 1.05
_CONTENT_WORDS = 88  # of a passage, besides its function words
_SUBJECT_WORDS = 12  # of those, words of the document's own subject
_QUERY_WORDS = (3, 6)
_FUNCTION_WORDS = "de a o que e do da em um para com não uma os no se na por mais as dos como ao das à ou pela".split()
_STARTS = "ba be bi bo ca ce ci co cla cre da de di do fa fe fi fo ga ge go gra ja ju la le li lo ma me mi mo".split()
_MIDDLES = "na ne ni no nu pa pe pi po pra pre ra re ri ro sa se si so ta te ti to tra va ve vi vo xa ze zu".split()
_ENDS = "ção mento dade ência ista ário eiro ável ura agem ante ivo ico ado ismo al or ez eza ia o a".split()


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneratedDocument:
    """A law of CHUNKS_A_DOCUMENT passages (or fewer, the last one); ``first`` is the index of its first vector."""

    number: int
    first: int
    theme: str
    texts: tuple[str, ...]

    @property
    def title(self) -> str:
        """Its title."""
        return f"Lei nº {self.number + 1}, de 2 de março de {1990 + self.number % 35}"


class GeneratedCollection:
    """``size`` passages with their vectors, and ``queries`` questions of each kind."""

    def __init__(self, size: int, queries: int, seed: int = 20_260) -> None:
        self.size = size
        self.queries = queries
        self._seed = seed

    @cached_property
    def vectors(self) -> NDArray[np.float32]:
        """``size`` unit vectors, in the order of the passages."""
        return self._clustered(self.size, 1)

    @cached_property
    def query_vectors(self) -> NDArray[np.float32]:
        """Unit vectors around the same centres."""
        return self._clustered(self.queries, 2)

    def more_vectors(self, count: int) -> NDArray[np.float32]:
        """Unit vectors of documents that come later, around the same centres."""
        return self._clustered(count, 3)

    def documents(self) -> Iterator[GeneratedDocument]:
        """The collection's documents in order."""
        for number in range(math.ceil(self.size / CHUNKS_A_DOCUMENT)):
            first = number * CHUNKS_A_DOCUMENT
            count = min(CHUNKS_A_DOCUMENT, self.size - first)
            yield self.document(number, first, count)

    def document(self, number: int, first: int, count: int) -> GeneratedDocument:
        """One document, the same each time it is asked for."""
        chance = np.random.default_rng([self._seed, 4, number])
        subject = self._words(chance, 40)
        texts = tuple(self._text(chance, subject) for _ in range(count))
        theme = RARE_THEME if number % 100 == 0 else "comum"
        return GeneratedDocument(number=number, first=first, theme=theme, texts=texts)

    def questions(self) -> list[str]:
        """``queries`` questions of a few words of some passage, as people ask."""
        return self.known_items(self.queries)[0]

    def known_items(self, count: int) -> tuple[list[str], list[int]]:
        """Questions, and the number of the passage that each one's words come from."""
        chance = np.random.default_rng([self._seed, 5])
        sources = [int(number) for number in chance.integers(self.size, size=count)]
        return [self._question(chance, number) for number in sources], sources

    def common_question(self) -> str:
        """The worst case of a lexical index: only words that most passages hold."""
        return "qual " + " de ".join(self._vocabulary[:6])

    def _question(self, chance: np.random.Generator, source: int) -> str:
        number, offset = divmod(source, CHUNKS_A_DOCUMENT)
        text = self.document(number, 0, offset + 1).texts[offset]
        words = text.lower().replace(".", "").split()
        content = sorted({word for word in words if word not in _FUNCTION_WORDS})
        asked = chance.choice(len(content), size=int(chance.integers(*_QUERY_WORDS, endpoint=True)), replace=False)
        return "qual é " + " da ".join(content[place] for place in asked) + "?"

    def _text(self, chance: np.random.Generator, subject: list[str]) -> str:
        content = self._words(chance, _CONTENT_WORDS - _SUBJECT_WORDS)
        content += [subject[index] for index in chance.integers(len(subject), size=_SUBJECT_WORDS)]
        chance.shuffle(content)
        between = chance.integers(2 * len(_FUNCTION_WORDS), size=len(content))
        words: list[str] = []
        for word, gap in zip(content, between, strict=True):
            words += [word, _FUNCTION_WORDS[gap]] if gap < len(_FUNCTION_WORDS) else [word]
        sentences = (" ".join(words[start : start + 18]).capitalize() for start in range(0, len(words), 18))
        return ". ".join(sentences) + "."

    def _words(self, chance: np.random.Generator, count: int) -> list[str]:
        places = np.searchsorted(self._cumulative, chance.random(count))
        return [self._vocabulary[place] for place in places]

    @cached_property
    def _vocabulary(self) -> list[str]:
        chance = np.random.default_rng([self._seed, 6])
        words: dict[str, None] = {}
        while len(words) < _VOCABULARY:
            parts = [_STARTS, *[_MIDDLES] * int(chance.integers(1, 3)), _ENDS]
            words["".join(part[int(chance.integers(len(part)))] for part in parts)] = None
        return list(words)

    @cached_property
    def _cumulative(self) -> NDArray[np.float64]:
        weights = 1.0 / np.power(np.arange(1, _VOCABULARY + 1) + 2.7, _EXPONENT)
        cumulative = np.cumsum(weights)
        shares: NDArray[np.float64] = cumulative / cumulative[-1]
        return shares

    def _clustered(self, count: int, stream: int) -> NDArray[np.float32]:
        centres = np.random.default_rng([self._seed, 0]).standard_normal((_CENTRES, EMBEDDING_DIMENSIONS))
        centres /= np.linalg.norm(centres, axis=1, keepdims=True)
        chance = np.random.default_rng([self._seed, stream])
        vectors = np.empty((count, EMBEDDING_DIMENSIONS), dtype=np.float32)
        for start in range(0, count, 5_000):
            part = vectors[start : start + 5_000]
            part[:] = chance.standard_normal(part.shape, dtype=np.float32) * (_SPREAD / math.sqrt(EMBEDDING_DIMENSIONS))
            part += centres[chance.integers(_CENTRES, size=len(part))]
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        return vectors


def nearest(vectors: NDArray[np.float32], queries: NDArray[np.float32], count: int) -> NDArray[np.int64]:
    """Indices of the exact ``count`` nearest vectors of each query by cosine, for unit vectors."""
    scores = queries @ vectors.T
    found: NDArray[np.int64] = np.argsort(-scores, axis=1)[:, :count]
    return found
