"""Every storage port. Names and signatures are v2.0's, grown; a caller of the old methods keeps working.

All methods are asynchronous and run on the connection of the unit of work that holds the repository: nothing is
permanent until that unit of work commits.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Protocol

from balcao.domain.acts import Act
from balcao.domain.alerts import AlertDelivery, Channel, QuotaAlert
from balcao.domain.audit import AuditEntry, AuditFilter, AuditRecord, ChainHead
from balcao.domain.chat import ChatSession, Message, TokenUsage
from balcao.domain.consumption import Charge, LedgerEntry, Reservation, ReservationState
from balcao.domain.consumption_report import Consumed, ConsumptionRow, DayRange, Difference, Grouping
from balcao.domain.document import Document, DocumentChunk, DocumentState, Embedding
from balcao.domain.document_filter import DocumentFilter
from balcao.domain.idempotency import IdempotentAnswer
from balcao.domain.identity import ApiKey, Invitation, LoginSession
from balcao.domain.ids import (
    AlertId,
    ApiKeyId,
    ChunkId,
    DocumentId,
    JobId,
    LoginSessionId,
    MessageId,
    PrefeituraId,
    SessionId,
    UploadId,
    UsuarioId,
)
from balcao.domain.ingestion_job import IngestionJob, JobStep
from balcao.domain.prefeitura import Prefeitura
from balcao.domain.quota import Credit, QuotaBalance
from balcao.domain.search import Inquiry, Passage, QuestionTerm, SearchResult, WordMatch
from balcao.domain.upload import Upload
from balcao.domain.usuario import Papel, Usuario


class DocumentRepository(Protocol):
    """The global collection of documents."""

    async def save(self, document: Document) -> Document:
        """Insert the document, or update the one with its id. Its chunks are saved by DocumentChunkRepository.

        Raises:
            DuplicateDocument: another current document has the same bytes or the same source.
        """
        ...

    async def find_by_id(self, document_id: DocumentId) -> Document | None:
        """The document without its chunks."""
        ...

    async def find_summary(self, document_id: DocumentId) -> Document | None:
        """The document without its text and chunks."""
        ...

    async def lock(self, document_id: DocumentId) -> bool:
        """Until the unit of work ends, nobody else changes or removes the document, or says that it revoked another.

        False when there is no such document.
        """
        ...

    async def find_revoked_by(self, document_id: DocumentId) -> Document | None:
        """The oldest document that this one revoked, in any state; without text."""
        ...

    async def find_by_source(self, source: str) -> Document | None:
        """The document of this source that is searched, or else the one on its way."""
        ...

    async def find_in_progress(self, source: str) -> Document | None:
        """The document of this source that is being taken in, or waits for a confirmation."""
        ...

    async def find_similar(self, title: str) -> list[Document]:
        """Current documents whose titles are alike (trigrams, at least SIMILARITY), the most alike first; without text.

        Titles are compared without accents, in one case. At most 20.
        """
        ...

    async def find_by_act(self, act: Act) -> list[Document]:
        """Current documents that are this act, by kind, number and year; without text. At most 20."""
        ...

    async def change_state(self, document_id: DocumentId, state: DocumentState) -> bool:
        """Give the document another state; False when there is no such document."""
        ...

    async def serialise_titles(self) -> None:
        """Until the unit of work ends, nobody else compares titles, so that two alike are not both let in."""
        ...

    async def delete_failed(self, sha256: bytes) -> int:
        """Remove failed documents with these bytes, which are given again; how many. What revoked another stays."""
        ...

    async def unused_originals(self, keys: Sequence[str]) -> list[str]:
        """Those of these storage keys that no document has."""
        ...

    async def find_by_sha256(self, sha256: bytes) -> Document | None:
        """The current document with these bytes, in any state but failed or replaced."""
        ...

    async def find_by_text_sha256(self, text_sha256: bytes) -> Document | None:
        """The oldest current document with this text, in any state but failed or replaced."""
        ...

    async def find_all(
        self, limit: int = 100, offset: int = 0, state: DocumentState = DocumentState.DISPONIVEL
    ) -> list[Document]:
        """Documents open to search, or of another state, oldest first, without text or chunks."""
        ...

    async def find_page(self, wanted: DocumentFilter, limit: int, after: DocumentId | None = None) -> list[Document]:
        """Documents in whatever state, newest first, those behind ``after``; without text or chunks."""
        ...

    async def describe(self, document: Document) -> Document | None:
        """Keep its title, act, ente, tags and validity; None where it is being processed or is there no more.

        Raises:
            DocumentNotFound: the one that revoked it does not exist.
        """
        ...

    async def delete(self, document_id: DocumentId) -> bool:
        """Remove the document with its chunks, embeddings and terms; False when there was none."""
        ...

    async def exists(self, source: str) -> bool:
        """Whether a current document has this source."""
        ...

    async def count(self) -> int:
        """How many documents are open to search."""
        ...

    async def municipalities(self) -> frozenset[str]:
        """IBGE codes of the municipalities that have documents open to search."""
        ...


class DocumentChunkRepository(Protocol):
    """The passages of documents."""

    async def save_chunk(self, chunk: DocumentChunk) -> DocumentChunk:
        """Insert one chunk."""
        ...

    async def save_chunks(self, chunks: Sequence[DocumentChunk]) -> int:
        """Insert many chunks by COPY; how many."""
        ...

    async def find_chunk_by_id(self, chunk_id: ChunkId) -> DocumentChunk | None:
        """The chunk without its embedding."""
        ...

    async def find_chunks_by_document_id(self, document_id: DocumentId) -> list[DocumentChunk]:
        """A document's chunks in reading order, without embeddings."""
        ...

    async def find_page(self, document_id: DocumentId, limit: int, after: ChunkId | None = None) -> list[DocumentChunk]:
        """A document's chunks in reading order, those behind ``after``, without embeddings."""
        ...

    async def surroundings(self, chunk_ids: Sequence[ChunkId]) -> dict[ChunkId, tuple[str, str]]:
        """The document's text before and after each of these chunks, as far as the neighbouring chunks reach.

        Only neighbours of the same article and page that are not among these chunks; "" where there is none.
        """
        ...

    async def delete_chunks_by_document_id(self, document_id: DocumentId) -> int:
        """Remove a document's chunks with their embeddings and terms; how many."""
        ...

    async def delete_terms_by_document_id(self, document_id: DocumentId) -> int:
        """Remove the lexical index of a document's chunks, which stay; how many entries."""
        ...

    async def update_chunk_embedding(self, chunk_id: ChunkId, embedding: Embedding) -> bool:
        """Set the chunk's vector for the embedding's model; False when there is no such chunk."""
        ...


