"""Fakes of the ports: they behave as the real adapters do, and pass the same contract suite."""

import base64
import hashlib
from array import array
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode

from balcao.application.ports import (
    AccessClaims,
    AlertNotice,
    Completion,
    EmbeddingBatch,
    FileStream,
    ModelCard,
    ProvidedIdentity,
    Ranking,
    StoredFile,
)
from balcao.domain.audit import ChainHead
from balcao.domain.chat import TokenUsage
from balcao.domain.document import EMBEDDING_DIMENSIONS, DocumentMetadata, Embedding, ExtractedDocument, PageText
from balcao.domain.errors import (
    CorruptOriginal,
    DeliveryFailed,
    EmptyFile,
    InvalidCredentials,
    OriginalNotFound,
    ProviderUnavailable,
    StorageUnavailable,
    UnreadableFile,
    UnsupportedFormat,
)
from balcao.domain.identity import ACCESS_TOKEN_LIFE
from balcao.domain.originals import digest_in_key
from balcao.domain.prompt import NOT_FOUND_ANSWER, Prompt
from balcao.domain.reranking import RankingPrompt


class FakeEmbedder:
    """Paid, one token a text, one component a word. Fails after ``fail_after`` texts, as a provider may."""

    def __init__(self, *, fail_after: int | None = None, batch_size: int = 2) -> None:
        self.model = "vetores-de-mentira"
        self.is_paid = True
        self.batch_size = batch_size
        self.similarity_floor = 1.01
        self.typical_similarity = 0.33
        self.vector_share = 0.25
        self.embedded: list[str] = []
        self.fail_after = fail_after

    async def embed(self, texts: Sequence[str]) -> EmbeddingBatch:
        if self.fail_after is not None and len(self.embedded) + len(texts) > self.fail_after:
            raise ProviderUnavailable
        self.embedded += texts
        usage = TokenUsage(prompt_tokens=len(texts), completion_tokens=0)
        return EmbeddingBatch(embeddings=tuple(self._vector(text) for text in texts), usage=usage)

    async def embed_question(self, question: str, rarities: Mapping[str, float]) -> EmbeddingBatch:
        del rarities
        return await self.embed([question])

    def _vector(self, text: str) -> Embedding:
        values = [0.0] * EMBEDDING_DIMENSIONS
        for word in text.casefold().split() or [""]:
            values[int.from_bytes(hashlib.sha256(word.encode()).digest()[:4]) % EMBEDDING_DIMENSIONS] += 1.0
        norm = sum(value * value for value in values) ** 0.5
        return Embedding(vector=array("f", (value / norm for value in values)), model=self.model)


class FakeLanguageModel:
    """Answers with the first passage and ten tokens; records the prompts; fails when told to."""

    def __init__(self, *, fails: bool = False) -> None:
        self.card = ModelCard(id="modelo-de-mentira", name="Mentira", description="Para testes.", max_tokens=100)
        self.is_paid = True
        self.prompts: list[Prompt] = []
        self.max_tokens: list[int | None] = []
        self.failure = ProviderUnavailable() if fails else None

    async def complete(self, prompt: Prompt, *, max_tokens: int | None = None) -> Completion:
        self.prompts.append(prompt)
        self.max_tokens.append(max_tokens)
        if self.failure is not None:
            raise self.failure
        usage = TokenUsage(prompt_tokens=7, completion_tokens=3)
        if not prompt.passages:
            return Completion(text=NOT_FOUND_ANSWER, found=False, cited=(), model=self.card.id, usage=usage)
        text = f"{prompt.passages[0].content} [1]"
        return Completion(text=text, found=True, cited=(1,), model=self.card.id, usage=usage)


class FakeReranker:
    """Turns the order round for six tokens; fails when told to."""

    def __init__(self, *, fails: bool = False) -> None:
        self.model = "modelo-de-mentira"
        self.fails = fails

    async def rank(self, prompt: RankingPrompt) -> Ranking:
        if self.fails:
            raise ProviderUnavailable
        order = tuple(range(len(prompt.passages), 0, -1))
        return Ranking(order=order, usage=TokenUsage(prompt_tokens=4, completion_tokens=2))


class FakeExtractor:
    """Reads every file as UTF-8 text with one page; its title is the file's name."""

    def check_name(self, file_name: str) -> None:
        if not file_name.endswith((".txt", ".md")):
            raise UnsupportedFormat(f"{file_name}: formato não aceito.")

    async def extract(self, path: Path) -> ExtractedDocument:
        try:
            text = path.read_text(encoding="utf-8", errors="replace").replace("\x00", "")
        except OSError as error:
            raise UnreadableFile(f"{path.name}: não pôde ser lido.") from error
        if not text.strip():
            raise EmptyFile(f"{path.name}: vazio.")
        metadata = DocumentMetadata(source=str(path.resolve()), file_type="txt")
        return ExtractedDocument(title=path.name, pages=(PageText(number=1, text=text),), metadata=metadata)


