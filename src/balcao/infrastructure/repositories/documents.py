"""Documents in PostgreSQL."""

from dataclasses import asdict

from sqlalchemy import Row, Select, delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from balcao.domain.acts import Act, ActKind
from balcao.domain.document import Document, DocumentMetadata, DocumentState
from balcao.domain.ente import Ente, Esfera
from balcao.domain.ids import DocumentId
from balcao.domain.validity import Validity
from balcao.infrastructure.database.tables import CURRENT_STATES, documents

_LISTED = [column for column in documents.c if column.key != "content"]
_IS_OPEN = documents.c.state == DocumentState.DISPONIVEL


class PostgresDocumentRepository:
    """DocumentRepository on one connection."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def save(self, document: Document) -> Document:
        """Insert or update the document's row."""
        values = {
            "title": document.title,
            "content": document.content,
            "file_path": document.file_path,
            "source": document.metadata.source,
            "file_name": document.file_name,
            "sha256": document.sha256,
            "text_sha256": document.text_sha256,
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
            "version": document.version,
            "replaced_by": document.replaced_by,
            "state": document.state,
            "metadata": asdict(document.metadata),
        }
        statement = (
            insert(documents)
            .values(id=document.id, **values)
            .on_conflict_do_update(
                constraint="documento_pk",
                set_={documents.c[key]: value for key, value in values.items()} | {documents.c.updated_at: func.now()},
            )
            .returning(*documents.c)
        )
        return _document((await self._connection.execute(statement)).one())

    async def find_by_id(self, document_id: DocumentId) -> Document | None:
        """The document's row."""
        return await self._one(select(documents).where(documents.c.id == document_id))

    async def find_by_source(self, source: str) -> Document | None:
        """The current document of this source."""
        return await self._one(select(documents).where(documents.c.source == source, CURRENT_STATES))

    async def find_by_sha256(self, sha256: bytes) -> Document | None:
        """The current document with these bytes."""
        return await self._one(select(documents).where(documents.c.sha256 == sha256, CURRENT_STATES))

    async def find_by_text_sha256(self, text_sha256: bytes) -> Document | None:
        """The oldest current document with this text."""
        found = select(documents).where(documents.c.text_sha256 == text_sha256, CURRENT_STATES)
        return await self._one(found.order_by(documents.c.created_at, documents.c.id).limit(1))

    async def find_all(self, limit: int = 100, offset: int = 0) -> list[Document]:
        """Documents open to search, without text."""
        statement = (
            select(*_LISTED)
            .where(_IS_OPEN)
            .order_by(documents.c.created_at, documents.c.id)
            .limit(limit)
            .offset(offset)
        )
        return [_document(row) for row in await self._connection.execute(statement)]

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
        statement = select(documents.c.ente_ibge).where(_IS_OPEN, documents.c.ente_ibge.is_not(None)).distinct()
        return frozenset((await self._connection.execute(statement)).scalars())

    async def _one(self, statement: Select[*tuple[object, ...]]) -> Document | None:
        row = (await self._connection.execute(statement)).one_or_none()
        return _document(row) if row else None


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
        version=row.version,
        replaced_by=row.replaced_by,
        state=DocumentState(row.state),
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