class VectorRepository(Protocol):
    """Embeddings: one for each chunk and model. A query only meets vectors of its own model."""

    async def add_chunk_embedding(
        self, chunk_id: ChunkId, embedding: Embedding, metadata: dict[str, object] | None = None
    ) -> bool:
        """Insert one embedding; False when the chunk does not exist."""
        ...

    async def add_chunk_embeddings(self, chunks: Sequence[DocumentChunk]) -> int:
        """Insert the embeddings that these chunks carry, by COPY; how many."""
        ...

    async def search_similar_chunks(
        self,
        query_embedding: Embedding,
        n_results: int = 5,
        similarity_threshold: float = 0.0,
        metadata_filter: dict[str, object] | None = None,
    ) -> list[SearchResult]:
        """Nearest chunks by cosine, best first. ``metadata_filter`` compares document metadata by equality."""
        ...

    async def delete_chunk_embedding(self, chunk_id: ChunkId) -> bool:
        """Remove a chunk's embeddings of every model; False when there was none."""
        ...

    async def delete_document_embeddings(self, document_id: DocumentId) -> int:
        """Remove the embeddings of a document's chunks; how many."""
        ...

    async def update_chunk_embedding(
        self, chunk_id: ChunkId, embedding: Embedding, metadata: dict[str, object] | None = None
    ) -> bool:
        """Insert or replace the chunk's vector for the embedding's model; False when there is no such chunk."""
        ...

    async def get_embedding_by_chunk_id(self, chunk_id: ChunkId) -> Embedding | None:
        """The chunk's newest embedding, at the half precision that it is stored with."""
        ...

    async def count_embeddings(self) -> int:
        """How many embeddings there are, of every model."""
        ...

    async def embedding_exists(self, chunk_id: ChunkId) -> bool:
        """Whether the chunk has an embedding of any model."""
        ...


