"""Creates documents: validates what is known of a file and refuses what the collection already holds."""

import hashlib
from pathlib import PurePath
from uuid import uuid4

from balcao.domain.acts import act_of_title
from balcao.domain.document import Document, DocumentState, ExtractedDocument, join_pages
from balcao.domain.ente import Ente
from balcao.domain.errors import DuplicateDocument, EmptyFile
from balcao.domain.ids import DocumentId
from balcao.domain.repositories import DocumentRepository


class DocumentService:
    """Works on the documents of the unit of work whose repository it is given."""

    def __init__(self, documents: DocumentRepository) -> None:
        self._documents = documents

    async def create_document(
        self, extracted: ExtractedDocument, *, sha256: bytes, file_path: str, ente: Ente
    ) -> Document:
        """A new document, ready to be chunked; nothing is saved.

        Raises:
            EmptyFile: there is no text.
            DuplicateDocument: the same bytes, source or text are in the collection already.
        """
        content, _ = join_pages(extracted.pages)
        file_name = PurePath(extracted.metadata.source or "").name
        if not content.strip():
            raise EmptyFile(f"{file_name}: o arquivo não tem texto.")
        text_sha256 = hashlib.sha256(" ".join(content.split()).encode()).digest()
        await self.refuse_duplicates(sha256=sha256, source=extracted.metadata.source, text_sha256=text_sha256)
        return Document(
            id=DocumentId(uuid4()),
            title=extracted.title,
            content=content,
            file_path=file_path,
            sha256=sha256,
            text_sha256=text_sha256,
            ente=ente,
            metadata=extracted.metadata,
            file_name=file_name,
            act=act_of_title(extracted.title),
            state=DocumentState.PROCESSANDO,
        )

    async def refuse_duplicates(self, *, sha256: bytes, source: str | None, text_sha256: bytes | None = None) -> None:
        """Look the file up by bytes, by source and, once it is read, by text (white space folded).

        Raises:
            DuplicateDocument: with the id of the document that is there, and what makes it the same.
        """
        if same := await self._documents.find_by_sha256(sha256):
            raise DuplicateDocument(f"Já está na coleção: {same.title}", document_id=same.id)
        if source and (same := await self._documents.find_by_source(source)):
            raise DuplicateDocument(
                f"O arquivo mudou desde que foi ingerido; remova a versão anterior "
                f'("balcao documentos remover {same.id}") e ingira de novo.',
                document_id=same.id,
            )
        if text_sha256 and (same := await self._documents.find_by_text_sha256(text_sha256)):
            raise DuplicateDocument(
                f"O mesmo texto já está na coleção, vindo de outro arquivo: {same.title}", document_id=same.id
            )
