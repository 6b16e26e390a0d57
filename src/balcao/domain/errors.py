"""Every error that Balcão raises on purpose.

::

    BalcaoError
    ├── InvalidInput
    │   ├── EmptyMessage
    │   ├── InvalidText
    │   ├── InvalidEnte
    │   ├── WeakPassword
    │   ├── InvalidInvitation
    │   ├── UnsatisfiableRange
    │   ├── PayloadTooLarge
    │   ├── RequestHeadTooLarge
    │   └── RequestTooSlow
    ├── AccessDenied
    │   ├── AuthenticationRequired
    │   ├── InvalidCredentials
    │   └── PermissionDenied
    ├── NotFound
    │   ├── SessionNotFound
    │   ├── DocumentNotFound
    │   ├── OriginalNotFound
    │   ├── UploadNotFound
    │   ├── PrefeituraNotFound
    │   ├── UsuarioNotFound
    │   └── ApiKeyNotFound
    ├── Conflict
    │   ├── DuplicateDocument
    │   ├── UploadIncomplete
    │   ├── IngestionInProgress
    │   ├── IngestionCancelled
    │   ├── WrongDocumentState
    │   ├── DuplicatePrefeitura
    │   ├── DuplicateUsuario
    │   ├── RequestInProgress
    │   └── IdempotencyKeyReused
    ├── LimitReached
    │   ├── SessionLimitReached
    │   ├── DailyLimitReached
    │   ├── QuotaExceeded
    │   ├── TooManyAttempts
    │   └── ServiceOverloaded
    ├── UnusableFile
    │   ├── UnreadableFile
    │   ├── EmptyFile
    │   ├── UploadMismatch
    │   ├── UnsupportedFormat
    │   ├── ContentMismatch
    │   ├── NoTextLayer
    │   └── ExtractionFailed
    ├── StorageError
    │   ├── StorageUnavailable
    │   └── CorruptOriginal
    ├── ProviderError
    │   ├── ProviderUnavailable
    │   ├── ProviderRateLimited
    │   └── ProviderRefused
    ├── DeliveryFailed
    ├── IngestionBroken
    └── InstallationError
        ├── InvalidConfiguration
        ├── DatabaseUnreachable
        ├── UnsupportedDatabase
        ├── SchemaNotMigrated
        ├── SchemaTooNew
        └── IncompatibleEmbedder

A class's docstring is its default message, in Portuguese because people read it; ``code`` is stable and documented in
docs/erros.md. No error knows HTTP: the table from class to status is in ``interface/api/errors.py``.
"""

import inspect
from typing import ClassVar

from balcao.domain.chat import TokenUsage
from balcao.domain.ids import DocumentId


class BalcaoError(Exception):
    """Ocorreu um erro no Balcão."""

    code: ClassVar[str] = "error"

    def __init__(self, message: str | None = None, *, param: str | None = None) -> None:
        self.message = message or inspect.cleandoc(type(self).__doc__ or "")
        self.param = param
        super().__init__(self.message)


class InvalidInput(BalcaoError):
    """O pedido não pôde ser entendido; confira os dados enviados."""

    code = "invalid_input"


class EmptyMessage(InvalidInput):
    """A mensagem está vazia; escreva uma pergunta."""

    code = "empty_message"


class InvalidText(InvalidInput):
    """O texto contém caracteres inválidos (nulos ou Unicode incompleto); remova-os e envie de novo."""

    code = "invalid_text"


class InvalidEnte(InvalidInput):
    """O ente não existe; use "federal", "geral", uma UF (SP) ou um código IBGE de 7 dígitos (4106902)."""

    code = "invalid_ente"


class WeakPassword(InvalidInput):
    """A senha precisa ter de 12 a 128 caracteres e não pode conter o seu e-mail; escolha outra."""

    code = "weak_password"


class InvalidInvitation(InvalidInput):
    """O convite não existe, já foi usado ou venceu; peça outro ao gestor da sua prefeitura."""

    code = "invalid_invitation"


class UnsatisfiableRange(InvalidInput):
    """O arquivo não tem o trecho pedido em Range; peça um que comece antes do fim."""

    code = "unsatisfiable_range"

    def __init__(self, message: str | None = None, *, size: int = 0) -> None:
        super().__init__(message)
        self.size = size


class PayloadTooLarge(InvalidInput):
    """O pedido é grande demais; envie menos dados."""

    code = "payload_too_large"