class IngestionJobRepository(Protocol):
    """The work of taking documents in, and its queue. Times are the database's, which every worker shares."""

    async def add(self, job: IngestionJob) -> IngestionJob:
        """Insert a job that waits.

        Raises:
            IngestionInProgress: the document has an unfinished one.
        """
        ...

    async def enqueue(self, job: IngestionJob, delay: timedelta = timedelta()) -> None:
        """Tell the workers about the job's next attempt, once however often; it is not taken before ``delay``."""
        ...

    async def find(self, job_id: JobId) -> IngestionJob | None:
        """The job."""
        ...

    async def latest_of(self, document_id: DocumentId) -> IngestionJob | None:
        """The document's newest job."""
        ...

    async def claim(self, job_id: JobId, owner: str, *, gone: Sequence[str] = ()) -> IngestionJob | None:
        """Start an attempt: it counts from here on, whatever ends it. None when the job is over or somebody is at it.

        Whoever is among ``gone``, or gave no sign of life for STALE_AFTER, is not at it any more.
        """
        ...

    async def advance(self, job: IngestionJob, step: JobStep, done: int, total: int, tokens: int = 0) -> bool:
        """Note how far this attempt is, and that it is alive; False when it was cancelled or taken over."""
        ...

    async def beat(self, job: IngestionJob) -> bool:
        """Give a sign of life; False when the attempt was cancelled or taken over."""
        ...

    async def release(
        self,
        job: IngestionJob,
        *,
        reason: str | None = None,
        error_code: str | None = None,
        delay: timedelta = timedelta(),
    ) -> bool:
        """Put this attempt's job back into the queue; with an error, it failed. False as for ``advance``."""
        ...

    async def finish(self, job: IngestionJob, *, reason: str | None = None, related: DocumentId | None = None) -> bool:
        """End this attempt well; False when it was cancelled or taken over meanwhile."""
        ...

    async def fail(self, job: IngestionJob, *, error_code: str, reason: str, related: DocumentId | None = None) -> bool:
        """End this attempt for good; False when it was cancelled or taken over meanwhile."""
        ...

    async def cancel(self, document_id: DocumentId, reason: str) -> bool:
        """Stop the document's unfinished job; False when there is none."""
        ...

    async def owners(self) -> list[str]:
        """Processes that are said to be at work."""
        ...

    async def requeue_abandoned(self, gone: Sequence[str]) -> list[JobId]:
        """Put back jobs whose process died (see ``claim``), and tell the workers of those that wait unannounced."""
        ...

    async def forget_log_before(self, instant: datetime) -> int:
        """Remove entries of the queue's own log before this instant; how many."""
        ...


class UploadRepository(Protocol):
    """Announced uploads."""

    async def add(self, upload: Upload) -> None:
        """Keep a new one."""
        ...

    async def find(self, upload_id: UploadId) -> Upload | None:
        """The upload, expired or not."""
        ...

    async def remove(self, upload_id: UploadId) -> None:
        """Forget it; nothing happens when there is none."""
        ...

    async def forget_before(self, instant: datetime) -> int:
        """Forget those that expired before this instant; how many."""
        ...