class FakeStorage:
    """Files in a dictionary, all of them as old as ``now``."""

    def __init__(self, now: datetime | None = None) -> None:
        self.kept: dict[str, bytes] = {}
        self.now = now or datetime(2026, 3, 10, 15, 0, tzinfo=UTC)

    async def digest(self, path: Path) -> bytes:
        return hashlib.sha256(_read(path)).digest()

    async def put(self, path: Path, *, key: str) -> None:
        content = _read(path)
        if digest_in_key(key) not in (None, hashlib.sha256(content).digest()):
            raise UnreadableFile(f"{path}: mudou.")
        self.kept[key] = content

    async def fetch(self, key: str, path: Path) -> None:
        content = self._content(key)
        if digest_in_key(key) not in (None, hashlib.sha256(content).digest()):
            raise CorruptOriginal
        try:
            path.write_bytes(content)
        except OSError as error:
            raise StorageUnavailable from error

    async def open(self, key: str, *, start: int = 0, end: int | None = None) -> FileStream:
        content = self._content(key)
        last = len(content) if end is None else min(end, len(content))
        first = min(start, last)

        async def pieces() -> AsyncIterator[bytes]:
            yield content[first:last]

        return FileStream(size=len(content), start=first, end=last, pieces=pieces())

    async def find(self, key: str) -> StoredFile | None:
        content = self.kept.get(key)
        return None if content is None else StoredFile(key=key, size=len(content), stored_at=self.now)

    async def exists(self, key: str) -> bool:
        return key in self.kept

    async def delete(self, key: str) -> None:
        self.kept.pop(key, None)

    async def older_than(self, instant: datetime) -> AsyncIterator[StoredFile]:
        for key, content in list(self.kept.items()):
            if self.now < instant:
                yield StoredFile(key=key, size=len(content), stored_at=self.now)

    async def upload_url(self, key: str, *, life: timedelta) -> str | None:
        return None

    async def download_url(self, key: str, *, life: timedelta) -> str | None:
        return None

    def _content(self, key: str) -> bytes:
        if key not in self.kept:
            raise OriginalNotFound
        return self.kept[key]


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UnreadableFile(f"{path}: não pôde ser lido.") from error


class FakeClock:
    """Stands still until it is moved."""

    def __init__(self, now: datetime | None = None) -> None:
        self.current = now or datetime(2026, 3, 10, 15, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.current


class FakeProcesses:
    """Processes by name; those that are not ``running`` are gone."""

    def __init__(self, name: str, running: set[str]) -> None:
        self._name = name
        self._running = running

    def me(self) -> str:
        return self._name

    def is_gone(self, name: str) -> bool:
        return name not in self._running


class FakeTokenCounter:
    """One token a word."""

    exact = True

    def count(self, text: str) -> int:
        return len(text.split())


class FakePasswordHasher:
    """Keeps passwords readable, behind their parameters' version; records what it was asked to verify."""

    def __init__(self, version: int = 1) -> None:
        self.version = version
        self.verified: list[str | None] = []

    async def hash(self, password: str) -> str:
        return f"mentira{self.version}:{password}"

    async def verify(self, password: str, kept: str | None) -> bool:
        self.verified.append(kept)
        return kept is not None and kept.partition(":")[2] == password

    def is_outdated(self, kept: str) -> bool:
        return not kept.startswith(f"mentira{self.version}:")


class FakeTokenSigner:
    """Remembers what it gave out instead of signing it."""

    def __init__(self) -> None:
        self._tokens: dict[str, tuple[AccessClaims, datetime]] = {}
        self._cookies: dict[tuple[str, str], str] = {}

    def access_token(self, claims: AccessClaims, *, now: datetime) -> str:
        token = f"ficha-{len(self._tokens)}"
        self._tokens[token] = claims, now
        return token

    def read_access_token(self, token: str, *, now: datetime) -> AccessClaims:
        claims, issued = self._tokens.get(token, (None, now))
        if claims is None or not issued <= now < issued + ACCESS_TOKEN_LIFE:
            raise InvalidCredentials
        return claims

    def cookie(self, purpose: str, value: str) -> str:
        cookie = f"biscoito-{len(self._cookies)}"
        self._cookies[purpose, cookie] = value
        return cookie

    def read_cookie(self, purpose: str, cookie: str) -> str | None:
        return self._cookies.get((purpose, cookie))

    def seal(self, body: bytes, key: bytes) -> bytes:
        return hashlib.sha256(key).digest() + body[::-1]

    def unseal(self, sealed: bytes, key: bytes) -> bytes:
        if sealed[:32] != hashlib.sha256(key).digest():
            raise InvalidCredentials
        return sealed[32:][::-1]


class FakeIdentityProvider:
    """Confirms ``person`` to whoever proves to have begun the login; its codes work once."""

    name = "provedor de mentira"

    def __init__(self, person: ProvidedIdentity) -> None:
        self.person = person
        self._begun: dict[str, tuple[str, str, str]] = {}

    async def authorization(self, *, state: str, nonce: str, code_challenge: str, redirect_uri: str) -> str:
        code = f"codigo-{len(self._begun)}"
        self._begun[code] = code_challenge, nonce, redirect_uri
        return f"https://mentira.example/entrar?{urlencode({'code': code, 'state': state})}"

    async def identity(self, code: str, *, code_verifier: str, nonce: str, redirect_uri: str) -> ProvidedIdentity:
        challenge = base64.urlsafe_b64encode(hashlib.sha256(code_verifier.encode()).digest()).decode().rstrip("=")
        if self._begun.pop(code, None) != (challenge, nonce, redirect_uri):
            raise InvalidCredentials
        return self.person


class FakeAlertSender:
    """Keeps what it was given; fails as often as it is told to before that."""

    def __init__(self, *, failures: int = 0) -> None:
        self.sent: list[AlertNotice] = []
        self.failures = failures

    async def send(self, notice: AlertNotice) -> None:
        if self.failures:
            self.failures -= 1
            raise DeliveryFailed("de mentira")
        self.sent.append(notice)


class FakeAuditHeadPublisher:
    """Keeps what was published; fails as a mail server may."""

    def __init__(self, *, fails: bool = False) -> None:
        self.fails = fails
        self.published: list[ChainHead] = []

    async def publish(self, heads: Sequence[ChainHead], now: datetime) -> None:
        if self.fails:
            raise DeliveryFailed
        self.published += heads
