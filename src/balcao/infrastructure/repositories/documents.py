"""Documents in PostgreSQL."""

from collections.abc import Sequence
from dataclasses import asdict, replace

from sqlalchemy import Executable, Row, Select, delete, func, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from balcao.domain.acts import Act, ActKind
from balcao.domain.document import Document, DocumentMetadata, DocumentState
from balcao.domain.document_filter import DocumentFilter
from balcao.domain.ente import Ente, Esfera
from balcao.domain.ids import DocumentId
from balcao.domain.similar_titles import SIMILARITY
from balcao.domain.validity import Validity
from balcao.infrastructure.database.tables import CURRENT_STATES, documents
from balcao.infrastructure.repositories.document_filter import conditions_of

_LISTED = [column for column in documents.c if column.key != "content"]
_IS_OPEN = documents.c.state == DocumentState.DISPONIVEL
_MUNICIPALITIES = select(documents.c.ente_ibge).where(_IS_OPEN, documents.c.ente_ibge.is_not(None)).distinct()
_WRITTEN = (
    "content",
    "file_path",
    "source",
    "file_name",
    "sha256",
    "text_sha256",
    "title",
    "ente_esfera",
    "ente_uf",
    "ente_ibge",
    "act_kind",
    "act_number",
    "act_year",
    "tags",
    "in_force_from",
    "in_force_until",
    "revoked_by",
    "version",
    "replaced_by",
    "state",
    "metadata",
)
_NEW = insert(documents)
_SAVE = _NEW.on_conflict_do_update(
    constraint="documento_pk",
    set_={documents.c[key]: _NEW.excluded[key] for key in _WRITTEN} | {documents.c.updated_at: func.now()},
).returning(documents.c.created_at, documents.c.updated_at)
_LOCALLY = True
_MOST_ALIKE = 20
_TITLES_LOCK = 7_105_326_912
"""Key of the advisory lock under which titles are compared; an arbitrary number of this project's own."""