class PassageRepository(Protocol):
    """Hybrid search over the documents that a question may be answered from."""

    async def index_terms(self, document_id: DocumentId) -> int:
        """Write the lexical index of a document's chunks anew; how many (chunk, term) pairs."""
        ...

    async def stale_terms(self) -> list[DocumentId]:
        """Documents open to search whose lexical index is of another version of the program."""
        ...

    async def without_vectors(self, model: str) -> list[DocumentId]:
        """Documents open to search of which some chunk has no vector of this model."""
        ...

    async def question_terms(self, question: str, identifiers: Sequence[str]) -> tuple[QuestionTerm, ...]:
        """The terms of a question and these identifiers, weighed by the collection as it is now."""
        ...

    async def search(
        self, inquiry: Inquiry, embedding: Embedding | None, *, n_results: int = 5, vector_share: float = 0.25
    ) -> list[Passage]:
        """Passages that the inquiry may be answered from, best first; by words alone without an embedding.

        ``vector_share``, in 0..1, is what the vector's similarity counts in a passage's score; words count the rest.
        """
        ...

    async def by_words(self, inquiry: Inquiry, n_results: int) -> list[WordMatch]:
        """What the words alone find, best first: the lexical half of ``search``."""
        ...


class PaidVectorRepository(Protocol):
    """Vectors that a provider was paid for, kept until their document is published, so none is paid for twice."""

    async def find(self, text_sha256s: Sequence[bytes], model: str) -> dict[bytes, Embedding]:
        """The kept vectors among these text digests."""
        ...

    async def save(self, vectors: dict[bytes, Embedding]) -> None:
        """Keep these vectors by the digest of their text."""
        ...

    async def discard(self, text_sha256s: Sequence[bytes], model: str) -> None:
        """Forget these vectors: their document is published."""
        ...


class PrefeituraRepository(Protocol):
    """The tenants. Inside a tenant's unit of work only its own row exists."""

    async def save(self, prefeitura: Prefeitura) -> Prefeitura:
        """Insert the prefeitura, or update the one with its id (operator's unit of work only).

        Raises:
            DuplicatePrefeitura: another one has its slug or IBGE code.
        """
        ...

    async def find_by_id(self, prefeitura_id: PrefeituraId) -> Prefeitura | None:
        """The prefeitura, if visible to this unit of work."""
        ...

    async def find_by_slug(self, slug: str) -> Prefeitura | None:
        """The prefeitura with this slug, suspended or not, if visible to this unit of work."""
        ...

    async def find_all(self) -> list[Prefeitura]:
        """Every visible prefeitura by name."""
        ...

    async def find_page(self, limit: int, after: PrefeituraId | None) -> list[Prefeitura]:
        """Visible prefeituras by name, those behind this one; none when it is unknown."""
        ...

    async def public_id(self) -> PrefeituraId | None:
        """Id of the installation's public prefeitura; needs no tenant."""
        ...

    async def id_of_slug(self, slug: str) -> PrefeituraId | None:
        """Id of the prefeitura with this slug; needs no tenant."""
        ...

    async def make_public(self, prefeitura_id: PrefeituraId) -> None:
        """Make this the one public prefeitura (operator's unit of work only)."""
        ...

    async def add_consumption(self, prefeitura_id: PrefeituraId, tokens: int) -> None:
        """Add tokens to the lifetime counter."""
        ...


class UsuarioRepository(Protocol):
    """The people of the unit of work's prefeitura."""

    async def save(self, usuario: Usuario) -> Usuario:
        """Insert the person, or update the one with this id.

        Raises:
            DuplicateUsuario: somebody of the installation, of any prefeitura, has this e-mail.
        """
        ...

    async def find_by_id(self, usuario_id: UsuarioId) -> Usuario | None:
        """The person, unless erased."""
        ...

    async def lock(self, usuario_id: UsuarioId) -> Usuario | None:
        """The person, unless erased, kept from every other change until the unit of work ends."""
        ...

    async def owner_of_email(self, email: str) -> tuple[PrefeituraId, UsuarioId] | None:
        """The prefeitura and id of the active person with this e-mail, whatever its case; needs no tenant."""
        ...

    async def any_exists(self) -> bool:
        """Whether the installation has a person at all; needs no tenant."""
        ...

    async def find_by_email(self, email: str) -> Usuario | None:
        """The person with this e-mail, whatever its case, unless erased."""
        ...

    async def find_all(self, limit: int = 100, offset: int = 0) -> list[Usuario]:
        """People by name."""
        ...

    async def find_page(self, limit: int, after: UsuarioId | None) -> list[Usuario]:
        """People by name, those behind this one; none when it is unknown."""
        ...


