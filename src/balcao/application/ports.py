"""What the use cases need from outside, besides storage. Each port has a fake in tests/fakes.py."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol

from balcao.domain.alerts import QuotaAlert
from balcao.domain.audit import AuditEntry, ChainHead
from balcao.domain.chat import TokenUsage
from balcao.domain.document import Embedding, ExtractedDocument
from balcao.domain.ente import Municipio
from balcao.domain.ids import LoginSessionId, PrefeituraId, UsuarioId
from balcao.domain.prefeitura import Prefeitura
from balcao.domain.prompt import Prompt


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """A model's answer. ``cited`` are the passages used, by their numbers in the prompt (from 1), in order of use.

    ``found`` is False when the passages do not hold an answer; ``text`` is then ``NOT_FOUND_ANSWER``.
    """

    text: str
    found: bool
    cited: tuple[int, ...]
    model: str
    usage: TokenUsage


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCard:
    """A model as ``GET /chat/models`` presents it."""

    id: str
    name: str
    description: str
    max_tokens: int


class LanguageModel(Protocol):
    """Writes an answer from a prompt's passages."""

    @property
    def card(self) -> ModelCard:
        """How the model presents itself; never claims to be what it is not."""
        ...

    @property
    def is_paid(self) -> bool:
        """Whether a provider charges for it: its tokens are then reserved before each call."""
        ...

    async def complete(self, prompt: Prompt, *, max_tokens: int | None = None) -> Completion:
        """Answer the prompt's question from its passages, in at most ``max_tokens``; None for the card's.

        Raises:
            ProviderError: the provider failed, after the adapter's own retries.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddingBatch:
    """Vectors in the order of the texts asked for, with what they cost."""

    embeddings: tuple[Embedding, ...]
    usage: TokenUsage


class Embedder(Protocol):
    """Turns texts into unit vectors of EMBEDDING_DIMENSIONS."""

    @property
    def model(self) -> str:
        """Name recorded with every vector."""
        ...

    @property
    def is_paid(self) -> bool:
        """Whether a provider charges for it: its vectors are then kept as soon as they arrive."""
        ...

    @property
    def batch_size(self) -> int:
        """How many texts are best sent in one call."""
        ...

    @property
    def similarity_floor(self) -> float:
        """Cosine similarity from which a match of this model counts as relevant on its own; above 1 for never."""
        ...

    async def embed(self, texts: Sequence[str]) -> EmbeddingBatch:
        """Embed up to ``batch_size`` texts.

        Raises:
            ProviderError: the provider failed, after the adapter's own retries.
            IncompatibleEmbedder: the vectors do not have EMBEDDING_DIMENSIONS.
        """
        ...


class TextExtractor(Protocol):
    """Reads the text of a file."""

    async def extract(self, path: Path) -> ExtractedDocument:
        """The file's text by page, free of NUL and of unpaired surrogates, with its title and metadata.

        Raises:
            UnusableFile: why this file cannot be used; the message names the file.
        """
        ...


class FileStorage(Protocol):
    """Keeps original files, under keys that begin with the digest of their bytes."""

    async def digest(self, path: Path) -> bytes:
        """SHA-256 of a local file's bytes.

        Raises:
            UnreadableFile, EmptyFile: there is nothing to store; the message names the file.
        """
        ...

    async def put(self, path: Path, *, key: str) -> None:
        """Store a local file; storing the same bytes again changes nothing.

        Raises:
            UnreadableFile: the file went away.
            InvalidConfiguration: the storage cannot be written.
        """
        ...

    async def exists(self, key: str) -> bool:
        """Whether an original is stored under this key."""
        ...

    async def delete(self, key: str) -> None:
        """Remove the original; nothing happens when there is none."""
        ...


class TokenCounter(Protocol):
    """Counts tokens of the language model."""

    @property
    def exact(self) -> bool:
        """False when the counts are an upper estimate."""
        ...

    def count(self, text: str) -> int:
        """Tokens of a text."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertNotice:
    """An alert of a prefeitura, and the e-mail addresses of the people to be told."""

    alert: QuotaAlert
    prefeitura: Prefeitura
    recipients: tuple[str, ...] = field(repr=False)


class AlertSender(Protocol):
    """Sends alerts out of the installation, each time under the alert's own id, by which a repetition is known."""

    async def send(self, notice: AlertNotice) -> None:
        """Send it.

        Raises:
            DeliveryFailed: it did not arrive, as far as is known; the message says why, without anything secret.
        """
        ...