class RequestHeadTooLarge(InvalidInput):
    """O endereço e os cabeçalhos do pedido são grandes demais; envie os dados no corpo."""

    code = "request_head_too_large"


class RequestTooSlow(InvalidInput):
    """O pedido demorou demais para chegar; confira a conexão e tente de novo."""

    code = "request_too_slow"


class AccessDenied(BalcaoError):
    """Acesso negado."""

    code = "access_denied"


class AuthenticationRequired(AccessDenied):
    """Entre com a sua conta ou use uma chave de API para continuar."""

    code = "authentication_required"


class InvalidCredentials(AccessDenied):
    """E-mail, senha ou credencial inválidos; confira e tente de novo."""

    code = "invalid_credentials"


class PermissionDenied(AccessDenied):
    """O seu papel não permite esta ação; peça a quem administra a sua prefeitura."""

    code = "permission_denied"


class NotFound(BalcaoError):
    """O que foi pedido não existe."""

    code = "not_found"


class SessionNotFound(NotFound):
    """Conversa não encontrada; comece outra sem informar session_id."""

    code = "session_not_found"


class DocumentNotFound(NotFound):
    """Documento não encontrado."""

    code = "document_not_found"


class OriginalNotFound(NotFound):
    """O arquivo original não está no armazenamento; envie o documento de novo."""

    code = "original_not_found"


class UploadNotFound(NotFound):
    """Este envio não existe, já foi concluído ou venceu; comece outro."""

    code = "upload_not_found"


class PrefeituraNotFound(NotFound):
    """Prefeitura não encontrada; veja as que existem com "balcao prefeitura listar"."""

    code = "prefeitura_not_found"


class UsuarioNotFound(NotFound):
    """Pessoa não encontrada."""

    code = "usuario_not_found"


class ApiKeyNotFound(NotFound):
    """Chave de API não encontrada."""

    code = "api_key_not_found"


class Conflict(BalcaoError):
    """O pedido conflita com o que já existe."""

    code = "conflict"


class DuplicateDocument(Conflict):
    """Este documento já está na coleção."""

    code = "duplicate_document"

    def __init__(self, message: str | None = None, *, document_id: DocumentId | None = None) -> None:
        super().__init__(message)
        self.document_id = document_id


class UploadIncomplete(Conflict):
    """O arquivo deste envio ainda não chegou; envie-o ao endereço recebido e conclua de novo."""

    code = "upload_incomplete"


class IngestionInProgress(Conflict):
    """Este documento está sendo ingerido agora; aguarde o fim."""

    code = "ingestion_in_progress"


class IngestionCancelled(Conflict):
    """A ingestão foi cancelada ou passou a outro processo; nada ficou pela metade."""

    code = "ingestion_cancelled"


class WrongDocumentState(Conflict):
    """A situação do documento não permite isto; veja-a em "balcao documentos situacao ID"."""

    code = "wrong_document_state"


class DuplicatePrefeitura(Conflict):
    """Já existe uma prefeitura com este identificador ou código IBGE."""

    code = "duplicate_prefeitura"


class DuplicateUsuario(Conflict):
    """Já existe uma pessoa com este e-mail."""

    code = "duplicate_usuario"


class RequestInProgress(Conflict):
    """Um pedido com esta Idempotency-Key ainda está sendo atendido; aguarde e repita."""

    code = "request_in_progress"


class IdempotencyKeyReused(Conflict):
    """Esta Idempotency-Key já foi usada com outro pedido; use uma chave nova."""

    code = "idempotency_key_reused"


class LimitReached(BalcaoError):
    """O limite de uso foi atingido."""

    code = "limit_reached"


class SessionLimitReached(LimitReached):
    """Esta conversa chegou ao limite de mensagens; comece outra."""

    code = "session_limit_reached"


class DailyLimitReached(LimitReached):
    """O limite de mensagens de hoje foi atingido; volte amanhã."""

    code = "daily_limit_reached"


class QuotaExceeded(LimitReached):
    """A quota do mês não dá para mais uma resposta; pergunte sem exigi-la e receba trechos, ou peça crédito."""

    code = "quota_exceeded"


class TooManyAttempts(LimitReached):
    """Muitas tentativas; aguarde alguns minutos e tente de novo."""

    code = "too_many_attempts"

    def __init__(self, message: str | None = None, *, retry_after_seconds: int = 900) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class ServiceOverloaded(LimitReached):
    """Há pedidos demais ao mesmo tempo; tente de novo em instantes."""

    code = "service_overloaded"