class SessionRepository(Protocol):
    """The conversations of the unit of work's prefeitura."""

    async def save_session(self, session: ChatSession) -> ChatSession:
        """Insert the session, or update the one with its id. Its messages are saved by MessageRepository."""
        ...

    async def find_session_by_id(self, session_id: SessionId) -> ChatSession | None:
        """The session without its messages, unless erased."""
        ...

    async def find_active_sessions(self, limit: int = 100) -> list[ChatSession]:
        """Active sessions, most recently updated first."""
        ...

    async def delete_session(self, session_id: SessionId) -> bool:
        """Erase the conversation's text; its tokens stay counted. False when there was none."""
        ...

    async def deactivate_session(self, session_id: SessionId) -> bool:
        """Close the session; False when there was none active."""
        ...

    async def find_sessions_of(self, usuario_id: UsuarioId, limit: int, before: datetime | None) -> list[ChatSession]:
        """A person's sessions, most recently updated first, from those updated before this instant."""
        ...

    async def session_exists(self, session_id: SessionId) -> bool:
        """Whether there is such a session, not erased."""
        ...


class MessageRepository(Protocol):
    """The messages of the unit of work's prefeitura."""

    async def save_message(self, message: Message) -> Message:
        """Append the message to its session; without what is said in it, where the session was erased."""
        ...

    async def find_message_by_id(self, message_id: MessageId) -> Message | None:
        """One message."""
        ...

    async def find_messages_by_session_id(
        self, session_id: SessionId, limit: int = 100, offset: int = 0
    ) -> list[Message]:
        """A session's messages in the order they were written."""
        ...

    async def find_last_messages(self, session_id: SessionId, limit: int) -> list[Message]:
        """The session's last messages, in the order they were written."""
        ...

    async def delete_messages_by_session_id(self, session_id: SessionId) -> int:
        """Erase the content of a session's messages; their tokens stay counted. How many were erased."""
        ...

    async def count_messages_by_session_id(self, session_id: SessionId) -> int:
        """How many messages the session has."""
        ...

    async def add_tokens(self, message_id: MessageId, usage: TokenUsage) -> None:
        """Add what was spent to the message's tokens."""
        ...

    async def count_questions_since(self, session_id: SessionId, since: datetime) -> int:
        """How many questions were asked in the session at or after this instant."""
        ...


class LoginSessionRepository(Protocol):
    """Logins of the unit of work's prefeitura."""

    async def save(self, session: LoginSession) -> None:
        """Insert the login."""
        ...

    async def owner_of_token(self, token_sha256: bytes) -> tuple[PrefeituraId, LoginSessionId] | None:
        """Whose login has, or had last, this refresh token; needs no tenant."""
        ...

    async def find(self, session_id: LoginSessionId) -> LoginSession | None:
        """The login."""
        ...

    async def rotate(self, session_id: LoginSessionId, *, old_sha256: bytes, new_sha256: bytes, now: datetime) -> bool:
        """Replace the refresh token in one UPDATE; False unless the old one is the valid one of a live login."""
        ...

    async def revoke(self, session_id: LoginSessionId, now: datetime) -> None:
        """End one login."""
        ...

    async def revoke_all(self, usuario_id: UsuarioId, now: datetime) -> int:
        """End every login of a person; how many."""
        ...


class InvitationRepository(Protocol):
    """Invitations of the unit of work's prefeitura."""

    async def save(self, invitation: Invitation) -> None:
        """Insert the invitation; earlier ones of the same person stop working."""
        ...

    async def owner_of_token(self, token_sha256: bytes) -> PrefeituraId | None:
        """Whose invitation has this token; needs no tenant."""
        ...

    async def use(self, token_sha256: bytes, now: datetime) -> UsuarioId | None:
        """Spend a valid invitation in one UPDATE; whose it was, None when it is unknown, used or expired."""
        ...