class PostgresDocumentRepository:
    """DocumentRepository on one connection."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def save(self, document: Document) -> Document:
        """Insert or update the document's row."""
        values = {
            "id": document.id,
            "content": document.content,
            "file_path": document.file_path,
            "source": document.metadata.source,
            "file_name": document.file_name,
            "sha256": document.sha256,
            "text_sha256": document.text_sha256,
            **_described(document),
            "version": document.version,
            "replaced_by": document.replaced_by,
            "state": document.state,
            "metadata": asdict(document.metadata),
        }
        row = (await self._connection.execute(_SAVE, values)).one()
        return replace(document, created_at=row.created_at, updated_at=row.updated_at)

    async def find_by_id(self, document_id: DocumentId) -> Document | None:
        """The document's row."""
        return await self._one(select(documents).where(documents.c.id == document_id))

    async def find_summary(self, document_id: DocumentId) -> Document | None:
        """The row but for its text."""
        return await self._one(select(*_LISTED).where(documents.c.id == document_id))

    async def lock(self, document_id: DocumentId) -> bool:
        """Lock the row; a foreign key's check waits for it, too."""
        row = select(documents.c.id).where(documents.c.id == document_id).with_for_update()
        return (await self._connection.execute(row)).one_or_none() is not None

    async def find_revoked_by(self, document_id: DocumentId) -> Document | None:
        """By the index of the foreign key."""
        found = select(*_LISTED).where(documents.c.revoked_by == document_id)
        return await self._one(found.order_by(documents.c.created_at, documents.c.id).limit(1))

    async def find_by_source(self, source: str) -> Document | None:
        """The searched document of this source, else the one on its way."""
        found = select(documents).where(documents.c.source == source, CURRENT_STATES)
        return await self._one(found.order_by(_IS_OPEN.desc()).limit(1))

    async def find_in_progress(self, source: str) -> Document | None:
        """The document on its way."""
        return await self._one(select(documents).where(documents.c.source == source, CURRENT_STATES, ~_IS_OPEN))

    async def find_similar(self, title: str) -> list[Document]:
        """By the trigram index, which only the operator ``%`` uses: its threshold holds for this transaction."""
        threshold = func.set_config("pg_trgm.similarity_threshold", str(SIMILARITY), _LOCALLY)
        await self._connection.execute(select(threshold))
        ours, theirs = func.balcao.norm(documents.c.title), func.balcao.norm(title)
        alike = func.public.similarity(ours, theirs)
        found = select(*_LISTED).where(ours.op("OPERATOR(public.%)")(theirs), CURRENT_STATES)
        return await self._many(found.order_by(alike.desc(), documents.c.id).limit(_MOST_ALIKE))

    async def find_by_act(self, act: Act) -> list[Document]:
        """By the index of acts."""
        found = select(*_LISTED).where(
            documents.c.act_number == act.number,
            documents.c.act_year == act.year,
            documents.c.act_kind == act.kind,
            CURRENT_STATES,
        )
        return await self._many(found.order_by(documents.c.created_at, documents.c.id).limit(_MOST_ALIKE))

    async def change_state(self, document_id: DocumentId, state: DocumentState) -> bool:
        """Update the row's state."""
        changed = update(documents).where(documents.c.id == document_id)
        values = {"state": state, "updated_at": func.now()}
        return bool((await self._connection.execute(changed.values(values))).rowcount)

    async def serialise_titles(self) -> None:
        """An advisory lock of the transaction."""
        await self._connection.execute(select(func.pg_advisory_xact_lock(_TITLES_LOCK)))

    async def delete_failed(self, sha256: bytes) -> int:
        """Delete failed rows; their jobs go with them."""
        revoked = documents.alias()
        failed = delete(documents).where(
            documents.c.sha256 == sha256,
            documents.c.state == DocumentState.FALHOU,
            ~select(revoked.c.id).where(revoked.c.revoked_by == documents.c.id).exists(),
        )
        return (await self._connection.execute(failed)).rowcount

    async def unused_originals(self, keys: Sequence[str]) -> list[str]:
        """Compare with the rows' keys."""
        used = select(documents.c.file_path).where(documents.c.file_path.in_(keys))
        known = set((await self._connection.execute(used)).scalars())
        return [key for key in keys if key not in known]

    async def find_by_sha256(self, sha256: bytes) -> Document | None:
        """The current document with these bytes."""
        return await self._one(select(documents).where(documents.c.sha256 == sha256, CURRENT_STATES))

    async def find_by_text_sha256(self, text_sha256: bytes) -> Document | None:
        """The oldest current document with this text."""
        found = select(documents).where(documents.c.text_sha256 == text_sha256, CURRENT_STATES)
        return await self._one(found.order_by(documents.c.created_at, documents.c.id).limit(1))

    async def find_all(
        self, limit: int = 100, offset: int = 0, state: DocumentState = DocumentState.DISPONIVEL
    ) -> list[Document]:
        """Documents of one state, without text."""
        statement = (
            select(*_LISTED)
            .where(documents.c.state == state)
            .order_by(documents.c.created_at, documents.c.id)
            .limit(limit)
            .offset(offset)
        )
        return await self._many(statement)

    async def find_page(self, wanted: DocumentFilter, limit: int, after: DocumentId | None = None) -> list[Document]:
        """The rows behind this one."""
        order = documents.c.created_at, documents.c.id
        statement = select(*_LISTED).where(*conditions_of(wanted)).order_by(*(column.desc() for column in order))
        if after is not None:
            mark = documents.alias()
            behind = select(mark.c.created_at, mark.c.id).where(mark.c.id == after).scalar_subquery()
            statement = statement.where(tuple_(*order) < behind)
        return await self._many(statement.limit(limit))

    async def describe(self, document: Document) -> Document | None:
        """Update what people say of the document, and nothing of what ingestion does."""
        settled = documents.c.state != DocumentState.PROCESSANDO
        changed = update(documents).where(documents.c.id == document.id, settled)
        values = _described(document) | {"updated_at": func.now()}
        return await self._one(changed.values(values).returning(*_LISTED))

    async def delete(self, document_id: DocumentId) -> bool:
        """Delete the row; its chunks, embeddings and terms go with it."""
        statement = delete(documents).where(documents.c.id == document_id)
        return bool((await self._connection.execute(statement)).rowcount)

    async def exists(self, source: str) -> bool:
        """Whether a current document has this source."""
        found = select(documents.c.id).where(documents.c.source == source, CURRENT_STATES).exists()
        return bool((await self._connection.execute(select(found))).scalar_one())

    async def count(self) -> int:
        """How many documents are open to search."""
        statement = select(func.count()).select_from(documents).where(_IS_OPEN)
        return int((await self._connection.execute(statement)).scalar_one())

    async def municipalities(self) -> frozenset[str]:
        """IBGE codes that have documents open to search."""
        return frozenset((await self._connection.execute(_MUNICIPALITIES)).scalars())

    async def _many(self, statement: Select[*tuple[object, ...]]) -> list[Document]:
        return [_document(row) for row in await self._connection.execute(statement)]

    async def _one(self, statement: Executable) -> Document | None:
        row = (await self._connection.execute(statement)).one_or_none()
        return _document(row) if row else None


def _described(document: Document) -> dict[str, object]:
    """What people may say of a document, by column."""
    return {
        "title": document.title,
        "title_given": document.title_given,
        "ente_given": document.ente_given,
        "ente_esfera": document.ente.esfera,
        "ente_uf": document.ente.uf,
        "ente_ibge": document.ente.ibge,
        "act_kind": document.act.kind if document.act else None,
        "act_number": document.act.number if document.act else None,
        "act_year": document.act.year if document.act else None,
        "tags": list(document.tags),
        "in_force_from": document.validity.start,
        "in_force_until": document.validity.end,
        "revoked_by": document.validity.revoked_by,
    }


def _document(row: Row[*tuple[object, ...]]) -> Document:
    return Document(
        id=row.id,
        title=row.title,
        content=getattr(row, "content", ""),
        file_path=row.file_path,
        sha256=row.sha256,
        text_sha256=row.text_sha256,
        ente=Ente(esfera=Esfera(row.ente_esfera), uf=row.ente_uf, ibge=row.ente_ibge),
        metadata=DocumentMetadata(**row.metadata),
        file_name=row.file_name,
        act=Act(kind=ActKind(row.act_kind), number=row.act_number, year=row.act_year) if row.act_kind else None,
        tags=tuple(row.tags),
        validity=Validity(start=row.in_force_from, end=row.in_force_until, revoked_by=row.revoked_by),
        title_given=row.title_given,
        ente_given=row.ente_given,
        version=row.version,
        replaced_by=row.replaced_by,
        state=DocumentState(row.state),
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
