"""An embedder that needs no provider: hashed words and parts of words.

It places texts that share words, inflections and spellings near each other; it knows nothing of meaning. The method is
signed feature hashing: Weinberger, Dasgupta, Langford, Smola and Attenberg, "Feature Hashing for Large Scale Multitask
Learning", ICML 2009.
"""

import asyncio
import math
from array import array
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from functools import lru_cache
from hashlib import blake2b
from itertools import pairwise
from statistics import fmean
from types import MappingProxyType

from balcao.application.ports import EmbeddingBatch
from balcao.domain.chat import TokenUsage
from balcao.domain.document import EMBEDDING_DIMENSIONS, Embedding, Vector
from balcao.domain.portuguese import fold, terms, words

# Weights chosen on FaQuAD (Sayama et al., BRACIS 2019; 897 questions, 243 paragraphs): nDCG@10 .819 with stems alone,
# .837 with n-grams alone, .848 with all three; it stays between .84 and .85 around these values.
_WORD_WEIGHT = 1.0
_BIGRAM_WEIGHT = 0.5
_NGRAM_WEIGHT = 1.2  # of all n-grams of a word together
_NGRAM_SIZES = (3, 4, 5)
_LONGEST_WORD = 40  # characters of a word that are read; what is longer is noise of the extraction
_TEXTS_PER_THREAD_CALL = 16
_ALL_ALIKE: Mapping[str, float] = MappingProxyType({})
_NEVER_RELEVANT_ALONE = 1.01
_TYPICAL_SIMILARITY = 0.33
_VECTOR_SHARE = 0.25


class HashedNgramEmbedder:
    """Implements ``Embedder`` with signed hashes of stems, pairs of neighbouring stems and character n-grams.

    How rare a word is in the collection weighs it in the question's vector only. Documents' vectors hold nothing of the
    collection: they are the same in every process and on every machine, and no other document makes them stale. Its
    similarities rank, but their size says little, so no match counts as relevant by similarity alone.
    """

    @property
    def model(self) -> str:
        """Name recorded with every vector; it changes whenever the vectors would."""
        return "balcao-hash-1536-v1"

    @property
    def is_paid(self) -> bool:
        """Nobody charges for it."""
        return False

    @property
    def batch_size(self) -> int:
        """Texts in one call."""
        return 64

    @property
    def similarity_floor(self) -> float:
        """Above any cosine."""
        return _NEVER_RELEVANT_ALONE

    @property
    def typical_similarity(self) -> float:
        """Measured on questions right and misspelt (docs/adr/006)."""
        return _TYPICAL_SIMILARITY

    @property
    def vector_share(self) -> float:
        """A quarter: measured on questions right and misspelt and on keywords (docs/adr/005)."""
        return _VECTOR_SHARE

    async def embed_question(self, question: str, rarities: Mapping[str, float]) -> EmbeddingBatch:
        """The question's vector, each word weighed by its rarity; pairs by the mean of theirs."""
        embedding = Embedding(vector=hashed_vector(question, rarities), model=self.model)
        return EmbeddingBatch(embeddings=(embedding,), usage=TokenUsage(prompt_tokens=0, completion_tokens=0))

    async def embed(self, texts: Sequence[str]) -> EmbeddingBatch:
        """Embed texts in a worker thread, a few at a time so that the event loop stays free."""
        embeddings: list[Embedding] = []
        for start in range(0, len(texts), _TEXTS_PER_THREAD_CALL):
            part = texts[start : start + _TEXTS_PER_THREAD_CALL]
            vectors = await asyncio.to_thread(_hashed_vectors, part)
            embeddings.extend(Embedding(vector=vector, model=self.model) for vector in vectors)
        return EmbeddingBatch(embeddings=tuple(embeddings), usage=TokenUsage(prompt_tokens=0, completion_tokens=0))


def _hashed_vectors(texts: Sequence[str]) -> list[Vector]:
    return [hashed_vector(text) for text in texts]


def hashed_vector(text: str, rarities: Mapping[str, float] = _ALL_ALIKE) -> Vector:
    """The unit vector of a text. Repetitions count by ``1 + ln(times)``; a text without words hashes as a whole.

    ``rarities`` are weights of its words (folded); where some are given, a word without one counts as their mean.
    """
    usual = fmean(rarities.values()) if rarities else 1.0
    slots: defaultdict[int, float] = defaultdict(float)
    read = [word[:_LONGEST_WORD] for word in words(text)]
    for word, times in Counter(read).items():
        weight = (1.0 + math.log(times)) * rarities.get(word, usual)
        for index, value in _word_features(word):
            slots[index] += weight * value
    content_words = [word for word in read if _stem_of(word)]
    for pair, times in Counter(pairwise(content_words)).items():
        index, value = _pair_feature((_stem_of(pair[0]), _stem_of(pair[1])))
        slots[index] += (1.0 + math.log(times)) * value * fmean(rarities.get(word, usual) for word in pair)
    norm = math.sqrt(sum(slots[index] * slots[index] for index in sorted(slots)))
    if norm == 0.0:
        index, value = _slot(f"t:{fold(text).strip()}", 1.0)
        slots, norm = defaultdict(float, {index: value}), 1.0
    vector = array("f", bytes(4 * EMBEDDING_DIMENSIONS))
    for index, value in slots.items():
        vector[index] = value / norm
    return vector


@lru_cache(maxsize=65_536)
def _stem_of(word: str) -> str:
    """The stem of a folded content word; empty for stop words."""
    return next(iter(terms(word)), "")


@lru_cache(maxsize=65_536)
def _word_features(word: str) -> tuple[tuple[int, float], ...]:
    """Slots and signed weights of a word: its stem, and its n-grams with marked ends; none for stop words."""
    stem = _stem_of(word)
    if not stem:
        return ()
    marked = f"<{word}>"
    grams = [marked[at : at + size] for size in _NGRAM_SIZES for at in range(len(marked) - size + 1)]
    share = _NGRAM_WEIGHT / math.sqrt(len(grams))
    return (_slot(f"w:{stem}", _WORD_WEIGHT), *(_slot(f"g:{gram}", share) for gram in grams))


@lru_cache(maxsize=65_536)
def _pair_feature(pair: tuple[str, str]) -> tuple[int, float]:
    return _slot(f"b:{pair[0]} {pair[1]}", _BIGRAM_WEIGHT)


def _slot(feature: str, weight: float) -> tuple[int, float]:
    digest = int.from_bytes(blake2b(feature.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")
    return (digest >> 1) % EMBEDDING_DIMENSIONS, weight if digest & 1 else -weight