class ApiKeyRepository(Protocol):
    """API keys of the unit of work's prefeitura."""

    async def save(self, key: ApiKey) -> ApiKey:
        """Insert the key."""
        ...

    async def find_all(self) -> list[ApiKey]:
        """Keys by name, revoked ones included."""
        ...

    async def find_page(self, limit: int, after: ApiKeyId | None) -> list[ApiKey]:
        """Keys by name, revoked ones included, those behind this one; none when it is unknown."""
        ...

    async def revoke(self, key_id: ApiKeyId, now: datetime) -> bool:
        """Stop a key from working; False when there is none working."""
        ...

    async def owner_of_secret(self, secret_sha256: bytes) -> tuple[PrefeituraId, ApiKeyId, Papel] | None:
        """The working key with this secret, of an active prefeitura; needs no tenant."""
        ...

    async def touch(self, key_id: ApiKeyId, now: datetime) -> None:
        """Note the key's use, to the minute."""
        ...


class CounterRepository(Protocol):
    """Bounded counts by scope, subject and window: login attempts, anonymous questions. They belong to no tenant."""

    async def take(self, scope: str, subject: bytes, window: datetime, *, limit: int) -> bool:
        """Count one more in one statement; False, and nothing counted, when ``limit`` is reached.

        ``subject`` is a digest, never an e-mail or an address in clear; ``window`` is the window's first instant.
        """
        ...

    async def give_back(self, scope: str, subject: bytes, window: datetime) -> None:
        """Count one less: what was counted turned out not to matter."""
        ...

    async def forget_before(self, window: datetime) -> int:
        """Remove counts of windows before this instant; how many."""
        ...


class IdempotencyRepository(Protocol):
    """Answers already given, by Idempotency-Key, in the unit of work's prefeitura."""

    async def begin(self, key_sha256: bytes, request_sha256: bytes, now: datetime) -> IdempotentAnswer | None:
        """Claim the key for a request: None when it is ours now, otherwise what is known of the earlier one.

        A claim left without an answer for longer than CLAIM_LIFE is taken over.
        """
        ...

    async def finish(self, key_sha256: bytes, status: int, sealed_body: bytes) -> None:
        """Keep the answer."""
        ...

    async def abandon(self, key_sha256: bytes) -> None:
        """Forget the claim: the request failed and may be tried again."""
        ...

    async def forget_before(self, instant: datetime) -> int:
        """Remove answers given before this instant; how many."""
        ...


class QuotaRepository(Protocol):
    """What prefeituras may spend in each period, and what they spent; each change is one statement."""

    async def balance(self, prefeitura_id: PrefeituraId, now: datetime) -> QuotaBalance:
        """The period of this instant, which begins here where nobody asked before.

        Raises:
            PrefeituraNotFound: the prefeitura is not visible to this unit of work.
        """
        ...

    async def reserve(self, prefeitura_id: PrefeituraId, period_start: date, tokens: int, now: datetime) -> bool:
        """Hold tokens in one UPDATE; False, and nothing held, when they pass the limit or the prefeitura is suspended.

        The limit is the prefeitura's quota with the credits that are valid ``now``.
        """
        ...

    async def release(self, prefeitura_id: PrefeituraId, period_start: date, tokens: int) -> None:
        """Give back tokens that were held and turned out not to be needed."""
        ...

    async def settle(
        self, prefeitura_id: PrefeituraId, period_start: date, *, released: int, used: int, questions: int
    ) -> None:
        """Turn what was held into what was used, which may be more; ``questions`` were answered by it."""
        ...

    async def add_credit(self, credit: Credit) -> Credit:
        """Insert the credit."""
        ...

    async def credits_at(self, prefeitura_id: PrefeituraId, now: datetime) -> list[Credit]:
        """Credits that are valid at this instant or will be, the first to end first."""
        ...