class PasswordHasher(Protocol):
    """Hashes passwords slowly on purpose; bounds how many at once, since each takes memory."""

    async def hash(self, password: str) -> str:
        """The hash to keep, with its parameters."""
        ...

    async def verify(self, password: str, kept: str | None) -> bool:
        """Whether the password is the kept one's. Without a kept one it works as long and answers False."""
        ...

    def is_outdated(self, kept: str) -> bool:
        """Whether the kept hash was made with weaker parameters than today's."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessClaims:
    """What an access token says: the person, his prefeitura, his login, and the version his tokens had."""

    prefeitura_id: PrefeituraId
    usuario_id: UsuarioId
    login_session_id: LoginSessionId
    version: int


class TokenSigner(Protocol):
    """Signs what clients hold and bring back: access tokens and cookies."""

    def access_token(self, claims: AccessClaims, *, now: datetime) -> str:
        """A token that proves these claims for ACCESS_TOKEN_LIFE."""
        ...

    def read_access_token(self, token: str, *, now: datetime) -> AccessClaims:
        """The claims of a token that we signed and that is in its time.

        Raises:
            InvalidCredentials: anything else.
        """
        ...

    def cookie(self, purpose: str, value: str) -> str:
        """A signed value for one purpose only."""
        ...

    def read_cookie(self, purpose: str, cookie: str) -> str | None:
        """The value, or None when we did not sign it for this purpose."""
        ...

    def seal(self, body: bytes, key: bytes) -> bytes:
        """Encrypt under the installation's secret and this key."""
        ...

    def unseal(self, sealed: bytes, key: bytes) -> bytes:
        """What was sealed under this key.

        Raises:
            InvalidCredentials: it was sealed under another one.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvidedIdentity:
    """Who an identity provider says is there. ``email_verified``: the provider made sure that the e-mail is his."""

    issuer: str
    subject: str = field(repr=False)
    email: str | None = field(repr=False)
    email_verified: bool


class IdentityProvider(Protocol):
    """Identifies people by OpenID Connect's authorization code flow with PKCE (RFC 7636)."""

    @property
    def name(self) -> str:
        """What people call it."""
        ...

    async def authorization(self, *, state: str, nonce: str, code_challenge: str, redirect_uri: str) -> str:
        """The address that a person's browser is to be sent to; ``code_challenge`` is by the method S256.

        Raises:
            ProviderUnavailable: the provider does not say where.
        """
        ...

    async def identity(self, code: str, *, code_verifier: str, nonce: str, redirect_uri: str) -> ProvidedIdentity:
        """Who came back with this code, proved by the provider's signature over this nonce.

        Raises:
            InvalidCredentials: the code works no more, or what the provider answered proves nothing.
            ProviderUnavailable: the provider does not answer.
            ProviderRefused: the provider does not know this installation.
        """
        ...


class Clock(Protocol):
    """The time."""

    def now(self) -> datetime:
        """The current instant, with its time zone."""
        ...


class MunicipalityDirectory(Protocol):
    """Names of municipalities (IBGE's territorial division, and the installation's own prefeituras)."""

    def find(self, nome: str, uf: str | None = None) -> list[Municipio]:
        """Municipalities of this name, whatever case and accents; of one state where given."""
        ...

    def by_ibge(self, ibge: str) -> Municipio | None:
        """The municipality with this code."""
        ...


class AuditHeadPublisher(Protocol):
    """Puts the audit trails' heads where whoever might rewrite the database does not reach."""

    async def publish(self, heads: Sequence[ChainHead], now: datetime) -> None:
        """Publish these heads.

        Raises:
            DeliveryFailed: they did not arrive, as far as is known; the message says why.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditBundle:
    """A chain as an auditor receives it: into which new file or folder, whose chain, up to which head, from when."""

    path: Path
    name: str
    head: ChainHead
    written_at: datetime


class AuditBundles(Protocol):
    """Writes bundles that are verified without the database."""

    async def write(self, bundle: AuditBundle, pages: AsyncIterator[Sequence[AuditEntry]]) -> None:
        """Write the entries with their head and a program that verifies them.

        Raises:
            InvalidInput: the bundle's path exists already, or cannot be written.
        """
        ...
