"""Hybrid search in PostgreSQL, in one statement."""

from collections.abc import Sequence
from functools import lru_cache

import asyncpg
from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncConnection

from balcao.domain.document import DocumentState, Embedding
from balcao.domain.ente import Ente, Esfera
from balcao.domain.ids import DocumentId
from balcao.domain.search import Inquiry, Passage, QuestionTerm, WordMatch
from balcao.domain.validity import Validity
from balcao.infrastructure.database.driver_statements import DriverStatement
from balcao.infrastructure.database.tables import chunks, documents, embeddings
from balcao.infrastructure.repositories.passage_statements import BY_WORDS, QUESTION_TERMS, hybrid_search, offered_for
from balcao.infrastructure.repositories.postings import INDEX_VERSION, PostingsWriter
from balcao.infrastructure.repositories.term_combinations import telling_combinations

_IS_OPEN = documents.c.state == DocumentState.DISPONIVEL
_POSTINGS = (200, 1_000)  # least and most read of one term
_POSTINGS_OF_ALL_TERMS = 4_000
_TELLING = 0.5  # of the greatest weight, that a term must have for more than the least to be read of it
_QUESTION_TERMS = DriverStatement(QUESTION_TERMS)


@lru_cache
def _hybrid(offered: int) -> DriverStatement:
    return DriverStatement(hybrid_search(offered))


class PostgresPassageRepository:
    """PassageRepository on one connection."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def index_terms(self, document_id: DocumentId) -> int:
        """Write the postings of a document's chunks, and their total on its row."""
        return await PostingsWriter(self._connection).write(document_id)

    async def stale_terms(self) -> list[DocumentId]:
        """By the version on the document's row."""
        is_stale = documents.c.index_version != INDEX_VERSION
        found = select(documents.c.id).where(_IS_OPEN, is_stale).order_by(documents.c.created_at, documents.c.id)
        return list((await self._connection.execute(found)).scalars())

    async def without_vectors(self, model: str) -> list[DocumentId]:
        """By chunk."""
        has_vector = exists().where(embeddings.c.chunk_id == chunks.c.id, embeddings.c.model == model)
        lacks = exists().where(chunks.c.document_id == documents.c.id, ~has_vector)
        found = select(documents.c.id).where(_IS_OPEN, lacks).order_by(documents.c.created_at, documents.c.id)
        return list((await self._connection.execute(found)).scalars())

    async def question_terms(self, question: str, identifiers: Sequence[str]) -> tuple[QuestionTerm, ...]:
        """Count and, where need be, correct."""
        parameters = {"question": question, "identifiers": list(identifiers)}
        return tuple(QuestionTerm(**row) for row in await _QUESTION_TERMS.rows(self._connection, parameters))

    async def search(
        self, inquiry: Inquiry, embedding: Embedding | None, *, n_results: int = 5, vector_share: float = 0.25
    ) -> list[Passage]:
        """Run the hybrid statement; without an embedding no vector is a neighbour."""
        parameters = _filter_parameters(inquiry) | _term_parameters(inquiry)
        parameters |= {
            "information": inquiry.information,
            "vector": embedding.vector if embedding else None,
            "model": embedding.model if embedding else "",
            "vector_share": vector_share if embedding else 0.0,
            "n_results": n_results,
        }
        rows = await _hybrid(offered_for(n_results)).rows(self._connection, parameters)
        return [_passage(row) for row in rows]

    async def by_words(self, inquiry: Inquiry, n_results: int) -> list[WordMatch]:
        """Run the lexical leg of the hybrid statement."""
        parameters = _filter_parameters(inquiry) | _term_parameters(inquiry) | {"n_results": n_results}
        rows = await self._connection.execute(BY_WORDS, parameters)
        return [WordMatch(chunk_id=row.chunk_id, document_id=row.document_id, score=float(row.score)) for row in rows]


def _filter_parameters(inquiry: Inquiry) -> dict[str, object]:
    wanted = inquiry.filter
    ente = wanted.ente
    return {
        "ufs": sorted(inquiry.scope.ufs),
        "ibges": sorted(inquiry.scope.ibges),
        "esfera": ente.esfera if ente else "",
        "uf": (ente and ente.uf) or "",
        "ibge": (ente and ente.ibge) or "",
        "document_id": wanted.document_id,
        "tag": wanted.tag,
        "act_kind": wanted.act_kind,
        "act_number": wanted.act_number,
        "act_year": wanted.act_year,
        "any_validity": wanted.include_out_of_force,
        "day": inquiry.day,
    }


def _term_parameters(inquiry: Inquiry) -> dict[str, object]:
    looked_for = {term.match: term for term in sorted(inquiry.terms, key=lambda term: term.weight)}
    weights = [term.weight for term in looked_for.values()]
    limits = _limits(weights)
    half_read = [term for term, limit in zip(looked_for.values(), limits, strict=True) if term.match_frequency > limit]
    together = list(enumerate(telling_combinations(half_read)))
    acts = inquiry.references.acts
    return {
        "terms": list(looked_for),
        "weights": weights,
        "limits": limits,
        "combinations": [number for number, terms in together for _ in terms],
        "combined_terms": [term.match for _, terms in together for term in terms],
        "combined_weights": [term.weight for _, terms in together for term in terms],
        "places": list(inquiry.references.places),
        "named_kinds": [act.kind for act in acts],
        "named_numbers": [act.number or "" for act in acts],
        "named_years": [act.year or 0 for act in acts],
    }


def _limits(weights: Sequence[float]) -> list[int]:
    """How many postings of each term are read: few of one that alone would bring no passage to the top.

    What it adds to a passage that others bring is looked up (after the essential and other lists of Turtle and Flood,
    "Query Evaluation: Strategies and Optimizations", Information Processing & Management, 1995).
    """
    least, most = _POSTINGS
    each = min(most, max(least, _POSTINGS_OF_ALL_TERMS // max(len(weights), 1)))
    telling = _TELLING * max(weights, default=0.0)
    return [each if weight >= telling else least for weight in weights]


def _passage(row: asyncpg.Record) -> Passage:
    return Passage(
        chunk_id=row["chunk_id"],
        document_id=row["document_id"],
        chunk_index=row["chunk_index"],
        title=row["title"],
        source=_shown_source(row["source"], row["file_name"]),
        ente=Ente(esfera=Esfera(row["ente_esfera"]), uf=row["ente_uf"], ibge=row["ente_ibge"]),
        content=row["content"],
        page=row["page"],
        path=row["path"],
        score=min(1.0, float(row["score"])),
        similarity=min(1.0, float(row["similarity"])),
        coverage=float(row["coverage"]),
        named=row["named"],
        validity=Validity(start=row["vigente_de"], end=row["vigente_ate"], revoked_by=row["revogado_por"]),
    )


def _shown_source(source: str | None, file_name: str) -> str:
    """A URL as it is; of anything else only the file's name: the server's folders are nobody's business."""
    return source if source and "://" in source else file_name