class ReservationRepository(Protocol):
    """Tokens held for questions that are being answered."""

    async def save(self, reservation: Reservation, sent_at: datetime | None) -> None:
        """Insert the reservation; ``sent_at`` says that a provider is asked from then on."""
        ...

    async def checkpoint(self, reservation: Reservation, sent_at: datetime) -> bool:
        """Keep tokens and checkpoint of an open reservation, and that a provider is asked.

        False, and nothing kept, when it is not open any more.
        """
        ...

    async def close(self, reservation: Reservation, state: ReservationState, charged: int) -> int | None:
        """Close an open reservation in one UPDATE; the tokens that it held, None when it is not open any more."""
        ...

    async def charged_for(self, reservation: Reservation) -> int:
        """What was charged when it was closed, 0 if there is none; locks it until the transaction's end."""
        ...

    async def raise_charge(self, reservation: Reservation, charged: int) -> None:
        """Keep that a closed reservation was settled after all, and what is charged for it together."""
        ...

    async def take_expired(self, now: datetime) -> Reservation | None:
        """An open reservation past its time, locked; those that another transaction has locked are skipped."""
        ...


class LedgerRepository(Protocol):
    """Charges, written once and kept for ever."""

    async def append(self, entries: Sequence[LedgerEntry]) -> None:
        """Insert the entries in this order."""
        ...

    async def append_ingestion(self, charge: Charge, created_at: datetime) -> None:
        """Insert a charge of the installation itself (ingestion's unit of work only)."""
        ...


class AlertRepository(Protocol):
    """Alerts that a quota comes to its end, and their deliveries."""

    async def keep_new(self, new: Sequence[QuotaAlert]) -> list[QuotaAlert]:
        """Insert those whose threshold has no alert in its period yet; which they are."""
        ...

    async def queue(self, alert: QuotaAlert, channels: Sequence[Channel], now: datetime) -> None:
        """Have the alert delivered by each of these channels."""
        ...

    async def find_page(self, prefeitura_id: PrefeituraId, limit: int, after: AlertId | None) -> list[QuotaAlert]:
        """The prefeitura's alerts with deliveries, newest first, those behind this one; none when it is unknown."""
        ...

    async def lock_due(self, now: datetime) -> QuotaAlert | None:
        """An alert with the one delivery of it that is longest due, locked; those locked by others are skipped."""
        ...

    async def save_delivery(self, alert: QuotaAlert, delivery: AlertDelivery) -> None:
        """Keep what became of a delivery; one that arrived or was given up stays so."""
        ...


class ConsumptionReportRepository(Protocol):
    """Sums over the ledger."""

    async def rows(self, prefeitura_id: PrefeituraId, days: DayRange, grouping: Grouping) -> list[ConsumptionRow]:
        """What was spent on these days: by day in their order, by person or model with the largest first."""
        ...

    async def total(self, prefeitura_id: PrefeituraId, days: DayRange) -> Consumed:
        """What was spent on these days altogether."""
        ...

    async def differences(self, prefeitura_id: PrefeituraId | None, limit: int) -> list[Difference]:
        """Where messages, periods and prefeituras do not agree with the ledger at one instant, of one or of all."""
        ...


class AuditRepository(Protocol):
    """The audit trail: entries are appended, and never changed."""

    async def append(self, record: AuditRecord) -> None:
        """Add an entry to the record's chain, which stays locked for other writers until the unit of work ends."""
        ...

    async def head(self, chain_id: PrefeituraId) -> ChainHead | None:
        """The chain's head; None before its first entry."""
        ...

    async def heads(self) -> list[ChainHead]:
        """The heads of every chain that is visible to this unit of work."""
        ...

    async def entries_after(self, chain_id: PrefeituraId, number: int, limit: int) -> list[AuditEntry]:
        """Entries behind this number, in order."""
        ...

    async def find_page(
        self, chain_id: PrefeituraId, wanted: AuditFilter, limit: int, before: int | None
    ) -> list[AuditEntry]:
        """Entries that are wanted, newest first, those before the number ``before`` where given."""
        ...
