"""Which terms of a question are looked for together.

Of a common term's list only the most telling postings are read (passage_statements). A passage that has several common
terms, none of them often, need not be among them. But few passages have several terms, however common each is, and an
index of whole sets of terms finds them all.
"""

from collections.abc import Sequence
from itertools import combinations
from math import prod

from balcao.domain.search import QuestionTerm

_HEAVIEST = 6  # terms, of which the combinations are made
_MOST_TOGETHER = 4  # terms
_MOST_COMBINATIONS = 4  # each is looked for by itself
_FEW = 200  # passages, as many as a combination may be expected in


def telling_combinations(terms: Sequence[QuestionTerm]) -> list[tuple[QuestionTerm, ...]]:
    """The fewest of these terms that few passages should have together, heaviest first; none with terms to spare.

    The terms of a question keep company, so that more have them together than should: what is found has to be limited.
    """
    heaviest = sorted(terms, key=lambda term: term.weight, reverse=True)[:_HEAVIEST]
    chosen: list[frozenset[int]] = []
    for size in range(2, _MOST_TOGETHER + 1):
        for together in map(frozenset, combinations(range(len(heaviest)), size)):
            has_to_spare = any(fewer <= together for fewer in chosen)
            if not has_to_spare and _expected([heaviest[place] for place in together]) <= _FEW:
                chosen.append(together)
    found = [tuple(heaviest[place] for place in sorted(together)) for together in chosen]
    found.sort(key=lambda together: sum(term.weight for term in together), reverse=True)
    return found[:_MOST_COMBINATIONS]


def _expected(together: Sequence[QuestionTerm]) -> float:
    """How many passages have all of these, if terms occurred independently of one another."""
    first, *others = together
    return first.match_frequency * prod(term.match_share for term in others)
