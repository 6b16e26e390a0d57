"""Change what people say of a document: title, tags, whose act it is, its validity."""

from dataclasses import dataclass, replace
from datetime import date

from balcao.application.audit_trail import AuditTrail
from balcao.application.unit_of_work import InstallationUnitOfWork
from balcao.domain.acts import act_of_title
from balcao.domain.audit import Actor, AuditKind
from balcao.domain.canonical_json import Json
from balcao.domain.document import Document
from balcao.domain.document_description import checked_tags, checked_title
from balcao.domain.ente import Ente
from balcao.domain.errors import DocumentNotFound, IngestionInProgress, InvalidInput
from balcao.domain.identity import Principal
from balcao.domain.ids import DocumentId
from balcao.domain.usuario import Papel
from balcao.domain.validity import Validity


@dataclass(frozen=True, slots=True, kw_only=True)
class EditDocumentRequest:
    """Changes to a document; None leaves title, tags and ente as they are.

    ``given`` names those of ``start``, ``end`` and ``revoked_by`` that are to be changed: to nothing, where None.
    """

    principal: Principal
    document_id: DocumentId
    title: str | None = None
    ente: Ente | None = None
    tags: tuple[str, ...] | None = None
    start: date | None = None
    end: date | None = None
    revoked_by: DocumentId | None = None
    given: frozenset[str] = frozenset()


class EditDocumentUseCase:
    """Takes effect with the next question; the text, its chunks and their vectors stay."""

    def __init__(self, open_work: InstallationUnitOfWork, trail: AuditTrail) -> None:
        self._open_work = open_work
        self._trail = trail

    async def execute(self, request: EditDocumentRequest) -> Document:
        """The document as it is now, without its text.

        Raises:
            AuthenticationRequired, PermissionDenied: the asker is no operador.
            DocumentNotFound: there is no such document, or not the one that is said to have revoked it.
            IngestionInProgress: the document is being taken in right now.
            InvalidInput, InvalidText: title, tags or dates cannot be kept, or the document would revoke itself.
        """
        request.principal.require(Papel.OPERADOR)
        if request.revoked_by == request.document_id:
            raise InvalidInput("Um documento não revoga a si mesmo; informe o que o revogou.", param="revogado_por")
        async with self._open_work() as work:
            await work.documents.lock(request.document_id)
            current = await work.documents.find_summary(request.document_id)
            if current is None:
                raise DocumentNotFound
            changed = await work.documents.describe(_changed(current, request))
            if changed is None:
                raise IngestionInProgress("O documento está sendo processado; altere-o quando terminar.")
            actor, changes = Actor.of(request.principal), _changes(current, changed)
            await self._trail.document(work, actor, AuditKind.DOCUMENT_CHANGED, changed, changes)
        return changed


def _changed(current: Document, request: EditDocumentRequest) -> Document:
    title = current.title if request.title is None else checked_title(request.title)
    given = {name: getattr(request, name) for name in ("start", "end", "revoked_by") if name in request.given}
    validity = current.validity
    return replace(
        current,
        title=title,
        title_given=current.title_given or request.title is not None,
        ente_given=current.ente_given or request.ente is not None,
        act=current.act if request.title is None else act_of_title(title),
        ente=request.ente or current.ente,
        tags=current.tags if request.tags is None else checked_tags(request.tags),
        validity=Validity(
            start=given.get("start", validity.start),
            end=given.get("end", validity.end),
            revoked_by=given.get("revoked_by", validity.revoked_by),
        ),
    )


def _changes(current: Document, changed: Document) -> dict[str, Json]:
    """What became of each thing that is another now, as it is recorded."""
    before, after = _facts(current), _facts(changed)
    return {name: {"antes": before[name], "depois": after[name]} for name in after if after[name] != before[name]}


def _facts(document: Document) -> dict[str, Json]:
    """What people say of a document."""
    ente, validity = document.ente, document.validity
    return {
        "title": document.title,
        "ente": {"esfera": ente.esfera, "uf": ente.uf, "ibge": ente.ibge},
        "tags": list(document.tags),
        "vigente_de": validity.start.isoformat() if validity.start else None,
        "vigente_ate": validity.end.isoformat() if validity.end else None,
        "revogado_por": str(validity.revoked_by) if validity.revoked_by else None,
    }
