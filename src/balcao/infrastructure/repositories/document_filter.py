"""The conditions that a DocumentFilter stands for."""

from collections.abc import Iterator
from datetime import date

from sqlalchemy import Boolean, ColumnElement, Date, bindparam, func, not_, text, type_coerce

from balcao.domain.document_filter import DocumentFilter
from balcao.infrastructure.database.tables import documents

IN_FORCE = "coalesce(vigente_de <= :day, true) AND coalesce(vigente_ate >= :day, revogado_por IS NULL)"
"""``Validity.holds_on`` in SQL, on a row of ``documento``."""

_ESCAPE = "\\"


def conditions_of(wanted: DocumentFilter) -> Iterator[ColumnElement[bool]]:
    """One condition for each thing asked for."""
    for word in wanted.words:
        yield func.balcao.norm(documents.c.title).like(func.balcao.norm(f"%{_literal(word)}%"), escape=_ESCAPE)
    if wanted.ente is not None:
        yield documents.c.ente_esfera == wanted.ente.esfera
        yield documents.c.ente_uf.is_not_distinct_from(wanted.ente.uf)
        yield documents.c.ente_ibge.is_not_distinct_from(wanted.ente.ibge)
    if wanted.tag is not None:
        yield documents.c.tags.contains([wanted.tag])
    for column, value in (
        (documents.c.act_kind, wanted.act_kind),
        (documents.c.act_number, wanted.act_number),
        (documents.c.act_year, wanted.act_year),
        (documents.c.state, wanted.state),
    ):
        if value is not None:
            yield column == value
    if wanted.in_force is not None and wanted.day is not None:
        holds = _in_force_on(wanted.day)
        yield holds if wanted.in_force else not_(holds)


def _in_force_on(day: date) -> ColumnElement[bool]:
    return type_coerce(text(f"({IN_FORCE})").bindparams(bindparam("day", day, Date)), Boolean)


def _literal(word: str) -> str:
    """A word without the meaning that LIKE gives to some of its characters."""
    for special in (_ESCAPE, "%", "_"):
        word = word.replace(special, _ESCAPE + special)
    return word
