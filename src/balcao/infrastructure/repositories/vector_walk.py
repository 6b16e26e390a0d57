"""How far a search walks the index of vectors, and when it compares every vector instead.

A walk keeps the nearest candidates seen so far (``ef`` in Malkov and Yashunin, "Efficient and Robust Approximate
Nearest Neighbor Search Using Hierarchical Navigable Small World Graphs", IEEE TPAMI 2020). How many it takes to miss
hardly any neighbour grows with the index: one number for all sizes is slow for a small collection, and for a large one
silently loses answers (docs/adr/016).
"""

from balcao.infrastructure.database.tables import SCHEMA, VECTOR_INDEX

EXACT_FACTOR = 1_600
"""When a search compares every vector that its filter leaves, instead of walking the index: when their number squared
is at most so many times that of the whole collection.

Comparing costs about 1.2 microseconds a vector. The index costs about 2 milliseconds for 100 neighbours, and has to
walk past those filtered out: as many times that as the filter leaves one vector in. The two are equal there, at 9,000
of 50,000; and comparing misses no neighbour.
"""

_KEPT_OF_50_000 = 110
_GROWTH = 1.25
_MOST_KEPT = 1_000  # pgvector takes no more
_INDEX = f"{SCHEMA}.{VECTOR_INDEX.name}"
_BYTES_A_VECTOR = 4_096  # of the index: each of its pages holds two of 1,536 dimensions in half precision


def kept_candidates(least: int, of_50_000: int = _KEPT_OF_50_000) -> str:
    """SQL that sets, for what follows in its transaction, how many candidates a walk keeps (``hnsw.ef_search``).

    Those for 50,000 vectors tell how many for others; by default as many as found .9998 of the ten nearest of 10,000
    generated vectors, .995 to .998 of 50,000 and .983 of 200,000. The size of the index is that of its file, which is
    never stale. A statement must evaluate this before its walk begins.
    """
    vectors = f"CAST(pg_relation_size(to_regclass('{_INDEX}')) AS float8) / {_BYTES_A_VECTOR}"
    wanted = f"ceil({int(of_50_000)} * ({vectors} / 50000) ^ {_GROWTH})"
    return f"set_config('hnsw.ef_search', CAST(least({_MOST_KEPT}, greatest({int(least)}, {wanted})) AS text), true)"
