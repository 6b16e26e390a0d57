"""Open the original file of a document: what a citation leads to."""

from dataclasses import dataclass, field
from datetime import timedelta

from balcao.application.daily_limits import start_of_day
from balcao.application.ports import Clock, FileStorage, FileStream
from balcao.application.unit_of_work import TenantUnitOfWork, UnitOfWork
from balcao.domain.credentials import address_subject
from balcao.domain.document import Document, DocumentState
from balcao.domain.errors import DailyLimitReached, DocumentNotFound, OriginalNotFound
from balcao.domain.identity import Principal
from balcao.domain.ids import DocumentId
from balcao.domain.originals import charset_of, is_shown_by_browsers, media_type_of
from balcao.domain.span import ByteSpan

LINK_LIFE = timedelta(minutes=5)
_PUBLIC = (DocumentState.DISPONIVEL, DocumentState.SUBSTITUIDO)
_ENOUGH_TO_TELL = 256 * 1024
"""Bytes of a text by which its encoding is told: browsers take what has no charset for Windows-1252."""
_SCOPE = "original-endereco"
_PIECES_SCOPE = "original-trecho-endereco"
_PIECES_EACH = 100
"""Small pieces that a network address may read for each original that it may open."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenOriginalRequest:
    """The original, or some of its bytes. Without a ``principal`` it is counted for the network address."""

    principal: Principal | None
    document_id: DocumentId
    address: str = field(repr=False)
    span: ByteSpan | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedOriginal:
    """The document and its file: at ``link`` for LINK_LIFE, where the storage gives one, else in ``content``."""

    document: Document
    media_type: str
    link: str | None = None
    content: FileStream | None = None


class OpenOriginalUseCase:
    """Originals are public official documents: who may ask about them may open them.

    What is not taken in yet, or was refused, only people who are logged in see.
    """

    def __init__(self, open_work: TenantUnitOfWork, storage: FileStorage, clock: Clock, *, per_address: int) -> None:
        self._open_work = open_work
        self._storage = storage
        self._clock = clock
        self._per_address = per_address

    async def execute(self, request: OpenOriginalRequest) -> OpenedOriginal:
        """Open it.

        Raises:
            DocumentNotFound: there is no such document that the asker may see.
            OriginalNotFound: its file is not in the storage.
            DailyLimitReached: the address opened its originals of today.
            UnsatisfiableRange: the file has none of the bytes asked for.
            StorageUnavailable: the storage does not answer.
        """
        document = await self._document(request)
        media_type = media_type_of(document.file_path)
        if is_shown_by_browsers(media_type) and (link := await self._link(document)):
            return OpenedOriginal(document=document, media_type=media_type, link=link)
        start, end = 0, None
        if request.span is not None:
            stored = await self._storage.find(document.file_path)
            if stored is None:
                raise OriginalNotFound
            start, end = request.span.within(stored.size)
        if media_type.startswith("text/"):
            beginning = await self._storage.open(document.file_path, end=_ENOUGH_TO_TELL)
            charset = charset_of(b"".join([piece async for piece in beginning.pieces]))
            media_type = f"{media_type}; charset={charset}"
        content = await self._storage.open(document.file_path, start=start, end=end)
        return OpenedOriginal(document=document, media_type=media_type, content=content)

    async def _document(self, request: OpenOriginalRequest) -> Document:
        is_known = request.principal is not None and not request.principal.is_anonymous
        async with self._open_work() as work:
            found = await work.documents.find_summary(request.document_id)
            if found is None or not (is_known or found.state in _PUBLIC):
                raise DocumentNotFound
            if not is_known:
                await self._count(work, request)
        return found

    async def _count(self, work: UnitOfWork, request: OpenOriginalRequest) -> None:
        """A viewer reads one original in many small pieces; whatever else is asked for counts as opened once more."""
        is_small = request.span is not None and request.span.is_small
        scope, limit = (_PIECES_SCOPE, _PIECES_EACH * self._per_address) if is_small else (_SCOPE, self._per_address)
        day, subject = start_of_day(self._clock.now()), address_subject(request.address)
        if not await work.counters.take(scope, subject, day, limit=limit):
            raise DailyLimitReached(
                "Este endereço já abriu hoje os originais que podia sem login; entre com a sua conta."
            )

    async def _link(self, document: Document) -> str | None:
        link = await self._storage.download_url(document.file_path, life=LINK_LIFE)
        if link is not None and not await self._storage.exists(document.file_path):
            raise OriginalNotFound
        return link
