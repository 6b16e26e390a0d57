"""Bodies of requests and responses about documents and uploads."""

from datetime import date, datetime
from typing import Annotated, Self
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field, model_validator

from balcao.application.ingestion import Registered
from balcao.application.use_cases.read_ingestion import IngestionStatus
from balcao.application.use_cases.start_upload import StartedUpload
from balcao.domain.acts import ActKind
from balcao.domain.document import Document, DocumentChunk, DocumentState
from balcao.domain.document_description import LONGEST_TAG, LONGEST_TITLE, MOST_TAGS
from balcao.domain.ente import Ente, Esfera
from balcao.domain.ingestion_job import JobState, JobStep
from balcao.domain.page_boxes import boxes_of
from balcao.interface.api.schemas import ErrorDetail

LONGEST_SOURCE = 1000
Tag = Annotated[str, Field(min_length=1, max_length=LONGEST_TAG)]
EnteText = Annotated[
    str, Field(max_length=7, description="`federal`, `geral`, uma UF (`SP`) ou um código IBGE de 7 dígitos.")
]
WordsQuery = Annotated[str | None, Query(max_length=200, description="Palavras do título, em qualquer ordem.")]
EnteQuery = Annotated[str | None, Query(max_length=7, description="`federal`, `geral`, uma UF ou um código IBGE.")]
TagQuery = Annotated[str | None, Query(max_length=LONGEST_TAG, description="Uma etiqueta.")]
KindQuery = Annotated[ActKind | None, Query(description="O tipo do ato.")]
NumberQuery = Annotated[str | None, Query(pattern=r"^[0-9.]{1,12}$", description="O número do ato.")]
YearQuery = Annotated[int | None, Query(ge=1500, le=2999, description="O ano do ato.")]
StateQuery = Annotated[DocumentState | None, Query(description="O estado do documento.")]
InForceQuery = Annotated[bool | None, Query(description="Se está em vigor em `na_data`; sem ela, hoje.")]
DayQuery = Annotated[date | None, Query(description="A data de `em_vigor`, como 2024-12-31.")]


class DescriptionBody(BaseModel):
    """What is told of a file that comes in; what is left out is recognised in its text."""

    source: Annotated[str, Field(min_length=1, max_length=LONGEST_SOURCE)] | None = Field(
        default=None,
        description="De onde o documento vem sempre, como um endereço; outro arquivo dela é a nova versão.",
    )
    title: Annotated[str, Field(min_length=1, max_length=LONGEST_TITLE)] | None = None
    ente: EnteText | None = None
    tags: Annotated[list[Tag], Field(max_length=MOST_TAGS)] = Field(default_factory=list)
    vigente_de: date | None = None
    vigente_ate: date | None = None
    revogado_por: UUID | None = None
    confirmar: bool = Field(default=False, description="Aceita um título parecido com o de outro documento.")


class EditDocumentBody(BaseModel):
    """Changes to a document; what is left out stays. A date, or who revoked it, may be set to null."""

    title: Annotated[str, Field(min_length=1, max_length=LONGEST_TITLE)] | None = None
    ente: EnteText | None = None
    tags: Annotated[list[Tag], Field(max_length=MOST_TAGS)] | None = None
    vigente_de: date | None = None
    vigente_ate: date | None = None
    revogado_por: UUID | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("envie ao menos um campo")
        return self


class StartUploadBody(BaseModel):
    """A file that is to come."""

    file_name: Annotated[str, Field(min_length=1, max_length=255)]
    size: Annotated[int, Field(ge=1, le=2**40, description="Em bytes.")]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", description="Do arquivo, em hexadecimal.")]


class StartedUploadView(BaseModel):
    """Where the file is to be sent by PUT until ``vence_em``; ``direto``: to the storage, without a login header."""

    upload_id: UUID
    url: str
    direto: bool
    vence_em: datetime

    @classmethod
    def of(cls, started: StartedUpload, own_url: str) -> "StartedUploadView":
        """The use case's upload; ``own_url`` takes the file where the storage has no address of its own."""
        upload = started.upload
        return cls(
            upload_id=upload.id,
            url=started.url or own_url,
            direto=started.url is not None,
            vence_em=upload.expires_at,
        )