class UnusableFile(BalcaoError):
    """O arquivo não pode ser usado."""

    code = "unusable_file"


class UnreadableFile(UnusableFile):
    """O arquivo não pôde ser lido; confira o caminho e a permissão de leitura."""

    code = "unreadable_file"


class EmptyFile(UnusableFile):
    """O arquivo está vazio; envie um arquivo com conteúdo."""

    code = "empty_file"


class UploadMismatch(UnusableFile):
    """O arquivo recebido não é o anunciado: o tamanho ou o SHA-256 difere; envie-o de novo."""

    code = "upload_mismatch"


class UnsupportedFormat(UnusableFile):
    """Formato não aceito; use PDF, DOCX, ODT, RTF, DOC, HTML, TXT, MD, PNG, JPEG ou TIFF."""

    code = "unsupported_format"


class ContentMismatch(UnusableFile):
    """O conteúdo não corresponde à extensão do arquivo; confira se ele foi salvo no formato certo."""

    code = "content_mismatch"


class NoTextLayer(UnusableFile):
    """Sem camada de texto: o arquivo é só imagem; instale o OCR no servidor ou envie um arquivo com texto."""

    code = "no_text_layer"


class ExtractionFailed(UnusableFile):
    """O texto não pôde ser extraído: o arquivo está corrompido, protegido por senha ou é grande demais."""

    code = "extraction_failed"


class StorageError(BalcaoError):
    """O armazenamento de arquivos falhou."""

    code = "storage_error"


class StorageUnavailable(StorageError):
    """O armazenamento de arquivos não respondeu; nada foi guardado. Tente de novo em instantes."""

    code = "storage_unavailable"


class CorruptOriginal(StorageError):
    """O arquivo veio do armazenamento diferente do que foi guardado; tente de novo e, se continuar, reenvie-o."""

    code = "corrupt_original"


class ProviderError(BalcaoError):
    """O provedor do modelo falhou."""

    code = "provider_error"

    def __init__(
        self, message: str | None = None, *, spent: TokenUsage | None = None, was_cut_short: bool = False
    ) -> None:
        """``spent`` is what the provider says the failed call cost; ``was_cut_short`` that it may have worked on the
        request, and charged for it, without our hearing of it.
        """
        super().__init__(message)
        self.spent = spent
        self.was_cut_short = was_cut_short


class ProviderUnavailable(ProviderError):
    """O provedor do modelo não respondeu; tente de novo em instantes."""

    code = "provider_unavailable"


class ProviderRateLimited(ProviderError):
    """O provedor do modelo limitou os pedidos; tente de novo em instantes."""

    code = "provider_rate_limited"

    def __init__(self, message: str | None = None, *, retry_after_seconds: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class ProviderRefused(ProviderError):
    """O provedor do modelo recusou o pedido; confira OPENAI_API_KEY, OPENAI_BASE_URL e o nome do modelo."""

    code = "provider_refused"


class DeliveryFailed(BalcaoError):
    """O aviso não pôde ser entregue; o Balcão tenta de novo sozinho."""

    code = "delivery_failed"


class IngestionBroken(BalcaoError):
    """A leitura parou por uma falha que o Balcão não previu; ela está no log do trabalhador, com o id do trabalho."""

    code = "ingestion_broken"


class InstallationError(BalcaoError):
    """A instalação não está pronta para funcionar."""

    code = "installation_error"


class InvalidConfiguration(InstallationError):
    """A configuração tem um valor inválido."""

    code = "invalid_configuration"


class DatabaseUnreachable(InstallationError):
    """O PostgreSQL não respondeu; confira DATABASE_URL e se o servidor está no ar."""

    code = "database_unreachable"


class UnsupportedDatabase(InstallationError):
    """O PostgreSQL não atende ao mínimo: versão 15, pgvector 0.7, pg_trgm e unaccent."""

    code = "unsupported_database"


class SchemaNotMigrated(InstallationError):
    """O banco não está na versão deste programa; execute "balcao migrar-banco"."""

    code = "schema_not_migrated"


class SchemaTooNew(InstallationError):
    """O banco já é de uma versão mais nova do Balcão; atualize este programa."""

    code = "schema_too_new"


class IncompatibleEmbedder(InstallationError):
    """O modelo de vetores não produz 1536 dimensões; escolha outro em OPENAI_EMBEDDING_MODEL."""

    code = "incompatible_embedder"
