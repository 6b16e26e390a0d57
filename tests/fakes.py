"""Fakes of the ports: they behave as the real adapters do, and pass the same contract suite."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from balcao.application.ports import Completion, EmbeddingBatch, ModelCard
from balcao.domain.chat import TokenUsage
from balcao.domain.document import EMBEDDING_DIMENSIONS, DocumentMetadata, Embedding, ExtractedDocument, PageText
from balcao.domain.errors import EmptyFile, ProviderUnavailable, UnreadableFile
from balcao.domain.prompt import NOT_FOUND_ANSWER, Prompt


class FakeEmbedder:
    """Paid, one token a text, one component a word. Fails after ``fail_after`` texts, as a provider may."""

    def __init__(self, *, fail_after: int | None = None, batch_size: int = 2) -> None:
        self.model = "vetores-de-mentira"
        self.is_paid = True
        self.batch_size = batch_size
        self.similarity_floor = 1.01
        self.embedded: list[str] = []
        self.fail_after = fail_after

    async def embed(self, texts: Sequence[str]) -> EmbeddingBatch:
        if self.fail_after is not None and len(self.embedded) + len(texts) > self.fail_after:
            raise ProviderUnavailable
        self.embedded += texts
        usage = TokenUsage(prompt_tokens=len(texts), completion_tokens=0)
        return EmbeddingBatch(embeddings=tuple(self._vector(text) for text in texts), usage=usage)

    def _vector(self, text: str) -> Embedding:
        values = [0.0] * EMBEDDING_DIMENSIONS
        for word in text.casefold().split() or [""]:
            values[int.from_bytes(hashlib.sha256(word.encode()).digest()[:4]) % EMBEDDING_DIMENSIONS] += 1.0
        norm = sum(value * value for value in values) ** 0.5
        return Embedding(vector=tuple(value / norm for value in values), model=self.model)


class FakeLanguageModel:
    """Answers with the first passage and ten tokens; records the prompts; fails when told to."""

    def __init__(self, *, fails: bool = False) -> None:
        self.card = ModelCard(id="modelo-de-mentira", name="Mentira", description="Para testes.", max_tokens=100)
        self.prompts: list[Prompt] = []
        self.fails = fails

    async def complete(self, prompt: Prompt) -> Completion:
        self.prompts.append(prompt)
        if self.fails:
            raise ProviderUnavailable
        usage = TokenUsage(prompt_tokens=7, completion_tokens=3)
        if not prompt.passages:
            return Completion(text=NOT_FOUND_ANSWER, found=False, cited=(), model=self.card.id, usage=usage)
        text = f"{prompt.passages[0].content} [1]"
        return Completion(text=text, found=True, cited=(1,), model=self.card.id, usage=usage)


class FakeExtractor:
    """Reads every file as UTF-8 text with one page; its title is the file's name."""

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
    """Originals in a dictionary."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    async def digest(self, path: Path) -> bytes:
        try:
            content = path.read_bytes()
        except OSError as error:
            raise UnreadableFile(f"{path}: não pôde ser lido.") from error
        if not content:
            raise EmptyFile(f"{path}: vazio.")
        return hashlib.sha256(content).digest()

    async def put(self, path: Path, *, key: str) -> None:
        self.kept[key] = path.read_bytes()

    async def exists(self, key: str) -> bool:
        return key in self.kept

    async def delete(self, key: str) -> None:
        self.kept.pop(key, None)


class FakeClock:
    """Stands still until it is moved."""

    def __init__(self, now: datetime | None = None) -> None:
        self.current = now or datetime(2026, 3, 10, 15, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.current


class FakeTokenCounter:
    """One token a word."""

    exact = True

    def count(self, text: str) -> int:
        return len(text.split())