class RegisteredView(BaseModel):
    """A document that is being taken in, and the job that does it."""

    model_config = ConfigDict(from_attributes=True)

    document_id: UUID
    job_id: UUID
    state: DocumentState

    @classmethod
    def of(cls, registered: Registered) -> "RegisteredView":
        """The use case's answer."""
        return cls.model_validate(registered)


class ActView(BaseModel):
    """The normative act that a document is."""

    model_config = ConfigDict(from_attributes=True)

    kind: ActKind
    number: str | None
    year: int | None


class EnteView(BaseModel):
    """Whose act it is."""

    esfera: Esfera
    uf: str | None
    ibge: str | None


class DocumentView(BaseModel):
    """What is known of a document. ``replaced_by`` is its newer version; ``em_vigor`` says of the day asked about."""

    document_id: UUID
    title: str
    file_name: str
    file_size: int
    source: str | None
    ente: EnteView
    act: ActView | None
    tags: list[str]
    vigente_de: date | None
    vigente_ate: date | None
    revogado_por: UUID | None
    em_vigor: bool
    version: int
    replaced_by: UUID | None
    state: DocumentState
    page_count: int | None
    sha256: str
    created_at: datetime | None
    updated_at: datetime | None

    @classmethod
    def of(cls, document: Document, day: date) -> "DocumentView":
        """A document as it is on a day."""
        return cls(
            document_id=document.id,
            title=document.title,
            file_name=document.file_name,
            file_size=document.metadata.file_size,
            source=document.metadata.source,
            ente=_ente(document.ente),
            act=ActView.model_validate(document.act) if document.act else None,
            tags=list(document.tags),
            vigente_de=document.validity.start,
            vigente_ate=document.validity.end,
            revogado_por=document.validity.revoked_by,
            em_vigor=document.validity.holds_on(day),
            version=document.version,
            replaced_by=document.replaced_by,
            state=document.state,
            page_count=document.metadata.page_count,
            sha256=document.sha256.hex(),
            created_at=document.created_at,
            updated_at=document.updated_at,
        )


class StatusView(BaseModel):
    """How far a document is in coming in: ``done`` of ``total`` chunks of the step, ``percent`` of the whole."""

    document_id: UUID
    state: DocumentState
    job_id: UUID | None
    job_state: JobState | None
    step: JobStep | None
    percent: int
    done: int
    total: int
    attempts: int
    tokens: int
    error_code: str | None
    reason: str | None
    related: UUID | None

    @classmethod
    def of(cls, status: IngestionStatus) -> "StatusView":
        """The use case's status; a document that came in without a job is whole."""
        job = status.job
        return cls(
            document_id=status.document.id,
            state=status.document.state,
            job_id=job.id if job else None,
            job_state=job.state if job else None,
            step=job.step if job else None,
            percent=status.percent,
            done=job.done if job else 0,
            total=job.total if job else 0,
            attempts=job.attempts if job else 0,
            tokens=job.tokens if job else 0,
            error_code=job.error_code if job else None,
            reason=job.reason if job else None,
            related=job.related if job else None,
        )


class BoxView(BaseModel):
    """A rectangle of a page, in points from its top left corner as it is shown."""

    model_config = ConfigDict(from_attributes=True)

    page: int
    x0: float
    y0: float
    x1: float
    y1: float


class ChunkView(BaseModel):
    """A chunk: characters ``start`` to ``end`` of the document's text, its place in it, and where it is on the page."""

    chunk_id: UUID
    index: int
    content: str
    start: int
    end: int
    page: int | None
    path: str | None
    boxes: list[BoxView]

    @classmethod
    def of(cls, chunk: DocumentChunk) -> "ChunkView":
        """A chunk."""
        boxes = boxes_of(chunk.lines, chunk.start_char, chunk.end_char)
        return cls(
            chunk_id=chunk.id,
            index=chunk.chunk_index,
            content=chunk.original_content,
            start=chunk.start_char,
            end=chunk.end_char,
            page=chunk.page,
            path=chunk.path,
            boxes=[BoxView.model_validate(box) for box in boxes],
        )


class ErrorOfDuplicate(ErrorDetail):
    """A conflict; where the collection has the document already, ``document_id`` is which."""

    document_id: UUID | None = None


class ErrorOrDuplicateView(BaseModel):
    """The body of 409 on routes that take files."""

    detail: ErrorOfDuplicate


def _ente(ente: Ente) -> EnteView:
    return EnteView(esfera=ente.esfera, uf=ente.uf, ibge=ente.ibge)
