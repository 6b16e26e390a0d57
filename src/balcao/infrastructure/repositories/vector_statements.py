"""The statement of the search by vectors alone: neighbours by the index where it serves, by comparing where not."""

from sqlalchemy import (
    CTE,
    ColumnElement,
    Float,
    FromClause,
    Integer,
    Select,
    Text,
    bindparam,
    case,
    cast,
    func,
    literal_column,
    select,
    true,
    union_all,
)
from sqlalchemy.dialects.postgresql import JSONB

from balcao.domain.document import EMBEDDING_DIMENSIONS, DocumentState
from balcao.infrastructure.database.tables import HalfVec, chunks, documents, embeddings
from balcao.infrastructure.repositories.vector_walk import EXACT_FACTOR, kept_candidates

_FEWEST_KEPT, _KEPT_BESIDES = 60, 20  # candidates of a walk: in all, and besides the results wanted
_IS_OPEN = documents.c.state == literal_column(f"'{DocumentState.DISPONIVEL}'", Text)
# A subquery, so that the server converts it once, and not for each vector that it is compared with.
_VECTOR = select(bindparam("vector", type_=HalfVec(EMBEDDING_DIMENSIONS))).scalar_subquery()
_DISTANCE = embeddings.c.embedding.cosine_distance(_VECTOR)
_IS_OF_MODEL = embeddings.c.model == bindparam("model")


def nearest_chunks(results: int, *, is_filtered: bool) -> Select[*tuple[object, ...]]:
    """Nearest chunks of ``:model`` to ``:vector`` among documents open to search, with what a SearchResult needs.

    Their number and the state are written into the text: a plan for a limit that is not known is taken for a dear one,
    and made again each time; and so is one that may not use the index of what is open (documento_colecao). The zero
    that is added has the distances sorted: the planner believes that the index gives them in order, which it does not
    quite (hnsw.iterative_scan = relaxed_order).
    """
    found = union_all(*(_filtered(results) if is_filtered else _unfiltered(results))).subquery()
    nearest = select(found).order_by(found.c.distance + 0.0).limit(_limit(results)).subquery("vizinhos")
    return (
        select(chunks, nearest.c.distance, nearest.c.document_metadata)
        .join(nearest, nearest.c.chunk_id == chunks.c.id)
        .order_by(nearest.c.distance)
    )


def _unfiltered(results: int) -> list[Select[*tuple[object, ...]]]:
    walk = select(_kept(results).label("guarda")).cte("percurso").prefix_with("MATERIALIZED")
    is_set = select(walk.c.guarda).scalar_subquery().is_not(None)
    of_open = _vectors_of(documents).where(_IS_OPEN)
    return [_by_index(of_open.where(is_set), results), _beside_it(of_open, results)]


def _filtered(results: int) -> list[Select[*tuple[object, ...]]]:
    matching = documents.c.metadata.contains(bindparam("metadata", type_=JSONB))
    open_and_matching = select(documents.c.id, documents.c.chunk_count, documents.c.metadata).where(_IS_OPEN, matching)
    allowed = open_and_matching.cte("permitidos").prefix_with("MATERIALIZED")
    left = cast(func.coalesce(func.sum(allowed.c.chunk_count), 0), Float).label("restam")
    everything = select(func.sum(documents.c.chunk_count)).where(_IS_OPEN).scalar_subquery().label("todos")
    counted = select(left, everything).cte("contados").prefix_with("MATERIALIZED")
    few = counted.c.restam * counted.c.restam <= EXACT_FACTOR * counted.c.todos
    judged = select(few.label("sao"), case((~few, _kept(results))).label("guarda")).cte("poucos")
    are_few = select(judged.prefix_with("MATERIALIZED").c.sao).scalar_subquery()
    of_allowed = _vectors_of(allowed)
    compared = _compared(of_allowed.where(are_few), results)
    return [compared, _walked(allowed, ~are_few, results), _beside_it(of_allowed.where(~are_few), results)]


def _walked(allowed: CTE, are_many: ColumnElement[bool], results: int) -> Select[*tuple[object, ...]]:
    """The nearest by the index, each vector of which the filter is asked about.

    Without the CASE the planner would join, as for the few that it believes a filter to leave, and compare them all.
    """
    is_allowed = case((embeddings.c.document_id.in_(select(allowed.c.id)), true()))
    of_all = select(embeddings.c.chunk_id, embeddings.c.document_id, _DISTANCE.label("distance")).where(_IS_OF_MODEL)
    found = _by_index(of_all.where(are_many, is_allowed), results).subquery()
    of_each = select(found.c.chunk_id, found.c.distance, allowed.c.metadata.label("document_metadata"))
    return of_each.join(allowed, allowed.c.id == found.c.document_id)


def _vectors_of(searched: FromClause) -> Select[*tuple[object, ...]]:
    """The model's vectors of these documents, each with what is needed of its document."""
    of_each = select(embeddings.c.chunk_id, _DISTANCE.label("distance"), searched.c.metadata.label("document_metadata"))
    return of_each.join(searched, searched.c.id == embeddings.c.document_id).where(_IS_OF_MODEL)


def _kept(results: int) -> ColumnElement[str]:
    """Part of a MATERIALIZED expression that a walk depends on, so that it is evaluated before the walk begins."""
    return literal_column(kept_candidates(max(_FEWEST_KEPT, results + _KEPT_BESIDES)), Text)


def _by_index(vectors: Select[*tuple[object, ...]], results: int) -> Select[*tuple[object, ...]]:
    return vectors.where(embeddings.c.indexed).order_by(_DISTANCE).limit(_limit(results))


def _beside_it(vectors: Select[*tuple[object, ...]], results: int) -> Select[*tuple[object, ...]]:
    """The nearest of those that are not in the index yet, each of which is compared, if there are any."""
    waiting = embeddings.alias()
    are_any = select(waiting.c.chunk_id).where(~waiting.c.indexed, waiting.c.model == bindparam("model")).exists()
    return _compared(vectors.where(are_any, ~embeddings.c.indexed), results)


def _compared(vectors: Select[*tuple[object, ...]], results: int) -> Select[*tuple[object, ...]]:
    """The nearest by comparing each, once: the OFFSET bars the index, and a second computing for the order."""
    each = vectors.offset(literal_column("0")).subquery()
    return select(each).order_by(each.c.distance).limit(_limit(results))


def _limit(results: int) -> ColumnElement[int]:
    return literal_column(str(int(results)), Integer)
