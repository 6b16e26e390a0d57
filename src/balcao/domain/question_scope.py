"""Whose documents a question may be answered from (design rule "Whose law")."""

from balcao.domain.ente import SearchScope
from balcao.domain.municipality_mentions import Mentions
from balcao.domain.place_names import NameDirectory


def question_scope(
    mentions: Mentions, own: SearchScope, directory: NameDirectory, known: frozenset[str]
) -> SearchScope:
    """The asking prefeitura's scope, moved to the municipalities that the question names.

    A question that names other municipalities as places ("prefeitura de X", "X/UF", "em X") is about them: their acts
    and their states' take the place of the asking municipality's, so that its law never answers for another's. A bare
    name, or one that may be something else ("em Posse"), only adds that municipality's acts.
    ``known`` are the municipalities that have documents.
    """
    named = mentions.strong | mentions.weak & known
    kept = frozenset() if mentions.strong - own.ibges and not mentions.strong & own.ibges else own.ibges
    places = [place for code in named if (place := directory.by_ibge(code))]
    return SearchScope(ufs=own.ufs | {place.uf for place in places}, ibges=kept | named)
