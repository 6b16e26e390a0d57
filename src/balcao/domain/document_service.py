"""Creates documents: validates what is known of a file and refuses what the collection already holds."""

import hashlib
from dataclasses import replace

from balcao.domain.acts import act_of_title
from balcao.domain.document import Document, DocumentState, ExtractedDocument, join_pages
from balcao.domain.ente import Ente
from balcao.domain.errors import DuplicateDocument, EmptyFile
from balcao.domain.repositories import DocumentRepository
from balcao.domain.similar_titles import act_key, may_be_the_same


class DocumentService:
    """Works on the documents of the unit of work whose repository it is given."""

    def __init__(self, documents: DocumentRepository) -> None:
        self._documents = documents

    async def create_document(self, document: Document) -> Document:
        """Save a new document, which is not read yet: nobody finds it. Failed ones of the same bytes give way to it.

        Raises:
            DuplicateDocument: the same bytes are in the collection, or on their way.
        """
        await self.refuse_same_bytes(document.sha256)
        await self._documents.delete_failed(document.sha256)
        return await self._documents.save(document)

    async def refuse_same_bytes(self, sha256: bytes) -> None:
        """Look a file up by its bytes.

        Raises:
            DuplicateDocument: with the id of the document that has them.
        """
        if same := await self._documents.find_by_sha256(sha256):
            raise DuplicateDocument(_ALREADY[same.state].format(titulo=same.title, id=same.id), document_id=same.id)

    async def with_text(
        self, document: Document, extracted: ExtractedDocument, *, title: str | None, ente: Ente
    ) -> Document:
        """The document with the text that was read; nothing is saved. ``title`` None keeps the document's own.

        Raises:
            EmptyFile: there is no text.
            DuplicateDocument: the same text is in the collection, or on its way.
        """
        content, _ = join_pages(extracted.pages)
        if not content.strip():
            raise EmptyFile(f"{document.file_name}: o arquivo não tem texto.")
        text_sha256 = hashlib.sha256(" ".join(content.split()).encode()).digest()
        same = await self._documents.find_by_text_sha256(text_sha256)
        if same and same.id != document.id:
            raise DuplicateDocument(
                f"O mesmo texto já está na coleção, vindo de outro arquivo: {same.title}", document_id=same.id
            )
        return replace(
            document,
            title=title or document.title,
            content=content,
            text_sha256=text_sha256,
            ente=ente,
            act=act_of_title(title or document.title),
            metadata=replace(extracted.metadata, source=document.metadata.source),
        )

    async def similar_to(self, document: Document) -> Document | None:
        """A document that may be the same by its title; never the one that this is the next version of.

        From here to the end of the unit of work nobody else compares titles, so that two alike are not both let in.
        """
        await self._documents.serialise_titles()
        key = act_key(document.title)
        alike = await self._documents.find_similar(document.title)
        of_act = await self._documents.find_by_act(key) if key else []
        source = document.metadata.source
        return next(
            (
                other
                for other in [*alike, *of_act]
                if other.id != document.id
                and not (source and other.metadata.source == source)
                and may_be_the_same(document, other)
            ),
            None,
        )


_ALREADY = {
    DocumentState.DISPONIVEL: "Já está na coleção: {titulo}",
    DocumentState.PROCESSANDO: "Já está sendo ingerido: {titulo}",
    DocumentState.AGUARDANDO_CONFIRMACAO: (
        'Já foi enviado e aguarda confirmação, porque um título é parecido: {titulo}. Para aceitar: "balcao documentos '
        'confirmar {id}".'
    ),
}
