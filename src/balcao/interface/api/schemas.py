"""Bodies of requests and responses: v2.0's names and shapes."""

from datetime import date
from http import HTTPStatus
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from balcao.application.use_cases.chat_with_documents import ChatResponse
from balcao.application.use_cases.search_documents import SearchResponse
from balcao.domain.acts import ActKind, act_number
from balcao.domain.chat import AnswerMode
from balcao.domain.document_description import folded_tag
from balcao.domain.ente_recognition import parse_ente
from balcao.domain.ids import DocumentId
from balcao.domain.place_names import NameDirectory
from balcao.domain.search import SearchFilter


class ChatBody(BaseModel):
    """A question."""

    message: Annotated[str, Field(max_length=2000, description="A pergunta, de 1 a 2000 caracteres.")]
    session_id: UUID | None = Field(default=None, description="Conversa a continuar; sem ele, começa outra.")
    metadata: dict[str, object] = Field(default_factory=dict, max_length=50)
    modo: Literal["normal", "estrito"] = Field(
        default="normal",
        description='"estrito": sem quota para uma resposta, recusa (429) em vez de mostrar os trechos.',
    )
    na_data: date | None = Field(
        default=None, description="Responde com o que estava em vigor neste dia; sem ela, com o que está hoje."
    )
    incluir_revogados: bool = Field(
        default=False, description="Responde também com o que não está em vigor, dizendo isso; ignora `na_data`."
    )


class QuotaLeftView(BaseModel):
    """What the prefeitura may still spend, in tokens, in questions by its average, and in words."""

    tokens_restantes: int
    perguntas_restantes: int
    renova_em: date
    frase: str


class SourceView(BaseModel):
    """A passage that supports the answer; the citation [n] is the n-th one."""

    model_config = ConfigDict(from_attributes=True)

    document_id: UUID
    chunk_id: UUID
    source: str
    page: int | None
    similarity_score: float | None
    excerpt: str | None


class AnswerMetadata(BaseModel):
    """What v2.0 promised of an answer, with the model and whether an answer was found.

    ``headings`` say where each source stands, in the order of ``sources``: title, issuer, place in the text, page.
    ``modo`` is "busca" where the quota did not do for an answer, and the passages are shown instead.
    """

    message_id: str
    search_results_count: int
    conversation_length: int
    model: str
    found: bool
    headings: list[str]
    modo: AnswerMode
    quota: QuotaLeftView


class TokenUsageView(BaseModel):
    """Tokens spent on the answer, the question's embedding included."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class AnswerView(BaseModel):
    """An answer with its sources."""

    response: str
    session_id: UUID
    sources: list[SourceView]
    metadata: AnswerMetadata
    processing_time: float
    token_usage: TokenUsageView | None

    @classmethod
    def of(cls, answer: ChatResponse) -> "AnswerView":
        """The use case's answer as v2.0 shaped it."""
        return cls(
            response=answer.response,
            session_id=answer.session_id,
            sources=[SourceView.model_validate(source) for source in answer.sources],
            metadata=AnswerMetadata(
                message_id=str(answer.message_id),
                search_results_count=answer.search_results_count,
                conversation_length=answer.conversation_length,
                model=answer.model,
                found=answer.found,
                headings=list(answer.headings),
                modo=answer.mode,
                quota=QuotaLeftView(
                    tokens_restantes=answer.balance.left,
                    perguntas_restantes=answer.balance.questions_left,
                    renova_em=answer.balance.period.end,
                    frase=answer.quota_in_words,
                ),
            ),
            processing_time=answer.processing_time,
            token_usage=TokenUsageView(
                prompt_tokens=answer.usage.prompt_tokens,
                completion_tokens=answer.usage.completion_tokens,
                total_tokens=answer.usage.total_tokens,
            ),
        )


class SearchBody(BaseModel):
    """A search, in the documents of the prefeitura's scope that are in force today, or in those that the filters keep.

    ``ente`` takes the scope's place; ``na_data`` is the day of force, which ``incluir_revogados`` ignores.
    """

    query: Annotated[str, Field(max_length=2000)]
    n_results: Annotated[int, Field(ge=1, le=100)] = 5
    document_id: UUID | None = None
    etiqueta: Annotated[str | None, Field(max_length=100)] = None
    tipo_ato: ActKind | None = None
    numero_ato: Annotated[str | None, Field(max_length=20, description="Só os algarismos contam.")] = None
    ano_ato: Annotated[int | None, Field(ge=1800, le=2200)] = None
    ente: Annotated[str | None, Field(max_length=20, description="federal, geral, sigla da UF ou código IBGE.")] = None
    na_data: date | None = None
    incluir_revogados: bool = False

    def filter(self, directory: NameDirectory) -> SearchFilter:
        """Which documents to look in.

        Raises:
            InvalidEnte: ``ente`` is none.
            InvalidText: ``etiqueta`` cannot be a tag.
        """
        return SearchFilter(
            document_id=DocumentId(self.document_id) if self.document_id else None,
            tag=folded_tag(self.etiqueta) if self.etiqueta else None,
            act_kind=self.tipo_ato,
            act_number=act_number(self.numero_ato) if self.numero_ato else None,
            act_year=self.ano_ato,
            ente=parse_ente(self.ente, directory) if self.ente else None,
            on=self.na_data,
            include_out_of_force=self.incluir_revogados,
        )


class PassageView(BaseModel):
    """A passage found; its ``title`` says where its document is not in force today."""

    document_id: UUID
    chunk_id: UUID
    title: str
    source: str
    page: int | None
    score: float
    similarity_score: float
    content: str


class SearchView(BaseModel):
    """Passages, best first; ``apenas_palavras`` where the quota did not do for searching by meaning."""

    results: list[PassageView]
    query_time: float
    apenas_palavras: bool

    @classmethod
    def of(cls, found: SearchResponse) -> "SearchView":
        """The use case's passages."""
        return cls(
            results=[
                PassageView(
                    document_id=passage.document_id,
                    chunk_id=passage.chunk_id,
                    title=passage.labelled_title,
                    source=passage.source,
                    page=passage.page,
                    score=passage.score,
                    similarity_score=passage.similarity,
                    content=passage.content,
                )
                for passage in found.passages
            ],
            query_time=found.query_time,
            apenas_palavras=found.by_words_alone,
        )


class ErrorDetail(BaseModel):
    """What went wrong, for people and for programs."""

    error: str
    detail: str
    error_code: str
    param: str | None
    request_id: str


class ErrorView(BaseModel):
    """The one body of every error but that of a malformed request."""

    detail: ErrorDetail


class ErrorOfShape(BaseModel):
    """What the framework says of one field of a malformed request."""

    model_config = ConfigDict(extra="allow")

    type: str
    loc: list[str | int]
    msg: str


class ErrorOrShapeView(BaseModel):
    """The body of 422: the framework's list, or, for a reused Idempotency-Key, the one body of every error."""

    detail: list[ErrorOfShape] | ErrorDetail


EVERYWHERE = (408, 413, 431, 500, 503)
"""What any route may answer: to a request that is slow or large, when something fails, and under too many requests."""


def errors(*statuses: int) -> dict[int | str, dict[str, object]]:
    """The documentation of a route's errors, by status."""
    return {
        status: {"model": ErrorOrShapeView if status == HTTPStatus.UNPROCESSABLE_ENTITY else ErrorView}
        for status in statuses
    }


class ModelView(BaseModel):
    """A model that answers."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    name: str
    description: str
    max_tokens: int


class ModelsView(BaseModel):
    """The models that answer."""

    models: list[ModelView]
